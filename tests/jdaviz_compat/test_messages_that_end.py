"""Messages of an app do not outlive it."""

import threading
from types import SimpleNamespace

import pytest
from jdaviz.core.events import SnackbarMessage

from jdaviz_stage3.jdaviz_compat import end_messages, renew_snackbar, standalone


@pytest.fixture
def app(monkeypatch):
    """No more of an app than its messages."""
    inner = SimpleNamespace(
        state=SimpleNamespace(snackbar={}, snackbar_queue=SimpleNamespace(queue=[]))
    )
    monkeypatch.setattr(standalone, "application", lambda _: inner)
    renew_snackbar(inner)
    return inner


def say(app, text, timeout=60_000, color="info"):
    before = set(threading.enumerate())
    message = SnackbarMessage(text, color=color, timeout=timeout, sender=app)
    app.state.snackbar_queue.put(app.state, None, message)
    return set(threading.enumerate()) - before


def test_threads_end_with_the_app(app):
    [thread] = say(app, "first")
    assert app.state.snackbar == {
        "show": True, "text": "first", "color": "info", "timeout": 0, "loading": False,
    }  # fmt: skip
    assert not say(app, "waits for its turn")
    end_messages(app)
    thread.join(30)
    assert not thread.is_alive()
    assert app.state.snackbar["text"] == "first"


def test_messages_come_one_after_the_other(app, monkeypatch):
    monkeypatch.setattr(standalone, "_SHORTEST", 0.01)
    monkeypatch.setattr(standalone, "_PAGE", 0.01)
    [thread] = say(app, "first", timeout=0)
    say(app, "second")
    thread.join(30)
    assert app.state.snackbar["text"] == "second"
    assert app.state.snackbar["show"]
    end_messages(app)


def test_queue_that_is_replaced_says_nothing_more(app):
    [thread] = say(app, "old")
    say(app, "older")
    renew_snackbar(app)
    thread.join(30)
    assert not app.state.snackbar["show"]
    assert app.state.snackbar["text"] == "old"


def test_loading_stays_until_the_next(app):
    message = SnackbarMessage("loading", loading=True, sender=app)
    app.state.snackbar_queue.put(app.state, None, message)
    assert app.state.snackbar["loading"]
    [_] = say(app, "loaded")
    assert app.state.snackbar["text"] == "loaded"
    assert not app.state.snackbar["loading"]
    end_messages(app)
