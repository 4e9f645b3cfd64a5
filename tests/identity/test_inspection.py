"""What was found by looking at sources: on the disk after each, put together, never mixed up."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make_fields import catalog, indexed, slitless

from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.identity import InspectionTable, compare_inspections


@pytest.fixture
def sources(tmp_path):
    catalog(tmp_path)
    slitless(tmp_path)
    index, _ = indexed(tmp_path)
    return index


def test_each_record_is_on_the_disk(sources, tmp_path):
    kept = InspectionTable(sources, inspector="ann")
    assert kept.path.parent == tmp_path and not kept.path.exists()
    kept.record(5, redshift=1.234, flag=3, kind="emission lines", comment="Hα and [O III]")
    kept.record(2, flag=0)
    table = Table.read(kept.path)
    assert list(table["label"]) == ["2", "5"]
    np.testing.assert_allclose(table["redshift"], [np.nan, 1.234])
    again = InspectionTable(sources)
    found = again.of(5)
    assert (found.redshift, found.flag, found.kind) == (1.234, 3, "emission lines")
    assert (found.comment, found.inspector) == ("Hα and [O III]", "ann")
    np.testing.assert_allclose([found.ra, found.dec], [53.005, -27.8])
    assert 2 in again and 9 not in again and len(again) == 2


def test_what_is_not_given_stays_and_none_takes_it_back(sources):
    kept = InspectionTable(sources)
    kept.record(5, redshift=0.5, comment="faint")
    assert kept.record(5, flag=2).redshift == 0.5
    back = kept.record(5, redshift=None)
    assert np.isnan(back.redshift) and back.comment == "faint"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.text(), st.text(max_size=20), st.one_of(st.none(), st.floats(-0.9, 20)),
    st.one_of(st.none(), st.integers(0, 9)),
)  # fmt: skip
def test_whatever_is_typed_comes_back(sources, tmp_path_factory, comment, kind, redshift, flag):
    path = tmp_path_factory.mktemp("typed") / "inspection.ecsv"
    kept = InspectionTable(sources, path)
    try:
        written = kept.record(9, comment=comment, kind=kind, redshift=redshift, flag=flag)
    except Stage3Error:
        comment.encode()  # nothing but what is no text: half of a surrogate pair
        raise
    read = InspectionTable(sources, path).of(9)
    assert (read.comment, read.kind) == (" ".join(comment.split()), " ".join(kind.split()))
    assert read.judgement == written.judgement


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"redshift": "two"}, "redshift = 'two', expected a number"),
        ({"redshift": -1}, "expected a number above -1"),
        ({"redshift": float("inf")}, "expected a number above -1"),
        ({"flag": 10}, "a whole number from 0 to 9"),
        ({"flag": 1.5}, "a whole number from 0 to 9"),
        ({"redshft": 1}, "'redshft' cannot be recorded; expected redshift, flag"),
    ],
)
def test_what_cannot_be_is_not_recorded(sources, found, message):
    kept = InspectionTable(sources)
    with pytest.raises(Stage3Error, match=message):
        kept.record(5, **found)
    assert not kept.path.exists()


def test_two_at_once_lose_nothing_of_each_other(sources):
    one, other = (InspectionTable(sources, inspector=name) for name in ("ann", "bob"))
    one.record(2, flag=1)
    other.record(5, flag=2)
    one.record(9, flag=3)
    other.record(9, comment="after ann's")
    found = InspectionTable(sources)
    assert [found.of(label).flag for label in (2, 5, 9)] == [1, 2, 3]
    assert found.of(9).comment == "after ann's"


def test_merge_lists_where_two_inspectors_disagree(sources, tmp_path):
    one = InspectionTable(sources, tmp_path / "ann.ecsv", inspector="ann")
    other = InspectionTable(sources, tmp_path / "bob.ecsv", inspector="bob")
    one.record(2, redshift=1.0, flag=3)
    one.record(5, redshift=2.0, flag=3)
    other.record(2, redshift=1.001, flag=3)  # the same to within what is seen
    other.record(5, redshift=0.4, flag=3)
    other.record(9, redshift=3.0, flag=1)
    differing = one.merge(tmp_path / "bob.ecsv")
    assert list(differing["label"]) == ["5"]
    assert (differing["redshift_1"][0], differing["redshift_2"][0]) == (2.0, 0.4)
    assert (differing["inspector_1"][0], differing["inspector_2"][0]) == ("ann", "bob")
    assert one.of(9).inspector == "bob" and one.of(5).redshift == 2.0
    assert len(compare_inspections(tmp_path / "ann.ecsv", tmp_path / "bob.ecsv")) == 1


def test_the_inspection_of_another_catalog_is_refused_and_left_alone(sources, tmp_path):
    kept = InspectionTable(sources)
    kept.record(5, flag=1)
    before = kept.path.read_bytes()
    for folder, labels in (("moved", (9, 2, 5)), ("others", (12, 15, 19))):
        (tmp_path / folder).mkdir()
        index, _ = indexed(catalog(tmp_path / folder, labels))
        message = "lie elsewhere, such as 5" if folder == "moved" else "not here, such as 5"
        with pytest.raises(Stage3Error, match=message):
            InspectionTable(index, kept.path)
    kept.path.write_text("not a table")
    with pytest.raises(Stage3Error, match="not a readable inspection"):
        InspectionTable(sources)
    catalog(tmp_path, name="cat.ecsv").rename(kept.path)
    with pytest.raises(Stage3Error, match="expected an inspection; give another path"):
        InspectionTable(sources)
    assert before  # the file was read whole before it was replaced by this test


@pytest.mark.skipif(os.name == "nt", reason="permissions of Unix")
def test_beside_data_that_cannot_be_written_to(sources, tmp_path, monkeypatch):
    elsewhere = tmp_path / "home"
    monkeypatch.setenv("XDG_DATA_HOME", str(elsewhere))
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    kept = InspectionTable(sources)
    kept.record(5, flag=1)
    assert elsewhere in kept.path.parents and kept.path.exists()
    assert str(kept.path) in kept.notes[0]
    assert len(InspectionTable(sources)) == 1


def test_a_killed_process_has_lost_nothing(sources, tmp_path):
    """It is killed at the next record, after some are made."""
    script = textwrap.dedent("""
        import os, signal, sys, warnings
        warnings.simplefilter("ignore")
        from jdaviz_stage3.identity import InspectionTable, index_sources
        import jdaviz_stage3.saving as saving
        kept = InspectionTable(index_sources(sys.argv[1]))
        kept.record(2, redshift=0.25, comment="first")
        kept.record(5, redshift=0.75, comment="second")
        saving._move = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
        kept.record(9, redshift=9, comment="while it is written")
    """)
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert done.returncode == -9
    found = InspectionTable(sources)
    assert [found.of(label).redshift for label in (2, 5)] == [0.25, 0.75]
    assert 9 not in found
