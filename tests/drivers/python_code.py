"""The code that plugins show, run as it is pasted."""

from unittest.mock import patch

import jdaviz


def run_python(code, app):
    """Run code in which this app is the current one; gives the names that it defines."""
    scope = {}
    with patch.object(jdaviz, "gca", lambda: app):
        exec(code, scope)
    return scope
