"""Tabs that go without a goodbye, and come back: their sessions are kept. Without a browser."""

from __future__ import annotations

import json
import re
import signal
import time
from pathlib import Path

import pytest
from light_tabs import LightBrowser, LightTab

from jdaviz_stage3.demo import demo_products

RESTORED = re.compile(r"Your session of \d\d:\d\d was restored: (.*?)\. Reload")


def _c1d() -> str:
    return next(str(path) for path in demo_products() if path.name.endswith("_c1d.fits"))


def _wait_for(condition, what: str) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, f"no sign of {what}"
        time.sleep(0.1)


def _sessions(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.py"))


def _why_restored(tab: LightTab) -> list[str]:
    return [found.group(1) for found in map(RESTORED.search, tab.said) if found]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where sessions are kept."""
    return tmp_path_factory.mktemp("kept") / "sessions"


@pytest.fixture(scope="module")
def server(start_server, folder):
    """A server on which tabs are lost after a second."""
    return start_server(
        "open", _c1d(), "--sessions", str(folder), "--lost-minutes", "0.02", "--apps-limit", "1",
        "--log-format", "json",
    )  # fmt: skip


def test_a_lost_tab_comes_back_to_its_own_browser_only(server, folder):
    browser = LightBrowser(server.url)
    tab = LightTab(browser).open()
    assert _why_restored(tab) == [] and _sessions(folder) == []
    tab.drop()
    _wait_for(lambda: _sessions(folder), "the session")
    assert Path(_c1d()).name in _sessions(folder)[0].read_text()

    other = LightTab(LightBrowser(server.url)).open()
    assert _why_restored(other) == []
    refused = LightTab(browser).open()  # --apps-limit 1
    assert "as may be (1)" in refused.texts() and refused.goodbye() == 200
    assert other.goodbye() == 200

    again = LightTab(browser, key=tab.key).open()  # the page itself, of a laptop that wakes up
    assert _why_restored(again) == ["the connection to its tab was lost"]
    assert len(_sessions(folder)) == 1  # until it is closed: the server may be killed
    goodbye = f"_solara/api/close/{again.key}", f"session_id={again.page}", "POST"
    assert other.browser.get(*goodbye)[0] == 404 and again.is_open()
    assert again.goodbye() == 200
    _wait_for(lambda: not _sessions(folder), "the end of what was kept")


def test_numbers_and_log(server):
    token = server.query.partition("=")[2]
    assert server.request("/healthz")[::2] == (200, b"ok\n")
    assert server.request("/metrics")[0] == 403
    status, _, text = server.request("/metrics", Authorization=f"Bearer {token}")
    assert status == 200 and b"jdaviz_stage3_sessions_restored 1.0" in text
    assert server.request("/metrics", Authorization="Bearer x")[0] == 403
    lines = [json.loads(line) for line in server.errors.read_text().splitlines() if line[:1] == "{"]
    messages = [line["message"] for line in lines]
    assert {"a tab is opened", "a tab is closed", "a session is restored"} <= set(messages)


def test_a_server_that_is_started_anew_knows_its_tabs(server, start_server, folder):
    """Run last: it ends the server. A page that was open has its session, without a new address."""
    browser = LightBrowser(server.url)
    tab = LightTab(browser).open()
    assert server.stop(signal.SIGTERM) in (0, 130)
    assert "Traceback" not in server.errors.read_text()
    assert len(_sessions(folder)) == 1
    again = start_server("open", _c1d(), "--sessions", str(folder))
    assert again.query == server.query  # the token
    browser.netloc = again.netloc
    port = {"jdaviz-stage3-token-" + server.netloc.partition(":")[2]}
    browser.cookies |= {
        name.replace(server.netloc.partition(":")[2], again.netloc.partition(":")[2]): value
        for name, value in browser.cookies.items()
        if name in port
    }
    back = LightTab(browser, key=tab.key).open()
    assert _why_restored(back) == ["the server was started anew"]
    back.goodbye()
    _wait_for(lambda: not _sessions(folder), "the end of what was kept")
