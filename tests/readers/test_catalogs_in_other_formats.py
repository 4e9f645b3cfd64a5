"""Catalogs that people have written as FITS tables or Parquet are read as the pipeline's are."""

import warnings

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Column, MaskedColumn, QTable, Table
from make_products import compressed
from make_tables import assert_same, catalog, catalog_table, old_catalog_table

import jdaviz_stage3 as stage3
from jdaviz_stage3.errors import Stage3Warning, UnknownProductError, UnreadableProductError
from jdaviz_stage3.groups import list_product, provenance
from jdaviz_stage3.products import may_be_product, product_root
from jdaviz_stage3.readers import read
from jdaviz_stage3.summary import summarize

TABLES = {"current": catalog_table(7), "old": old_catalog_table()}


def bare(table: QTable) -> Table:
    """What a program keeps that knows neither units nor positions."""
    flat = Table()
    for name in table.colnames:
        column = table[name]
        if isinstance(column, SkyCoord):
            flat[f"{name}.ra"], flat[f"{name}.dec"] = column.ra.deg, column.dec.deg
        else:
            flat[name] = getattr(column, "value", column)
    return flat


@pytest.mark.parametrize("ending", ["fits", "parquet"])
@pytest.mark.parametrize("generation", TABLES)
def test_what_astropy_has_written_is_the_same(tmp_path, generation, ending):
    path = tmp_path / f"mine.{ending}"  # no pipeline's name
    expected = read(catalog(tmp_path, TABLES[generation]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what FITS has no place for in its header
        TABLES[generation].write(path)
    assert stage3.identify(path).suffix == "cat"
    found = read(path)
    assert_same(found, expected)
    for name in found.colnames:
        if isinstance(found[name], SkyCoord):
            assert found[name].ra.dtype.isnative and found[name].frame.name == "icrs"
        else:
            assert found[name].dtype.isnative, name
    assert summarize(path).shape == summarize(tmp_path / f"{catalog_name()}").shape
    assert summarize(path).problem == ""


def catalog_name() -> str:
    return "jw09997-o001_t001_nircam_clear-f444w_cat.ecsv"


def test_meta_comes_along_where_the_format_has_a_place_for_it(tmp_path):
    path = tmp_path / "mine_cat.parquet"
    TABLES["current"].write(path)
    assert read(path).meta["version"]["jwst"] == "3.0.0"
    assert provenance(path).pipeline_version == "3.0.0"
    assert list_product(path).pipeline_version == "3.0.0"
    assert summarize(path).pipeline_version == "3.0.0"
    doubtful = tmp_path / "doubtful_cat.parquet"
    catalog_table(3, jwst="1.20.0").write(doubtful)
    with pytest.warns(Stage3Warning, match="doubtful_cat.parquet: .*1.20.0"):
        read(doubtful)


@pytest.mark.parametrize("ending", ["fits", "fits.gz", "parquet"])
def test_what_other_programs_keep_of_it(tmp_path, ending):
    expected, flat = TABLES["current"], bare(TABLES["current"])
    path = tmp_path / "plain.fits"
    if ending == "parquet":
        path = tmp_path / "mine.parquet"
        columns = {name: np.asarray(flat[name]) for name in flat.colnames}
        columns["__index_level_0__"] = np.arange(len(flat))  # as pandas has it
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
    else:
        flat.write(path)
        path = compressed(path, "mine.fits.gz") if ending == "fits.gz" else path
    said = f"{path.name}: no unit of aper_bkg_flux, aper_bkg_flux_err, aper30_flux, …"
    with pytest.warns(Stage3Warning, match=said.replace(".", r"\.")):
        found = read(path)
    assert found.colnames == expected.colnames
    for name in ("sky_centroid", "sky_bbox_ul"):  # degrees, as the pipeline writes them
        assert found[name].separation(expected[name]).max() < 1e-6 * u.arcsec
    np.testing.assert_array_equal(found["aper_total_flux"], expected["aper_total_flux"].value)


def test_a_missing_value_is_nan_and_units_of_positions_count(tmp_path):
    flat = bare(TABLES["old"])
    centre = TABLES["old"]["icrs_centroid"]
    flat["icrs_centroid.ra"] = centre.ra.rad * u.rad
    flat["icrs_centroid.dec"] = centre.dec.rad * u.rad
    flat["abmag"] = MaskedColumn([20.0, 21.0, 22.0], mask=[False, True, False])
    for path in (tmp_path / "a_cat.fits", tmp_path / "a_cat.parquet"):
        flat.write(path)
        found = read(path)
        np.testing.assert_array_equal(found["abmag"], [20, np.nan, 22])
        assert found["icrs_centroid"].separation(centre).max() < 1e-6 * u.arcsec


def test_what_is_missing_is_told(tmp_path):
    table = TABLES["current"]["label", "aper_total_flux", "sharpness"]
    table.meta = {}
    for path in (tmp_path / "a.fits", tmp_path / "a.parquet"):
        table.write(path)
        assert stage3.identify(path).suffix == "cat"
        with pytest.raises(UnreadableProductError, match=rf"{path.name}: no source positions"):
            read(path)
        assert summarize(path).problem == f"{path.name}: no source positions"


def test_what_is_no_catalog_is_not_taken_for_one(tmp_path):
    table = Table({"label": [1, 2], "flux": [3.0, 4.0], "ra": [1.0, 2.0], "dec": [1.0, 2.0]})
    table.write(tmp_path / "a_cat.fits")
    table.write(tmp_path / "a_cat.parquet")
    wanted = {name: TABLES["current"][name] for name in ("label", "aper_total_flux")}
    columns = fits.BinTableHDU(Table(wanted))
    image = fits.ImageHDU(np.zeros((3, 4)))
    fits.HDUList([fits.PrimaryHDU(), image, columns]).writeto(tmp_path / "behind_cat.fits")
    hubble = fits.PrimaryHDU()
    hubble.header["TELESCOP"] = "HST"
    fits.HDUList([hubble, columns]).writeto(tmp_path / "hst_cat.fits")
    fits.PrimaryHDU(np.zeros((3, 4))).writeto(tmp_path / "image_cat.fits")
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(UnknownProductError, match=path.name):
            stage3.identify(path)
    assert len(list(tmp_path.iterdir())) == 5


def test_a_jwst_header_does_no_harm(tmp_path):
    """As where the primary header of the mosaic was copied to the table that was made of it."""
    primary = fits.PrimaryHDU()
    primary.header.update(TELESCOP="JWST", INSTRUME="NIRCAM", TARGNAME="A TARGET")
    table = fits.BinTableHDU(bare(TABLES["current"]))
    path = tmp_path / "mine.fits"
    fits.HDUList([primary, table]).writeto(path)
    assert stage3.identify(path).suffix == "cat"


@pytest.mark.parametrize("how", ["cut", "garbled", "of another's"])
def test_damaged_parquet(tmp_path, how):
    path = tmp_path / "a_cat.parquet"
    TABLES["current"].write(path)
    content = path.read_bytes()
    if how == "cut":
        path.write_bytes(content[:-100])
    elif how == "garbled":  # the values, not what the footer says of them
        path.write_bytes(content[:4] + b"\xff" * 3000 + content[3004:])
    else:
        path.write_bytes(b"PAR1" + b"\0" * 100)
    with pytest.raises(UnreadableProductError, match="a_cat.parquet: .*Parquet.*download it again"):
        read(path)
    assert how == "garbled" or "Parquet" in summarize(path).problem


def test_names():
    assert may_be_product("mine.parquet") and may_be_product("mine.PARQ")
    assert product_root("jw01-o001_t001_nircam_clear-f200w_cat.parquet") == (
        "jw01-o001_t001_nircam_clear-f200w"
    )


def test_columns_of_text_and_truth_are_kept(tmp_path):
    table = TABLES["current"].copy()
    table["note"] = Column(["a", "", "ccc", "d", "e", "f", "g"])
    for path in (tmp_path / "a.fits", tmp_path / "a.parquet"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table.write(path)
        found = read(path)
        assert found["note"].tolist() == table["note"].tolist()  # none of them is masked
        assert list(found["is_extended"]) == list(table["is_extended"])


def written_by_others(path, **columns):
    """The catalog without units, as pyarrow, pandas or polars write it, with columns changed."""
    flat = bare(TABLES["current"])
    plain = {name: np.asarray(flat[name]) for name in flat.colnames}
    pyarrow.parquet.write_table(pyarrow.table(plain | columns), path)
    return path


@pytest.mark.filterwarnings("ignore:.*no unit of")
def test_what_is_missing_in_parquet_of_other_programs(tmp_path):
    """Astropy refuses text that is missing, and text that is kept by numbers."""
    note = ["a", None, "", "ddd", "a", "a", None]
    path = written_by_others(
        tmp_path / "others.parquet",
        note=pyarrow.array(note),
        grade=pyarrow.array(note).dictionary_encode(),
        label=pyarrow.array([1, None, 3, 4, 5, 6, 2**53 + 1]),
        is_extended=pyarrow.array([True, None, False, True, True, False, True]),
        aper_total_flux=pyarrow.array([1.5, None, 3, 4, 5, 6, 7]),
        shape=pyarrow.array([{"a": 1.0, "b": 2}] * 7),
        box=pyarrow.array([[1, 2]] * 7, pyarrow.list_(pyarrow.int64(), 2)),
    )
    assert stage3.identify(path).suffix == "cat"
    found = read(path)
    assert found["note"].tolist() == note and found["grade"].tolist() == note
    assert found["label"].tolist() == [1, None, 3, 4, 5, 6, 2**53 + 1]  # no float has it
    assert found["is_extended"].tolist() == [True, None, False, True, True, False, True]
    np.testing.assert_array_equal(found["aper_total_flux"], [1.5, np.nan, 3, 4, 5, 6, 7])
    assert found["shape.b"].tolist() == [2] * 7 and found["box"].shape == (7, 2)
    expected = TABLES["current"]["sky_centroid"]
    assert found["sky_centroid"].separation(expected).max() < 1e-6 * u.arcsec


@pytest.mark.filterwarnings("ignore:.*no unit of")
def test_positions_of_whole_numbers_and_of_parts(tmp_path):
    whole = {"sky_centroid.ra": pyarrow.array([1, None, 3, 4, 5, 6, 7])}
    found = read(written_by_others(tmp_path / "whole.parquet", **whole))
    np.testing.assert_array_equal(found["sky_centroid"].ra.deg, [1, np.nan, 3, 4, 5, 6, 7])
    parts = pyarrow.array([{"ra": 3.0 + i, "dec": -i} for i in range(7)])
    both = {"sky_centroid": parts, "label": np.arange(7), "aper_total_flux": np.ones(7)}
    pyarrow.parquet.write_table(pyarrow.table(both), tmp_path / "parts.parquet")
    found = read(tmp_path / "parts.parquet")
    np.testing.assert_allclose(found["sky_centroid"].ra.deg, 3 + np.arange(7), rtol=1e-14)
    np.testing.assert_allclose(found["sky_centroid"].dec.deg, -np.arange(7.0), rtol=1e-14)


@pytest.mark.parametrize("ending", ["fits", "parquet"])
@pytest.mark.parametrize("column", [
    Column(["1:00"] * 7), Column(np.arange(7.0), unit="Jy"), Column(95 + np.arange(7.0)),
])  # fmt: skip
def test_columns_that_are_no_positions_are_told(tmp_path, ending, column):
    flat = bare(TABLES["current"])
    flat["sky_centroid.dec"] = column
    flat.write(tmp_path / f"mine.{ending}")
    said = rf"mine.{ending}: sky_centroid.ra and sky_centroid.dec are no positions \(.*degrees"
    with pytest.raises(UnreadableProductError, match=said):
        read(tmp_path / f"mine.{ending}")
