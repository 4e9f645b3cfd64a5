"""The standalone app: jdaviz with our products and plugins as a page of a local web server.

`serve` starts it. Each browser tab is a solara kernel with a jdaviz app of its own; closing a tab
frees its app and leaves the server and the other tabs alone. ``jdaviz.solara`` is not used: it
ends the process with the first tab.
"""

from __future__ import annotations

import gc
import logging
import os
import secrets
import signal
import sys
import threading
import traceback
import warnings
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import solara

from ..errors import Stage3Error, Stage3Warning
from ..jdaviz_compat import (
    application,
    follow_states,
    forget_app,
    hide_server_files,
    refuse_files_to_browsers,
    register_vue_components,
    release,
    renew_snackbar,
    send_plain_table_rows,
    send_together,
    show_message,
)
from . import page_files
from .access import AccessGuard, is_local
from .lost_tabs import DEFAULT_MINUTES, answer_goodbyes, keep_lost
from .network import ServerError, addresses, choose_port

__all__ = ["Page", "ServerError", "serve"]

TITLE = "jdaviz_stage3"
_ASSETS = Path(__file__).parent / "assets"  # what solara puts into its page
_LONGEST = 300  # characters of a message
_CLOSING = 60  # seconds in which a tab's widgets are all closed
_GRACE = 2  # seconds that open connections get when the server ends

#: The app takes the whole window, and only its own panels scroll.
_STYLE = """
html, body { height: 100%; margin: 0; overflow: hidden; }
.solara-content-main { padding: 0 !important; }
.widget-output { margin: 0; }
#app.theme--dark { color-scheme: dark; }
.v-snack__wrapper.warning, .v-snack__wrapper.warning .v-btn { color: #212121 !important; }
#app.theme--dark .jdaviz-stage3-loading { background: #1e1e1e; color: #ffffff; }
.v-content.jdaviz__content--not-in-notebook { height: 100vh; max-height: 100vh; }
.jdaviz-stage3-loading { height: 100vh; display: flex; flex-direction: column; gap: 24px;
                         align-items: center; justify-content: center; font-size: 1.2rem; }
"""


@dataclass(frozen=True)
class _Request:
    """What each new tab opens.

    Attributes
    ----------
    paths : tuple of pathlib.Path
        The products.
    demo : bool
        Whether to open the demo products instead.
    script : pathlib.Path or None
        The script of a session that is run instead.
    options : dict
        Further arguments of `jdaviz_stage3.load`.
    """

    paths: tuple[Path, ...] = ()
    demo: bool = False
    script: Path | None = None
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is opened."""
        return not (self.paths or self.demo or self.script)

    def describe(self) -> str:
        """The names of what is opened, for the page that is shown meanwhile."""
        if self.demo:
            return "the demo products"
        if self.script is not None:
            return f"the session of {self.script.name}"
        names = [path.name or str(path) for path in self.paths]
        if len(names) > 3:
            names[2:] = [f"{len(names) - 2} more"]
        return ", ".join(names)

    def load(self, app: Any) -> None:
        """Load it into an app."""
        from .. import app as stage3_app
        from ..session import run_script

        if self.demo:
            stage3_app.open_demo(app=app)
        elif self.script is not None:
            run_script(self.script, app)
        elif self.paths:
            stage3_app.load(*self.paths, app=app, **self.options)


_request = _Request()
_EMPTY = (
    "Nothing is open yet. Press + in the upper left corner, and drop or choose a product there; or "
    "start with jdaviz-stage3 open FILE, or with jdaviz-stage3 demo for an example."
)
#: Apps are made and filled one at a time: jdaviz keeps process-wide state meanwhile.
_loading = threading.Lock()


@solara.component_vue("server.vue")
def _LoadingPage(text: str, event_shown: Callable[[Any], None]) -> None:
    """A page that says what is being loaded, and calls ``event_shown`` once it is on the screen."""


@solara.component
def Page() -> None:
    """The page of a tab: what is being loaded, then the app."""
    solara.Title(TITLE)
    solara.Style(_STYLE)
    tab = solara.use_memo(_Tab, [])
    shown, show = solara.use_state(None)  # the app, or a text that says why there is none
    solara.use_effect(lambda: tab.close, [])
    if shown is None:
        text = "Starting jdaviz …" if _request.is_empty else f"Loading {_request.describe()} …"
        _LoadingPage(text=text, event_shown=lambda _: tab.open(show))
    elif isinstance(shown, str):
        solara.Error(shown)
    else:
        solara.Column(children=[application(shown)], gap="0px")


class _Tab:
    """The app of one browser tab (of one solara kernel).

    The app is made when the browser says that the loading page is on its screen: then this is the
    kernel's own turn, as a click is. While solara renders, the widgets that jdaviz makes would
    become part of the page by themselves; and another thread has no event loop, which glue needs.
    """

    def __init__(self) -> None:
        self.app: Any = None
        self.opened = False

    def open(self, show: Callable[[Any], None]) -> None:
        """Make and fill the app, and hand it to ``show``; a second call does nothing."""
        if self.opened:
            return
        self.opened = True
        with _loading:
            try:
                self.app = _new_app()
            except Exception as error:
                traceback.print_exc()
                show(f"jdaviz cannot start: {_one_line(error)}")
                return
            messages = _load(self.app)
        renew_snackbar(self.app)
        show(self.app)
        for text, color in messages:
            show_message(self.app, text, color)

    def close(self) -> None:
        """Let go of the app."""
        if self.app is not None:
            forget_app(self.app)
            self.app = None
        kernel = _current_kernel()
        if kernel is not None:
            closed = kernel.closed_event, kernel.id, frozenset(kernel.widgets)
            threading.Thread(target=_release_once, args=closed, daemon=True).start()


def _release_once(closed: threading.Event, key: str, widgets: frozenset[str]) -> None:
    """Let go of what libraries keep of a tab, once its kernel is closed."""
    if closed.wait(_CLOSING):
        release(key, widgets)


def _current_kernel() -> Any:
    """The solara kernel, of which each tab has one, that is running; None outside."""
    from solara.server import kernel_context

    has_one = kernel_context.has_current_context()
    return kernel_context.get_current_context() if has_one else None


def _current_tab() -> str | None:
    """The id of that kernel."""
    kernel = _current_kernel()
    return kernel and kernel.id


def _new_app() -> Any:
    """Make a jdaviz app for the current kernel."""
    import jdaviz

    from ..plugins.controls import register_parts

    register_vue_components()
    register_parts()
    app = jdaviz.new_app()
    renew_snackbar(app)
    return app


def _load(app: Any) -> list[tuple[str, str]]:
    """Load what was asked for; gives back what is to be said of it: lines and their colours."""
    messages: list[tuple[str, str]] = []
    if _request.is_empty:
        return [(_EMPTY, "warning")]
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", Stage3Warning)
            _request.load(app)
        for text in dict.fromkeys(
            str(entry.message) for entry in caught if issubclass(entry.category, Stage3Warning)
        ):
            messages.append((text, "warning"))
    except Exception as error:
        problem = _one_line(error)
        if not isinstance(error, Stage3Error):  # that one names the file
            problem = f"Cannot load {_request.describe()}: {problem}"
        messages.append((problem, "error"))
    for text, _ in messages:
        print(text, file=sys.stderr, flush=True)
    return messages


def _one_line(error: Exception) -> str:
    """The message of an error, without line breaks and not too long."""
    message = " ".join(str(error).split()) or type(error).__name__
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"


def serve(
    paths: Sequence[Path] = (),
    *,
    host: str = "localhost",
    port: int | None = None,
    open_browser: bool = True,
    ask_for_token: bool = True,
    lost_minutes: float = DEFAULT_MINUTES,
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
        another address than this machine's own.
    lost_minutes : float
        How long the app of a tab stays that is gone without a word, as of a laptop that sleeps.
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
    global _request
    _request = _Request(
        tuple(Path(path).absolute() for path in paths),
        demo,
        script and Path(script).absolute(),
        dict(options or {}),
    )
    page_files.check()
    port = choose_port(host, port)
    token = secrets.token_urlsafe(32) if ask_for_token or not is_local(host) else None
    server = _make_server(host, port, token, lost_minutes)

    # SIGINT too: a shell starts background jobs with SIGINT ignored
    previous = {
        number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        server.serve_threaded()
        server.wait_until_serving()
        found = addresses(host, port, token)
        print(f"jdaviz_stage3 is at {'  or  '.join(found)}\nCtrl-C ends it.", flush=True)
        if open_browser:
            webbrowser.open(found[-1])
        while not server.stopped.wait(0.5):
            pass
    except RuntimeError as error:
        raise ServerError(f"the server does not start: {error}") from error
    except KeyboardInterrupt:
        print("\nStopping.", flush=True)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        _stop(server)


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


def _make_server(host: str, port: int, token: str | None, lost_minutes: float) -> Any:
    """A solara server for `Page` behind the access check."""
    os.environ.setdefault("TQDM_DISABLE", "1")  # the page says what is being loaded
    os.environ["SOLARA_APP"] = __name__  # solara reads it when its server is imported
    from solara.server import app as solara_app
    from solara.server import settings, starlette

    if "__default__" not in solara_app.apps:  # it had been imported before
        solara_app.apps["__default__"] = solara_app.AppScript(__name__)

    # Imported before the first tab and in no kernel: their classes are shared by all of them.
    import jdaviz  # noqa: F401

    from .. import app  # noqa: F401

    settings.theme.title = TITLE
    settings.theme.loader = "plain"
    settings.theme.show_banner = False
    settings.assets.extra_locations = [*settings.assets.extra_locations, str(_ASSETS)]
    settings.telemetry.mixpanel_enable = False
    warnings.filterwarnings("ignore", message="Cookies with samesite=none require https")

    follow_states(_current_tab)
    send_plain_table_rows()
    send_together(starlette)
    page_files.only_serve(starlette, settings.assets.proxy_cache_dir)
    answer_goodbyes(starlette)
    keep_lost(settings, lost_minutes)
    if not is_local(host):
        hide_server_files()
        refuse_files_to_browsers()
    cookie = f"jdaviz-stage3-token-{port}"
    _search_less_garbage()
    guard = AccessGuard(starlette.app, token, local=is_local(host), cookie=cookie)
    return starlette.ServerStarlette(
        port=port,
        host=host,
        starlette_app=guard,
        log_level="warning",
        timeout_graceful_shutdown=_GRACE,
    )
