"""The front-end files of the standalone page: installed, or from solara's CDN."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import solara.settings

from .network import ServerError

__all__ = ["check", "only_serve"]

_CDN = "share/solara/cdn"
_JUPYTER = "share/jupyter"


def _are_installed() -> bool:
    return importlib.util.find_spec("solara_assets") is not None


def _put_by(distribution: str, folder: str) -> Path | None:
    """The folder of this name that a package has put its files into; None where there is none."""
    try:
        files = importlib.metadata.files(distribution) or ()
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        for parent in Path(os.path.abspath(file.locate())).parents:
            if parent.as_posix().endswith(f"/{folder}"):
                return parent if parent.is_dir() else None
    return None


def _tell_where() -> None:
    """Say where files are that lie elsewhere than beside the interpreter.

    So they do after ``pip install --user``, and in an environment that sees the packages of
    another. solara then asks its CDN for its own, and finds no widgets.
    """
    from jupyter_core.paths import jupyter_path
    from solara.server import settings

    if not (settings.assets.proxy_cache_dir / "@widgetti").is_dir():
        cdn = _put_by("solara-assets", _CDN)
        if cdn is not None:
            settings.assets.proxy_cache_dir = cdn
            # which solara has given up where it cannot make its own folder
            solara.settings.assets.proxy = True
    if not any((Path(place) / "jupyter-vue").is_dir() for place in jupyter_path("nbextensions")):
        jupyter = _put_by("ipyvue", _JUPYTER)
        if jupyter is not None:
            enabled = jupyter.parents[1] / "etc" / "jupyter"
            for name, place in (("JUPYTER_PATH", jupyter), ("JUPYTER_CONFIG_PATH", enabled)):
                places = [str(place), *filter(None, [os.environ.get(name)])]
                os.environ[name] = os.pathsep.join(places)


def check() -> None:
    """Make sure that the files are here and are found, or can be fetched.

    Raises
    ------
    ServerError
        If they are neither installed nor to be had from the network.
    """
    if _are_installed():
        _tell_where()
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
