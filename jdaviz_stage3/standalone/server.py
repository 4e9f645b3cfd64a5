"""The standalone app: jdaviz with our products and plugins as a page of a local web server.

`serve` starts it. Each browser tab is a solara kernel with a jdaviz app of its own; closing a tab
frees its app and leaves the server and the other tabs alone. ``jdaviz.solara`` is not used: it
ends the process with the first tab.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import shutil
import signal
import tempfile
import warnings
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from ..confinement import confine
from ..jdaviz_compat import (
    follow_states,
    hide_server_files,
    refuse_files_to_browsers,
    send_plain_table_rows,
    send_together,
)
from . import page, page_files
from .access import AccessGuard, is_local
from .base_url import BaseUrl, Below
from .connections import allow_many_files, with_deadline
from .headers import protection
from .kept_sessions import KeptSessions
from .limits import Limits, memory_size
from .lost_tabs import answer_goodbyes, keep_lost
from .monitoring import HealthPage, MetricsPage, log_to_stderr
from .network import ServerError, addresses, choose_port, has_browser, ssh_line
from .opened import Request
from .serving import Serving
from .tab_watch import TabWatch
from .tokens import METRICS_VARIABLE, VARIABLE, given_token, kept_tokens, user_folders

__all__ = ["ServerError", "serve"]

_ASSETS = Path(__file__).parent / "assets"  # what solara puts into its page
_GRACE = 2  # seconds that open connections get when the server ends
# Seconds for the answer to a ping, which stands behind all that was sent before. A page that makes
_BUSY = 300  # dozens of figures is slow to take that in: it was cut off after the usual 20.


@dataclass(frozen=True)
class _Place:
    """Where a server listens, and who may come.

    Attributes
    ----------
    host : str
    port : int
    base : BaseUrl
    users : dict of str to str, or None
        Users by their tokens; None where everybody is let in.
    is_shared : bool
        Whether the files of this machine are not the visitors' own.
    is_told : bool
        Whether tokens are printed: one that was given is known, and what is printed may be logged.
    metrics : str or None
        What `MetricsPage` asks for.
    """

    host: str
    port: int
    base: BaseUrl = field(default_factory=BaseUrl)
    users: dict[str, str] | None = None
    is_shared: bool = False
    is_told: bool = True
    metrics: str | None = None


def serve(
    paths: Sequence[Path] = (),
    *,
    host: str = "localhost",
    port: int | None = None,
    open_browser: bool = True,
    ask_for_token: bool = True,
    base: BaseUrl = BaseUrl(),  # noqa: B008  (frozen)
    limits: Limits = Limits(),  # noqa: B008  (frozen)
    sessions: Path | None = None,
    users_folder: Path | None = None,
    log_format: str = "text",
    options: dict[str, Any] | None = None,
    demo: bool = False,
    script: Path | None = None,
) -> None:
    """Serve the standalone app until Ctrl-C (SIGINT) or SIGTERM.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        What every tab opens: products and folders of them.
    host : str
        The address to listen on. On any other than ``localhost``, ``127.0.0.1`` and ``::1``, no
        file of this machine is offered in the app, or can be written from it.
    port : int, optional
        The port to listen on; 8765 or the next free one where not given.
    open_browser : bool
        Whether to open the address in the default browser.
    ask_for_token : bool
        Whether the printed address holds a token without which everything is refused. Always, on
        another address than this machine's own, and with several users.
    base : BaseUrl
        Where visitors find the page.
    limits : Limits
        What tabs are allowed.
    sessions : pathlib.Path, optional
        Where sessions and the token are kept over restarts; where not given, sessions of lost tabs
        are kept as long as the server runs.
    users_folder : pathlib.Path, optional
        The folder that holds one for each user, with what they may see.
    log_format : {'text', 'json'}
    options : dict, optional
        Further arguments of `jdaviz_stage3.load`.
    demo : bool
        Open the demo products instead of ``paths``.
    script : pathlib.Path, optional
        Run the script of a session in each tab's app instead. A script is code: take it from whom
        you trust only, and from the command line only.

    Raises
    ------
    ServerError
        If the server cannot run, with what to do about it.
    """
    page_files.check()
    allow_many_files()
    log_to_stderr(log_format)
    choose_port(host, port)  # if there is none, it is said before the long wait
    _import_all()
    folders = {} if users_folder is None else user_folders(users_folder)
    kept = KeptSessions(sessions and Path(sessions).expanduser().absolute())
    try:
        serving = Serving(
            Request(
                tuple(Path(path).absolute() for path in paths),
                demo,
                script and Path(script).absolute(),
                dict(options or {}),
            ),
            limits,
            kept,
            folder_of=folders.get,
            has_users=bool(folders),
        )
        users = None
        given = None if folders else given_token()
        if ask_for_token or folders or not is_local(host):
            names = list(folders) or [""]
            users = {given: ""} if given else kept_tokens(sessions and kept.folder, names)
        is_shared = bool(folders) or not is_local(host)
        is_told = given is None or users is None
        metrics = given_token(variable=METRICS_VARIABLE)
        if metrics and metrics in (users or ()):
            raise ServerError(
                f"{METRICS_VARIABLE} and {VARIABLE} are the same: that of the "
                "numbers would open everything"
            )
        if metrics is None and folders:
            metrics = ""  # each of them would see what is of the others
        place = _Place(host, choose_port(host, port), base, users, is_shared, is_told, metrics)
        _serve(serving, place, open_browser, log_format)
    finally:
        kept.close()


def _import_all() -> None:
    """Import what takes ten seconds, in which another server may take a port that was free."""
    import jdaviz  # noqa: F401

    from .. import app  # noqa: F401


def _serve(serving: Serving, place: _Place, open_browser: bool, log_format: str) -> None:
    """Serve until a signal comes; the sessions of tabs that are open then are kept."""
    page.serve_with(serving)
    server, health = _make_server(serving, place, log_format)
    # SIGINT too: a shell starts background jobs with SIGINT ignored
    previous = {
        number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        server.serve_threaded()
        server.wait_until_serving()
        _say_where(place, open_browser)
        serving.memory.start()
        while not server.stopped.wait(0.5):
            pass
    except RuntimeError as error:
        raise ServerError(f"the server does not start: {error}") from error
    except KeyboardInterrupt:
        print("\nStopping.", flush=True)
    finally:
        health.is_stopping = True
        serving.memory.stop()
        if serving.kept is not None and serving.kept.outlives:
            serving.end_all()
        for number, handler in previous.items():
            signal.signal(number, handler)
        _stop(server)


def _say_where(place: _Place, open_browser: bool) -> None:
    """Print the addresses, and open one of them, or say how to reach it."""
    found: list[str] = []
    for token, user in (place.users or {None: ""}).items():
        found = addresses(place.host, place.port, token, place.base)
        told = found if place.is_told else addresses(place.host, place.port, None, place.base)
        who = f"for {user} " if user else ""
        print(f"jdaviz_stage3 is {who}at {'  or  '.join(told)}", flush=True)
    if not place.is_told:
        print(f"It asks for the token of {VARIABLE}: ?token=… at the end of the address.")
    if place.base.origin:
        print(f"It listens on {place.host} port {place.port}.")
    print("Ctrl-C ends it.", flush=True)
    if not open_browser or len(place.users or [""]) > 1:
        return
    if has_browser():
        webbrowser.open(found[-1])
    elif is_local(place.host) and not place.base.origin:
        print(
            "No browser can be opened here. On the machine in front of you, run\n"
            f"    {ssh_line(place.port)}\nand open the address there.",
            flush=True,
        )


def _search_less_garbage() -> None:
    """Let Python's search for garbage leave out what stays, and come less often.

    An app is tens of thousands of objects, and what is imported half a million: by default a sixth
    of the time of loading is spent on looking through them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 20)


def _stop(server: Any) -> None:
    """Stop a server; its open tabs are told, and get a moment to say goodbye."""
    if server.is_alive():
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # a tab may be loading still
        # solara's own `stop_serving` skips the end of the application, and says so in a traceback
        server.server.should_exit = True
        server.stopped.wait(2 * _GRACE)  # the thread is a daemon: it does not outlive us


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Treat a signal as Ctrl-C."""
    raise KeyboardInterrupt


def _make_server(serving: Serving, place: _Place, log_format: str) -> tuple[Any, HealthPage]:
    """A solara server for `page.Page` behind the checks, and what says whether it is well."""
    os.environ.setdefault("TQDM_DISABLE", "1")  # the page says what is being loaded
    os.environ["SOLARA_APP"] = page.__name__  # solara reads it when its server is imported
    from solara import settings as solara_settings
    from solara.server import app as solara_app
    from solara.server import settings, starlette
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    if "__default__" not in solara_app.apps:  # it had been imported before
        solara_app.apps["__default__"] = solara_app.AppScript(page.__name__)

    # Imported before the first tab and in no kernel: their classes are shared by all of them.
    import jdaviz  # noqa: F401
    from tqdm import tqdm

    from .. import app  # noqa: F401
    from ..loaders.dropped_files import limit_dropped

    tqdm.monitor_interval = 0  # its thread would keep the first tab, where it is started

    settings.theme.title = page.TITLE
    settings.theme.loader = "plain"
    settings.theme.show_banner = False
    settings.assets.extra_locations = [*settings.assets.extra_locations, str(_ASSETS)]
    settings.telemetry.mixpanel_enable = False
    settings.session.http_only = True  # whose sessions are kept: no script of the page needs it
    # else the first visitor's headers decide about both
    settings.main.root_path = place.base.path[:-1]
    settings.main.base_url = f"{place.base.origin or 'http://localhost'}{place.base.path}"
    warnings.filterwarnings("ignore", message="Cookies with samesite=none require https")
    warnings.filterwarnings("ignore", message="Origin as determined by starlette")

    follow_states(page.current_tab)
    disk = shutil.disk_usage(tempfile.gettempdir()).total
    limit_dropped(memory_size(serving.limits.dropped, disk), page.current_tab, page.current_user)
    send_plain_table_rows()
    send_together(starlette)
    page_files.only_serve(starlette, settings.assets.proxy_cache_dir)
    answer_goodbyes(starlette)
    keep_lost(settings, serving.limits.lost_minutes)
    if serving.has_users:
        confine(lambda: serving.folders_of(page.current_user()))
    if place.is_shared:
        hide_server_files()
        refuse_files_to_browsers()
    _search_less_garbage()
    front_end = "" if solara_settings.assets.proxy else solara_settings.assets.cdn
    tabs = TabWatch(starlette.app, serving.tabs, serving.limits.apps, asyncio.sleep)
    has_own_token = place.metrics is not None
    guard = AccessGuard(
        tabs if has_own_token else MetricsPage(tabs, serving),
        place.users,
        local=is_local(place.host),
        cookie=f"jdaviz-stage3-token-{place.port}",
        base=place.base,
        headers=protection(front_end),
    )
    health = HealthPage(MetricsPage(guard, serving, place.metrics) if has_own_token else guard)
    log_config = {"log_config": None} if log_format == "json" else {}
    server = starlette.ServerStarlette(
        port=place.port,
        host=place.host,
        starlette_app=Below(health, place.base.path),
        log_level="warning",
        http=with_deadline(AutoHTTPProtocol),
        timeout_graceful_shutdown=_GRACE,
        # a few kilobytes of what comes could become hundreds of megabytes
        ws_per_message_deflate=False,
        **log_config,
        ws_ping_timeout=_BUSY,
    )
    return server, health
