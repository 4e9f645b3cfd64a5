"""A function over all products of a folder."""

import os
import re
import shutil
import sys

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable
from astropy.utils.masked import Masked

import jdaviz_stage3 as stage3
from jdaviz_stage3.quicklook.batch import _column, _table


@pytest.fixture(scope="module")
def folder(built, tmp_path_factory):
    folder = tmp_path_factory.mktemp("batch")
    for number, case in enumerate(
        [("c1d", "CombinedSpecModel"), ("c1d", "MultiCombinedSpecModel")]
    ):
        shutil.copy(built(*case), folder / f"jw09997-o00{number}_t001_miri_p750l_c1d.fits")
    shutil.copy(built("i2d", "ImageModel"), folder)
    return folder


def samples(path):
    spectrum = stage3.read(path)[0]
    values = {"n": len(spectrum.flux), "highest": np.nanmax(spectrum.flux)}
    if "o001" in path:
        values["unit"] = str(spectrum.flux.unit)
    return values


def test_a_row_for_each_product(folder, tmp_path):
    table = stage3.batch(samples, folder, suffix="c1d", workers=1, output=tmp_path / "table.ecsv")
    assert [path[-32:] for path in table["file"]] == sorted(path[-32:] for path in table["file"])
    expected = [samples(path) for path in table["file"]]
    assert list(table["n"]) == [row["n"] for row in expected]
    assert u.allclose(table["highest"], u.Quantity([row["highest"] for row in expected]))
    assert list(table["unit"].mask) == [True, False]
    assert list(table["error"]) == ["", ""]
    again = QTable.read(tmp_path / "table.ecsv")
    assert u.allclose(again["highest"], table["highest"])


def test_parquet(folder, tmp_path):
    table = stage3.batch(lambda path: len(path), folder, workers=1, output=tmp_path / "t.parquet")
    again = QTable.read(tmp_path / "t.parquet")
    assert list(again["value"]) == list(table["value"]) and len(again) == 3


def test_what_fails_is_a_row_that_says_why(folder):
    def only_spectra(path):
        if path.endswith("_i2d.fits"):
            raise ValueError("no spectrum")
        return 1.0

    table = stage3.batch(only_spectra, folder, workers=1)
    failed = np.array([path.endswith("_i2d.fits") for path in table["file"]])
    assert list(table["value"].mask) == list(failed)
    assert table["error"][failed][0] == "no spectrum" and not any(table["error"][~failed])


@pytest.mark.parametrize(
    ("values", "words", "column"),
    [
        ([1 * u.Jy, 3 * u.m], "in m, and in Jy in the first row", [1, np.nan] * u.Jy),
        ([1 * u.Jy, 3.0], "a plain value, and in Jy", [1, np.nan] * u.Jy),
        ([3.0, 1 * u.Jy], "in Jy, and a plain value", [3.0, None]),
        ([3.0, "many"], "text, and a plain value", [3.0, None]),
        (["many", 3], "a plain value, and text", ["many", None]),
        ([[1, 2], [1, 2, 3]], r"a plain value of shape \(3,\), and a plain value", [[1, 2], None]),
        ([1, 2.5], "", [1, 2.5]),
        ([True, 2.5], "", [True, 2.5]),
        ([1 * u.Jy, 3 * u.mJy], "", [1, 0.003] * u.Jy),
    ],
)
def test_what_makes_no_column_with_the_first_is_said(values, words, column):
    table = _table([(str(i), {"flux": value}, "") for i, value in enumerate(values)])
    first, second = table["error"]
    assert first == ""
    assert re.search(words, second) if words else second == ""
    if isinstance(column, u.Quantity):
        assert table["flux"].unit == column.unit
        np.testing.assert_allclose(table["flux"].value, column.value)
    elif words:
        assert list(table["flux"].mask.ravel()[: np.size(column[0])]) == [False] * np.size(
            column[0]
        )
        assert table["flux"].mask[1].all()
        np.testing.assert_array_equal(table["flux"][0], column[0])
    else:
        assert list(table["flux"]) == column


def test_a_column_of_the_table_is_no_name(folder):
    with pytest.raises(stage3.Stage3Error, match="column of the table already"):
        stage3.batch(lambda path: {"file": 1}, folder, workers=1)


def test_no_such_product_is_said(folder):
    with pytest.raises(stage3.Stage3Error, match="no x1dints is there, but c1d, i2d"):
        stage3.batch(len, folder, suffix="x1dints", workers=1)


def test_a_table_of_no_format_is_said_before_the_work(folder, tmp_path):
    with pytest.raises(stage3.Stage3Error, match="ends with no format"):
        stage3.batch(len, folder, workers=1, output=tmp_path / "table")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([1, 2] * u.Jy, [[1, 2], [np.nan, np.nan]] * u.Jy),
        (28 * u.ABmag, [28, np.nan] * u.ABmag),
        (Masked(5 * u.Jy, mask=True), [np.nan, np.nan] * u.Jy),
    ],
)
def test_values_with_a_unit_of_which_one_is_missing(given, expected):
    column = _column([given, None])
    assert column.unit == expected.unit
    np.testing.assert_array_equal(column.value, expected.value)


@pytest.mark.parametrize(
    ("given", "mask"),
    [
        ([None, None], [True, True]),
        ([np.ma.masked, 1], [True, False]),
        ([np.array([1.0, 2.0]), None], [[False, False], [True, True]]),
        ([np.ma.array([1, 2], mask=[True, False]), None], [[True, False], [True, True]]),
    ],
)
def test_what_is_missing_or_masked_is_masked(given, mask):
    np.testing.assert_array_equal(_column(given).mask, mask)


@pytest.mark.parametrize("name", ["table.ecsv", "table.parquet"])
def test_magnitudes_are_written(folder, tmp_path, name):
    table = stage3.batch(lambda _: 28 * u.ABmag, folder, workers=1, output=tmp_path / name)
    again = QTable.read(tmp_path / name)
    assert again["value"].unit == table["value"].unit == u.ABmag
    assert list(again["value"].value) == [28.0] * 3


def test_a_table_that_cannot_be_is_said_before_the_work(folder, tmp_path):
    calls = []
    (tmp_path / "table.ecsv").write_text("mine")
    for name, words in (("table.ecsv", "is there already"), ("table.xyz", "no format")):
        with pytest.raises(stage3.Stage3Error, match=words):
            stage3.batch(calls.append, folder, workers=1, output=tmp_path / name)
    assert not calls


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="takes no such name")
@pytest.mark.parametrize("name", ["table.ecsv", "table.parquet"])
def test_a_name_that_is_no_text_is_written(built, tmp_path, name):
    path = os.fsencode(tmp_path) + b"/jw09997-o001_\xff_c1d.fits"
    shutil.copy(built("c1d", "CombinedSpecModel"), path)
    table = stage3.batch(
        lambda path: os.path.basename(path), tmp_path, workers=1, output=tmp_path / name
    )
    assert table["file"][0] == os.fsdecode(path)
    assert QTable.read(tmp_path / name)["value"][0] == "jw09997-o001_\\xff_c1d.fits"
