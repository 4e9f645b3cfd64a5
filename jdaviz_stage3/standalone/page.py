"""The page of a browser tab: what is being loaded, then the app.

Each tab is a solara kernel with a jdaviz app of its own. When it goes without a goodbye, its
session is kept, and comes back with its person.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable
from typing import Any

import solara

from ..errors import Stage3Error, Stage3Warning
from ..jdaviz_compat import (
    all_data,
    application,
    end_messages,
    forget_app,
    forget_closed_styles,
    register_vue_components,
    renew_snackbar,
    show_message,
    without_waiting,
)
from .kept_sessions import KeptSession, digest
from .open_tabs import OpenTab
from .serving import Serving

__all__ = ["TITLE", "Page", "current_tab", "current_user", "serve_with"]

TITLE = "jdaviz_stage3"
_LONGEST = 300  # characters of a message

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
_EMPTY = (
    "Nothing is open yet. Press + in the upper left corner, and drop or choose a product there; or "
    "start with jdaviz-stage3 open FILE, or with jdaviz-stage3 demo for an example."
)
_WHY = {
    "lost": "the connection to its tab was lost",
    "memory": "it was closed when the server was short of memory",
    "stopped": "the server was started anew",
}
_ASKED = {
    True: "The server was short of memory, and nobody had used this app for some time: it was "
    "closed at {clock}. Its session is kept.",
    False: "The session of {clock} was begun to be restored twice, and the server ended each time.",
}

_log = logging.getLogger(__name__)
_serving = Serving()
#: Apps are made and filled one at a time: jdaviz keeps process-wide state meanwhile.
_loading = threading.Lock()


def serve_with(serving: Serving) -> None:
    """Let the pages from now on be those of a server.

    Parameters
    ----------
    serving : Serving
    """
    global _serving
    _serving = serving


@solara.component_vue("server.vue")
def _LoadingPage(text: str, event_shown: Callable[[Any], None]) -> None:
    """A page that says what is being loaded, and calls ``event_shown`` once it is on the screen."""


@solara.component
def _Question(kept: KeptSession, answer: Callable[[bool], None]) -> None:
    """A page that asks whether to restore a session."""
    text = _ASKED[kept.may_be_tried].format(clock=kept.clock)
    with solara.Column(classes=["jdaviz-stage3-loading"], align="center"):
        solara.Text(text)
        with solara.Row(justify="center"):
            solara.Button("Restore it", color="primary", on_click=lambda: answer(True))
            solara.Button("Start anew", on_click=lambda: answer(False))


@solara.component
def Page() -> None:
    """The page of a tab: what is being loaded, then the app."""
    solara.Title(TITLE)
    solara.Style(_STYLE)
    tab = solara.use_memo(_Tab, [])
    # the session that is asked about, the app, or a text that says why there is none
    shown, show = solara.use_state(tab.question)
    solara.use_effect(lambda: tab.close, [])
    if shown is None:
        _LoadingPage(text=tab.describe(), event_shown=lambda _: tab.open(show))
    elif isinstance(shown, KeptSession):

        def answer(restore: bool) -> None:
            tab.decide(restore)
            show(None)

        _Question(shown, answer)
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
        self.entry: OpenTab | None = None
        kernel = _current_kernel()
        self.user = current_user()
        self.owner = digest(self.user, kernel.session_id) if kernel else ""
        self.key = digest(kernel.id) if kernel else ""
        store = _serving.kept
        self.kept = store.find(self.owner, self.key) if store and kernel else None

    @property
    def question(self) -> KeptSession | None:
        """The session about which the person is asked first."""
        kept = self.kept
        return kept if kept and (kept.reason == "memory" or not kept.may_be_tried) else None

    def decide(self, restore: bool) -> None:
        """Take the person's answer."""
        if not restore and self.kept is not None and _serving.kept is not None:
            _serving.kept.forget(self.kept)
            self.kept = None

    def describe(self) -> str:
        """What the page says meanwhile."""
        if self.kept is not None:
            return f"Restoring your session of {self.kept.clock} …"
        request = _serving.request_of(self.user)
        return "Starting jdaviz …" if request.is_empty else f"Loading {request.describe()} …"

    def open(self, show: Callable[[Any], None]) -> None:
        """Make and fill the app, and hand it to ``show``; a second call does nothing."""
        if self.opened:
            return
        self.opened = True
        with _loading, without_waiting():
            refusal = _serving.refusal(self.user)
            if refusal:
                show(refusal)
                return
            try:
                self.app = _new_app()
            except Exception as error:
                _log.exception("jdaviz cannot start")
                show(f"jdaviz cannot start: {_one_line(error)}")
                return
            self._enter()
            messages = self._fill()
        renew_snackbar(self.app)
        show(self.app)
        for text, color in messages:
            show_message(self.app, text, color)

    def _enter(self) -> None:
        """Enter the tab among those that have an app."""
        kernel = _current_kernel()
        if kernel is None:
            return
        self.entry = OpenTab(
            kernel.id,
            self.owner,
            self.user,
            self.app,
            is_connected=lambda: _is_connected(kernel),
            end=lambda: kernel.close(reason="evicted"),
        )
        _serving.tabs.add(self.entry)
        _log.info("a tab is opened", extra={"user": self.user, "tab": self.key[:8]})
        kernel.on_close(lambda: self._leave(kernel.close_reason))

    def _leave(self, reason: str) -> None:
        """Keep the session of the tab, as its kernel is closed without a goodbye."""
        entry, self.entry = self.entry, None
        if entry is None:
            return
        _serving.tabs.discard(entry)
        if reason == "server-shutdown":
            entry.reason = "stopped"
        is_kept = reason != "page-close" and _serving.keep(entry)
        if reason == "page-close" and entry.kept is not None and _serving.kept is not None:
            _serving.kept.forget(entry.kept)
        said = {"user": self.user, "tab": self.key[:8], "kept": is_kept, "reason": reason}
        _log.info("a tab is closed", extra=said)

    def _fill(self) -> list[tuple[str, str]]:
        """Restore what is kept of the tab, or load what was asked for; gives what is to be said."""
        messages: list[tuple[str, str]] = []
        if self.kept is not None and _serving.kept is not None:
            messages = _restore(self.app, self.kept, self.entry, self.user)
            if all_data(self.app):
                return messages
        return messages + _load(self.app, self.user)

    def close(self) -> None:
        """Let go of the app."""
        if self.app is not None:
            end_messages(self.app)  # each that is shown is a thread that knows the app
            forget_app(self.app)
            self.app = None
        kernel = _current_kernel()
        if kernel is not None:
            key = current_tab() or ""
            _serving.closed.add(kernel.closed_event, key, frozenset(kernel.widgets))


def _is_connected(kernel: Any) -> bool:
    """Whether a page of a solara kernel is connected."""
    return any(status.value == "connected" for status in list(kernel.page_status.values()))


def _current_kernel() -> Any:
    """The solara kernel, of which each tab has one, that is running; None outside."""
    from solara.server import kernel_context

    has_one = kernel_context.has_current_context()
    return kernel_context.get_current_context() if has_one else None


def current_tab() -> str | None:
    """Return what tells the solara kernel that is running from all others; None outside.

    Its own id is that of the page, which comes back with it while the one before is being closed.
    """
    kernel = _current_kernel()
    return kernel and f"{kernel.id} {id(kernel):x}"


def current_user() -> str:
    """Return whose token the running kernel came with; an empty text outside of any."""
    kernel = _current_kernel()
    return _serving.tabs.user_of(kernel.id) if kernel else ""


def _new_app() -> Any:
    """Make a jdaviz app for the current kernel."""
    import jdaviz

    from ..plugins.controls import register_parts

    forget_closed_styles()
    register_vue_components()
    register_parts()
    app = jdaviz.new_app()
    renew_snackbar(app)
    return app


def _restore(
    app: Any, kept: KeptSession, entry: OpenTab | None, user: str
) -> list[tuple[str, str]]:
    """Restore a session; gives what is to be said of it: lines and their colours."""
    from ..session import replay

    store = _serving.kept
    taken = store.take(kept) if store else None
    if store is None or taken is None:  # another tab of the person was faster
        return []
    begun, script = taken
    if entry is not None:
        entry.kept = begun
    name = f"your session of {begun.clock}"
    folder = _serving.folder_of(user)
    problem, messages = _caught(lambda: replay(script, app, inside=folder, name=name))
    if problem:
        _serving.failed += 1
        return _said([*messages, (problem, "error")])
    _serving.restored += 1
    _log.info("a session is restored", extra={"user": user, "reason": begun.reason})
    store.restored(begun)
    text = f"Your session of {begun.clock} was restored: {_WHY.get(begun.reason, 'it was kept')}. "
    # jdaviz shows no others by itself
    return [(f"{text}Reload the page to start anew.", "warning"), *_said(messages)]


def _load(app: Any, user: str) -> list[tuple[str, str]]:
    """Load what was asked for; gives what is to be said of it: lines and their colours."""
    request = _serving.request_of(user)
    if request.is_empty:
        return [(_EMPTY, "warning")]
    problem, messages = _caught(lambda: request.load(app), f"Cannot load {request.describe()}: ")
    return _said([*messages, (problem, "error")] if problem else messages)


def _caught(work: Callable[[], Any], otherwise: str = "") -> tuple[str, list[tuple[str, str]]]:
    """Work; gives what went wrong, empty if nothing did, and the warnings of ours."""
    problem = ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", Stage3Warning)
        try:
            work()
        except Stage3Error as error:  # which names the file
            problem = _one_line(error)
        except Exception as error:
            problem = f"{otherwise}{_one_line(error)}"
    texts = [str(entry.message) for entry in caught if issubclass(entry.category, Stage3Warning)]
    return problem, [(text, "warning") for text in dict.fromkeys(texts)]


def _said(messages: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same, said in the log too."""
    for text, color in messages:
        _log.log(logging.ERROR if color == "error" else logging.WARNING, "%s", text)
    return messages


def _one_line(error: Exception) -> str:
    """The message of an error, without line breaks and not too long."""
    message = " ".join(str(error).split()) or type(error).__name__
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
