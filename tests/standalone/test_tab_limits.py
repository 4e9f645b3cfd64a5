"""What a server decides about its tabs: how many, and which goes first."""

import threading

import pytest
from make_tabs import Tab

from jdaviz_stage3.standalone import memory
from jdaviz_stage3.standalone.limits import memory_size, minutes
from jdaviz_stage3.standalone.memory import Memory, MemoryWatch
from jdaviz_stage3.standalone.open_tabs import is_of_a_person

GB = 2**30


def test_idle_tabs_are_those_that_nobody_sees_then_those_unused_for_longest(tabs):
    for key, used, connected in [
        ("old", 10, True), ("used", 990, True), ("older", 5, True), ("gone", 995, False),
        ("gone before", 900, False),
    ]:  # fmt: skip
        Tab(tabs, key, used, connected)
    assert [tab.key for tab in tabs.idle(60)] == ["gone before", "gone", "older", "old"]
    tabs.touch("older")
    assert [tab.key for tab in tabs.idle(60)] == ["gone before", "gone", "old"]


@pytest.mark.parametrize(
    ("message", "is_person"),
    [
        ('{"content": {"data": {"method": "custom", "content": {"event": "plugin_ping"}}}}', False),
        (b'....{"content": {"data": {"event": "plugin_ping"}}}', False),
        ('{"header": {"msg_type": "kernel_info_request"}}', False),
        ('{"content": {"data": {"method": "request_state"}}}', False),
        ('{"content": {"data": {"method": "update", "state": {"width": 3}}}}', True),
        (b'....{"content": {"data": {"method": "update"}}}', True),
    ],
)
def test_signs_of_the_page_are_no_person(message, is_person):
    assert is_of_a_person(message) is is_person


def test_memory_that_is_short_closes_one_app_and_waits_for_what_it_gives_back(tabs):
    old, new, used = Tab(tabs, "old", 10), Tab(tabs, "new", 20), Tab(tabs, "used", 999)
    watch = MemoryWatch(tabs, "8G")
    plenty, short = Memory(7 * GB, 50 * GB, 64 * GB), Memory(9 * GB, 50 * GB, 64 * GB)
    assert watch.look(plenty, 0) is None and len(tabs) == 3
    assert watch.look(short, 1) is old and old.ended and old.reason == "memory"
    assert watch.look(short, 2) is None
    assert watch.look(short, 100) is new
    assert watch.look(short, 200) is None and not used.ended  # somebody works there
    assert watch.closed == 2


def test_an_app_that_cannot_be_ended_keeps_no_others_from_it(tabs, monkeypatch):
    """Its kernel is at work, which takes as long as it takes."""
    monkeypatch.setattr("jdaviz_stage3.standalone.open_tabs._LONGEST", 0.01)
    stuck, other = Tab(tabs, "stuck", 10), Tab(tabs, "other", 20)
    done = threading.Event()
    stuck.end = done.wait
    watch, short = MemoryWatch(tabs, "8G"), Memory(9 * GB, 50 * GB, 64 * GB)
    assert watch.look(short, 1) is None and watch.closed == 0
    assert watch.look(short, 100) is other and other.ended
    done.set()


def test_a_look_at_the_memory_that_fails_is_not_the_last(tabs, monkeypatch, caplog):
    watch, looks = MemoryWatch(tabs, "8G"), []

    def fail():
        looks.append(1)
        if len(looks) == 2:
            watch.stop()
        raise OSError("no /proc")

    monkeypatch.setattr(memory, "_EVERY", 0.001)
    monkeypatch.setattr(memory, "measure", fail)
    watch._look_on()
    assert len(looks) == 2 and "memory could not be looked at" in caplog.text


def test_whose_an_app_is_stays_known_where_its_page_was_lost_as_it_was_made(tabs):
    with tabs.connected("1", "alice"):
        pass
    tab = Tab(tabs, "1", 10, user="alice")
    assert tabs.user_of("1") == "alice"
    with tabs.connected("1", "bob") as is_own:
        assert not is_own
    tabs.discard(tab)
    assert tabs.user_of("1") == ""


@pytest.mark.parametrize(
    ("found", "limit", "is_short"),
    [
        (Memory(7 * GB, 50 * GB, 64 * GB), "8G", False),
        (Memory(9 * GB, 50 * GB, 64 * GB), "8G", True),
        (Memory(9 * GB, 50 * GB, 10 * GB), "80%", True),
        (Memory(7 * GB, 50 * GB, 10 * GB), "80%", False),
        (Memory(1 * GB, 1 * GB, 64 * GB), "80%", True),  # others have taken it
    ],
)
def test_memory_is_short(found, limit, is_short):
    assert found.is_short(limit) is is_short


def test_memory_is_measured(monkeypatch, tmp_path):
    assert 0 < memory.measure().used < memory.measure().total
    container = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "_LIMITS_OF_CONTAINERS", (container, tmp_path / "none"))
    container.write_text("123456\n")
    assert memory.measure().total == 123456
    container.write_text("max\n")
    assert memory.measure().total > 123456


def test_a_user_gets_so_many_apps_and_what_nobody_sees_makes_room(serving, tabs):
    first = Tab(tabs, "1", 10, user="alice")
    assert serving.refusal("alice") == ""
    Tab(tabs, "2", 20, user="alice")
    assert "as may be (2)" in serving.refusal("alice")
    assert serving.refusal("bob") == ""
    first.is_connected = lambda: False
    assert serving.refusal("alice") == "" and first.ended
    assert [tab.key for tab in tabs] == ["2"]


def test_no_app_is_begun_where_memory_is_short_and_all_are_used(serving, tabs, monkeypatch):
    serving.short = True
    monkeypatch.setattr(
        "jdaviz_stage3.standalone.serving.measure", lambda: Memory(9 * GB, GB, 64 * GB)
    )
    Tab(tabs, "used", 999, user="alice")
    assert "short of memory" in serving.refusal("bob")
    old = Tab(tabs, "old", 1, user="alice")
    serving.memory._wait_until = 0
    assert serving.refusal("bob") == "" and old.ended


@pytest.mark.parametrize(
    ("text", "size"),
    [("8G", 8 * GB), ("8gb", 8 * GB), ("1.5 GiB", 3 * GB // 2), ("50%", GB), ("1000", 1000)],
)
def test_amounts_of_memory(text, size):
    assert memory_size(text, 2 * GB) == size


@pytest.mark.parametrize("text", ["", "G", "x", "-1G", "0", "nan", "inf", "%", "1 2G"])
def test_what_is_no_amount_of_memory(text):
    with pytest.raises(ValueError, match="no amount of memory"):
        memory_size(text, GB)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "x", "1e7"])
def test_what_is_no_time(text):
    with pytest.raises(ValueError):
        minutes(text)
