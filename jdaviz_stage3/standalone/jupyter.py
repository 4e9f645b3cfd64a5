"""The standalone app in the launcher of JupyterLab, by jupyter-server-proxy."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import Any

from .tokens import VARIABLE

__all__ = ["NAME", "setup"]

#: The path below that of the Jupyter server; the entry point has the same name.
NAME = "jdaviz-stage3"


def setup() -> dict[str, Any]:
    """Return how jupyter-server-proxy starts the server, and what the launcher shows.

    Jupyter asks who comes. Others who use the machine reach the port without it: so the proxy sends
    a token with each request, which nobody else knows.

    Returns
    -------
    dict
        See the documentation of jupyter-server-proxy.
    """
    token = secrets.token_urlsafe(32)
    command = [sys.executable, "-m", "jdaviz_stage3", "open", "--no-browser", "--port", "{port}"]
    return {
        "command": [*command, "--base-url", f"{{base_url}}{NAME}/"],
        "environment": {VARIABLE: token},
        "request_headers_override": {"Authorization": f"Bearer {token}"},
        "timeout": 180,  # seconds; jdaviz takes ten to import, on a shared machine a minute
        "new_browser_tab": True,  # it cannot be shown in a frame
        "launcher_entry": {
            "title": "jdaviz_stage3",
            "icon_path": str(Path(__file__).parent / "assets" / "launcher.svg"),
            "path_info": f"{NAME}/",
        },
    }
