"""Running the script of a session in an app that is there."""

from __future__ import annotations

import os
import runpy
from typing import Any

from ..errors import Stage3Error, reason_of

__all__ = ["run_script"]


def run_script(path: str | os.PathLike, app: Any) -> None:
    """Run a script that defines ``restore(app)``, as `to_python` writes it, and call that.

    A script is code, and may do anything: run your own only.

    Parameters
    ----------
    path : path-like
        Of the script.
    app : jdaviz app

    Raises
    ------
    Stage3Error
        If it cannot be run, or defines no ``restore``.
    """
    try:
        names = runpy.run_path(os.fspath(path), run_name="jdaviz_stage3_session")
    except (Exception, SystemExit) as err:  # whatever is wrong in it
        raise Stage3Error(f"{path}: the script cannot be run ({reason_of(err)})") from err
    restore = names.get("restore")
    if not callable(restore):
        raise Stage3Error(
            f"{path}: defines no function restore(app), as jdaviz_stage3.session writes it"
        )
    try:
        restore(app)
    except Stage3Error:
        raise
    except Exception as err:  # likewise
        raise Stage3Error(f"{path}: restore(app) ended with {reason_of(err)}") from err
