"""Catalogs that their users have added columns to, and catalogs of other years."""

import warnings

import jdaviz
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import FK5, SkyCoord
from astropy.table import MaskedColumn, QTable
from astropy.time import Time
from make_products import mosaic
from make_tables import ROOT
from overlay_tools import plugin

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import glue_viewer
from jdaviz_stage3.origin import origin_of
from jdaviz_stage3.plugins.catalog_overlay.positions import source_positions
from jdaviz_stage3.plugins.catalog_overlay.sources import Sources

X, Y = np.array([5.0, 20.0, 33.0]), np.array([4.0, 12.0, 25.0])


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return mosaic(tmp_path_factory.mktemp("mosaic"))


@pytest.fixture(scope="module")
def app(image):
    app = jdaviz.new_app()
    stage3.load(image, app=app)
    return app


def own_catalog(path, image, **columns):
    """A catalog of the mosaic with further columns, which come first."""
    table = QTable(columns)
    table["label"] = [1, 2, 3]
    table["xcentroid"], table["ycentroid"] = X, Y
    table["sky_centroid"] = stage3.read(image).wcs.pixel_to_world(X, Y)
    table["aper_total_flux"] = [1.0, 2.0, 3.0] * u.uJy
    table.write(path, format="ascii.ecsv")
    return path


@pytest.fixture
def load(app, image, tmp_path):
    """Load a catalog with these columns; gives its sources."""
    labels = []

    def load(**columns):
        path = own_catalog(tmp_path / f"{ROOT}_cat.ecsv", image, **columns)
        labels.extend(stage3.load(path, app=app))
        return Sources(app._app.data_collection[labels[-1]])

    yield load
    for label in labels:
        app._app.data_item_remove(label)


OWN = {
    "RA": [1.0, 2.0, 3.0] * u.deg, "Dec": [4.0, 5.0, 6.0] * u.deg, "X": [100.0, 200.0, 300.0],
    "Y": [7.0, 8.0, 9.0], "ID": ["a", "b", "c"],
}  # fmt: skip


@pytest.mark.parametrize("names", [[name] for name in OWN] + [list(OWN)], ids="-".join)
def test_own_columns_do_not_replace_those_of_the_pipeline(app, load, names):
    sources = load(**{name: OWN[name] for name in names})
    viewer = glue_viewer(app, "Image")
    for use in ("Sky", "Pixels"):
        found = source_positions(sources, viewer, use)
        np.testing.assert_allclose(found.x, X, atol=1e-6)
        np.testing.assert_allclose(found.y, Y, atol=1e-6)
    assert list(sources.labels) == [1, 2, 3]
    # and are there under their own names
    table = sources.table(np.arange(3))
    for name in names:
        assert name in sources.filter_columns
        np.testing.assert_array_equal(table[name], OWN[name])
    assert not {"RA", "Dec", "X", "Y", "ID"} - set(names) & set(table.colnames)
    np.testing.assert_array_equal(table["label"], [1, 2, 3])
    assert (table["sky_centroid"].separation(SkyCoord(*sources.sky, unit="deg")) == 0).all()


def test_an_own_column_of_the_name_that_another_one_gets(load):
    """As in a table that was exported from an app."""
    own = {"RA": [1.0, 2.0, 3.0], "RA (own)": [4.0, 5.0, 6.0]}
    table = load(**own).table(np.arange(3))
    for name, values in own.items():
        np.testing.assert_array_equal(table[name], values)


@pytest.mark.parametrize("frame", ["galactic", FK5(equinox="J1975")], ids=["galactic", "FK5"])
def test_sky_positions_come_back_in_the_frame_of_the_file(load, frame):
    sky = SkyCoord([10.0, 20.0, 30.0], [-5.0, 0.0, 5.0], unit="deg").transform_to(frame)
    back = load(other=sky).table(np.array([0, 2]))["other"]
    assert back.is_equivalent_frame(sky.frame)
    assert (back.separation(sky[[0, 2]]).arcsec < 1e-6).all()


def test_filters_are_on_own_columns(app, load):
    load(RA=OWN["RA"], ID=OWN["ID"])
    plg = plugin(app)
    plg.clear_filters()
    plg.add_filter("RA > 1.5 deg")
    assert list(plg.table()["label"]) == [2, 3]
    plg.clear_filters()
    plg.add_filter("ID == 'b'")
    assert list(plg.table()["label"]) == [2]
    plg.clear_filters()


def test_times_load_as_days_and_come_back_as_times(load):
    times = Time([59000.5, 59001.25, 59002.125], format="mjd", scale="tdb")
    sources = load(observed=times)
    np.testing.assert_array_equal(sources.array("observed"), times.mjd)
    assert sources.unit("observed") == u.day
    back = sources.table(np.array([0, 2]))["observed"]
    assert isinstance(back, Time) and back.scale == "tdb"
    np.testing.assert_array_equal(back.mjd, times.mjd[[0, 2]])


@pytest.mark.filterwarnings("ignore:unexpected datatype 'complex128'")  # ECSV knows none
def test_what_is_not_one_value_a_source_is_left_out_and_said(load):
    with pytest.warns(stage3.Stage3Warning, match="^pz, notes, both: not one .*left out"):
        sources = load(
            pz=np.arange(12.0).reshape(3, 4),
            notes=np.array([{"z": 1}, {"z": 2}, {"z": 3}], dtype=object),
            both=[1 + 2j, 3 + 4j, 5 + 6j],
            z_phot=[0.5, np.nan, 2.0],
            n_det=MaskedColumn([3, 0, 5], mask=[0, 1, 0]),
        )
    assert {"z_phot", "n_det", "label"} <= set(sources)
    assert not {"pz", "notes", "both"} & set(sources)
    table = sources.table(np.arange(3))
    assert table["n_det"].mask.tolist() == [False, True, False]
    assert "pz" not in table.colnames


@pytest.mark.parametrize(
    ("values", "point", "said"),
    [
        ([np.nan] * 3, None, ""),
        ([1.0, 0.0, np.nan], [True, False, False], "point-like"),
        (["", "True", "no"], [False, True, False], ""),
        ([True, False, True], [True, False, True], "point-like"),
    ],
)
def test_a_type_that_is_missing_is_unknown(load, values, point, said):
    """Not extended: the source catalog step writes NaN where it cannot tell."""
    sources = load(is_star=values)
    found = sources.point_like
    assert found is point is None or found.tolist() == point
    assert sources.sentence(0).split(" · ")[-1] == said or not said
    for row, value in enumerate(values):
        if str(value) in ("nan", "", "no"):
            assert "extended" not in sources.sentence(row)
            assert "point-like" not in sources.sentence(row)


def of_2018(**columns):
    table = QTable({"id": [1, 2, 3], "xcentroid": X * u.pix, "ycentroid": Y * u.pix})
    table["sky_centroid"] = SkyCoord([53.1, 53.2, 53.3], [-27.8, -27.7, -27.6], unit="deg")
    table["area"] = [30, 31, 32] * u.pix**2
    table["source_sum"], table["source_sum_err"] = [1.0, 2.0, 3.0], [0.1, 0.2, 0.3]
    for name, values in columns.items():
        table[name] = values
    return table


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("field.ecsv", {"orientation_sky": [1.0, 2.0, 3.0] * u.deg}),
        ("field.ecsv", {"abmag": [22.0, 21.5, 21.0]}),
        ("jw_field_cat.ecsv", {}),
    ],
)
def test_a_catalog_of_2018_is_one(tmp_path, name, columns):
    of_2018(**columns).write(tmp_path / name, format="ascii.ecsv")
    assert stage3.identify(tmp_path / name).suffix == "cat"
    assert len(stage3.read(tmp_path / name)) == 3


def test_a_table_of_photutils_is_none(tmp_path):
    of_2018().write(tmp_path / "sources.ecsv", format="ascii.ecsv")
    with pytest.raises(stage3.UnknownProductError):
        stage3.identify(tmp_path / "sources.ecsv")


def test_nothing_is_said_of_a_catalog_as_it_comes(load):
    with warnings.catch_warnings():
        warnings.simplefilter("error", stage3.Stage3Warning)
        load()


def test_what_was_changed_in_the_app_is_what_is_exported(load):
    """A catalog is handed out as it is in the file only where the app still has it so."""
    missing = MaskedColumn([7, 8, 9], mask=[False, True, False])
    sources = load(star=np.array([True, False, True]), kind=["a", "b", "a"], visits=missing)
    data = sources.data
    whole = np.arange(3)
    assert isinstance(sources.table(whole)["sky_centroid"], SkyCoord)
    data.update_components({data.id["aper_total_flux"]: np.array([1.0, 20.0, 3.0])})
    data.update_components({data.id["RA"]: np.asarray(data["RA"]) + 0.1})
    data.add_component(np.array([0.5, 1.5, 2.5]), "redshift")
    before, table = stage3.read(origin_of(data).path), Sources(data).table(np.array([1, 2]))
    assert table["aper_total_flux"].unit == u.uJy
    np.testing.assert_array_equal(table["aper_total_flux"].value, [20.0, 3.0])
    np.testing.assert_array_equal(table["redshift"], [1.5, 2.5])
    np.testing.assert_allclose(
        table["sky_centroid"].ra.deg, before["sky_centroid"].ra.deg[1:] + 0.1, atol=1e-12
    )
    for name in ("star", "kind", "label", "xcentroid"):
        np.testing.assert_array_equal(table[name], before[name][1:])
    assert list(table["visits"].mask) == [True, False] and table["visits"][1] == 9


def test_a_column_that_was_changed_in_the_app_stays_what_it_is_in_the_file(load, image):
    """Times are times, positions are in their frame, and what is said of a column is kept."""
    place = stage3.read(image).wcs.pixel_to_world(X, Y)
    size = u.Quantity([1.0, 2.0, 3.0], u.one)
    size.info.description, size.info.format = "Of the star", ".2f"
    sources = load(seen=Time([60000.0, 60001, 60002], format="mjd", scale="tdb"), size=size,
                   place=place.galactic)  # fmt: skip
    data, rows = sources.data, np.array([0, 2])
    data.update_components({data.id["seen"]: np.array([60010.0, np.nan, 60012])})
    data.update_components({data.id["size"]: np.array([4.0, 5.0, 6.0])})
    data.update_components({data.id["place.ra"]: np.asarray(data["place.ra"]) + 0.1})
    table = Sources(data).table(np.arange(3))
    assert isinstance(table["seen"], Time) and table["seen"].scale == "tdb"
    assert list(np.ma.getmaskarray(table["seen"].mjd)) == [False, True, False]
    np.testing.assert_array_equal(table["seen"].mjd[rows], [60010, 60012])
    assert table["size"].unit == u.one
    np.testing.assert_array_equal(table["size"].value, [4, 5, 6])
    assert (table["size"].info.description, table["size"].info.format) == ("Of the star", ".2f")
    assert table["place"].frame.name == "galactic"
    np.testing.assert_allclose(table["place"].icrs.ra.deg, place.ra.deg + 0.1, atol=1e-10)
