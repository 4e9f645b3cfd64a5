"""Updates that are asked for while one is running."""

import threading

import pytest
from other_thread import WAIT, in_a_thread

from jdaviz_stage3.plugins.updates import Updates


class Recorder:
    """An update that notes what the setting was, and can be held up by another thread."""

    def __init__(self):
        self.setting = 0
        self.seen = []
        self.during = {}  # what happens while the update of this number runs
        self.updates = Updates(self.update)

    def update(self):
        self.seen.append(self.setting)
        self.during.pop(len(self.seen), lambda: None)()

    def set(self, value):
        self.setting = value
        self.updates.ask()


@pytest.fixture
def recorder():
    return Recorder()


def test_each_change_updates(recorder):
    recorder.set(1)
    recorder.set(2)
    assert recorder.seen == [1, 2]


def test_a_change_during_an_update_is_updated_for_afterwards(recorder):
    recorder.during[1] = lambda: recorder.set(2)
    recorder.set(1)
    assert recorder.seen == [1, 2]
    recorder.set(3)
    assert recorder.seen == [1, 2, 3]


def test_a_change_by_another_thread_is_updated_for_afterwards(recorder):
    """The thread that asks does not wait; the one that updates does it."""
    recorder.during[1] = lambda: in_a_thread(recorder.set, 2)
    recorder.during[2] = lambda: in_a_thread(recorder.set, 3)
    recorder.set(1)
    assert recorder.seen == [1, 2, 3]
    recorder.set(4)
    assert recorder.seen == [1, 2, 3, 4]


def test_several_changes_are_one_update(recorder):
    def changes():
        for value in range(2, 10):
            recorder.set(value)
        in_a_thread(recorder.set, 10)

    recorder.during[1] = changes
    recorder.set(1)
    assert recorder.seen == [1, 10]


def test_an_update_that_asks_for_itself_comes_to_an_end(recorder):
    recorder.during = {n: recorder.updates.ask for n in range(1, 100)}
    recorder.set(1)
    assert recorder.seen == [1, 1]
    recorder.during.clear()
    recorder.set(2)
    assert recorder.seen == [1, 1, 2]


def test_an_update_that_fails_blocks_nothing(recorder):
    def fail():
        raise ValueError("no")

    recorder.during[1] = fail
    with pytest.raises(ValueError, match="no"):
        recorder.set(1)
    recorder.set(2)
    assert recorder.seen == [1, 2]


def test_what_is_done_in_a_pause_is_not_updated_for(recorder):
    with recorder.updates.paused():
        recorder.set(1)
    assert recorder.seen == []
    recorder.set(2)
    assert recorder.seen == [2]


def test_what_others_do_in_a_pause_is_updated_for_afterwards(recorder):
    with recorder.updates.paused():
        recorder.set(1)
        in_a_thread(recorder.set, 2)
        recorder.setting = 3
    assert recorder.seen == [3]


def test_a_pause_that_fails_ends(recorder):
    with pytest.raises(ValueError, match="no"), recorder.updates.paused():
        raise ValueError("no")
    recorder.set(1)
    assert recorder.seen == [1]


def test_a_pause_during_the_update_of_another_thread(recorder):
    """It has begun already: it is through once what was done in the pause is seen, too."""

    def pause():
        with recorder.updates.paused():
            recorder.set(2)

    recorder.during[1] = lambda: in_a_thread(pause)
    recorder.set(1)
    assert recorder.seen == [1, 2]


def test_an_update_of_another_thread_sees_nothing_half_done_in_a_pause(recorder):
    """One that runs as the pause begins is not followed by another before the pause ends."""
    running, half_done = threading.Event(), threading.Event()

    def held_up():
        running.set()
        assert half_done.wait(WAIT)

    recorder.during[1] = held_up
    other = threading.Thread(target=recorder.set, args=[1])
    other.start()
    assert running.wait(WAIT)
    with recorder.updates.paused():
        recorder.set("half")
        half_done.set()
        other.join(WAIT)
        assert not other.is_alive() and recorder.seen == [1]
        in_a_thread(recorder.updates.ask)
        recorder.set("whole")
        assert recorder.seen == [1]
    assert recorder.seen == [1, "whole"]


def test_what_an_update_has_changed_itself_waits_for_the_pause_too(recorder):
    running, paused = threading.Event(), threading.Event()

    def change():
        recorder.set(2)
        running.set()
        assert paused.wait(WAIT)

    recorder.during[1] = change
    other = threading.Thread(target=recorder.set, args=[1])
    other.start()
    assert running.wait(WAIT)
    with recorder.updates.paused():
        paused.set()
        other.join(WAIT)
        assert recorder.seen == [1]
    assert recorder.seen == [1, 2]


def test_a_pause_in_a_pause_is_part_of_it(recorder):
    with recorder.updates.paused():
        with recorder.updates.paused():
            recorder.set(1)
        recorder.set(2)
    assert recorder.seen == []


def test_many_threads_and_no_change_is_lost(recorder):
    lock = threading.Lock()

    def count():
        for _ in range(200):
            with lock:
                recorder.setting += 1
            recorder.updates.ask()

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert recorder.seen[-1] == recorder.setting == 1600
