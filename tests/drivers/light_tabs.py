"""Tabs of the standalone app without a browser: what its page says to the server, and no more.

A light tab costs the server what a tab costs, and the test nothing: it shows no widget.
"""

from __future__ import annotations

import json
import struct
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

_PIECE = 2**20  # bytes of a file that a page sends in one message
TIMEOUT = 120.0  # seconds; an app takes one, and on a busy machine many


class LightBrowser:
    """Cookies, as a browser keeps them.

    Parameters
    ----------
    url : str
        That the server has printed.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self.netloc, self.base = parts.netloc, parts.path
        self.cookies: dict[str, str] = {}
        self.get("", parts.query)

    @property
    def headers(self) -> dict[str, str]:
        """Of each request."""
        pairs = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": pairs} if pairs else {}

    def get(self, path: str, query: str = "", method: str = "GET") -> tuple[int, bytes]:
        """Ask for a path below the page's; gives the status and the content."""
        address = f"http://{self.netloc}{self.base}{path}{f'?{query}' if query else ''}"
        request = urllib.request.Request(address, headers=self.headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
                for cookie in response.headers.get_all("Set-Cookie") or ():
                    name, _, value = cookie.partition(";")[0].partition("=")
                    self.cookies[name] = value
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


class LightTab:
    """A page in one of its tabs.

    Parameters
    ----------
    browser : LightBrowser
    key : str, optional
        The id of its kernel; that of a page which comes back.
    """

    def __init__(self, browser: LightBrowser, key: str | None = None) -> None:
        self.browser = browser
        self.key = key or str(uuid.uuid4())
        self.page = str(uuid.uuid4())
        self.said: list[str] = []  # by the app, to its person
        self.data: list[str] = []  # in the app
        self._widgets: dict[str, dict[str, Any]] = {}
        self._socket: Any = None
        self._stack = ExitStack()
        self._control = ""

    def connect(self) -> LightTab:
        """Connect, and begin nothing."""
        path = f"jupyter/api/kernels/{self.key}/channels?session_id={self.page}"
        address = f"ws://{self.browser.netloc}{self.browser.base}{path}"
        socket = connect(
            address,
            additional_headers=self.browser.headers,
            origin=f"http://{self.browser.netloc}",
            max_size=None,
            open_timeout=60,
            ping_interval=None,  # a server that is busy is no server that is gone
            close_timeout=0.2,  # who has said goodbye waits for no answer
        )
        self._socket = self._stack.enter_context(socket)
        return self

    def begin(self) -> LightTab:
        """Connect, and have the page made; gives back when something is on it."""
        self.connect()
        self._control = uuid.uuid4().hex
        content = {"comm_id": self._control, "target_name": "solara.control", "data": {}}
        self.send("comm_open", content)
        run = {"method": "run", "args": {"path": "/", "dark": False, "themes": {}}}
        self.send_to(self._control, run)
        self.wait(lambda message: _data(message).get("method") == "finished")
        return self

    def open(self) -> LightTab:
        """Begin, and have the app made and filled; gives back when it is there."""
        return self.begin().show()

    def show(self) -> LightTab:
        """Say that the loading page is on the screen; gives back when the app is there."""
        if not self._takes("shown"):
            self.wait(lambda _: self._takes("shown"))
        asked = self.event(self.widget(event="shown"), "shown")
        return self.until_done(asked)

    def press(self, text: str) -> LightTab:
        """Press a button of the page."""
        [key] = [key for key, state in self._widgets.items() if state.get("children") == [text]]
        return self.until_done(self.event(key, "click"))

    def until_done(self, asked: str) -> LightTab:
        """Wait until the server has done what it was asked for."""
        self.wait(
            lambda message: (
                message["header"]["msg_type"] == "status"
                and message["parent_header"].get("msg_id") == asked
                and message["content"]["execution_state"] == "idle"
            )
        )
        return self

    def widget(self, event: str) -> str:
        """The id of the newest widget that takes an event."""
        found = [key for key, state in self._widgets.items() if event in state.get("events", ())]
        return found[-1]

    def _takes(self, event: str) -> bool:
        return any(event in state.get("events", ()) for state in self._widgets.values())

    def event(self, key: str, name: str, data: Any = None) -> str:
        """Send an event to a widget; gives the message's id."""
        return self.send_to(
            key, {"method": "custom", "content": {"event": name, "data": data or {}}}
        )

    def drop_file(self, name: str, content: bytes, size: int | None = None) -> LightTab:
        """Drop a file into the app's loader; gives back when it is taken, or refused in words.

        Parameters
        ----------
        name : str
        content : bytes
        size : int, optional
            What the page says that its length is.
        """
        zone = self.loader_zone()
        length = len(content) if size is None else size
        told = {"name": name, "size": length, "isFile": True}
        self.send_to(zone, {"method": "update", "state": {"file_info": [told]}, "buffer_paths": []})
        heard = len(self.said)

        def is_over(message: dict[str, Any]) -> bool:
            asked = _data(message).get("content")
            if isinstance(asked, dict) and asked.get("method") == "read":
                self._send_piece(zone, asked["args"][0], content)
            state = _data(message).get("state")
            is_looked_at = isinstance(state, dict) and state.get("spinner") == ""
            return is_looked_at or len(self.said) > heard

        self.wait(is_over)
        return self

    def loader_zone(self) -> str:
        """The id of the widget into which files are dropped: the first of them is the loader's."""
        return next(k for k, state in self._widgets.items() if "upload" in state.get("events", ()))

    def _send_piece(self, zone: str, asked: dict[str, Any], content: bytes) -> None:
        start, end = asked["offset"], asked["offset"] + asked["length"]
        for at in range(start, end, _PIECE):
            piece = content[at : min(at + _PIECE, end)]
            where = {"id": asked["id"], "file_index": 0, "offset": at, "length": len(piece)}
            event = {"method": "custom", "content": {"event": "upload", "data": where}}
            self.send("comm_msg", {"comm_id": zone, "data": event}, piece)

    def send_to(self, key: str, data: dict[str, Any]) -> str:
        """Send a message to a widget, or to the control; gives its id."""
        return self.send("comm_msg", {"comm_id": key, "data": data})

    def send(self, kind: str, content: dict[str, Any], buffer: bytes | None = None) -> str:
        """Send a message, with a buffer if there is one; gives its id."""
        key = uuid.uuid4().hex
        header = {"msg_id": key, "msg_type": kind, "session": self.page, "username": "",
                  "version": "5.2", "date": "2026-01-01T00:00:00Z"}  # fmt: skip
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content,
                   "channel": "shell", "buffers": []}  # fmt: skip
        text = json.dumps(message)
        self._socket.send(text if buffer is None else _with_buffer(text.encode(), buffer))
        return key

    def wait(self, condition: Callable[[dict[str, Any]], bool], seconds: float = TIMEOUT) -> None:
        """Take messages until one is as expected."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            message = _parsed(self._socket.recv(timeout=max(0.1, end - time.monotonic())))
            self._note(message)
            if condition(message):
                return
        raise TimeoutError("what was waited for did not come")

    def is_open(self) -> bool:
        """Whether the server still holds the connection, after all that has come."""
        try:
            for _ in range(10_000):
                self._note(_parsed(self._socket.recv(timeout=0.5)))
        except TimeoutError:
            pass
        except ConnectionClosed:
            return False
        return True

    def texts(self) -> str:
        """All texts on the page."""
        return json.dumps([state.get("children") for state in self._widgets.values()])

    def drop(self) -> None:
        """Lose the connection, without a goodbye."""
        self._stack.close()

    def goodbye(self) -> int:
        """Close the tab, as a page does that is left; gives the status."""
        path = f"_solara/api/close/{self.key}"
        status, _ = self.browser.get(path, f"session_id={self.page}", method="POST")
        self._stack.close()
        return status

    def _note(self, message: dict[str, Any]) -> None:
        content = message.get("content", {})
        data = _data(message)
        state = data.get("state")
        if not isinstance(state, dict):
            return
        kept = {name: state[name] for name in ("events", "children", "text") if name in state}
        if kept:
            self._widgets.setdefault(content["comm_id"], {}).update(kept)
        inner = state.get("state")  # of jdaviz's application
        if isinstance(inner, dict) and isinstance(inner.get("data_items"), list):
            self.data = [item["name"] for item in inner["data_items"]]
        for entry in state.get("history") or ():  # of jdaviz's log
            if isinstance(entry, dict) and str(entry.get("text")) not in self.said:
                self.said.append(str(entry.get("text")))


def _data(message: dict[str, Any]) -> dict[str, Any]:
    data = message.get("content", {}).get("data")
    return data if isinstance(data, dict) else {}


def _with_buffer(text: bytes, buffer: bytes) -> bytes:
    """A message with one buffer, as Jupyter writes it: how many parts, where each is, the parts."""
    first = 4 * 3
    return struct.pack(">iii", 2, first, first + len(text)) + text + buffer


def _parsed(raw: str | bytes) -> dict[str, Any]:
    """A message; of one with buffers what stands before them."""
    if isinstance(raw, bytes):
        count = struct.unpack(">i", raw[:4])[0]
        offsets = struct.unpack(f">{count}i", raw[4 : 4 * (count + 1)])
        raw = raw[offsets[0] : offsets[1] if count > 1 else None].decode()
    return json.loads(raw)
