"""When a panel counts as closed: with a clock of the test's own."""

import threading

import pytest
from fresh_apps import new_app

from jdaviz_stage3.jdaviz_compat import panels

NAME = "White Light Curve"


class Clock:
    """A time that only passes where somebody sleeps."""

    def __init__(self):
        self.now, self.plans = 1_800_000_000.0, []

    def time(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        for when, what in list(self.plans):
            if self.now >= when:
                self.plans.remove((when, what))
                what()

    def after(self, seconds, what):
        self.plans.append((self.now + seconds, what))


@pytest.fixture
def watched(monkeypatch):
    """A panel that is open in the tray, a clock, and what watches for its end."""
    app = new_app()
    panel = app._app.get_tray_item_from_name("stage3-white-light-curve")
    clock = Clock()
    monkeypatch.setattr(panels, "time", clock)
    # in the thread of the test
    monkeypatch.setattr(threading.Thread, "start", lambda self: None)
    monkeypatch.setattr(threading.Thread, "is_alive", lambda self: True)
    panel.open_in_tray(scroll_to=False)
    panel.vue_plugin_ping(0)  # by a clock that is wrong
    assert panel.plugin_opened
    return panel, clock


@pytest.mark.forked
def test_a_page_that_is_silent_for_a_while_has_not_closed_its_panel(watched):
    panel, clock = watched
    seen = []
    panel.observe(lambda change: seen.append(change["new"]), "plugin_opened")
    began = clock.now
    clock.after(2.0, lambda: panel.vue_plugin_ping(1))
    clock.after(4.5, lambda: panel.vue_plugin_ping(2))
    clock.after(4.7, lambda: seen.append("the last sign"))
    panel._watch_active()
    assert seen == ["the last sign", False]  # and is closed at last, as the page is
    assert clock.now - began > 7


@pytest.mark.forked
def test_a_panel_that_is_closed_in_the_tray_is_closed_soon(watched):
    panel, clock = watched
    clock.after(1.0, lambda: panel.close_in_tray())
    began = clock.now
    panel._watch_active()
    assert not panel.plugin_opened and clock.now - began < 1.5


@pytest.mark.forked
def test_a_panel_that_is_popped_out_stays_when_the_tray_has_closed(watched):
    panel, clock = watched
    clock.after(1.0, lambda: panel.close_in_tray(close_sidebar=True))
    for seconds in (0.9, 1.2, 1.4, 3.4):  # the last comes late
        clock.after(seconds, lambda: panel.vue_plugin_ping(1))
    began = clock.now
    panel._watch_active()
    assert clock.now - began > 6
