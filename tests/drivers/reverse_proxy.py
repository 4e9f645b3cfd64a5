"""A reverse proxy: it takes a path off, and says another host than its visitors do."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress


class ReverseProxy:
    """Hands on what comes below a path, over HTTP and websockets, a connection for each request.

    Parameters
    ----------
    path : str
        That is taken off; begins and ends with a slash.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.behind: tuple[str, int] | None = None
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def origin(self) -> str:
        """As visitors know it."""
        return f"http://localhost:{self.port}"

    def close(self) -> None:
        """End it."""
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                visitor, _ = self._listening.accept()
                threading.Thread(target=self._hand_on, args=(visitor,), daemon=True).start()

    def _hand_on(self, visitor: socket.socket) -> None:
        head = b""
        with suppress(OSError), visitor, socket.create_connection(self.behind) as server:
            while b"\r\n\r\n" not in head:
                head += visitor.recv(65536) or b"\r\n\r\n"
            lines = head.replace(self.path.encode(), b"/", 1)
            lines = re.sub(rb"(?im)^host:.*?\r\n", b"Host: %s:%d\r\n" % self._behind(), lines)
            if b"upgrade: websocket" not in lines.lower():  # the next request may be for another
                lines = lines.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
            server.sendall(lines)
            back = threading.Thread(target=_pipe, args=(server, visitor), daemon=True)
            back.start()
            _pipe(visitor, server)
            back.join()

    def _behind(self) -> tuple[bytes, int]:
        host, port = self.behind or ("", 0)
        return host.encode(), port


def _pipe(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
