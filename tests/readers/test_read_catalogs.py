"""Reading source catalogs of every generation."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, QTable
from astropy.utils.masked import Masked
from make_tables import assert_same, catalog, catalog_table, old_catalog_table

from jdaviz_stage3.errors import Stage3Warning, UnreadableProductError
from jdaviz_stage3.readers import read
from jdaviz_stage3.readers.catalog import (
    label_column,
    pixel_columns,
    read_catalog,
    sky_column,
)


def test_current_generation(tmp_path):
    expected = catalog_table(7)
    found = read(catalog(tmp_path, expected))
    assert len(found.colnames) == 54
    assert_same(found, expected)


def test_positions_are_sky_coordinates(tmp_path):
    found = read(catalog(tmp_path))
    for name in ("sky_centroid", "sky_bbox_ll", "sky_bbox_ul", "sky_bbox_lr", "sky_bbox_ur"):
        assert isinstance(found[name], SkyCoord)
        assert found[name].frame.name == "icrs"


def test_types_are_those_of_the_file(tmp_path):
    found = read(catalog(tmp_path))
    assert found["label"].dtype.kind == "i"
    assert found["is_extended"].dtype.kind == "b"
    assert list(found["is_extended"]) == [True, False, True, False]
    assert found["aper70_flux"].unit == u.Jy
    assert getattr(found["aper70_abmag"], "unit", None) is None


def test_missing_magnitudes_stay_nan(tmp_path):
    found = read(catalog(tmp_path))
    assert np.isnan(found["aper70_abmag"]).tolist() == [False, False, False, True]


def test_metadata_with_python_and_numpy_tags(tmp_path):
    """The pipeline's metadata hold tuples and arrays, which plain YAML loaders refuse."""
    path = catalog(tmp_path)
    text = path.read_text()
    assert "!!python/tuple" in text and "!numpy.ndarray" in text
    meta = read(path).meta
    assert tuple(meta["kron_params"]) == (2.5, 1.4, 0.0)
    np.testing.assert_array_equal(meta["aperture_params"]["aperture_radii"], [1.5, 2.0, 3.5])
    assert meta["version"]["jwst"] == "3.0.0"


def test_old_generation(tmp_path):
    expected = old_catalog_table(5)
    found = read(catalog(tmp_path, expected))
    assert found.colnames == expected.colnames
    assert found["xcentroid"].unit == u.pix
    np.testing.assert_array_equal(found["xcentroid"].value, expected["xcentroid"].value)
    assert found["icrs_centroid"].separation(expected["icrs_centroid"]).max() < 1e-6 * u.arcsec
    assert found["is_star"].tolist() == [True, False, False, False, False]


def test_masked_values_become_nan(tmp_path):
    found = read(catalog(tmp_path, old_catalog_table(3)))
    assert getattr(found["source_sum"], "mask", None) is None or not found["source_sum"].mask.any()
    np.testing.assert_array_equal(found["source_sum"], [10.5, np.nan, 12.5])


def test_masked_values_with_a_unit_become_nan(tmp_path):
    table = old_catalog_table(3)
    table["flux"] = Masked([1.0, 2.0, 3.0] * u.Jy, mask=[False, False, True])
    found = read(catalog(tmp_path, table))
    assert isinstance(found["flux"], u.Quantity) and not isinstance(found["flux"], Masked)
    assert found["flux"].unit == u.Jy
    np.testing.assert_array_equal(found["flux"].value, [1, 2, np.nan])


def test_masked_integers_stay_masked(tmp_path):
    """An integer column has no NaN to turn to."""
    table = old_catalog_table(3)
    table["nn_label"] = MaskedColumn([2, 1, 0], mask=[False, False, True])
    found = read(catalog(tmp_path, table))
    assert found["nn_label"].mask.tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("make", "column"), [(catalog_table, "aper50_abmag"), (old_catalog_table, "abmag")]
)
def test_comma_delimited(tmp_path, make, column):
    expected = make(3)
    path = catalog(tmp_path, expected, delimiter=",")
    assert "delimiter: ','" in path.read_text()
    found = read(path)
    assert found.colnames == expected.colnames
    np.testing.assert_array_equal(found[column], expected[column])


def test_many_rows_agree_with_astropy(tmp_path):
    """The fast parser and astropy's own give the same table."""
    path = catalog(tmp_path, catalog_table(500))
    assert_same(read(path), QTable.read(path, format="ascii.ecsv"))


# ---- names that have changed ----


@pytest.mark.parametrize(
    ("make", "label", "sky"),
    [(catalog_table, "label", "sky_centroid"), (old_catalog_table, "id", "icrs_centroid")],
)
def test_column_names_of_the_generations(make, label, sky):
    table = make(2)
    assert label_column(table) == label
    assert sky_column(table) == sky
    assert pixel_columns(table) == ("xcentroid", "ycentroid")


def test_column_names_that_are_not_there():
    table = QTable({"x_centroid": [1.0], "y_centroid": [2.0], "sky_centroid": ["12h"]})
    assert label_column(table) is None
    assert sky_column(table) is None, "a column of strings is no position"
    assert pixel_columns(table) == ("x_centroid", "y_centroid")
    assert pixel_columns(QTable({"xcentroid": [1.0]})) is None


# ---- warnings ----


def test_no_sources_warns(tmp_path):
    path = catalog(tmp_path, catalog_table(1)[:0])
    with pytest.warns(Stage3Warning, match="cat.ecsv: the catalog has no sources"):
        found = read(path)
    assert len(found) == 0
    assert len(found.colnames) == 54
    assert isinstance(found["sky_centroid"], SkyCoord)


@pytest.mark.parametrize("version", ["1.20.0", "1.20.0.dev12+g1234"])
def test_broken_fluxes_warn(tmp_path, version):
    path = catalog(tmp_path, catalog_table(2, jwst=version))
    with pytest.warns(Stage3Warning, match=f"jwst {version[:6]}.*not in Jy.*1.20.1"):
        read(path)


@pytest.mark.parametrize("version", ["1.20.1", "1.19.1", "1.2.0", "11.20.0", "1.20.00", "3.0.0"])
def test_sound_fluxes_do_not_warn(tmp_path, version):
    path = catalog(tmp_path, catalog_table(2, jwst=version))
    with warnings.catch_warnings():
        warnings.simplefilter("error", Stage3Warning)
        read(path)


@pytest.mark.parametrize("meta", [{}, {"version": "3.0.0"}, {"version": {"jwst": None}}])
def test_versions_that_are_not_where_they_should_be(tmp_path, meta):
    table = catalog_table(2)
    table.meta = meta
    assert len(read(catalog(tmp_path, table))) == 2


# ---- errors ----


def test_no_positions(tmp_path):
    table = catalog_table(2)
    table.remove_columns(["xcentroid", "ycentroid", "sky_centroid"])
    with pytest.raises(UnreadableProductError, match="cat.ecsv: no source positions.*label"):
        read(catalog(tmp_path, table))


@pytest.mark.parametrize("keep", [["sky_centroid"], ["xcentroid", "ycentroid"]])
def test_one_kind_of_position_is_enough(tmp_path, keep):
    table = catalog_table(2)
    table.remove_columns({"xcentroid", "ycentroid", "sky_centroid"} - set(keep))
    assert len(read(catalog(tmp_path, table))) == 2


def broken(path, old: str, new: str):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.filterwarnings("ignore::astropy.utils.exceptions.AstropyWarning")  # on damage
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# datatype:\n", "# datatype: [unclosed\n"),
        ("# - {name: label, datatype: int32}", "# - {name: label, datatype: rubbish}"),
        ("# - {name: label, datatype: int32}\n", ""),
        ("# meta: !!omap", "# meta: !!no/such/tag"),
    ],
)
def test_broken_header(tmp_path, old, new):
    path = broken(catalog(tmp_path), old, new)
    with pytest.raises(UnreadableProductError, match="cat.ecsv: not a readable ECSV") as caught:
        read_catalog(path)
    assert "\n" not in str(caught.value)


def test_header_without_rows(tmp_path):
    path = catalog(tmp_path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if line.startswith("#")))
    with pytest.raises(UnreadableProductError, match="not followed by column names"):
        read_catalog(path)


def test_row_with_a_value_missing(tmp_path):
    path = catalog(tmp_path)
    path.write_text(path.read_text().rstrip().rsplit(" ", 3)[0] + "\n")
    with pytest.raises(UnreadableProductError, match="not a readable ECSV"):
        read_catalog(path)
