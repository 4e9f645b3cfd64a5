"""Connections on which no request comes, on a server of uvicorn that answers all."""

import asyncio
import socket

import pytest

from jdaviz_stage3.standalone import connections

uvicorn = pytest.importorskip("uvicorn")
resource = pytest.importorskip("resource")  # of POSIX


async def _answer(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        return
    await asyncio.sleep(0.4)  # longer than the deadline: a request that is there is answered
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def _come(said):
    """What a server with a deadline of 0.2 s answers to each, and whether it has closed then."""
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    protocol = connections.with_deadline(AutoHTTPProtocol, 0.2)
    config = uvicorn.Config(_answer, http=protocol, lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve([listening]))
        streams = [await asyncio.open_connection(*listening.getsockname()) for _ in said]
        for (_, writer), text in zip(streams, said, strict=True):
            writer.write(text)
        await asyncio.sleep(1.2)
        found = []
        for reader, writer in streams:
            answer = b""
            while not reader.at_eof():
                try:
                    answer += await asyncio.wait_for(reader.read(1000), 0.05) or b""
                except TimeoutError:
                    break
            found.append((answer.split(b"\r\n")[0], reader.at_eof()))
            writer.close()
        server.should_exit = True
        await asyncio.wait_for(serving, 10)
    return found


def test_only_connections_that_say_nothing_whole_are_closed():
    silent, half, whole, then_half, websocket = asyncio.run(
        _come([b"", REQUEST, REQUEST + b"\r\n", REQUEST + b"\r\n" + REQUEST, REQUEST + UPGRADE])
    )
    assert silent == half == (b"", True)
    assert whole == (b"HTTP/1.1 200 OK", False)  # for the next one, as long as uvicorn says
    assert then_half[0] == b"HTTP/1.1 200 OK"
    assert websocket[0].startswith(b"HTTP/1.1 101") and not websocket[1]


def test_as_many_files_as_may_be_open(monkeypatch):
    asked = []
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: asked.append(limits))
    for limits in ((1024, 4096), (1024, 10**6), (20000, 20000), (256, resource.RLIM_INFINITY)):
        monkeypatch.setattr(resource, "getrlimit", lambda kind, limits=limits: limits)
        connections.allow_many_files()
    infinite = resource.RLIM_INFINITY
    assert asked == [(4096, 4096), (10240, 10**6), (10240, infinite)]
