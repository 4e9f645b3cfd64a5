"""Catalogs and settings that the overlay cannot draw: it says why, and leaves nothing behind."""

import warnings

import numpy as np
import overlay_tools as tools
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from cases import case
from fresh_apps import new_app
from overlay_tools import (
    canvas,
    demo,
    drawn,
    field,
    kinds,
    logged,
    marks,
    marks_of_plugin,
    plugin,
    scene,
    text_of,
    viewer,
    without_wcs,
    write_catalog,
    zoom,
)

import jdaviz_stage3 as stage3
from jdaviz_stage3.errors import ConditionError

# An app is the slower the more it has held: each test has a copy of its own.
pytestmark = pytest.mark.forked


@pytest.fixture(scope="module", params=tools.CONFIGURATIONS)
def app(request):
    """An app with the demo's mosaic in it."""
    app = new_app(request.param)
    stage3.load(demo("i2d"), app=app)
    return app


@pytest.fixture
def load(app, tmp_path):
    """Load a catalog, and afterwards check that a good one is drawn as ever.

    ``load(table, root)`` returns the plugin with that catalog chosen.
    """
    loaded = []

    def load(table, root=tools.ROOT):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", stage3.Stage3Warning)  # of the reader
            loaded.extend(stage3.load(write_catalog(tmp_path, table, root), app=app))
        plg = plugin(app)
        plg.catalog = loaded[-1]
        return plg

    yield load
    errors = logged(app)
    app.plugins["Logger"].clear_history()
    for label in loaded:
        app._app.data_item_remove(label)
        tools.mend_reference(app)
    assert marks_of_plugin(app) == []
    [good] = stage3.load(demo("cat"), app=app)
    assert_good(app)
    app._app.data_item_remove(good)
    tools.mend_reference(app)
    assert marks_of_plugin(app) == []
    assert errors == logged(app) == []


def assert_good(app):
    plg = plugin(app)
    plg.catalog = f"{tools.ROOT} cat"
    viewer(plg).state.reset_limits()
    assert plg.problem == ""
    assert scene(plg).in_view == 93
    assert set(kinds(plg)) == {("ellipse", "#00e5ff"), ("diamond", "#ffb300")}


def assert_nothing_drawn(app):
    assert not any(mark.visible for mark in marks_of_plugin(app))


def use(app, plg):
    """What one does with an overlay; nothing of it may raise."""
    view = viewer(plg)
    for event in ("mousemove", "click"):
        canvas(plg)._mouse({"event": event, "domain": {"x": 20.0, "y": 20.0}})
    canvas(plg)._mouse({"event": "mouseleave"})
    zoom(view, 50, 50, 10)
    for how in ("WCS", "Pixels"):
        app.plugins["Orientation"].align_by = how
    for shape in plg.shape.choices:
        plg.shape = shape
    if plg.n_sources:
        plg.color_by = "aper_total_flux"
        plg.size_by = "aper_total_abmag"
    plg.visible = False
    plg.visible = True
    view.state.reset_limits()


# ---- catalogs ----


def nowhere(n=7):
    """A catalog none of whose sources has a position."""
    table = field(n)
    for name in ("xcentroid", "ycentroid"):
        table[name] = np.full(n, np.nan)
    table["sky_centroid"] = SkyCoord(np.full((2, n), np.nan)[0] * u.deg, np.full(n, np.nan) * u.deg)
    return table


def test_no_finite_position(app, load):
    plg = load(nowhere())
    assert "none of its 7 sources has a position" in plg.problem
    assert_nothing_drawn(app)
    use(app, plg)
    assert_nothing_drawn(app)
    with pytest.raises(stage3.Stage3Error, match="has a position"):
        plg.select(3, zoom=True)
    assert plg.selected == [3]
    assert_nothing_drawn(app)
    assert any("has a position" in text for text in logged(app, "warning"))


def test_some_positions_are_missing(app, load):
    table = field(8)
    table["xcentroid"][2] = table["ycentroid"][2] = np.nan
    sky = table["sky_centroid"]
    ra, dec = sky.ra.deg.copy(), sky.dec.deg.copy()
    ra[2] = dec[2] = np.nan
    table["sky_centroid"] = SkyCoord(ra, dec, unit="deg")
    plg = load(table)
    assert plg.problem.endswith("not drawn: 1.")
    assert drawn(plg)[0].tolist() == [0, 1, 3, 4, 5, 6, 7]
    plg.select([3, 4], zoom=True)  # of which one has a position
    assert text_of(marks(plg)._highlight).count("<text") == 1
    assert "nan" not in text_of(marks(plg)._highlight)
    assert "nan" not in plg._obj.selected_title
    use(app, plg)


@pytest.mark.parametrize("n", [0, 1])
def test_a_catalog_of_no_or_one_source(app, load, n):
    plg = load(field(n))
    assert (plg.n_shown, plg.n_sources) == (n, n)
    assert plg._obj.count_text == f"{n} of {n} shown"
    plg.visible = True
    use(app, plg)
    assert len(plg.table()) == n
    if n == 0:
        with pytest.raises(stage3.Stage3Error, match="no sources"):
            plg.select(1)
        plg.add_filter("aper_total_flux > 1e-7")
        assert_nothing_drawn(app)
    else:
        assert drawn(plg)[0].tolist() == [0]
        plg.select(1, zoom=True)
        assert text_of(marks(plg)._highlight)


def test_a_catalog_of_another_field(app, load):
    table = field(9)
    table["sky_centroid"] = SkyCoord(
        table["sky_centroid"].ra + 1 * u.deg, table["sky_centroid"].dec
    )
    plg = load(table, tools.OTHER_ROOT)
    assert not plg.visible
    plg.visible = True
    assert "0 of 9 sources fall on" in plg.problem
    assert "another field" in plg.problem
    assert any("0 of 9 sources fall on" in text for text in logged(app, "warning"))
    assert scene(plg).in_view == 0
    use(app, plg)
    assert "0 of 9 sources fall on" in plg.problem


def test_a_catalog_on_the_other_side_of_the_sky(app, load):
    """Where a tangent plane has no pixels for it."""
    table = field(5)
    sky = table["sky_centroid"]
    table["sky_centroid"] = SkyCoord(sky.ra + 180 * u.deg, -sky.dec)
    plg = load(table, tools.OTHER_ROOT)
    plg.visible = True
    assert plg.problem
    use(app, plg)
    assert scene(plg) is None or scene(plg).in_view == 0


def test_axes_that_are_no_axes(app, load):
    """Negative, zero and missing axes are small crosses, counted."""
    table = field(12)
    table["is_extended"] = True
    table["semimajor_sigma"][:4] = [0, -2, np.nan, np.inf] * u.pix
    table["semiminor_sigma"][4:6] = [0, -1] * u.pix
    table["orientation"][6] = np.nan * u.deg
    plg = load(table)
    crosses = kinds(plg)["cross-small", "#00e5ff"]
    assert set(range(6)) <= set(crosses) <= set(range(7))
    assert f"{len(crosses)} sources have no positive axes" in plg.problem
    picture = text_of(marks(plg)._symbols)
    assert "nan" not in picture
    assert "inf" not in picture
    canvas(plg)._mouse({
        "event": "click",
        "domain": {"x": float(table["xcentroid"][1]), "y": float(table["ycentroid"][1])},
    })  # fmt: skip
    assert plg.selected == [2]
    use(app, plg)


def test_only_pixel_positions_of_another_image(app, load):
    table = field(6)
    del table["sky_centroid"]
    plg = load(table, tools.OTHER_ROOT)
    plg.visible = True
    assert "has pixel positions only" in plg.problem
    assert_nothing_drawn(app)
    plg.positions = "Sky"
    assert "has no sky positions" in plg.problem
    plg.positions = "Pixels"
    assert plg.problem == ""
    np.testing.assert_allclose(drawn(plg)[1], table["xcentroid"], atol=1e-4)
    use(app, plg)


def test_only_pixel_positions_of_its_own_image(app, load):
    table = field(6)
    del table["sky_centroid"]
    plg = load(table)
    for how in ("WCS", "Pixels"):
        app.plugins["Orientation"].align_by = how
        assert plg.problem == ""
        assert len(drawn(plg)[0]) == 6
    assert plg._obj.hover_text == ""
    canvas(plg)._mouse({"event": "mousemove", "domain": {
        "x": float(table["xcentroid"][0]), "y": float(table["ycentroid"][0])}})  # fmt: skip
    assert f"x {table['xcentroid'][0]:.2f}" in plg._obj.hover_text
    use(app, plg)


def test_only_sky_positions(app, load):
    table = field(6)
    del table["xcentroid"], table["ycentroid"]
    plg = load(table)
    assert plg.problem == ""
    assert len(drawn(plg)[0]) == 6
    plg.positions = "Pixels"
    assert "no pixel positions" in plg.problem
    assert_nothing_drawn(app)
    plg.positions = "Auto"
    assert len(drawn(plg)[0]) == 6
    use(app, plg)


def test_columns_without_any_value(app, load):
    plg = load(field(6, columns={"aper_total_flux": np.full(6, np.nan) * u.Jy}))
    plg.color_by = "aper_total_flux"
    assert all(not group.filled for group in scene(plg).symbols)
    plg.size_by = "aper_total_flux"
    plg.add_filter("aper_total_flux > 0")
    assert plg.n_shown == 0
    assert "nan" not in text_of(canvas(plg).annotations.legend.picture).lower()
    plg.clear_filters()
    assert "nan" not in text_of(canvas(plg).annotations.legend.picture).lower()
    use(app, plg)


def test_a_column_of_one_value(app, load):
    plg = load(field(6, columns={"aper_total_abmag": np.full(6, 22.0)}))
    plg.color_by = plg.size_by = "aper_total_abmag"
    assert all(group.filled for group in scene(plg).symbols)
    assert len(drawn(plg)[0]) == 6
    use(app, plg)


def test_names_that_could_be_markup(app, load):
    """Columns are shown as they are called, and make no elements of the picture."""
    plg = load(field(3, columns={'<b>&"flux': np.arange(3.0)}))
    plg.color_by = '<b>&"flux'
    legend = text_of(canvas(plg).annotations.legend.picture)
    assert "&lt;b&gt;&amp;" in legend
    assert "<b>" not in legend
    plg.add_filter('`<b>&"flux` > 0')
    assert plg.n_shown == 2


# ---- images without WCS ----


@pytest.fixture(params=tools.CONFIGURATIONS)
def flat(request, tmp_path):
    """An app with the demo's mosaic without its WCS."""
    app = new_app(request.param)
    with pytest.warns(stage3.Stage3Warning, match="no celestial WCS"):
        stage3.load(without_wcs(tmp_path), app=app)
    return app


def test_an_image_without_wcs(flat, tmp_path):
    """Its own catalog lies on it by pixels; another, which has sky positions only, cannot."""
    [own] = stage3.load(write_catalog(tmp_path, field(9)), app=flat)
    plg = plugin(flat)
    assert plg.visible
    assert plg.problem == ""
    np.testing.assert_allclose(drawn(plg)[1], np.asarray(field(9)["xcentroid"]), atol=1e-4)
    plg.positions = "Sky"
    assert "no WCS" in plg.problem
    assert_nothing_drawn(flat)
    plg.positions = "Auto"
    other = field(5)
    del other["xcentroid"], other["ycentroid"]
    [label] = stage3.load(write_catalog(tmp_path, other, tools.OTHER_ROOT), app=flat)
    plg.catalog = label
    plg.visible = True
    assert "has sky positions, but" in plg.problem
    assert "no WCS" in plg.problem
    assert scene(plg) is None
    plg.select(2, zoom=False)
    plg.catalog = own
    assert plg.problem == ""
    assert len(drawn(plg)[0]) == 9
    assert logged(flat) == []


def test_zoom_to_what_cannot_be_placed_says_so(flat, tmp_path):
    other = field(5)
    del other["xcentroid"], other["ycentroid"]
    stage3.load(write_catalog(tmp_path, other), app=flat)
    plg = plugin(flat)
    assert "no WCS" in plg.problem
    before = viewer(plg).state.x_min
    plg.select(2)
    with pytest.raises(stage3.Stage3Error, match="no WCS"):
        plg.zoom_to_selected()
    plg._obj.vue_zoom_to_selected()  # in the browser it is said in the app's messages
    assert viewer(plg).state.x_min == before
    assert plg.selected == [2]


# ---- filters ----


BAD_FILTERS = {
    "aper_totl_flux > 1e-7": ["aper_totl_flux", "aper_total_flux"],
    "kind > 3": ["kind", "text"],
    "aper_total_flux > 20 mag": ["Jy", "mag"],
    "aper_total_flux > 3 pix": ["Jy", "pix"],
    "aper_total_abmag > 3 Jy": ["aper_total_abmag", "no unit", "Jy"],
    "is_extended > 1": ["is_extended", "True or False"],
    "aper_total_flux > bright": ["bright"],
    "aper_total_flux": ["aper_total_flux"],
    "": [],
    "__import__('os').system('true')": [],
}


def test_a_bad_filter_says_why_and_changes_nothing(app, load):
    plg = load(field(10, columns={"kind": np.array(["star", "galaxy"] * 5)}))
    plg.filters = ["aper_total_flux > 1e-7", "kind == 'star'"]
    before, shown = plg.filters, plg.n_shown
    assert 0 < shown < 10
    rows, picture = drawn(plg)[0].tolist(), text_of(marks(plg)._symbols)
    for condition, words in BAD_FILTERS.items():
        with case(condition):
            with pytest.raises(ConditionError) as caught:
                plg.add_filter(condition)
            assert "\n" not in str(caught.value)
            for word in words:
                assert word in str(caught.value)
            with pytest.raises(ConditionError):
                plg.filters = [condition]
            assert plg.filters == before
            assert plg.n_shown == shown
            assert drawn(plg)[0].tolist() == rows
            assert text_of(marks(plg)._symbols) == picture
            plg._obj.filter_value = ""


def test_no_source_passes(app, load):
    plg = load(field(10))
    plg.select(3)
    plg.add_filter("aper_total_flux > 1 Jy")
    assert plg.n_shown == 0
    assert plg._obj.count_text == "0 of 10 shown"
    assert scene(plg).symbols == []
    assert plg.problem == ""
    assert not marks(plg)._symbols.mark.visible
    assert len(plg.table()) == 0
    plg.color_by = plg.size_by = "aper_total_flux"
    use(app, plg)
    assert plg.selected == [3]  # it stays selected, and is highlighted though it is filtered out
    plg.clear_filters()
    assert len(drawn(plg)[0]) == 10


# ---- nothing there ----


def test_an_app_with_a_catalog_and_no_image(tmp_path):
    app = new_app()
    stage3.load(write_catalog(tmp_path, field(5)), app=app)
    plg = plugin(app)
    plg.visible = True
    plg.sigma = 2
    plg.select(3, zoom=True)
    assert plg.selected == [3]
    assert marks_of_plugin(app) == []
    assert logged(app) == []


def test_an_app_without_catalogs():
    app = new_app()
    stage3.load(demo("i2d"), app=app)
    plg = app._app.get_tray_item_from_name("stage3-catalog-overlay").user_api
    plg.sigma, plg.visible = 2, True
    assert plg.selected == []
    assert (plg.n_shown, plg.n_sources, plg.problem, plg.filters) == (0, 0, "", [])
    for call in (
        plg.table,
        plg.open_table,
        plg.to_python,
        plg.zoom_to_selected,
        lambda: plg.select(1),
        lambda: plg.add_filter("label > 1"),
        lambda: plg.export_catalog("never.ecsv"),
        lambda: plg.export_regions("never.reg"),
    ):
        with pytest.raises(stage3.Stage3Error, match="no catalog is loaded"):
            call()
    plg.clear_selection()
    assert marks_of_plugin(app) == []
    assert logged(app) == []
