"""Closed tabs are let go of by a thread that belongs to none of them."""

import asyncio
import queue
import threading

import pytest

from jdaviz_stage3 import jdaviz_compat
from jdaviz_stage3.standalone import closed_tabs
from jdaviz_stage3.standalone.closed_tabs import ClosedTabs

# importing solara's server changes what glue asks of the shell
pytestmark = pytest.mark.forked


@pytest.fixture
def done(monkeypatch):
    done = queue.SimpleQueue()
    monkeypatch.setattr(closed_tabs, "_SETTLING", 0.02)
    monkeypatch.setattr(closed_tabs, "give_back", lambda: done.put("garbage"))
    monkeypatch.setattr(jdaviz_compat, "release", lambda *tab: done.put(tab))
    return done


def test_released_when_its_kernel_is_closed(done):
    closed = threading.Event()
    tabs = ClosedTabs()
    tabs.add(closed, "a", frozenset("w"))
    with pytest.raises(queue.Empty):
        done.get(timeout=0.1)
    closed.set()
    assert [done.get(timeout=30) for _ in range(3)] == [("a", frozenset("w")), *["garbage"] * 2]
    with pytest.raises(queue.Empty):
        done.get(timeout=0.1)
    tabs.add(closed, "b", frozenset())
    assert done.get(timeout=30) == ("b", frozenset())


def test_of_several_garbage_is_looked_for_after_the_last(done):
    first, second = threading.Event(), threading.Event()
    second.set()
    tabs = ClosedTabs()
    tabs.add(first, "a", frozenset())
    tabs.add(second, "b", frozenset())
    first.set()
    found = [done.get(timeout=30) for _ in range(3)]
    assert found == [("a", frozenset()), ("b", frozenset()), "garbage"]


def test_kernel_that_is_closed_late_keeps_nobody_waiting_and_is_released(done, monkeypatch):
    monkeypatch.setattr(closed_tabs, "_TURN", 0.01)
    late, closed = threading.Event(), threading.Event()
    closed.set()
    tabs = ClosedTabs()
    tabs.add(late, "late", frozenset())
    tabs.add(closed, "b", frozenset())
    assert done.get(timeout=30) == ("b", frozenset())
    late.set()
    found = [done.get(timeout=30) for _ in range(2)]
    assert ("late", frozenset()) in found


def test_what_fails_for_one_tab_is_done_for_the_next(done, monkeypatch, caplog):
    def fail(*tab):
        done.put(tab)
        raise KeyError("unknown to a library")

    closed = threading.Event()
    closed.set()
    monkeypatch.setattr(jdaviz_compat, "release", fail)
    forgotten = []
    monkeypatch.setattr("jdaviz_stage3.loaders.dropped_files.forget_dropped", forgotten.append)
    tabs = ClosedTabs()
    tabs.add(closed, "a", frozenset())
    tabs.add(closed, "b", frozenset())
    released = []
    while len(released) < 2:  # garbage may be looked for between them
        if (said := done.get(timeout=30)) != "garbage":
            released.append(said)
    assert released == [("a", frozenset()), ("b", frozenset())]
    assert done.get(timeout=30) == "garbage" and forgotten == ["a", "b"]
    assert "something of a closed tab is kept" in caplog.text


def test_its_thread_knows_no_kernel(done):
    """solara gives each thread the kernel in which it is started, for good."""
    from solara.server import app, kernel, kernel_context  # the first replaces threads'

    assert app
    loop = asyncio.new_event_loop()
    context = kernel_context.VirtualKernelContext("one", kernel.Kernel(), "s", event_loop=loop)
    tabs = ClosedTabs()
    with context:
        assert threading.Thread().current_context is context
        tabs.add(threading.Event(), "a", frozenset())
    assert tabs._thread.current_context is None
    loop.close()
