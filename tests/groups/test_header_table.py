"""HDRTAB is read without astropy's table, and says the same; so do headers for `info`."""

import numpy as np
import pytest
from astropy.io import fits
from make_products import compressed

from jdaviz_stage3.errors import UnreadableProductError
from jdaviz_stage3.fits_structure import read_structure
from jdaviz_stage3.groups import header_table as module
from jdaviz_stage3.groups.ecsv_meta import ecsv_meta
from jdaviz_stage3.groups.header_table import header_table

COLUMNS = {
    "FILENAME": ["a_cal.fits", "b_cal.fits ", ""],
    "CAL_VER": ["1.0.0", "", "2.0.0"],
    "EXPTIME": [1.5, 2.5, np.nan],
    "S_FLAT": ["COMPLETE", "SKIPPED", "COMPLETE"],
    "FLAG": [True, False, True],
}
WANTED = {"FILENAME", "CAL_VER", "NOT THERE"}


def product(folder, name="a_i2d.fits", **columns):
    columns = COLUMNS | columns
    kinds = {"f": "D", "b": "L", "i": "J"}
    made = []
    for label, values in columns.items():
        array = np.array(values)
        form = kinds.get(array.dtype.kind) or f"{array.dtype.itemsize // 4}A"
        made.append(fits.Column(label, form, array=array))
    table = fits.BinTableHDU.from_columns(made, name="HDRTAB")
    path = folder / name
    image = fits.ImageHDU(np.zeros((3, 4), "f4"), name="SCI")
    fits.HDUList([fits.PrimaryHDU(), image, table]).writeto(path)
    return path


@pytest.mark.parametrize("how", ["plain", "gzip", "a number among the texts"])
def test_columns_are_those_of_astropy(tmp_path, how, monkeypatch):
    numbers = {"S_FLAT": [3, 4, 3]} if how.startswith("a number") else {}
    path = product(tmp_path, **numbers)
    if how == "gzip":
        path = compressed(path, "a_i2d.fits.gz")
    slow, by_astropy = [], module._by_astropy
    monkeypatch.setattr(
        module, "_by_astropy", lambda *given: slow.append(given) or by_astropy(*given)
    )
    found = header_table(path, WANTED, ("S_",))
    with fits.open(path) as hdus:
        expected = {
            name: [str(value).strip() for value in hdus["HDRTAB"].data[name]]
            for name in ("FILENAME", "CAL_VER", "S_FLAT")
        }
    assert found == expected and found["FILENAME"] == ["a_cal.fits", "b_cal.fits", ""]
    assert bool(slow) == (how != "plain")


def test_what_is_no_such_table(tmp_path):
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(name="SCI")]).writeto(tmp_path / "a_i2d.fits")
    assert header_table(tmp_path / "a_i2d.fits", WANTED, ()) == {}
    image = fits.ImageHDU(np.zeros((3, 4)), name="HDRTAB")
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(tmp_path / "b_i2d.fits")
    with pytest.raises(UnreadableProductError, match="b_i2d.fits: HDRTAB is no table"):
        header_table(tmp_path / "b_i2d.fits", WANTED, ())
    path = product(tmp_path, "cut_i2d.fits")
    path.write_bytes(path.read_bytes()[:-2880])
    with pytest.raises(UnreadableProductError, match="cut_i2d.fits: truncated"):
        header_table(path, WANTED, ())


def test_headers_of_compressed_images_are_those_of_the_images(tmp_path):
    path = tmp_path / "tiled_i2d.fits"
    image = fits.CompImageHDU(np.zeros((30, 40), "f4"), name="SCI")
    table = fits.BinTableHDU.from_columns([fits.Column("it's", "3J", array=[[1, 2, 3]])])
    fits.HDUList([fits.PrimaryHDU(), image, table]).writeto(path)
    primary, image, table = read_structure(path).extensions
    assert (image.name, image.axes, image.columns) == ("SCI", (30, 40), {})
    assert not image.is_table
    assert (table.name, table.axes, table.columns) == ("", (1, 12), {"it's": "3J"})
    assert table.is_table and not primary.is_table


META = "# meta: !!omap\n# - __serialized_columns__:\n#     a: {x: &one 3, y: 4}\n# - date: today\n"


@pytest.mark.parametrize(
    "header, expected",
    [
        (META, {"date": "today"}),
        (META + "# - same: *one\n", {"date": "today", "same": 3}),  # of what is left out by itself
        ("# meta: {date: today}\n", {"date": "today"}),
        ("", {}),
    ],
)
def test_meta_of_tables_is_read_without_the_columns(tmp_path, header, expected):
    path = tmp_path / "a_cat.ecsv"
    path.write_text(
        f"# %ECSV 1.0\n# ---\n# datatype:\n# - {{name: a, datatype: int64}}\n{header}"
        "# schema: astropy-2.0\na\n1\n"
    )
    found = ecsv_meta(path)
    assert {key: found[key] for key in found if not key.startswith("__")} == expected
