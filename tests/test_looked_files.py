"""Many files are looked at once, in several processes, and known the next time."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys

import pytest
from make_products import mosaic
from make_tables import catalog

from jdaviz_stage3 import cli, folders, looked_files
from jdaviz_stage3.groups import sanity
from jdaviz_stage3.groups.facts_store import FactsStore
from jdaviz_stage3.looked_files import LookedFiles, look_at
from jdaviz_stage3.summary import summarize


@pytest.fixture
def store(tmp_path):
    return FactsStore(tmp_path / "cache" / "looked.sqlite", 1)


@pytest.fixture
def program(tmp_path):
    """Two observations in folders of their own, beside what is none."""
    top = tmp_path / "program"
    for name in ("a", "b"):
        (top / name).mkdir(parents=True)
        mosaic(top / name)
        catalog(top / name)
        (top / name / "notes.txt").write_text("2 hours of F444W")
    (top / "b" / "broken_x1d.fits").write_bytes(b"SIMPLE  = nothing")
    return top


def said(looked, top):
    products, others = looked.files_below(top)
    return [looked[path] for path in products], others


@pytest.fixture
def read(monkeypatch):
    """The files that are looked at."""
    found = []
    monkeypatch.setattr(
        looked_files, "look_at", lambda path: found.append(path.name) or look_at(path)
    )
    return found


def test_it_says_what_reading_each_file_says(program, store):
    products, others = folders.product_files(program)
    for _ in range(2):  # the second time from the store
        found, rest = said(LookedFiles(store), program)
        assert [one.summary for one in found] == [summarize(path) for path in products]
        assert rest == others
        known = [one.made for one in found if one.made is not None]
        assert known == [look_at(path).made for path in products if look_at(path).made]
        assert len(known) == 4


def test_known_files_are_not_read_again(program, store, read):
    said(LookedFiles(store), program)
    assert len(read) == 5  # the note is told by its name
    read.clear()
    found, _ = said(LookedFiles(store), program)
    assert read == ["broken_x1d.fits"]  # whose rights may be another's by now
    image = next(program.glob("a/*_i2d.fits"))
    other = shutil.copy(image, program / "a" / "new_i2d.fits")
    os.utime(image, ns=(0, 0))  # of an older date, but not the one that is known
    read.clear()
    said(LookedFiles(store), program)
    assert set(read) == {"broken_x1d.fits", image.name, other.name}


def test_another_file_of_the_name_is_another(program, store):
    """Also where it came with the date of the one before, as with ``cp -p``."""
    image = next(program.glob("a/*_i2d.fits"))
    before = image.stat()
    assert LookedFiles(store)[image].product
    said(LookedFiles(store), program)
    shutil.copy(next(program.glob("a/*_cat.ecsv")), image)
    os.utime(image, ns=(before.st_atime_ns, before.st_mtime_ns))
    found = {one.summary.path: one.summary.type for one in said(LookedFiles(store), program)[0]}
    assert found[image] == "cat"


@pytest.mark.parametrize("damage", ["no database", "facts of another form", "of another version"])
def test_a_damaged_store_is_made_anew(program, store, damage, read, monkeypatch):
    expected = said(LookedFiles(store), program)
    if damage == "no database":
        store.path.write_bytes(b"no database at all" * 1000)
    elif damage == "facts of another form":
        with sqlite3.connect(store.path) as database:
            database.execute("UPDATE products SET facts = '[1, {'")
    else:
        monkeypatch.setattr(looked_files, "VERSION", "0.0.0")
    read.clear()
    assert said(LookedFiles(store), program) == expected
    assert len(read) == 5
    read.clear()
    assert said(LookedFiles(store), program) == expected
    assert len(read) == 1


def test_without_a_place_for_it_nothing_is_kept(program, tmp_path):
    (tmp_path / "file").write_text("no folder")
    nowhere = FactsStore(tmp_path / "file" / "looked.sqlite", 1)
    assert len(said(LookedFiles(nowhere), program)[0]) == 5
    assert len(said(LookedFiles(nowhere), program)[0]) == 5


def test_many_files_are_shared_among_processes(program, store, monkeypatch, capsys):
    monkeypatch.setattr(looked_files, "_WORTH_A_PROCESS", 2)
    monkeypatch.setattr(looked_files, "_AT_ONCE", 1)
    here = said(LookedFiles(store, workers=1), program)
    store.path.unlink()
    monkeypatch.setattr(looked_files, "look_at", in_another_process)
    assert said(LookedFiles(store, workers=2), program) == here
    # one that ends, as for want of memory, is not missed
    store.path.unlink()
    monkeypatch.setattr(looked_files, "look_at", ending_elsewhere)
    assert said(LookedFiles(store, workers=2), program) == here


HERE = os.getpid()


def in_another_process(path):
    assert os.getpid() != HERE
    return look_at(path)


def ending_elsewhere(path):
    if os.getpid() != HERE and path.name.startswith("broken"):
        os._exit(9)
    return look_at(path)


def test_two_commands_at_once(program, tmp_path):
    environment = os.environ | {"JDAVIZ_STAGE3_CACHE": str(tmp_path / "shared")}
    command = [sys.executable, "-m", "jdaviz_stage3", "info", str(program)]
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=100)[0] for process in running]
    assert outputs[0] == outputs[1] and outputs[0].count("_i2d.fits") == 2


def test_the_command_knows_findings_again(program, capsys):
    """Rules are applied anew each time: what lies beside a file may be another by now."""
    path = next(program.glob("a/*_cat.ecsv"))
    path.write_text(re.sub(r"jwst: '?[\w.]+'?", "jwst: 1.20.0", path.read_text()))
    [finding] = [one for one in sanity(program) if "catalog fluxes" in one.rule]
    texts = []
    for _ in range(2):
        cli.main(["info", str(program)])
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] and finding.text in texts[0]
