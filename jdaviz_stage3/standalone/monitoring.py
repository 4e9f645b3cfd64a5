"""What a server tells those who run it: whether it is well, numbers, and a log for programs."""

from __future__ import annotations

import json
import logging
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any

from .access import header_tokens
from .memory import measure
from .serving import Serving
from .tokens import METRICS_VARIABLE

__all__ = ["HealthPage", "JsonFormatter", "MetricsPage", "log_to_stderr"]

App = Callable[..., Awaitable[None]]
_NO_CLIENT = 'metrics need the package prometheus-client: pip install "jdaviz_stage3[app]"\n'
_NO_TOKEN = (
    "refused: these numbers are of all people of this server, and need a token of their own: start "
    f"it with {METRICS_VARIABLE}\n"
)
_BAD_TOKEN = f"refused: send the token of {METRICS_VARIABLE} as Authorization: Bearer …\n"
_OF_SOLARA = "/resourcez"  # its own numbers, likewise of all people: websockets, apps, threads
_OF_EVERY_RECORD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None)))


async def _answer(send: Any, status: int, kind: str, body: bytes) -> None:
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class HealthPage:
    """Answers ``/healthz``, to whoever asks: 200 while the server serves, 503 while it stops.

    It says nothing else, and needs no token, for what starts and watches servers has none.

    Parameters
    ----------
    app : callable
        The ASGI application that answers all else.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.is_stopping = False

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Answer, or hand a request on."""
        if scope["type"] == "http" and scope["path"] == "/healthz":
            status, body = (503, b"stopping\n") if self.is_stopping else (200, b"ok\n")
            await _answer(send, status, "text/plain", body)
        else:
            await self.app(scope, receive, send)


class MetricsPage:
    """Answers ``/metrics``, in the text format of Prometheus.

    The numbers are of the server as a whole: where it has several people, none of their tokens
    opens them.

    Parameters
    ----------
    app : callable
        The ASGI application that answers all else.
    serving : Serving
    token : str, optional
        What a request must bring; an empty one lets nobody in, None all that come this far.
    """

    def __init__(self, app: App, serving: Serving, token: str | None = None) -> None:
        self.app = app
        self.serving = serving
        self.token = token
        self._began = time.time()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Answer, or hand a request on."""
        if scope["type"] != "http" or scope["path"] not in ("/metrics", _OF_SOLARA):
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal:
            await _answer(send, 403, "text/plain", refusal.encode())
            return
        if scope["path"] == _OF_SOLARA:
            await self.app(scope, receive, send)
            return
        try:
            body = self.text()
        except ModuleNotFoundError:
            await _answer(send, 501, "text/plain", _NO_CLIENT.encode())
            return
        await _answer(send, 200, "text/plain; version=0.0.4; charset=utf-8", body)

    def _refusal(self, scope: MutableMapping[str, Any]) -> str:
        """Why a request is refused; empty where it is not."""
        if self.token is None:
            return ""
        if not self.token:
            return _NO_TOKEN
        brought = [
            secrets.compare_digest(t.encode(), self.token.encode()) for t in header_tokens(scope)
        ]
        return "" if any(brought) else _BAD_TOKEN

    def text(self) -> bytes:
        """The numbers, as Prometheus reads them."""
        from prometheus_client import CollectorRegistry, Gauge, generate_latest

        registry = CollectorRegistry()
        for name, (words, value) in self._numbers().items():
            Gauge(f"jdaviz_stage3_{name}", words, registry=registry).set(value)
        return generate_latest(registry)

    def _numbers(self) -> dict[str, tuple[str, float]]:
        serving, memory = self.serving, measure()
        connected = sum(tab.is_connected() for tab in serving.tabs)
        return {
            "start_time_seconds": ("When the server was started.", self._began),
            "apps": ("Apps that are open.", len(serving.tabs)),
            "apps_connected": ("Apps whose page is connected.", connected),
            "sessions_kept": (
                "Sessions that wait for their person.",
                serving.kept.count() if serving.kept else 0,
            ),
            "sessions_restored": ("Sessions restored since the start.", serving.restored),
            "sessions_failed": ("Sessions that could not be restored.", serving.failed),
            "apps_closed_for_memory": (
                "Apps closed since the start because memory was short.",
                serving.memory.closed,
            ),
            "memory_bytes": ("Memory that the server takes.", memory.used),
            "memory_available_bytes": ("Memory that the machine has left.", memory.available),
        }


class JsonFormatter(logging.Formatter):
    """Writes each record as a line of JSON: time, level, logger, message, and what came along."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        written: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        more = {name: v for name, v in vars(record).items() if name not in _OF_EVERY_RECORD}
        written |= {name: value for name, value in more.items() if name not in ("taskName",)}
        if record.exc_info:
            written["traceback"] = self.formatException(record.exc_info)
        return json.dumps(written, default=str, ensure_ascii=True)


def log_to_stderr(form: str) -> None:
    """Log what the server does.

    Parameters
    ----------
    form : {'text', 'json'}
    """
    handler = logging.StreamHandler(sys.stderr)
    own = logging.getLogger(__package__)
    own.setLevel(logging.INFO if form == "json" else logging.WARNING)
    if form == "json":
        handler.setFormatter(JsonFormatter())
        logging.getLogger().handlers = [handler]  # what libraries say, too
    else:
        own.handlers = [handler]
        own.propagate = False
