"""Sessions that are written, and run in another app."""

import warnings

from fresh_apps import new_app

import jdaviz_stage3 as stage3
from jdaviz_stage3.errors import Stage3Warning
from jdaviz_stage3.session import run_script
from jdaviz_stage3.session.replay import _read


def restored(app, folder, tmp_path):
    """The app that the script makes, and the script."""
    script = tmp_path / "session.py"
    script.write_text(stage3.session.to_python(app, folder))
    _read(script.read_text())  # what the server keeps of a tab is read, and not run
    other = new_app()
    with warnings.catch_warnings():
        warnings.simplefilter("error", Stage3Warning)
        run_script(script, other)
    return other, script.read_text()
