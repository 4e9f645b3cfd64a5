"""What comes over the websockets of tabs: whose, how many, and how fast."""

import asyncio

import pytest
from make_tabs import Tab

from jdaviz_stage3.standalone.access import USER
from jdaviz_stage3.standalone.tab_watch import Bucket, TabWatch


def websocket(watch, path="/jupyter/api/kernels/k1/channels", user="", messages=()):
    """Open a websocket through the watch, with these messages; gives what it sends."""
    sent, waiting = [], [{"type": "websocket.connect"}, *messages]

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    asyncio.run(watch({"type": "websocket", "path": path, USER: user}, receive, send))
    return sent


def watching(tabs, apps=1):
    waits = []

    async def application(scope, receive, send):
        await send({"type": "websocket.accept"})
        application.users = dict(tabs._users)
        try:
            while True:
                await receive()
        except IndexError:
            pass

    async def sleep(seconds):
        waits.append(seconds)

    return TabWatch(application, tabs, apps, sleep), waits


def test_a_kernel_is_of_the_user_who_opened_it(tabs):
    watch, _ = watching(tabs)
    with tabs.connected("k1", "alice"):
        assert websocket(watch, user="bob")[0]["type"] == "websocket.close"
        assert websocket(watch, user="alice")[0]["type"] == "websocket.accept"
    Tab(tabs, "k2", 1, user="alice")
    with tabs.connected("k2", "alice"):
        pass
    other = "/jupyter/api/kernels/k2/channels"
    assert websocket(watch, other, "bob")[0]["type"] == "websocket.close"
    tabs.get("k2").end()
    assert websocket(watch, other, "bob")[0]["type"] == "websocket.accept"
    assert tabs._users == {} and not +tabs._connections and not tabs._pages


def test_a_flood_of_kernels_waits_and_only_that_of_its_user(tabs):
    watch, waits = watching(tabs, apps=1)  # which may have four websockets at once
    for number in range(6):
        websocket(watch, f"/jupyter/api/kernels/new{number}/channels", "bob")
    assert waits == pytest.approx([5.0, 10.0])
    with tabs.connected("k1", "bob"):  # a page that is there already is no new one
        websocket(watch, user="bob")
    websocket(watch, "/jupyter/api/kernels/another/channels", "alice")
    assert len(waits) == 2


@pytest.mark.parametrize("path", ["/", "/jupyter/api/kernels/a b/channels", "/x/channels"])
def test_other_websockets_are_refused(tabs, path):
    assert websocket(watching(tabs)[0], path)[0]["type"] == "websocket.close"


def test_a_user_gets_so_many_websockets(tabs):
    watch, _ = watching(tabs, apps=1)
    open_ones = [tabs.connected(f"k{number}", "alice") for number in range(4)]
    for one in open_ones:
        assert one.__enter__()
    assert websocket(watch, "/jupyter/api/kernels/k9/channels", "alice")[0]["code"] == 1008
    assert websocket(watch, user="bob")[0]["type"] == "websocket.close"  # k1 is of Alice
    assert websocket(watch, "/jupyter/api/kernels/b/channels", "bob")[0]["type"].endswith("accept")
    for one in open_ones:
        one.__exit__(None, None, None)
    again = websocket(watch, "/jupyter/api/kernels/k9/channels", "alice")
    assert again[0]["type"] == "websocket.accept"


def test_a_server_that_ends_lets_nobody_in(serving, tabs):
    watch, _ = watching(tabs)
    ended = [Tab(tabs, "k1", 1.0), Tab(tabs, "k2", 2.0)]
    assert serving.end_all() == 2 and len(tabs) == 0
    assert all(tab.ended and tab.reason == "stopped" for tab in ended)
    assert websocket(watch)[0]["code"] == 1012


def test_a_flood_waits_and_what_a_person_sends_is_noted(tabs, monkeypatch):
    monkeypatch.setattr("jdaviz_stage3.standalone.tab_watch._MESSAGES_AT_ONCE", 10)
    watch, waits = watching(tabs)
    tab = Tab(tabs, "k1", 1.0)
    ping = {"type": "websocket.receive", "text": "plugin_ping"}
    websocket(watch, messages=[ping] * 9)
    assert waits == [] and tab.used == 1.0
    websocket(watch, messages=[ping] * 100 + [{**ping, "text": "{}"}])
    assert 0.5 < sum(waits) and tab.used == 1000.0
    waits.clear()
    websocket(watch, messages=[{"type": "websocket.receive", "bytes": bytes(60_000_000)}] * 2)
    assert 0.5 < sum(waits) < 1


def test_a_bucket_lets_so_many_through():
    bucket = Bucket(10, 5, 0)
    assert [bucket.wait(0) for _ in range(5)] == [0] * 5
    assert bucket.wait(0) == pytest.approx(0.1) and bucket.wait(0) == pytest.approx(0.2)
    assert bucket.wait(10) == 0 and bucket.wait(10, 14) == pytest.approx(1)
