"""The app as Python, in the panel."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from traitlets import Unicode

from ... import session
from ...errors import Stage3Error
from ..panel import SavingControls

__all__ = ["SessionControls"]


class SessionControls(SavingControls):
    """The script that makes the app again: shown, and saved where files may be saved."""

    session_code = Unicode("").tag(sync=True)

    def vue_show_session(self, *_: Any) -> None:
        """Show the script."""
        try:
            self.session_code = session.to_python(self.app)
        except Stage3Error as err:
            self.session_code = f"# {err}"

    def vue_save_file(self, *_: Any) -> None:
        """Save the script in the file that the fields name."""

        def save(path: str | os.PathLike, overwrite: bool) -> Path:
            return session.save(self.app, path, overwrite)

        self.save_as_asked(save, "session", ".py")
