"""Files that are saved: whole or not at all, and never over another one unasked."""

import errno
import os
import resource
import tempfile
from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable
from regions import PixCoord, PointPixelRegion, Regions
from specutils import Spectrum

from jdaviz_stage3 import Stage3Error
from jdaviz_stage3.plugins.median_smooth.export import write_spectrum
from jdaviz_stage3.saving import save_files


def text(content):
    """A writer of a file that holds this."""
    return lambda path: path.write_text(content)


def named(folder):
    return sorted(os.listdir(folder))


def test_one_file(tmp_path):
    assert save_files(str(tmp_path / "a.txt"), [text("one")]) == [tmp_path / "a.txt"]
    assert (tmp_path / "a.txt").read_text() == "one"
    assert named(tmp_path) == ["a.txt"]


def test_several_are_numbered_in_order(tmp_path):
    paths = save_files(tmp_path / "a.txt", [text("one"), text("two")])
    assert paths == [tmp_path / "a_1.txt", tmp_path / "a_2.txt"]
    assert [path.read_text() for path in paths] == ["one", "two"]


def test_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert save_files("~/a.txt", [text("one")]) == [tmp_path / "a.txt"]


def test_a_bare_name_is_of_the_folder_that_one_is_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_files("a.txt", [text("one")])
    assert named(tmp_path) == ["a.txt"]


def test_the_writer_gets_the_name_and_finds_nothing_there(tmp_path):
    """Formats are told by the suffix, and most writers refuse to write over a file."""
    found = []

    def write(path):
        found.append((path.name, path.exists(), path.parent.parent))
        path.touch()

    (tmp_path / "a.fits").write_text("old")
    save_files(tmp_path / "a.fits", [write], overwrite=True)
    assert found == [("a.fits", False, tmp_path)]  # in the same folder: the rename is one step


@pytest.mark.parametrize("taken", ["a.txt", "a_1.txt", "a_2.txt"])
def test_a_file_is_replaced_only_if_told_to(tmp_path, taken):
    writers = [text("new")] if taken == "a.txt" else [text("new")] * 2
    (tmp_path / taken).write_text("mine")
    with pytest.raises(Stage3Error, match=f"{taken}: is there already; give another name"):
        save_files(tmp_path / "a.txt", writers)
    assert named(tmp_path) == [taken]
    assert (tmp_path / taken).read_text() == "mine"
    save_files(tmp_path / "a.txt", writers, overwrite=True)
    assert (tmp_path / taken).read_text() == "new"


def test_a_file_that_comes_meanwhile_is_not_replaced(tmp_path):
    target = tmp_path / "a.txt"

    def write(path):
        path.write_text("ours")
        target.write_text("theirs")

    with pytest.raises(Stage3Error, match="a.txt: is there already"):
        save_files(target, [write])
    assert target.read_text() == "theirs"
    assert named(tmp_path) == ["a.txt"]


def test_all_are_written_before_the_first_gets_its_name(tmp_path):
    def fail(path):
        path.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "a_1.txt").write_text("mine")
    with pytest.raises(Stage3Error, match=r"a_2.txt: cannot be written \(No space left"):
        save_files(tmp_path / "a.txt", [text("new"), fail], overwrite=True)
    assert named(tmp_path) == ["a_1.txt"]
    assert (tmp_path / "a_1.txt").read_text() == "mine"


def test_a_name_that_cannot_be_given_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(Stage3Error, match=r"a.txt: cannot be written \(Input/output error\)"):
        save_files(tmp_path / "a.txt", [text("one")])
    assert named(tmp_path) == []


def test_an_interruption_leaves_what_was_there(tmp_path):
    def interrupted(path):
        path.write_text("half")
        raise KeyboardInterrupt

    (tmp_path / "a.txt").write_text("mine")
    with pytest.raises(KeyboardInterrupt):
        save_files(tmp_path / "a.txt", [interrupted], overwrite=True)
    assert named(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "mine"


def test_permissions_and_links_are_kept(tmp_path):
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    assert save_files(link, [text("new")], overwrite=True) == [link]
    assert link.is_symlink() and real.read_text() == "new"
    assert real.stat().st_mode & 0o777 == 0o640


def test_permissions_of_a_new_file_are_the_usual_ones(tmp_path):
    (tmp_path / "plain.txt").touch()
    save_files(tmp_path / "a.txt", [text("one")])
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1


BAD_PLACES = {
    "a name too long": ("a" * 300, "File name too long"),
    "no such user": ("~nosuchuser/a.txt", "no home folder ~nosuchuser"),
    "no such folder": ("nowhere/a.txt", "there is no folder .*nowhere"),
    "below a file": ("file/a.txt", "there is no folder .*file"),
    "a folder": ("folder", "it is a folder"),
    "a null character": ("a\0b", "null"),
    "a loop of links": ("loop", "symbolic links"),
    "nothing": ("", "it is a folder"),
}


@pytest.mark.parametrize("name, words", BAD_PLACES.values(), ids=BAD_PLACES)
@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("count", [1, 2])
def test_places_where_nothing_can_be_written(tmp_path, monkeypatch, name, words, overwrite, count):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    for folder in ("folder", "folder_2"):
        (tmp_path / folder).mkdir()
    for link in ("loop", "loop_1"):
        (tmp_path / link).symlink_to(tmp_path / link)
    before = named(tmp_path)
    if count == 2 and name == "":
        words = "empty name"
    if count == 1 or name != "folder":
        match = f"cannot be written \\(.*{words}"
    else:
        match = "folder_2: cannot be written"
    with pytest.raises(Stage3Error, match=match) as caught:
        save_files(name, [text("new")] * count, overwrite)
    assert "\n" not in str(caught.value)
    assert named(tmp_path) == before
    assert (tmp_path / "file").read_text() == "mine"


def test_a_device_is_no_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(Stage3Error, match="it is no file"):
        save_files(pipe, [text("new")], overwrite=True)
    assert pipe.is_fifo()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_folder(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o500)
    with pytest.raises(Stage3Error, match=r"a.txt: cannot be written \(Permission denied\)"):
        save_files(folder / "a.txt", [text("new")])


def test_a_read_only_disk(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(Stage3Error, match=r"a.txt: cannot be written \(Read-only file system\)"):
        save_files(tmp_path / "a.txt", [text("new")])


# ---- what the plugins write, where there is no room for it ----


@contextmanager
def room_for(size):
    """Let files of this process grow to some bytes only; beyond, writing fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


_VALUES = np.linspace(1.0, 2.0, 20_000)
_POINTS = _VALUES[:6000]  # which take longest to write
WRITERS = {
    "table": ("a.ecsv", partial(QTable({"x": _VALUES}).write, format="ascii.ecsv")),
    "spectrum": (
        "a.fits",
        partial(write_spectrum, Spectrum(flux=_VALUES * u.Jy, spectral_axis=_VALUES * u.um)),
    ),
    "regions": (
        "a.reg",
        partial(
            Regions([PointPixelRegion(PixCoord(x, x)) for x in _VALUES[:6000]]).write, format="ds9"
        ),
    ),
}


@pytest.mark.parametrize("name, write", WRITERS.values(), ids=WRITERS)
def test_a_disk_that_gets_full_leaves_no_half_file(tmp_path, name, write):
    """Found while the file is written, not before: the limit is on its size."""
    path = tmp_path / name
    with room_for(100_000), pytest.raises(Stage3Error, match=f"{name}: cannot be written"):
        save_files(path, [write])
    assert named(tmp_path) == []
    path.write_text("mine")
    with room_for(100_000), pytest.raises(Stage3Error, match="File too large|disk full"):
        save_files(path, [write], overwrite=True)
    assert path.read_text() == "mine"
    assert named(tmp_path) == [name]
    save_files(path, [write], overwrite=True)
    assert path.stat().st_size > 100_000
