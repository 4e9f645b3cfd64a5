"""Views in three lines of code or fewer: run in a new app, and counted."""

import io
import tokenize
import warnings

from fresh_apps import new_app

import jdaviz_stage3 as stage3


def logical_lines(code):
    """How many statements: a call broken into several rows is one."""
    tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    assert not any(token.string == ";" for token in tokens)
    return sum(token.type == tokenize.NEWLINE for token in tokens)


def run_view(code, **names):
    """Run the code of a view in a new app, and return the app."""
    assert logical_lines(code) <= 3
    app = new_app()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)
        exec(code, {"app": app, "stage3": stage3, **names})
    return app
