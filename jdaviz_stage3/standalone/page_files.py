"""The front-end files of the standalone page: installed, or from solara's CDN."""

from __future__ import annotations

import importlib.util
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import solara.settings

from .network import ServerError

__all__ = ["check", "only_serve"]


def _are_installed() -> bool:
    return importlib.util.find_spec("solara_assets") is not None


def check() -> None:
    """Make sure that the files are here, or can be fetched.

    Raises
    ------
    ServerError
        If they are neither installed nor to be had from the network.
    """
    if _are_installed():
        return
    how = 'pip install "jdaviz_stage3[app]"'
    address = solara.settings.assets.cdn
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except urllib.error.HTTPError:
        pass  # it answers
    except OSError as error:
        raise ServerError(
            "the files of the web page are not installed (package solara-assets) "
            f"and {address} cannot be reached. Install them with: {how}"
        ) from error
    print(
        f"The files of the web page are not installed (package solara-assets), so they come "
        f"from {address}. To work without network: {how}",
        file=sys.stderr,
        flush=True,
    )


def only_serve(starlette: Any, folder: Path) -> None:
    """Let solara serve its front-end files, delete none, and fetch none where they are installed.

    It serves them through a proxy of its CDN, which keeps what it has fetched in the folder that
    solara-assets installs them in. The proxy fetches any package that is asked for, as a script of
    our origin; and where a folder is asked for it deletes that, to make room for a file.

    Parameters
    ----------
    starlette : module
        ``solara.server.starlette``.
    folder : pathlib.Path
        Where the files are.
    """
    look_up = starlette.StaticFilesOptionalAuth.lookup_path
    fetch = not (_are_installed() and (folder / "@widgetti").is_dir())  # or installed elsewhere

    class PageFiles(starlette.StaticCdn):
        def lookup_path(self, path: str) -> tuple[str, Any]:
            # of a package as a whole the proxy makes a file in its folder
            if not fetch or ("/" in path and (folder / path).is_dir()):
                return look_up(self, path)  # which serves no folder
            return super().lookup_path(path)

    for route in starlette.app.routes:
        if getattr(route, "path", "") == f"/{starlette.cdn_url_path}":
            route.app = PageFiles(directory=folder)
