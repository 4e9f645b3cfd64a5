"""Where sources are drawn: on rotated mosaics and gwcs images, aligned by pixels and by WCS.

Expected positions come from astropy and gwcs directly, or from glue's own links between images.
"""

import re
import warnings
from xml.etree import ElementTree

import jdaviz
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.nddata import NDData
from astropy.table import QTable
from fresh_apps import new_app
from hypothesis import given, settings
from hypothesis import strategies as st
from make_overlays import (
    catalog_of,
    image_of,
    mosaic_with,
    sources_of,
    tangent_gwcs,
    tangent_wcs,
    viewer_of,
)
from make_tables import save_table

import jdaviz_stage3 as stage3
from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.jdaviz_compat import image_viewers
from jdaviz_stage3.plugins.catalog_overlay.positions import source_positions
from jdaviz_stage3.plugins.catalog_overlay.scene import ELLIPSE, View, compose
from jdaviz_stage3.plugins.catalog_overlay.settings import OverlaySettings

ROOTS = [f"jw09997-o00{n}_t001_nircam_clear-f444w" for n in (1, 2)]
# its own mosaic, rotated; another one, with other pixels; gwcs of either kind
SHAPE, OTHER_SHAPE = (60, 80), (45, 50)
OWN = dict(turn=37, pixel=1.75e-5, crpix=(33.5, 28.25))
OTHER = dict(turn=0, pixel=3.1e-5, crpix=(24.0, 21.5))
TURNED = dict(turn=-110, pixel=2.4e-5, crpix=(45.0, 44.0))
TURNED_SHAPE = (90, 91)
WCS, OTHER_WCS = tangent_wcs(**OWN), tangent_wcs(**OTHER)
TWIN, TURNED_GWCS = tangent_gwcs(shape=SHAPE, **OWN), tangent_gwcs(shape=TURNED_SHAPE, **TURNED)
# what the labels of loaded images begin with, and their WCS
IMAGES = {
    "own": (f"{ROOTS[0]} i2d", WCS),
    "other": (f"{ROOTS[1]} i2d", OTHER_WCS),
    "twin": ("twin", TWIN),
    "turned": ("turned", TURNED_GWCS),
}
X, Y = np.array([(5, 7), (70, 50), (40, 30), (12, 52), (66, 9), (33, 20), (50, 41), (21, 33)]).T
TABLE = catalog_of(WCS, X.astype(float), Y.astype(float), np.random.default_rng(5))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("field")
    return {
        "own": mosaic_with(folder, f"{ROOTS[0]}_i2d.fits", WCS, SHAPE),
        "other": mosaic_with(folder, f"{ROOTS[1]}_i2d.fits", OTHER_WCS, OTHER_SHAPE),
        "twin": NDData(np.ones(SHAPE), wcs=TWIN, unit="MJy/sr"),
        "turned": NDData(np.ones(TURNED_SHAPE), wcs=TURNED_GWCS, unit="MJy/sr"),
        "cat": save_table(TABLE, folder / f"{ROOTS[0]}_cat.ecsv"),
    }


def app_with(files, *names, kind="new"):
    """An app with images in the order of their names, and the catalog."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jdaviz 5.2 drops Imviz
        app = new_app() if kind == "new" else jdaviz.Imviz()
    for name in names:
        if isinstance(files[name], NDData):
            app.load(files[name], format="Image", data_label=name)
        else:
            stage3.load(files[name], app=app)
    stage3.load(files["cat"], app=app)
    return app


def viewer_in(app):
    [viewer] = image_viewers(app)
    viewer.shape = (480, 640)
    return viewer


def image_in(app, name):
    label = IMAGES[name][0]
    return next(data for data in app._app.data_collection if data.label.startswith(label))


def overlay_in(app):
    [overlay] = app.plugins["Catalog Overlay"]._obj._overlays.values()
    return overlay


def on_sky(viewer, x, y):
    """Where on the sky positions in an aligned viewer's frame are."""
    return viewer.state.reference_data.coords.pixel_to_world(x, y)


SETS = [
    ("own", "other"), ("other", "own"), ("twin", "own"), ("turned", "own"), ("own", "turned"),
    ("other", "turned"), ("turned", "other"),
]  # fmt: skip


@pytest.fixture(scope="module", params=[*((names, "new") for names in SETS), (SETS[1], "imviz"),
                                        (SETS[4], "imviz")],
                ids=lambda param: "-".join([param[1], *param[0]]))  # fmt: skip
def loaded(request, files):
    """Names of images and an app with them, the first one the reference of its viewer."""
    names, kind = request.param
    return names, app_with(files, *names, kind=kind)


@pytest.fixture(scope="module", params=["Pixels", "WCS"])
def align_by(request, loaded):
    """How the images of ``loaded`` are aligned; which takes a second to change."""
    loaded[1].plugins["Orientation"].align_by = request.param
    return request.param


@pytest.mark.parametrize("align_by", ["Pixels"], indirect=True)
def test_aligned_by_pixels(loaded, align_by):
    names, app = loaded
    viewer, overlay = viewer_in(app), overlay_in(app)
    assert viewer.state.reference_data is image_in(app, names[0])
    found = overlay.positions_in(viewer)
    if "own" in names:
        # the frame is pixels of each of the images
        expected = X, Y
        assert found.frame == "pixels"
    else:
        expected = IMAGES[names[0]][1].world_to_pixel(TABLE["sky_centroid"])
        assert found.frame == "sky"
    np.testing.assert_allclose((found.x, found.y), expected, rtol=0, atol=0.1)


@pytest.mark.parametrize("align_by", ["WCS"], indirect=True)
def test_aligned_by_wcs(loaded, align_by):
    names, app = loaded
    viewer, overlay = viewer_in(app), overlay_in(app)
    assert viewer.state.reference_data.meta.get("_WCS_ONLY")
    for use in ("Auto", "Sky", "Pixels") if "own" in names else ("Auto", "Sky"):
        found = source_positions(overlay.sources, viewer, use)
        assert found.frame == ("pixels" if use == "Pixels" else "sky")
        for name in names:
            wcs = IMAGES[name][1]
            place = wcs.world_to_pixel(on_sky(viewer, found.x, found.y))
            expected = (X, Y) if name == "own" else wcs.world_to_pixel(TABLE["sky_centroid"])
            np.testing.assert_allclose(place, expected, rtol=0, atol=0.1)


def test_where_the_viewer_draws_the_pixel_of_each_source(loaded, align_by):
    """By the links by which glue lays the image over the reference: sources are on whole pixels."""
    names, app = loaded
    if "own" not in names:
        pytest.skip("the catalog's image is not among them")
    viewer, image = viewer_in(app), image_in(app, "own")
    axes = viewer.state.reference_data.pixel_component_ids
    x, y = image.get_data(axes[1])[Y, X], image.get_data(axes[0])[Y, X]
    size = 1.0
    if align_by == "WCS":
        reference = viewer.state.reference_data.coords
        size = OWN["pixel"] / np.abs(reference.wcs.cdelt[0])
    found = overlay_in(app).positions_in(viewer)
    np.testing.assert_allclose((found.x, found.y), (x, y), rtol=0, atol=0.1 * size)


@pytest.mark.forked
def test_the_image_and_its_gwcs_twin_agree(files):
    """One in an app each, so that each alone says where the sources are."""
    places = []
    for name in ("own", "twin"):
        app = app_with(files, name)
        viewer = viewer_in(app)
        for align_by in ("Pixels", "WCS"):
            app.plugins["Orientation"].align_by = align_by
            found = overlay_in(app).positions_in(viewer)
            place = found.x, found.y
            if align_by == "WCS":
                place = WCS.world_to_pixel(on_sky(viewer, *place))
            places.append(place)
            assert found.on_image.all()
    for place in places:
        np.testing.assert_allclose(place, (X, Y), rtol=0, atol=0.1)


# ---- shapes ----


def whole_view(found):
    """All of the sources, with screen pixels that are not square in the frame."""
    x0, x1, y0, y1 = found.x.min(), found.x.max(), found.y.min(), found.y.max()
    return View((x0 - 1, x1 + 2), (y0 - 2, y1 + 1), 640, 400)


def assert_ellipses_are_drawn(sources, found, through, sigma=3.0):
    """Points on each source's ellipse, taken to the frame by ``through``, are on what is drawn."""
    view = whole_view(found)
    everything = np.ones(len(sources), bool)
    scene = compose(sources, found, everything, OverlaySettings(sigma=sigma), view)
    [drawn] = scene.symbols
    assert drawn.marker == ELLIPSE
    assert sorted(drawn.rows) == list(range(len(sources)))
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    across, up = view.width / np.ptp(view.x), view.height / np.ptp(view.y)
    for k, row in enumerate(drawn.rows):
        major, minor = (TABLE[f"semi{n}_sigma"][row].value * sigma for n in ("major", "minor"))
        angle = TABLE["orientation"][row].to_value(u.rad)
        u0, v0 = major * np.cos(turn), minor * np.sin(turn)
        px = X[row] + u0 * np.cos(angle) - v0 * np.sin(angle)
        py = Y[row] + u0 * np.sin(angle) + v0 * np.cos(angle)
        fx, fy = through(px, py)
        # on the screen, whose y is down, from the drawn centre and along the drawn axes
        right, down = (fx - drawn.x[k]) * across, (drawn.y[k] - fy) * up
        tilt = np.radians(drawn.angle[k])
        along = right * np.cos(tilt) + down * np.sin(tilt)
        aside = down * np.cos(tilt) - right * np.sin(tilt)
        depth = np.hypot(along / drawn.rx[k], aside / drawn.ry[k])
        off = (depth - 1) * max(drawn.rx[k], drawn.ry[k])
        fx, fy = through(px[:1] + [0.0, 1, 0], py[:1] + [0.0, 0, 1])
        pixel = min(np.hypot(np.diff(fx[:2]) * across, np.diff(fy[:2]) * up)[0],
                    np.hypot((fx[2] - fx[0]) * across, (fy[2] - fy[0]) * up))  # fmt: skip
        assert np.abs(off).max() < 0.1 * pixel


def through_sky(viewer_wcs):
    return lambda x, y: viewer_wcs.world_to_pixel(WCS.pixel_to_world(x, y))


def test_ellipses_lie_on_the_sources(loaded, align_by):
    names, app = loaded
    viewer, overlay = viewer_in(app), overlay_in(app)
    if align_by == "WCS":
        through = through_sky(viewer.state.reference_data.coords)
    elif "own" in names:
        through = lambda x, y: (x, y)  # noqa: E731
    else:
        through = through_sky(IMAGES[names[0]][1])
    assert_ellipses_are_drawn(overlay.sources, overlay.positions_in(viewer), through)


@pytest.mark.forked
@pytest.mark.parametrize("align_by", ["Pixels", "WCS"])
def test_ellipses_with_their_mosaic_out_of_the_viewer(files, align_by):
    app = app_with(files, "other", "own")
    viewer, overlay = viewer_in(app), overlay_in(app)
    app._app.remove_data_from_viewer(viewer.reference, image_in(app, "own").label)
    app.plugins["Orientation"].align_by = align_by
    reference = viewer.state.reference_data.coords
    found = overlay.positions_in(viewer)
    assert found.frame == "sky"
    np.testing.assert_allclose(
        (found.x, found.y), reference.world_to_pixel(TABLE["sky_centroid"]), rtol=0, atol=0.03
    )
    assert_ellipses_are_drawn(overlay.sources, found, through_sky(reference))


# ---- any rotation and scale, without an app ----

turns = st.floats(-180, 180)
scales = st.floats(5e-6, 1e-4)


@settings(max_examples=25)
@given(turns, scales, st.booleans(), st.booleans(), st.floats(0.5, 4))
def test_ellipses_in_any_frame(turn, pixel, mirrored, with_image, sigma):
    wcs = tangent_wcs(turn, pixel, (10, 20))
    if mirrored:
        wcs.wcs.cdelt = -pixel, pixel
        wcs.wcs.set()
    sources = sources_of(TABLE, root="a")
    other = image_of(wcs, (100, 100), "b")
    viewer = viewer_of(other, elsewhere=[image_of(WCS, SHAPE, "a")] if with_image else [])
    found = source_positions(sources, viewer)
    expected = wcs.world_to_pixel(TABLE["sky_centroid"])
    np.testing.assert_allclose((found.x, found.y), expected, rtol=0, atol=1e-6)
    assert_ellipses_are_drawn(sources, found, through_sky(wcs), sigma)


@settings(max_examples=25)
@given(turns, scales)
def test_which_sources_fall_on_an_image(turn, pixel):
    wcs = tangent_wcs(turn, pixel, (10, 20))
    sources, image = sources_of(TABLE), image_of(wcs, (30, 50), "b")
    x, y = wcs.world_to_pixel(TABLE["sky_centroid"])
    expected = [bool(-0.5 <= a < 49.5 and -0.5 <= b < 29.5) for a, b in zip(x, y, strict=True)]
    assert source_positions(sources, viewer_of(image)).on_image.tolist() == expected
    # on either of two images, where they are aligned
    own = image_of(WCS, (35, 45), "c")
    reference = image_of(tangent_wcs(0, 1e-4, (5, 5)), (10, 10), _WCS_ONLY=True)
    viewer = viewer_of(image, own, align="wcs", reference=reference)
    either = [on or (a < 45 and b < 35) for on, a, b in zip(expected, X, Y, strict=True)]
    assert source_positions(sources, viewer).on_image.tolist() == either


def test_the_edges_of_an_image_are_half_a_pixel_out():
    inside = {-0.51: False, -0.5: True, 9.0: True, 9.49: True, 9.5: False}
    values = np.array(list(inside))
    table = catalog_of(None, values, np.full(5, 3.0), np.random.default_rng(0))
    own = image_of(None, (20, 10), "a")
    found = source_positions(sources_of(table, root="a"), viewer_of(own))
    assert found.on_image.tolist() == list(inside.values())
    table = catalog_of(None, np.full(5, 3.0), values, np.random.default_rng(0))
    own = image_of(None, (10, 20), "a")
    found = source_positions(sources_of(table, root="a"), viewer_of(own))
    assert found.on_image.tolist() == list(inside.values())


@pytest.mark.parametrize("kind", ["fits", "gwcs"])
@pytest.mark.parametrize("own", ["nowhere", "elsewhere", "here"])
@pytest.mark.parametrize("align", ["pixels", "wcs"])
def test_shapes_where_the_image_covers_a_corner_of_the_field(kind, own, align):
    """A gwcs says nothing beyond its bounding box; the sources within keep their shapes."""
    corner = image_of(tangent_gwcs(shape=(25, 25), **OWN) if kind == "gwcs" else WCS, (25, 25))
    sources, image = sources_of(TABLE, root="a"), image_of(WCS, SHAPE, "a")
    viewer = viewer_of(
        corner, *([image] if own == "here" else []), align=align,
        reference=image_of(WCS, (10, 10), _WCS_ONLY=True) if align == "wcs" else None,
        elsewhere=[image] if own == "elsewhere" else [],
    )  # fmt: skip
    found = source_positions(sources, viewer)
    assert (found.x[0], found.y[0]) == pytest.approx((X[0], Y[0]), abs=0.1)
    ends = (79.5, 59.5) if own == "here" else (24.5, 24.5)
    assert found.on_image.tolist() == ((X < ends[0]) & (Y < ends[1])).tolist()
    scene = compose(sources, found, np.ones(len(X), bool), OverlaySettings(),
                    View((0, 25), (0, 25), 500, 500))  # fmt: skip
    assert {symbols.marker for symbols in scene.symbols} == {ELLIPSE}


def test_the_catalogs_image_may_have_a_gwcs():
    sources = sources_of(TABLE, root="a")
    own = image_of(TWIN, SHAPE, "a")
    viewer = viewer_of(image_of(OTHER_WCS, OTHER_SHAPE), elsewhere=[own])
    assert_ellipses_are_drawn(sources, source_positions(sources, viewer), through_sky(OTHER_WCS))


def test_sky_positions_belong_to_the_catalogs_image_where_images_are_aligned_by_pixels():
    """Its image is drawn with its own pixels on those of the reference, whatever is under them."""
    table = TABLE.copy()
    table.remove_columns(["xcentroid", "ycentroid"])
    viewer = viewer_of(image_of(OTHER_WCS, OTHER_SHAPE, "b"), image_of(WCS, SHAPE, "a"))
    found = source_positions(sources_of(table, root="a"), viewer)
    np.testing.assert_allclose((found.x, found.y), (X, Y), rtol=0, atol=0.1)
    assert found.on_image.all()


def test_the_mosaic_goes_before_its_segmentation():
    sources = sources_of(TABLE, root="a")
    mosaic, segments = image_of(WCS, SHAPE, "a"), image_of(None, SHAPE, "a", suffix="segm")
    reference = image_of(OTHER_WCS, OTHER_SHAPE, _WCS_ONLY=True)
    for shown in ([mosaic, segments], [segments, mosaic]):
        found = source_positions(
            sources, viewer_of(*shown, align="wcs", reference=reference), "Pixels"
        )
        expected = OTHER_WCS.world_to_pixel(WCS.pixel_to_world(X, Y))
        np.testing.assert_allclose((found.x, found.y), expected, rtol=0, atol=1e-6)


# ---- what cannot be placed ----


def without(*columns):
    table = TABLE.copy()
    table.remove_columns(columns)
    return table


PIXEL_ONLY = without("sky_centroid")
SKY_ONLY = without("xcentroid", "ycentroid")
PLAIN = image_of(None, SHAPE, "b")


def positions(table, *images, use="Auto", root="a", **options):
    return source_positions(sources_of(table, root=root), viewer_of(*images, **options), use)


def test_no_image():
    with pytest.raises(Stage3Error, match="Image: shows no image"):
        positions(TABLE)


@pytest.mark.parametrize("table", [TABLE, SKY_ONLY], ids=["both", "sky"])
@pytest.mark.parametrize("use", ["Auto", "Sky"])
def test_sky_positions_but_no_wcs(table, use):
    with pytest.raises(Stage3Error, match=r"cat: has sky positions, but b i2d has no WCS"):
        positions(table, PLAIN, use=use)


def test_pixels_of_an_image_without_wcs():
    for use, image in (("Auto", image_of(None, SHAPE, "a")), ("Pixels", PLAIN)):
        found = positions(TABLE, image, use=use)
        np.testing.assert_array_equal((found.x, found.y), (X, Y))
        assert found.on_image.all()


def test_pixel_positions_only():
    own, other = image_of(WCS, SHAPE, "a"), image_of(OTHER_WCS, OTHER_SHAPE, "b")
    reference = image_of(OTHER_WCS, (10, 10), _WCS_ONLY=True)
    for images in ([own], [other, own]):
        found = positions(PIXEL_ONLY, *images)
        np.testing.assert_array_equal((found.x, found.y), (X, Y))
    aligned = positions(PIXEL_ONLY, other, own, align="wcs", reference=reference)
    expected = OTHER_WCS.world_to_pixel(WCS.pixel_to_world(X, Y))
    np.testing.assert_allclose((aligned.x, aligned.y), expected, rtol=0, atol=1e-6)
    with pytest.raises(Stage3Error, match="pixel positions only, and the image they belong to"):
        positions(PIXEL_ONLY, other)
    with pytest.raises(Stage3Error, match="need the WCS of their image"):
        positions(PIXEL_ONLY, other, use="Pixels", align="wcs", reference=reference)
    with pytest.raises(Stage3Error, match="WCS"):
        segments = image_of(None, SHAPE, "a", suffix="segm")
        positions(PIXEL_ONLY, other, segments, align="wcs", reference=reference)


def test_positions_that_a_catalog_has_not():
    image = image_of(WCS, SHAPE, "a")
    with pytest.raises(Stage3Error, match=r"no pixel positions .*set positions to 'Sky'"):
        positions(SKY_ONLY, image, use="Pixels")
    with pytest.raises(Stage3Error) as info:
        positions(PIXEL_ONLY, image, use="Sky")
    # what is asked for is not there, while the image they belong to is there and has a WCS
    assert "sky" in str(info.value)
    assert "has no WCS" not in str(info.value)


@pytest.mark.parametrize("align", ["pixels", "wcs"])
def test_no_finite_position(align):
    nan = np.full(len(TABLE), np.nan)
    table = TABLE.copy()
    table["xcentroid"] = nan
    table["sky_centroid"] = SkyCoord(nan, nan, unit="deg")
    reference = image_of(OTHER_WCS, (10, 10), _WCS_ONLY=True) if align == "wcs" else None
    for root in ("a", "b"):
        with pytest.raises(Stage3Error, match=f"none of its {len(table)} sources has a position"):
            positions(table, image_of(WCS, SHAPE, "a"), root=root, align=align, reference=reference)


def test_some_positions_are_missing():
    table = TABLE.copy()
    table["xcentroid"][2] = np.nan
    table["sky_centroid"] = SkyCoord(
        np.where(X == 40, np.nan, table["sky_centroid"].ra.deg), table["sky_centroid"].dec.deg,
        unit="deg",
    )  # fmt: skip
    for root in ("a", "b"):
        found = positions(table, image_of(WCS, SHAPE, "a"), root=root)
        there = X != 40
        np.testing.assert_allclose(found.x[there], X[there], rtol=0, atol=1e-6)
        assert np.isnan(found.x[~there]).all()
        assert found.on_image.tolist() == there.tolist()
        assert np.isfinite(found.jacobian).all()


@pytest.mark.parametrize("image", [image_of(WCS, SHAPE, "b"), image_of(TWIN, SHAPE, "b")],
                         ids=["fits", "gwcs"])  # fmt: skip
@pytest.mark.parametrize("align", ["pixels", "wcs"])
@pytest.mark.parametrize("offset", [1, 60], ids="{} deg".format)
def test_another_field(image, align, offset):
    sky = TABLE["sky_centroid"]
    table = QTable({"label": TABLE["label"]})
    table["sky_centroid"] = SkyCoord(sky.ra + offset * u.deg, sky.dec)
    reference = image_of(OTHER_WCS, (10, 10), _WCS_ONLY=True) if align == "wcs" else None
    found = positions(table, image, align=align, reference=reference)
    assert found.on_image.tolist() == [False] * len(table)


@pytest.mark.parametrize("wcs", [WCS, TWIN], ids=["fits", "gwcs"])
def test_a_field_on_the_other_side_of_the_sky(wcs):
    """Behind the tangent plane there are no pixels: none falls on the image, none is drawn."""
    sky = TABLE["sky_centroid"]
    table = QTable({"label": TABLE["label"]})
    table["sky_centroid"] = SkyCoord(sky.ra + 180 * u.deg, -sky.dec)
    found = positions(table, image_of(wcs, SHAPE, "b"))
    assert found.on_image.tolist() == [False] * len(table)


@pytest.mark.forked("imviz")
def test_an_imviz_that_held_an_image_before(files):
    """The plugin is added to an Imviz when the first product is loaded into it."""
    app = app_with(files, "turned", "own", kind="imviz")
    assert app.plugins["Catalog Overlay"].visible
    assert overlay_in(app).positions_in(viewer_in(app)).on_image.all()


@pytest.mark.forked
def test_in_the_app_another_field_is_said_and_draws_nothing(files, tmp_path):
    app = app_with(files, "other", "own")
    table = TABLE.copy()
    table["sky_centroid"] = SkyCoord(
        table["sky_centroid"].ra + 1 * u.deg, table["sky_centroid"].dec
    )
    path = save_table(table, tmp_path / "jw09997-o003_t001_nircam_clear-f444w_cat.ecsv")
    [label] = stage3.load(path, app=app)
    plg = app.plugins["Catalog Overlay"]
    viewer_in(app)
    plg.catalog = label
    plg.visible = True
    assert f"0 of {len(table)} sources fall on the image" in plg.problem
    assert "another field" in plg.problem
    plg.visible = False
    assert plg.problem == ""


# ---- segments ----


def paths_of(picture):
    """Corners of the paths of a picture, in the frame of its viewer."""
    mark = picture.mark
    root = ElementTree.fromstring(mark.image.value)
    width, height = (float(value) for value in root.get("viewBox").split()[2:])
    (x0, x1), (y0, y1) = mark.x, mark.y
    found = []
    for path in root.iter("{http://www.w3.org/2000/svg}path"):
        for piece in re.findall(r"M([^MZ]*)", path.get("d")):
            corners = np.array([pair.split() for pair in piece.split("L")], dtype=float).T
            found.append(
                (x0 + corners[0] * (x1 - x0) / width, y1 - corners[1] * (y1 - y0) / height)
            )
    return found


@pytest.fixture(scope="module")
def segmented(built):
    app = new_app()
    stage3.load(
        *(
            built(*key)
            for key in (("i2d", "ImageModel"), ("segm", "SegmentationMapModel"), ("cat", "current"))
        ),
        app=app,
    )
    plg = app.plugins["Catalog Overlay"]
    viewer_in(app)
    plg.segmentation = next(label for label in app.datasets if label.endswith("segm"))
    plg.select(1)
    return app


@pytest.mark.parametrize("align_by", ["Pixels", "WCS"])
def test_outlines_and_the_selected_segment(segmented, built, align_by):
    app = segmented
    app.plugins["Orientation"].align_by = align_by
    viewer = viewer_in(app)
    viewer.state.reset_limits()
    plugin = app.plugins["Catalog Overlay"]._obj
    plugin.redraw()
    marks = plugin._canvases[viewer].segments[overlay_in(app)]
    labels = stage3.read(built("segm", "SegmentationMapModel"))
    wcs = stage3.read(built("i2d", "ImageModel")).wcs
    tolerance = 0.1
    to_image = lambda x, y: (x, y)  # noqa: E731
    if align_by == "WCS":
        to_image = lambda x, y: wcs.world_to_pixel(on_sky(viewer, x, y))  # noqa: E731
    # every edge of a pixel between two labels, and no other, half-way between whole pixels
    padded = np.pad(np.asarray(labels.data), 1)
    expected = set()
    for y, x in np.argwhere(padded[:, :-1] != padded[:, 1:]):
        expected.add((x - 0.5, y - 1.0))
    for y, x in np.argwhere(padded[:-1] != padded[1:]):
        expected.add((x - 1.0, y - 0.5))
    drawn = set()
    for x, y in paths_of(marks._outlines):
        px, py = to_image(x, y)
        ends = np.round(np.array([px, py]) * 2) / 2
        np.testing.assert_allclose((px, py), ends, rtol=0, atol=tolerance)
        steps = int(np.abs(np.diff(ends)).max())
        for k in range(steps):
            drawn.add(tuple(ends[:, 0] + (k + 0.5) / steps * (ends[:, 1] - ends[:, 0])))
    assert drawn == expected
    [(x, y)] = paths_of(marks._fill)
    px, py = to_image(x, y)
    corners = {(4.5, 3.5), (8.5, 3.5), (8.5, 7.5), (4.5, 7.5)}  # of label 1 in make_products
    assert {tuple(np.round(pair * 2) / 2) for pair in np.array([px, py]).T} == corners
    np.testing.assert_allclose(np.ptp(px), 4, atol=2 * tolerance)
