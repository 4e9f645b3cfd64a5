"""Sessions that wait on the disk for their person, without a server."""

import errno
import json
import os
import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jdaviz_stage3.standalone import kept_sessions
from jdaviz_stage3.standalone.kept_sessions import KeptSessions, digest
from jdaviz_stage3.standalone.network import ServerError

ALICE, BOB = digest("cookie of Alice"), digest("cookie of Bob")
FIRST, SECOND = digest("tab 1"), digest("tab 2")


@pytest.fixture
def store(tmp_path):
    found = KeptSessions(tmp_path / "sessions")
    yield found
    found.close()


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by an hour whenever it is looked at; or is set."""

    class Clock(datetime):
        at = datetime(2026, 12, 1, 10, 32, tzinfo=UTC)

        @classmethod
        def now(cls, tz=None):
            cls.at += timedelta(hours=1)
            return cls.at.astimezone(tz)

    monkeypatch.setattr(kept_sessions, "datetime", Clock)
    return Clock


def test_files_are_for_this_account_only(store):
    kept = store.keep(ALICE, FIRST, "script é", "lost")
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(os.stat(kept.path).st_mode) == 0o600
    assert "cookie" not in Path(kept.path).read_text()
    temporary = KeptSessions()
    assert stat.S_IMODE(temporary.folder.stat().st_mode) == 0o700
    temporary.close()
    assert not temporary.folder.exists()


def test_a_session_is_given_to_its_owner_only_and_once(store):
    kept = store.keep(ALICE, FIRST, "script é", "lost")
    assert store.find(BOB, FIRST) is None
    assert store.find(ALICE, SECOND) == store.find(ALICE, FIRST) == kept
    begun, script = store.take(kept)
    assert (script, begun.tries) == ("script é", 1)
    assert store.take(kept) is None and store.find(ALICE, FIRST) is None and store.count() == 0
    store.forget(begun)
    assert list(store.folder.glob("*.py")) == []


def test_a_tab_gets_its_own_session_and_another_one_the_newest(store, clock):
    first = store.keep(ALICE, FIRST, "1", "lost")
    second = store.keep(ALICE, SECOND, "2", "memory")
    assert store.find(ALICE, FIRST) == first
    assert store.find(ALICE, digest("new")) == second
    assert store.find(ALICE, digest("new")).reason == "memory"


def test_what_ends_the_server_is_not_tried_for_ever(tmp_path):
    folder = tmp_path / "sessions"
    store = KeptSessions(folder)
    store.keep(ALICE, FIRST, "script", "stopped")
    for tries in (1, 2):
        kept = store.find(ALICE, FIRST)
        assert kept.may_be_tried
        assert store.take(kept)[0].tries == tries
        store.close()  # ended while it was restored
        store = KeptSessions(folder)
    kept = store.find(ALICE, FIRST)
    assert not kept.may_be_tried
    store.restored(store.take(kept)[0])
    store.close()
    store = KeptSessions(folder)
    assert store.find(ALICE, FIRST).may_be_tried
    store.close()


def test_one_server_a_folder(store):
    with pytest.raises(ServerError, match="another server"):
        KeptSessions(store.folder)


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o777])
def test_a_folder_that_others_may_enter_is_refused(tmp_path, mode):
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(ServerError, match="chmod 700"):
        KeptSessions(folder)


def test_a_folder_that_cannot_be_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ServerError, match="no folder for sessions"):
        KeptSessions(tmp_path / "file" / "sessions")


@pytest.mark.parametrize(
    "damage", ["cut", "text", "number", "zone", "list", "link", "mode", "long"]
)
def test_files_that_are_not_as_they_were_written_are_left_out(store, tmp_path, monkeypatch, damage):
    kept = store.keep(ALICE, FIRST, "script", "lost")
    path = Path(kept.path)
    text = path.read_text()
    if damage == "link":
        (tmp_path / "elsewhere.py").write_text(text)
        path.unlink()
        path.symlink_to(tmp_path / "elsewhere.py")
    elif damage == "mode":
        path.chmod(0o666)
    elif damage == "long":
        monkeypatch.setattr(kept_sessions, "_LONGEST", 10)
    else:
        new = {"cut": text[:40], "text": "# nothing", "list": "# kept by jdaviz_stage3: []\n"}
        new["number"] = text.replace('"tries": 0', '"tries": "x"')
        new["zone"] = text.replace("+00:00", "")
        path.write_text(new[damage])
    assert store.find(ALICE, FIRST) is None and store.take(kept) is None


def test_old_ones_go(tmp_path, clock):
    folder = tmp_path / "sessions"
    store = KeptSessions(folder)
    for number in range(25):
        store.keep(ALICE, digest(str(number)), str(number), "lost")
    store.keep(BOB, FIRST, "script", "lost")
    assert store.count() == 21 and store.find(ALICE, digest("4")).tab == digest("24")
    (folder / ".x.draft").touch()
    store.close()
    clock.at += timedelta(days=15)
    store = KeptSessions(folder)
    assert store.count() == 0 and not (folder / ".x.draft").exists()
    store.close()


def test_what_was_just_kept_stays_though_the_clock_has_gone_back(store, clock):
    for number in range(20):
        store.keep(ALICE, digest(str(number)), str(number), "lost")
    clock.at -= timedelta(days=2)
    kept = store.keep(ALICE, FIRST, "script", "lost")
    assert store.find(ALICE, FIRST) == kept and store.count() == 20


def test_a_temporary_folder_that_was_tidied_away_is_made_anew():
    store = KeptSessions()
    shutil.rmtree(store.folder)
    kept = store.keep(ALICE, FIRST, "script", "lost")
    assert store.find(ALICE, FIRST) == kept
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    store.folder.chmod(0o777)  # somebody else was faster
    with pytest.raises(ServerError, match="others may enter"):
        store.keep(ALICE, FIRST, "script", "lost")
    store.close()


def test_no_room_for_temporary_files_is_said(monkeypatch):
    def full(**_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(kept_sessions.tempfile, "mkdtemp", full)
    with pytest.raises(ServerError, match=r"No space left.*TMPDIR"):
        KeptSessions()


def test_a_damaged_file_is_said_once(store, caplog):
    path = Path(store.keep(ALICE, FIRST, "script", "lost").path)
    path.write_text("# nothing")
    for _ in range(3):
        store.count()
    assert caplog.text.count("not as jdaviz_stage3 keeps sessions") == 1


def test_what_comes_half_onto_a_full_disk_is_removed(store, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(kept_sessions.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store.keep(ALICE, FIRST, "script", "lost")
    assert [path.name for path in store.folder.iterdir()] == [".lock"]


def test_the_clock_says_the_day_where_it_is_another(store, clock):
    kept = store.keep(ALICE, FIRST, "script", "lost")
    assert kept.clock == f"{datetime.fromisoformat(kept.when).astimezone():%H:%M}"
    clock.at += timedelta(days=1)
    assert kept.clock.startswith("2026-12-")


def test_a_folder_of_another_name_is_left_alone(store):
    for name in ("a.py", ".b.draft"):
        (store.folder / name).mkdir()
    folder = store.folder
    store.close()
    again = KeptSessions(folder)
    assert again.count() == 0 and again.find(ALICE, FIRST) is None
    again.close()


def test_a_lock_that_cannot_be_is_an_error(tmp_path):
    (tmp_path / "sessions" / ".lock").mkdir(parents=True)
    (tmp_path / "sessions").chmod(0o700)
    with pytest.raises(ServerError, match="lock: cannot be written"):
        KeptSessions(tmp_path / "sessions")


@pytest.mark.parametrize(
    "head",
    [
        "[" * 100_000,
        '{"when": "9999-12-31T23:59:59-14:00", "tries": 0}',
        '{"when": "2026-12-01T00:00:00+00:00", "tries": -1000000}',
    ],
)
def test_heads_that_no_session_has_are_left_out(store, head):
    kept = store.keep(ALICE, FIRST, "script", "lost")
    first, _, script = Path(kept.path).read_text().partition("\n")
    if head.startswith("{"):
        told = json.loads(first.removeprefix(kept_sessions._MARK))
        head = json.dumps(told | json.loads(head))
    Path(kept.path).write_text(f"{kept_sessions._MARK}{head}\n{script}")
    assert store.find(ALICE, FIRST) is None and store.count() == 0


def test_a_full_disk_keeps_nobody_from_a_session(store, monkeypatch, caplog):
    kept = store.keep(ALICE, FIRST, "script", "lost")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(kept_sessions, "_write", full)
    begun, script = store.take(kept)
    store.restored(begun)
    assert script == "script" and "the try cannot be noted (No space left" in caplog.text
