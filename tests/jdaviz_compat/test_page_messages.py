"""Messages to the page stand in a queue, and come in the order in which they were sent."""

import asyncio
import threading
from types import SimpleNamespace

import pytest

from jdaviz_stage3.jdaviz_compat import page_messages as messages

# in forks, for importing solara's server puts a shell of its own in the place of IPython's, which
# glue then asks for what it lacks
pytestmark = pytest.mark.forked


class Browser:
    """The other end of a websocket."""

    def __init__(self):
        self.got = []
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.has_gone = False

    async def send_text(self, data):
        while not self.goes_on.is_set():
            await asyncio.sleep(0.001)
        if self.has_gone:
            raise RuntimeError("Unexpected ASGI message 'websocket.send', after 'websocket.close'")
        self.got.append(data)

    send_bytes = send_text

    async def close(self):
        while not self.goes_on.is_set():
            await asyncio.sleep(0.001)
        self.got.append("closed")


class Portal:
    """What solara reaches its event loop by."""

    def __init__(self, loop):
        self.loop = loop

    def call(self, function, *arguments):
        return asyncio.run_coroutine_threadsafe(function(*arguments), self.loop).result(30)


@pytest.fixture
def loop():
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def browser():
    return Browser()


@pytest.fixture
def websocket(loop, browser):
    """A websocket of solara's server, made in its event loop as there."""
    from solara.server import starlette

    server = SimpleNamespace(WebsocketWrapper=starlette.WebsocketWrapper)
    messages.send_together(server)
    messages.send_together(server)  # once is enough

    async def make():
        return server.WebsocketWrapper(browser, Portal(loop))

    return asyncio.run_coroutine_threadsafe(make(), loop).result(30)


def test_order_is_kept(websocket, browser):
    sent = [str(i) if i % 3 else bytes([i % 256]) for i in range(500)]
    for data in sent:
        websocket.send(data)
    websocket.close()
    assert browser.got == [*sent, "closed"]


def test_no_message_is_waited_for(websocket, browser):
    browser.goes_on.clear()
    for data in "abc":
        websocket.send(data)
    assert browser.got == []
    browser.goes_on.set()
    websocket.close()
    assert browser.got == [*"abc", "closed"]


def test_order_is_kept_where_the_event_loop_sends_too(websocket, browser, loop):
    async def send():
        websocket.send("b")

    browser.goes_on.clear()
    websocket.send("a")
    asyncio.run_coroutine_threadsafe(send(), loop).result(30)
    websocket.send("c")
    browser.goes_on.set()
    websocket.close()
    assert browser.got == [*"abc", "closed"]


def test_queue_that_is_too_long_is_waited_for(websocket, browser, monkeypatch):
    monkeypatch.setattr(messages, "_LONGEST_QUEUE", 100)
    browser.goes_on.clear()
    sender = threading.Thread(target=lambda: [websocket.send("x" * 30) for _ in range(5)])
    sender.start()
    sender.join(0.2)
    assert sender.is_alive()
    browser.goes_on.set()
    sender.join(30)
    websocket.close()
    assert browser.got == ["x" * 30] * 5 + ["closed"]


def test_who_holds_up_others_waits_for_no_browser(websocket, browser, monkeypatch):
    """Apps are made one at a time: a page that reads nothing held up all that came after it."""
    monkeypatch.setattr(messages, "_LONGEST_QUEUE", 100)
    browser.goes_on.clear()

    def send():
        with messages.without_waiting():
            for _ in range(5):
                websocket.send("x" * 30)

    sender = threading.Thread(target=send)
    sender.start()
    sender.join(30)
    assert not sender.is_alive()
    waiting = threading.Thread(target=websocket.send, args=["y"])
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    browser.goes_on.set()
    waiting.join(30)
    websocket.close()
    assert browser.got == ["x" * 30] * 5 + ["y", "closed"]


def test_goodbye_waits_for_no_browser_that_does_not_read(websocket, browser, monkeypatch):
    """Its kernel was not closed for minutes, and what it had kept was never let go of."""
    monkeypatch.setattr(messages, "_LAST_WORDS", 0.05)
    browser.goes_on.clear()
    websocket.send("a")
    closing = threading.Thread(target=websocket.close)
    closing.start()
    closing.join(30)
    assert not closing.is_alive() and browser.got == []
    browser.goes_on.set()


def test_next_sender_learns_that_the_browser_has_gone(websocket, browser):
    """By the error that solara forgets the websocket at."""
    browser.has_gone = True
    websocket.send("a")
    websocket.send("b")
    websocket._wait()
    from solara.server.websocket import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect):
        websocket.send("c")
    assert browser.got == []
