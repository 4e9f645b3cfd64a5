"""How often the page tells of the mouse while an edge is dragged."""

from types import SimpleNamespace

import pytest

from jdaviz_stage3.plugins.white_light_curve import dragging


@pytest.fixture
def clock(monkeypatch):
    """A time that only passes where something is drawn."""
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(dragging, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    return now


class Viewer:
    """What mouse events are taken from."""

    def __init__(self):
        self._mouse_interact = SimpleNamespace(move_throttle=50, cursor="auto")

    def add_event_callback(self, callback, events):
        self.tell = lambda kind, x=0.0: callback({"event": kind, "domain": {"x": x, "y": 0.0}})

    def remove_event_callback(self, callback):
        """It tells nobody."""


def test_no_more_moves_are_asked_for_than_can_be_drawn(clock):
    viewer, drawn = Viewer(), []

    def draw(phase, x, y):
        clock.seconds += cost
        drawn.append((phase, x))
        return True

    dragging.PointerEvents(viewer, draw)
    cost, pace = 0.02, viewer._mouse_interact
    viewer.tell("dragstart")
    viewer.tell("dragmove", 1)
    assert pace.move_throttle == 50  # quick enough
    cost = 0.5  # of a large series
    viewer.tell("dragmove", 2)
    assert pace.move_throttle == 600
    cost = 0.45  # about the same: not told again at each move
    viewer.tell("dragmove", 3)
    assert pace.move_throttle == 600
    viewer.tell("dragend", 4)
    assert pace.move_throttle == 50 and drawn[-1] == ("end", 4.0)
