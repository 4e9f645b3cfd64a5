"""Columns read straight from a file: where they are, and what happens when the file changes."""

import gzip
import os
import shutil

import numpy as np
import pytest
from astropy.io import fits
from make_bots import RED, bots
from make_spectra import integrations, time_series

from jdaviz_stage3.errors import Stage3Error, UnreadableProductError
from jdaviz_stage3.origin import file_stamp
from jdaviz_stage3.readers import in_threads, read
from jdaviz_stage3.readers.stored_table import StoredTable, open_unchanged, read_parts

N_INT = 200


def table_file(folder, n_rows=7):
    """Two tables of one name and one EXTVER: scalars beside vectors, signed, unsigned, text."""
    rng = np.random.default_rng(0)
    hdus = [fits.PrimaryHDU()]
    for _ in range(2):
        columns = [
            fits.Column("NUMBER", "J", array=np.arange(n_rows)),
            fits.Column("LONG", "40D", array=rng.normal(size=(n_rows, 40))),
            fits.Column("FLAGS", "40J", bzero=2**31, array=rng.integers(0, 2**32, (n_rows, 40))),
            fits.Column("DAY", "D", array=rng.normal(size=n_rows)),
            fits.Column("WORD", "5A", array=np.array(["a", "bc", "def", "", "e", "f", "g"])),
            fits.Column("MARK", "J", bzero=2**31, array=rng.integers(0, 2**32, n_rows)),
        ]
        hdus.append(fits.BinTableHDU.from_columns(columns, name="TABLE", ver=1))
    path = folder / "tables.fits"
    fits.HDUList(hdus).writeto(path)
    return path


@pytest.mark.parametrize("pack", [False, True])
def test_columns_are_those_of_astropy(tmp_path, pack):
    path = table_file(tmp_path)
    if pack:
        (tmp_path / "t.fits.gz").write_bytes(gzip.compress(path.read_bytes()))
        path = tmp_path / "t.fits.gz"
    with fits.open(path) as hdus:
        for hdu in hdus[1:]:
            table, expected = StoredTable(hdu, path), hdu.data
            for name in ("NUMBER", "LONG", "FLAGS", "DAY", "MARK"):
                whole = table.column(name, slice(0, 7))
                np.testing.assert_array_equal(whole, expected[name])
                np.testing.assert_array_equal(table.column(name, slice(2, 5)), expected[name][2:5])
                blocks = [values for _, values in table.blocks(name, 3)]
                assert [len(values) for values in blocks] == [3, 3, 1]
                np.testing.assert_array_equal(np.concatenate(blocks), expected[name])
            scalars = table.columns(["MARK", "NUMBER", "DAY"])
            for name, values in scalars.items():
                np.testing.assert_array_equal(values, expected[name])
            words = table.column("WORD", slice(0, 7))
            assert [word.decode() for word in words] == expected["WORD"].tolist()


def test_neighbours_are_read_together(tmp_path):
    path = table_file(tmp_path)
    with fits.open(path) as hdus:
        table = StoredTable(hdus[1], path)
    assert table._neighbours(["MARK", "NUMBER", "DAY"]) == [["NUMBER"], ["DAY", "MARK"]]


@pytest.mark.parametrize("threads", [False, True], ids=["one thread", "threads"])
@pytest.mark.parametrize("layout", ["a row an integration", "an extension an integration"])
def test_a_file_cut_while_it_is_read(tmp_path, layout, threads, monkeypatch):
    """As if after the look at its size: an error, where a memory map would end the process."""
    monkeypatch.setattr(in_threads, "_ENOUGH_FOR_THREADS", 0 if threads else np.inf)
    if layout == "a row an integration":
        columns = integrations(np.arange(1, N_INT + 1), 500)
        path = time_series(tmp_path, [(columns, {"spectral_order": 1, "detector": "NIS"})])
    else:
        path = bots(tmp_path, [(1, range(1, N_INT + 1))])
    trace = read(path).traces[0]
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(UnreadableProductError, match="was written anew since it was opened"):
        _ = trace.flux
    monkeypatch.setattr("jdaviz_stage3.readers.stored_table.check_unchanged", lambda *_: None)
    with pytest.raises(UnreadableProductError, match="was cut short while it was read") as caught:
        _ = trace.flux
    assert "\n" not in str(caught.value)


def test_a_file_replaced_while_it_is_read(tmp_path):
    path = bots(tmp_path, [(1, range(1, 4))])
    other = bots(tmp_path, [(1, range(11, 14))], name="other_x1dints.fits")
    stamp = file_stamp(path)
    with pytest.raises(UnreadableProductError, match="was written anew"):
        with open_unchanged(path, stamp) as stream:
            read_parts(stream, path, 0, 80)
            shutil.copyfile(other, path)
            os.utime(path, ns=(1, 1))


def test_a_file_that_is_gone(tmp_path):
    path = bots(tmp_path, [(1, range(1, 4))])
    trace = read(path).traces[0]
    path.unlink()
    with pytest.raises(Stage3Error, match="the file is not there"):
        _ = trace.flux


def test_a_compressed_file_without_versions_is_as_its_plain_one(tmp_path):
    """Extensions that all have EXTVER 1 are addressed by their place."""
    whole = integrations(np.arange(1, 5), 6)
    parts = [(whole | {"FLUX": whole["FLUX"] * k, "INT_NUM": np.arange(1, 5) + 4 * k,
                       "MJD-AVG": whole["MJD-AVG"] + k, "TDB-MID": whole["TDB-MID"] + k},
              {"spectral_order": 1, "detector": "NIS"}) for k in (1, 2, 3)]  # fmt: skip
    path = time_series(tmp_path, parts)
    with fits.open(path, mode="update") as hdus:
        for hdu in hdus:
            if hdu.name == "EXTRACT1D":
                hdu.header["EXTVER"] = 1
    packed = tmp_path / f"{path.name}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    plain, again = read(path).traces[0], read(packed).traces[0]
    expected = np.concatenate([whole["FLUX"] * k for k in (1, 2, 3)])
    np.testing.assert_array_equal(plain.flux.value, expected)
    np.testing.assert_array_equal(again.flux.value, expected)
    np.testing.assert_array_equal(again.usable_flux().value, expected)


def test_last_rows_are_as_wide_as_the_others(tmp_path):
    """More rows than are read at once, in both detectors' order of the file."""
    trace = read(bots(tmp_path, [(1, range(N_INT, 0, -1))], (RED, RED))).traces[0]
    expected = np.arange(1, N_INT + 1)[:, None] + 100 + np.arange(len(RED)) / 1000
    np.testing.assert_array_equal(trace.flux.value, expected)
