"""What is taken out of the overlay: tables, regions, the settings as Python."""

import re
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import QTable
from fresh_apps import new_app
from make_overlays import catalog_of, image_of, mosaic_with, sources_of, tangent_wcs
from make_products import BUILDERS
from make_tables import save_table
from python_code import run_python
from regions import (
    CirclePixelRegion,
    CircleSkyRegion,
    EllipsePixelRegion,
    EllipseSkyRegion,
    PointPixelRegion,
    PointSkyRegion,
    Regions,
)
from shared_data import DATA

import jdaviz_stage3 as stage3
from jdaviz_stage3.errors import Stage3Error, Stage3Warning
from jdaviz_stage3.plugins.catalog_overlay.export import _changed_lines, regions_of
from jdaviz_stage3.plugins.catalog_overlay.overlay import Overlay
from jdaviz_stage3.plugins.catalog_overlay.settings import OverlaySettings

REAL = sorted(DATA.rglob("*cat*.ecsv"))
BUILT = sorted(key for key in BUILDERS if key[0] == "cat")
ROOT = "jw09997-o001_t001_nircam_clear-f444w"
WCS = tangent_wcs(37, 1.75e-5, (33.5, 28.25))
SHAPE = (60, 80)


def read(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Stage3Warning)
        return stage3.read(path)


def loaded(path, app):
    """The plugin, with a catalog in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Stage3Warning)
        [label] = stage3.load(path, app=app)
    plg = app.plugins["Catalog Overlay"]
    plg.catalog = label
    return plg


@pytest.fixture(scope="module")
def app():
    """One for all catalogs: they need no image to be taken out again."""
    return new_app()


# ---- tables ----


def assert_equal(found, expected, rows):
    """Every column of a table with its units, descriptions and formats, and the meta."""
    assert found.colnames == expected.colnames
    for name in expected.colnames:
        one, other = found[name], expected[name][rows]
        info, original = found[name].info, expected[name].info
        assert (info.unit, info.description, info.format) == (
            original.unit, original.description, original.format,
        ), name  # fmt: skip
        if isinstance(other, SkyCoord):
            assert isinstance(one, SkyCoord)
            for axis in ("ra", "dec"):
                degrees = [getattr(sky, axis).deg for sky in (one, other)]
                np.testing.assert_allclose(*degrees, rtol=0, atol=1e-12, err_msg=name)
            assert one.frame.name == other.frame.name
            continue
        assert one.dtype == other.dtype, name
        assert isinstance(one, u.Quantity) == isinstance(other, u.Quantity), name
        np.testing.assert_array_equal(one, other, err_msg=name)
    assert list(found.meta) == list(expected.meta)
    for key, value in expected.meta.items():
        assert str(found.meta[key]) == str(value), key


@pytest.fixture(
    params=[*BUILT, *REAL], ids=lambda p: "-".join(p) if isinstance(p, tuple) else p.name
)
def catalog_file(request, built):
    return built(*request.param) if isinstance(request.param, tuple) else request.param


@pytest.mark.forked
def test_a_table_is_as_it_was_in_the_file(catalog_file, app, tmp_path):
    plg, expected = loaded(catalog_file, app), read(catalog_file)
    everything = np.arange(len(expected))
    assert_equal(plg.table(), expected, everything)
    target = tmp_path / "out_cat.ecsv"
    assert plg.export_catalog(target) == target
    # by astropy alone, and by our own reader
    plain = QTable.read(target, format="ascii.ecsv")
    assert plain.colnames == expected.colnames
    assert len(plain) == len(expected)
    assert_equal(read(target), expected, everything)


@pytest.mark.forked
def test_only_what_is_shown_is_in_the_table(catalog_file, app, tmp_path):
    plg, expected = loaded(catalog_file, app), read(catalog_file)
    column = next(
        c for c in ("aper_total_flux", "source_sum", "isophotal_flux") if c in expected.colnames
    )
    values = np.asarray(getattr(expected[column], "value", expected[column]), dtype=float)
    least = float(np.nanmedian(values))
    plg.filters = [f"{column} > {least!r}"]
    rows = np.flatnonzero(values > least)
    assert 0 < len(rows) < len(expected)
    assert_equal(plg.table(), expected, rows)
    plg.export_catalog(tmp_path / "some_cat.ecsv")
    assert_equal(read(tmp_path / "some_cat.ecsv"), expected, rows)
    labels = expected[next(n for n in ("label", "id") if n in expected.colnames)]
    chosen = list(dict.fromkeys(rows[[-1, 0]].tolist()))
    plg.select(labels[chosen].tolist())
    assert_equal(plg.selected_table, expected, chosen)
    plg.clear_selection()
    plg.filters = [f"{column} > 1e99"]
    assert_equal(plg.table(), expected, rows[:0])
    plg.clear_filters()
    assert len(plg.table()) == len(expected)


def test_all_that_a_column_can_hold(app, tmp_path):
    """Descriptions, formats, texts, booleans, integers, another sky frame."""
    table = catalog_of(WCS, np.arange(4.0), np.arange(4.0), np.random.default_rng(1))
    table["aper_total_flux"].info.description = "total flux, 'quoted' & µJy"
    table["aper_total_flux"].info.format = ".6e"
    table["label"].info.description = "number"
    table["is_extended"] = [True, False, True, False]
    table["is_extended"].info.description = "whether it is"
    table["kind"] = ["star", "galaxy", "", "star"]
    table["flags"] = np.array([2**31 - 1, 0, 1, 2], "i4")
    table["large"] = np.array([2**62 + 1, 0, 1, 2], "i8")
    table["small"] = np.array([1.5, 2, 3, 4], "f4")
    table["sky_bbox_ll"] = SkyCoord([1, 2, 3, 4], [1, 2, 3, 4], unit="deg")
    table["sky_bbox_ll"].info.description = "corner"
    table["sky_centroid"].info.description = "centre"
    table["ab"] = [20, 21, np.nan, 23] * u.mag
    table.meta = {"date": "2026-01-01", "nested": {"a": [1, 2]}, "native": 1, "_private": "kept"}
    path = save_table(table, tmp_path / f"{ROOT}_cat.ecsv")
    plg = loaded(path, app)
    assert_equal(plg.table(), read(path), np.arange(4))
    plg.export_catalog(tmp_path / "again_cat.ecsv")
    assert_equal(read(tmp_path / "again_cat.ecsv"), read(path), np.arange(4))


# ---- regions ----

X, Y = np.array([12.0, 60.5, 33.25, 41.0, 20.0]), np.array([9.0, 40.0, 30.5, 20.0, 50.0])


def table_of(wcs=WCS, **columns):
    return catalog_of(wcs, X, Y, np.random.default_rng(3), **columns)


def overlay_of(table, **options):
    return Overlay(sources_of(table, root="a").data, OverlaySettings(**options))


def written(regions, tmp_path):
    target = tmp_path / "out.reg"
    Regions(regions).write(target, format="ds9", overwrite=True)
    return regions_in(target)


def regions_in(path):
    """Regions of a file; the package reads a label of digits as a number."""
    found = Regions.read(path, format="ds9")
    for region in found:
        region.meta["text"] = str(region.meta["text"])
    return found


def corners(x, y, major, minor, angle):
    """Ends of both axes of an ellipse."""
    along = major * np.array([np.cos(angle), np.sin(angle)])
    aside = minor * np.array([-np.sin(angle), np.cos(angle)])
    return np.array([[x, y] + along, [x, y] - along, [x, y] + aside, [x, y] - aside])


@pytest.mark.parametrize("sigma", [1.0, 3.0])
def test_ellipses_on_the_sky(sigma, tmp_path):
    table = table_of(is_extended=np.array([True] * 4 + [False]))
    overlay = overlay_of(table, sigma=sigma, color="#112233", point_color="#445566")
    found = written(regions_of(overlay, image_of(WCS, SHAPE, "a")), tmp_path)
    assert [type(region) for region in found] == [EllipseSkyRegion] * 4 + [PointSkyRegion]
    for row, region in enumerate(found):
        assert region.meta["text"] == str(table["label"][row])
        assert region.center.separation(table["sky_centroid"][row]) < 1e-3 * u.arcsec
        if row == 4:
            assert region.visual["color"] == "#445566"
            continue
        assert region.visual["edgecolor"] == "#112233"
        pixel = region.to_pixel(WCS)
        # the ends of its axes, by its own size and angle, against those of the catalog
        got = corners(
            *pixel.center.xy, pixel.width / 2, pixel.height / 2, pixel.angle.to_value(u.rad)
        )
        axes = [table[f"semi{name}_sigma"][row].value * sigma for name in ("major", "minor")]
        want = corners(X[row], Y[row], *axes, table["orientation"][row].to_value(u.rad))
        distance = np.hypot(*(got[:, None] - want[None]).T).min(axis=0)
        assert distance.max() < 0.05


def test_circles_and_points(tmp_path):
    table = table_of()
    image = image_of(WCS, SHAPE, "a")
    for region, x, y in zip(
        written(regions_of(overlay_of(table, shape="Circle", radius=4.5), image), tmp_path), X, Y,
        strict=True,
    ):  # fmt: skip
        assert isinstance(region, CircleSkyRegion)
        pixel = region.to_pixel(WCS)
        assert (*pixel.center.xy, pixel.radius) == pytest.approx((x, y, 4.5), abs=0.01)
    for overlay, own in (
        (overlay_of(table, shape="Marker"), image),
        (overlay_of(table), None),
    ):
        found = written(regions_of(overlay, own), tmp_path)
        assert [type(region) for region in found] == [PointSkyRegion] * 5
        separation = SkyCoord([r.center for r in found]).separation(table["sky_centroid"])
        assert separation.max() < 1e-3 * u.arcsec


def test_without_sky_they_are_pixel_regions(tmp_path):
    table = table_of(wcs=None, is_extended=np.array([True, True, False, True, True]))
    for image in (image_of(None, SHAPE, "a"), image_of(WCS, SHAPE, "a")):
        found = written(regions_of(overlay_of(table), image), tmp_path)
        kinds = [EllipsePixelRegion] * 2 + [PointPixelRegion] + [EllipsePixelRegion] * 2
        assert [type(region) for region in found] == kinds
        np.testing.assert_allclose([r.center.x for r in found], X, atol=1e-3)
        np.testing.assert_allclose([r.center.y for r in found], Y, atol=1e-3)
    found = written(regions_of(overlay_of(table, shape="Circle"), image), tmp_path)
    # point-like sources have apertures, too
    assert {type(region) for region in found} == {CirclePixelRegion}


def test_regions_of_what_is_shown(tmp_path):
    overlay = overlay_of(table_of())
    overlay.filter_by(["label >= 3", "label != 4"])
    found = written(regions_of(overlay, image_of(WCS, SHAPE, "a")), tmp_path)
    assert [region.meta["text"] for region in found] == ["3", "5"]


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan])
@pytest.mark.parametrize("column", ["semimajor_sigma", "semiminor_sigma"])
def test_sources_without_axes_are_points(column, bad, tmp_path):
    table = table_of()
    table[column][1] = bad * u.pix
    found = written(regions_of(overlay_of(table), image_of(WCS, SHAPE, "a")), tmp_path)
    assert isinstance(found[1], PointSkyRegion)
    assert found[1].center.separation(table["sky_centroid"][1]) < 1e-3 * u.arcsec
    assert [type(region) for region in found].count(EllipseSkyRegion) == 4


def test_sources_without_an_orientation_are_points(tmp_path):
    """As they are drawn: as a cross."""
    table = table_of()
    table["orientation"][1] = np.nan * u.deg
    regions = regions_of(overlay_of(table), image_of(WCS, SHAPE, "a"))
    assert isinstance(regions[1], PointSkyRegion)
    assert len(written(regions, tmp_path)) == 5


@pytest.mark.parametrize("with_image", [True, False])
def test_sources_without_a_position_are_left_out(with_image, tmp_path):
    table = table_of()
    table["xcentroid"][2] = np.nan
    sky = table["sky_centroid"]
    table["sky_centroid"] = SkyCoord(
        np.where(X == X[2], np.nan, sky.ra.deg), sky.dec.deg, unit="deg"
    )
    image = image_of(WCS, SHAPE, "a") if with_image else None
    regions = regions_of(overlay_of(table), image)
    assert [region.meta["text"] for region in regions] == ["1", "2", "4", "5"]
    assert len(written(regions, tmp_path)) == 4


def test_a_sky_position_alone_is_a_point(tmp_path):
    table = table_of()
    table["xcentroid"][2] = np.nan
    found = written(regions_of(overlay_of(table), image_of(WCS, SHAPE, "a")), tmp_path)
    assert len(found) == 5
    assert isinstance(found[2], PointSkyRegion)
    assert found[2].center.separation(table["sky_centroid"][2]) < 1e-3 * u.arcsec


@pytest.mark.forked
def test_regions_of_each_catalog(catalog_file, app, tmp_path):
    """Without an image they are points, where the catalog says."""
    plg, table = loaded(catalog_file, app), read(catalog_file)
    plg.export_regions(tmp_path / "out.reg")
    found = regions_in(tmp_path / "out.reg")
    sky = table[next(name for name in ("sky_centroid", "icrs_centroid") if name in table.colnames)]
    label = table[next(name for name in ("label", "id") if name in table.colnames)]
    there = np.isfinite(sky.ra.deg + sky.dec.deg)
    assert [region.meta["text"] for region in found] == [str(one) for one in label[there]]
    separation = SkyCoord([region.center for region in found]).separation(sky[there])
    assert separation.max() < 1e-3 * u.arcsec


# ---- in an app: files and settings ----


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("products")
    mosaic_with(folder, f"{ROOT}_i2d.fits", WCS, SHAPE)
    table = table_of(is_extended=np.array([True, False, True, True, False]))
    table.meta = {"aperture_params": {"aperture_ee": np.array([30, 50, 70]),
                                      "aperture_radii": np.array([1.5, 2.0, 3.5])}}  # fmt: skip
    save_table(table, folder / f"{ROOT}_cat.ecsv")
    return folder


def app_of(folder):
    app = new_app()
    for suffix in ("i2d.fits", "cat.ecsv"):
        stage3.load(folder / f"{ROOT}_{suffix}", app=app)
    return app


@pytest.fixture(scope="module")
def one(folder):
    return app_of(folder)


@pytest.fixture
def plugin(one):
    """The plugin with the settings that it begins with."""
    plg = one.plugins["Catalog Overlay"]
    overlay = plg._obj.current()
    overlay.settings = plg._obj.default_settings(overlay)
    overlay.settings.visible = True
    overlay.filter_by([])
    overlay.rescale()
    plg._obj.show_settings(overlay)
    return plg


def test_regions_of_the_app_lie_on_the_catalog(plugin, tmp_path):
    plugin.export_regions(tmp_path / "out.reg")
    table = plugin.table()
    found = regions_in(tmp_path / "out.reg")
    assert [region.meta["text"] for region in found] == [str(label) for label in table["label"]]
    kinds = [EllipseSkyRegion if extended else PointSkyRegion for extended in table["is_extended"]]
    assert [type(region) for region in found] == kinds
    centres = WCS.world_to_pixel(SkyCoord([region.center for region in found]))
    np.testing.assert_allclose(centres, (X, Y), atol=0.01)


def test_regions_are_where_the_catalog_is_to_the_last_digit(plugin, tmp_path):
    plugin.shape = "Marker"
    plugin.export_regions(tmp_path / "out.reg")
    sky = plugin.table()["sky_centroid"]
    found = SkyCoord([region.center for region in regions_in(tmp_path / "out.reg")])
    for axis in ("ra", "dec"):
        values = [getattr(places, axis).deg for places in (found, sky)]
        np.testing.assert_allclose(*values, rtol=3e-16, atol=0)


@pytest.mark.parametrize(
    ("marker", "point"),
    [
        ("circle", "circle"), ("square", "box"), ("diamond", "diamond"), ("plus", "cross"),
        ("cross", "x"), ("triangle", "arrow"), ("star", "boxcircle"),
    ],
)  # fmt: skip
def test_points_have_the_marker_that_is_drawn(marker, point, plugin, tmp_path):
    """By the text of the file: the names are DS9's."""
    plugin.shape, plugin.marker, plugin.marker_size = "Marker", marker, 9
    plugin.point_marker = "plus" if marker == "cross" else "cross"
    plugin.export_regions(tmp_path / "out.reg")
    lines = [x for x in (tmp_path / "out.reg").read_text().splitlines() if x.startswith("point(")]
    own = "cross" if marker == "cross" else "x"
    extended = plugin.table()["is_extended"]
    assert [re.search("point=([a-z]+ [0-9]+)", line)[1] for line in lines] == [
        f"{point} 9" if row else f"{own} 9" for row in extended
    ]
    assert len({str(r.visual["marker"]) for r in regions_in(tmp_path / "out.reg")}) == 2


def test_points_beside_ellipses_have_the_marker_that_is_drawn(plugin, tmp_path):
    plugin.export_regions(tmp_path / "out.reg")
    points = [r for r in regions_in(tmp_path / "out.reg") if isinstance(r, PointSkyRegion)]
    assert [(r.visual["marker"], r.visual["markersize"]) for r in points] == [("D", "12")] * 2
    plugin.by_type = False
    plugin.export_regions(tmp_path / "all.reg")
    assert not [r for r in regions_in(tmp_path / "all.reg") if isinstance(r, PointSkyRegion)]


def test_points_have_the_size_that_is_drawn(plugin, tmp_path):
    plugin.size_by, plugin.marker_size, plugin.size_max = "aper_total_flux", 6, 30
    plugin.export_regions(tmp_path / "out.reg")
    overlay = plugin._obj.current()
    found = [int(r.visual["markersize"]) for r in regions_in(tmp_path / "out.reg")]
    level = overlay.size_scale.level
    assert found == [round(6 + 24 * one) for one in level]
    assert len(set(found)) > 2


def test_sources_drawn_as_crosses_are_small_crosses():
    table = table_of()
    table["semimajor_sigma"][1] = np.nan * u.pix
    region = regions_of(overlay_of(table), image_of(WCS, SHAPE, "a"))[1]
    assert (region.visual["marker"], region.visual["markersize"]) == ("x", 6)


@pytest.mark.parametrize("method", ["export_catalog", "export_regions"])
def test_files_that_are_there_are_kept(method, plugin, tmp_path):
    target = tmp_path / "there"
    target.write_text("mine")
    with pytest.raises(Stage3Error, match="is there already; .*overwrite"):
        getattr(plugin, method)(target)
    assert target.read_text() == "mine"
    assert getattr(plugin, method)(target, overwrite=True) == target
    assert target.read_text() != "mine"
    with pytest.raises(Stage3Error, match="cannot be written"):
        getattr(plugin, method)(tmp_path / "nowhere" / "file")
    with pytest.raises(Stage3Error):
        getattr(plugin, method)(tmp_path, overwrite=True)  # a folder
    assert tmp_path.is_dir()


def test_saving_from_the_browser(plugin, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inner = plugin._obj
    for kind, name in (("catalog", "my table.ecsv"), ("regions", "my table.reg")):
        inner.export_name = "my table"
        inner.export_overwrite = False
        inner.vue_save_file(kind)
        [path] = [path for path in tmp_path.iterdir() if path.suffix == Path(name).suffix]
        assert (inner.export_error, inner.export_done) == ("", f"Saved {path}")
        before = path.read_text()
        inner.vue_save_file(kind)
        assert "is there already" in inner.export_error
        assert inner.export_done == ""
        inner.export_overwrite = True
        path.write_text("")
        inner.vue_save_file(kind)
        assert path.read_text() == before


BAD_NAMES = ["/no/such/folder/x", "~nosuchuser/x", "a" * 300, "a\0b", "/proc/x"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_files_that_cannot_be_written(plugin, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inner = plugin._obj
    for kind, method in (("catalog", "export_catalog"), ("regions", "export_regions")):
        with pytest.raises(Stage3Error, match="cannot be written"):
            getattr(plugin, method)(name)
        inner.export_name, inner.export_done = name, ""
        inner.vue_save_file(kind)
        assert "cannot be written" in inner.export_error and not inner.export_done
    assert list(tmp_path.iterdir()) == []
    inner.export_name = inner.export_error = ""


def test_a_folder_whose_name_has_blanks(plugin, tmp_path):
    folder = tmp_path / "my field"
    folder.mkdir()
    inner = plugin._obj
    inner.export_name = str(folder / "bright sources")
    inner.vue_save_file("catalog")
    assert inner.export_done == f"Saved {folder / 'bright sources.ecsv'}"
    inner.export_name = inner.export_done = ""


CHANGES = {
    "nothing": {},
    "shape": {"shape": "Circle", "radius": 7.5},
    "aperture": {"shape": "Aperture", "aperture": "50"},
    "marker": {"shape": "Marker", "marker": "star", "marker_size": 9, "line_width": 2.5},
    "types": {"by_type": False, "point_marker": "plus"},
    "colours": {"color": "#123456", "point_color": "#654321"},
    "size": {"size_by": "aper_total_flux", "size_max": 40},
    "sized markers": {"size_by": "aper_total_flux", "marker": "plus", "marker_size": 4},
    "colour": {"color_by": "isophotal_flux", "colormap": "plasma", "color_stretch": "Linear",
               "color_min": 1e-8, "color_max": 1e-6},
    "labels": {"labels": False, "label_cap": 0, "positions": "Sky"},
    "filters": {"filters": ["label >= 2", "aper_total_flux / isophotal_flux > 0.5",
                            "is_extended == True", "aper_total_flux > 1e-09 Jy"]},
    "hidden": {"visible": False, "sigma": 1.25},
}  # fmt: skip


@pytest.fixture(scope="module")
def another(folder):
    """A second app of the same files, in which the code is run."""
    return app_of(folder)


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_the_code_draws_the_same_again(changes, plugin, another):
    for name, value in changes.items():
        setattr(plugin, name, value)
    overlay = plugin._obj.current()
    code = plugin.to_python()
    there = another.plugins["Catalog Overlay"]
    fresh = there._obj.current()
    fresh.settings = there._obj.default_settings(fresh)
    fresh.filter_by([])
    fresh.rescale()
    there._obj.show_settings(fresh)
    run_python(code, another)
    assert fresh.settings == overlay.settings
    assert [v.reference for v in fresh.viewers] == [v.reference for v in overlay.viewers]
    np.testing.assert_array_equal(fresh.passing, overlay.passing)
    for name, value in changes.items():
        shown = getattr(there, name)
        assert getattr(shown, "selected", shown) == value
    # and says no more than what was changed
    assert len(code.splitlines()) <= 7 + len(changes)


@pytest.mark.forked
def test_nothing_to_take_out(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = new_app()
    stage3.load(folder / f"{ROOT}_i2d.fits", app=app)
    plg = app._app.get_tray_item_from_name("stage3-catalog-overlay")
    for call in (plg.table, plg.to_python, lambda: plg.export_catalog("x"),
                 lambda: plg.export_regions("x")):  # fmt: skip
        with pytest.raises(Stage3Error, match="no catalog is loaded"):
            call()
    assert not any(tmp_path.iterdir())


def test_ellipses_after_sizes_are_not_filled(plugin):
    """Sizes are of markers: what is drawn as ellipses is as if no size had been asked for."""
    plugin.size_by = "aper_total_flux"
    plugin.shape = "Ellipse"
    overlay = plugin._obj.current()
    assert overlay.settings.size_by == ""
    assert overlay.size_scale is None
    assert overlay.without_value == 0


def test_python_of_numbers_of_numpy_needs_no_numpy():
    changed = {"size": np.float64(3.2), "color": np.str_("#ff0000"), "filters": ["a > 1"]}
    settings = SimpleNamespace(differences=lambda default: dict(changed), segmentation="")
    lines = _changed_lines(SimpleNamespace(settings=settings, segments_offered=False), None)
    plg = SimpleNamespace()
    exec("\n".join(lines), {"plg": plg})
    assert vars(plg) == changed
