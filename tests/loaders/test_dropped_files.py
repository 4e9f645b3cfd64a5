"""Files that are dropped into the browser, taken in without one."""

import errno
import io
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.loaders import dropped_files
from jdaviz_stage3.loaders.dropped_files import (
    folders_of_dropped_files,
    forget_dropped,
    keep_dropped,
    limit_dropped,
    was_dropped,
)

MB = 10**6


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server with users, who have 10 MB each; gives who is at work."""
    monkeypatch.setattr(dropped_files.tempfile, "tempdir", str(tmp_path))
    for name in ("_dropped", "_most", "_tab", "_user"):
        monkeypatch.setattr(dropped_files, name, [] if name == "_dropped" else None)
    at_work = SimpleNamespace(tab="1", user="alice")
    limit_dropped(10 * MB, lambda: at_work.tab, lambda: at_work.user)
    yield at_work
    for dropped in list(dropped_files._dropped):
        dropped.folder.cleanup()


def drop(name, content):
    return keep_dropped(name, len(content), io.BytesIO(content).read)


def test_a_file_is_taken_in_by_pieces(server, tmp_path, monkeypatch):
    monkeypatch.setattr(dropped_files, "_PIECE", 100)
    content = bytes(range(256)) * 4
    asked = []
    stream = io.BytesIO(content)
    path = keep_dropped("a_i2d.fits", 1024, lambda most: asked.append(most) or stream.read(most))
    assert path.read_bytes() == content and path.name == "a_i2d.fits"
    assert asked == [100] * 10 + [24]
    assert was_dropped(path) and not was_dropped(tmp_path / "a_i2d.fits")
    assert folders_of_dropped_files("alice") == [os.path.realpath(path.parent)]
    assert folders_of_dropped_files("bob") == []
    forget_dropped("1")
    assert list(tmp_path.iterdir()) == [] and not was_dropped(path)


def test_each_address_may_drop_so_much_and_what_closed_tabs_had_is_free(server, tmp_path):
    first = drop("a.fits", bytes(6 * MB))
    with pytest.raises(
        Stage3Error, match=r"b.fits: not taken, .* 5.0 MB .* the 4.0 MB .*--dropped"
    ):
        drop("b.fits", bytes(5 * MB))
    server.user, server.tab = "bob", "2"
    of_bob = drop("b.fits", bytes(5 * MB))
    server.user = "alice"
    forget_dropped("1")
    assert not first.exists() and of_bob.exists()
    assert drop("b.fits", bytes(5 * MB)).exists()


def test_files_that_the_machine_has_tidied_away_keep_nobody_from_dropping(server):
    """Those of long ago go from /tmp on many machines, while their tab is open still."""
    gone = drop("a.fits", bytes(MB))
    shutil.rmtree(gone.parent)
    assert drop("b.fits", bytes(MB)).exists()


@pytest.mark.parametrize("where", ["disk_usage", "TemporaryDirectory"])
def test_temporary_files_that_cannot_be_are_said(server, monkeypatch, where):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    module = dropped_files.shutil if where == "disk_usage" else dropped_files.tempfile
    monkeypatch.setattr(module, where, full)
    with pytest.raises(Stage3Error, match="a.fits: cannot be kept .No space left"):
        drop("a.fits", b"x")


def test_a_share_of_the_disk_stays_free(server, tmp_path, monkeypatch):
    disk = SimpleNamespace(total=100 * MB, free=9 * MB)
    monkeypatch.setattr(dropped_files.shutil, "disk_usage", lambda place: disk)
    with pytest.raises(Stage3Error, match=r"5.0 MB are more than the 4.0 MB that the disk of"):
        drop("a.fits", bytes(5 * MB))

    def while_it_comes(most):  # what is announced is not given to another
        server.user = "bob"
        with pytest.raises(Stage3Error, match=r"the 1.0 MB that the disk"):
            drop("b.fits", bytes(2 * MB))
        return bytes(most)

    assert keep_dropped("a.fits", 3 * MB, while_it_comes).stat().st_size == 3 * MB


def test_what_does_not_come_whole_leaves_nothing(server, tmp_path, monkeypatch):
    with pytest.raises(Stage3Error, match=r"a.fits: 1.0 MB of 2.0 MB came"):
        keep_dropped("a.fits", 2 * MB, io.BytesIO(bytes(MB)).read)

    def gone(most):
        raise Exception("Timeout")

    with pytest.raises(Stage3Error, match=r"a.fits: 0.0 MB of .* \(Timeout\); drop it again"):
        keep_dropped("a.fits", 2 * MB, gone)

    def full(name, size, read, write):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(dropped_files, "_take_in", full)
    with pytest.raises(Stage3Error, match=r"a.fits: cannot be kept \(No space"):
        drop("a.fits", b"x")
    assert list(tmp_path.iterdir()) == []


def test_large_files_that_are_read_whole_are_refused_as_they_begin(server, tmp_path, monkeypatch):
    monkeypatch.setattr(dropped_files, "_LARGEST_OTHER", 1000)
    monkeypatch.setattr(dropped_files, "_PIECE", 100)
    stream = io.BytesIO(bytes(1001))
    with pytest.raises(Stage3Error, match="neither FITS nor ASDF"):
        keep_dropped("a.csv", 1001, stream.read)
    assert stream.tell() == 100 and list(tmp_path.iterdir()) == []
    assert drop("a.csv", bytes(1000)).exists()
    for beginning in (b"SIMPLE  =", b"#ASDF 1.0.0"):
        assert drop("a.fits", beginning + bytes(2000)).exists()


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_tab_that_is_closed_meanwhile_leaves_nothing(server, tmp_path, is_whole):
    def read(most):
        forget_dropped("1")
        return bytes(most) if is_whole else b""

    assert keep_dropped("a.fits", 10, read) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "size"),
    [("", 1), ("..", 1), (".", 1), ("/", 1), ("a\0", 1), ("a\n", 1), ("a", -1), ("a", "1"),
     ("a", 1.5), ("a", None)],
)  # fmt: skip
def test_what_no_browser_drops_is_refused(server, tmp_path, name, size):
    with pytest.raises(Stage3Error, match="no file that a browser drops"):
        keep_dropped(name, size, io.BytesIO(b"x").read)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../../a.fits", "/etc/a.fits"])
def test_no_folder_comes_from_the_browser(server, tmp_path, name):
    path = drop(name, b"x")
    assert path.name == "a.fits" and path.parent.parent == Path(tmp_path)


def test_a_name_that_is_too_long_is_said(server, tmp_path):
    with pytest.raises(Stage3Error, match="cannot be kept"):
        drop("a" * 300, b"x")
    assert list(tmp_path.iterdir()) == []
