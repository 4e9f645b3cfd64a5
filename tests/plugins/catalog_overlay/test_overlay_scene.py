"""What is drawn of a catalog in a view, and the pictures of it."""

import base64
import io
import re
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
import shapely
import shapely.affinity
from astropy import units as u
from astropy.table import QTable
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from make_overlays import sources_of
from PIL import Image

from jdaviz_stage3.plugins.catalog_overlay import picture
from jdaviz_stage3.plugins.catalog_overlay.canvas import OverlayCanvas
from jdaviz_stage3.plugins.catalog_overlay.positions import SourcePositions
from jdaviz_stage3.plugins.catalog_overlay.scene import (
    ELLIPSE,
    LOST,
    PADDING,
    Scale,
    Symbols,
    View,
    compose,
    depth_within,
    symbols_of,
)
from jdaviz_stage3.plugins.catalog_overlay.settings import MARKERS, OverlaySettings

SVG = "{http://www.w3.org/2000/svg}"
coordinate = st.integers(-40, 40).map(lambda k: k / 4)  # coarse, so that edges are met
size = st.floats(0.25, 20)
limits = st.tuples(coordinate, size).map(lambda pair: (pair[0], pair[0] + pair[1]))
pixels = st.integers(1, 2000).map(float)
views = st.builds(View, limits, limits, pixels, pixels)
values = arrays(float, st.integers(0, 60), elements=st.floats(-1e6, 1e6) | st.just(np.nan)
                | st.sampled_from([np.inf, -np.inf]))  # fmt: skip


# ---- views ----


@given(views, st.floats(0, 2))
def test_padding_adds_a_margin_at_the_same_zoom(view, padding):
    wide = view.padded(padding)
    for old, new in ((view.x, wide.x), (view.y, wide.y)):
        margin = padding * (old[1] - old[0])
        np.testing.assert_allclose(new, (old[0] - margin, old[1] + margin), atol=1e-9)
    np.testing.assert_allclose(wide.pixel, view.pixel, rtol=1e-9)
    assert wide.covers(view)


@given(views, limits, limits, st.floats(0.9, 1.1))
def test_a_view_covers_what_lies_within_it_at_its_zoom(view, x, y, zoom):
    width, height = ((b - a) / p / zoom for (a, b), p in zip((x, y), view.pixel, strict=True))
    other = View(x, y, width, height)
    assume(abs(abs(zoom - 1) - 0.03) > 1e-6)
    inside = shapely.box(view.x[0], view.y[0], view.x[1], view.y[1]).covers(
        shapely.box(x[0], y[0], x[1], y[1])
    )
    assert view.covers(other) == (inside and abs(1 / zoom - 1) < 0.03)


@given(views, coordinate, coordinate)
def test_screen_pixels_are_counted_from_the_upper_left_corner(view, x, y):
    left, top = picture.on_screen(view, np.array([x, view.x[0], view.x[1]]),
                                  np.array([y, view.y[1], view.y[0]]))  # fmt: skip
    np.testing.assert_allclose(left[1:], (0, view.width), atol=1e-6)
    np.testing.assert_allclose(top[1:], (0, view.height), atol=1e-6)
    dx, dy = view.pixel
    np.testing.assert_allclose(view.x[0] + left[0] * dx, x, atol=1e-9)
    np.testing.assert_allclose(view.y[1] - top[0] * dy, y, atol=1e-9)


# ---- scales ----


@given(values)
def test_scales_go_from_the_first_to_the_last_percentile(column):
    scale = Scale.of(column)
    finite = np.isfinite(column)
    assert np.isnan(scale.level[~finite]).all()
    level = scale.level[finite]
    assert ((level >= 0) & (level <= 1)).all()
    if finite.any():
        low, high = np.percentile(column[finite], 1), np.percentile(column[finite], 99)
        assert (scale.low, scale.high) == (low, high)
        if high > low:
            for value, found in zip(column[finite], level, strict=True):
                assert found == pytest.approx(min(max((value - low) / (high - low), 0), 1))
        else:
            assert (level == 0.5).all()


def test_scales_with_limits():
    scale = Scale.of(np.array([0, 1, 2, 3, np.nan]), low=1, high=2)
    np.testing.assert_array_equal(scale.level, [0, 0, 1, 1, np.nan])
    down = Scale.of(np.array([0.0, 1, 2]), low=2, high=0)
    np.testing.assert_array_equal(down.level, [1, 0.5, 0])
    half = Scale.of(np.array([0.0, 10.0]), low=5)
    assert half.low == 5 and half.high == pytest.approx(9.9)


def test_scales_of_constants_and_of_nothing():
    np.testing.assert_array_equal(Scale.of([7.0, 7.0, np.nan]).level, [0.5, 0.5, np.nan])
    for nothing in ([], [np.nan, np.inf]):
        scale = Scale.of(np.array(nothing))
        assert len(scale.level) == len(nothing)
        assert np.isnan(scale.level).all()
        assert np.isfinite([scale.low, scale.high]).all()


# ---- composing ----


def catalog(n, seed=0, *, extended=None, major=None, minor=None, angle=None):
    rng = np.random.default_rng(seed)
    table = QTable({"label": np.arange(n) + 101})
    table["xcentroid"] = table["ycentroid"] = np.zeros(n)
    table["is_extended"] = np.ones(n, bool) if extended is None else extended
    table["semimajor_sigma"] = (rng.uniform(2, 4, n) if major is None else major) * u.pix
    table["semiminor_sigma"] = (rng.uniform(0.5, 2, n) if minor is None else minor) * u.pix
    table["orientation"] = (rng.uniform(-90, 90, n) if angle is None else angle) * u.deg
    return sources_of(table)


def at(x, y, jacobian=((1.0, 0.0), (0.0, 1.0))):
    x, y = np.asarray(x, float), np.asarray(y, float)
    matrix = None if jacobian is None else np.array(jacobian)
    return SourcePositions(x, y, matrix, "pixels", None)


VIEW = View((0.0, 100.0), (0.0, 50.0), 400.0, 300.0)
# of one colour, whatever the type
ONE = dict(by_type=False)


def drawn(scene):
    """Every source that has a symbol, with that symbol's row among them."""
    return sorted(int(row) for group in scene.symbols for row in group.rows)


points = arrays(float, st.tuples(st.just(2), st.integers(0, 40)),
                elements=coordinate | st.just(np.nan))  # fmt: skip


@given(points, views, st.integers(0, 2**20), st.sampled_from(["Ellipse", "Marker", "Circle"]))
def test_each_source_in_the_view_and_its_margin_is_drawn_once(places, view, seed, shape):
    n = places.shape[1]
    rng = np.random.default_rng(seed)
    passing = rng.random(n) < 0.8
    major = rng.choice([0, -1, np.nan, 2], n)
    sources = catalog(n, extended=rng.random(n) < 0.5, major=major)
    positions = at(*places)
    scene = compose(sources, positions, passing, OverlaySettings(shape=shape), view)

    def within(padding):
        (x0, x1), (y0, y1) = view.x, view.y
        dx, dy = padding * (x1 - x0), padding * (y1 - y0)
        return [
            i
            for i in range(n)
            if passing[i]
            and x0 - dx <= places[0, i] <= x1 + dx
            and y0 - dy <= places[1, i] <= y1 + dy
        ]

    assert scene.rows.tolist() == within(PADDING)
    assert drawn(scene) == within(PADDING)
    assert scene.in_view == len(within(0))
    assert scene.density is None
    for group in scene.symbols:
        np.testing.assert_array_equal([group.x, group.y], places[:, group.rows])
        assert (group.rx > 0).all() and (group.ry > 0).all()
        assert np.isfinite([group.rx, group.ry, group.angle]).all()


@given(points, views, st.integers(0, 20))
def test_above_the_cap_the_density_is_drawn(places, view, cap):
    n = places.shape[1]
    everything = np.ones(n, bool)
    scene = compose(catalog(n), at(*places), everything, OverlaySettings(), view, cap=cap)
    wide = view.padded()
    there = int(np.sum((places[0] >= wide.x[0]) & (places[0] <= wide.x[1])
                       & (places[1] >= wide.y[0]) & (places[1] <= wide.y[1])))  # fmt: skip
    if there <= cap:
        assert scene.density is None
        assert len(drawn(scene)) == there
        return
    assert scene.density.sum() == there
    assert (scene.symbols, len(scene.rows), len(scene.labelled)) == ([], 0, 0)
    assert scene.view == wide


def test_the_density_is_where_the_sources_are():
    """The picture's cell of each source is inked, and no other."""
    rng = np.random.default_rng(2)
    x, y = rng.uniform(10, 40, 30), rng.uniform(30, 45, 30)
    view = View((0.0, 100.0), (0.0, 50.0), 400.0, 200.0)
    scene = compose(catalog(30), at(x, y), np.ones(30, bool), OverlaySettings(), view, cap=5)
    [element] = picture.scene_elements(scene, "#00e5ff", 1.5)
    found = decoded(element)
    ny, nx = found.shape[:2]
    expected = np.zeros((ny, nx), bool)
    wide = scene.view
    column = (x - wide.x[0]) / (wide.x[1] - wide.x[0]) * nx
    row = (wide.y[1] - y) / (wide.y[1] - wide.y[0]) * ny
    expected[row.astype(int), column.astype(int)] = True
    np.testing.assert_array_equal(found[..., 3] > 0, expected)
    assert (found[expected][:, :3] == (0, 0xE5, 0xFF)).all()


def test_types_have_their_symbols_and_colours():
    extended = np.array([True, False, True, False, False])
    sources = catalog(5, extended=extended)
    positions = at(np.arange(5) * 10, np.arange(5) * 8)
    for shape, kind in (("Ellipse", ELLIPSE), ("Marker", "square")):
        chosen = OverlaySettings(shape=shape, marker="square", point_marker="star", color="#111111",
                                 point_color="#222222")  # fmt: skip
        scene = compose(sources, positions, np.ones(5, bool), chosen, VIEW)
        found = {(g.marker, g.color, g.filled): g.rows.tolist() for g in scene.symbols}
        assert found == {(kind, "#111111", False): [0, 2], ("star", "#222222", False): [1, 3, 4]}
        chosen.by_type = False
        scene = compose(sources, positions, np.ones(5, bool), chosen, VIEW)
        [group] = scene.symbols
        assert (group.marker, group.color, group.rows.tolist()) == (
            kind,
            "#111111",
            [0, 1, 2, 3, 4],
        )


def colored(level, size=None, **options):
    n = len(level)
    scale = Scale(0, 1, np.asarray(level, float))
    sized = None if size is None else Scale(0, 1, np.asarray(size, float))
    chosen = OverlaySettings(shape="Marker", color="#abcdef", **{**ONE, **options})
    return compose(
        catalog(n), at(np.linspace(5, 95, n), np.full(n, 20)), np.ones(n, bool), chosen, VIEW,
        color_scale=scale, size_scale=sized, palette=["#000000", "#555555", "#aaaaaa", "#ffffff"],
    )  # fmt: skip


def test_colours_by_a_column():
    scene = colored([0, 0.2, 0.3, 0.5, 0.74, 0.76, 1, np.nan])
    found = {(group.color, group.filled): group.rows.tolist() for group in scene.symbols}
    assert found == {
        ("#000000", True): [0, 1],
        ("#555555", True): [2],
        ("#aaaaaa", True): [3, 4],
        ("#ffffff", True): [5, 6],
        ("#abcdef", False): [7],
    }


def test_sources_without_a_colour_are_hollow_whether_or_not_they_have_a_size():
    scene = colored([0.1, np.nan, np.nan, 0.9], size=[0.5, 0.5, np.nan, np.nan])
    filled = {int(row): group.filled for group in scene.symbols for row in group.rows}
    assert filled == {0: True, 1: False, 2: False, 3: False}


def test_sizes_by_a_column():
    level = np.array([0, 0.25, 1, np.nan])
    chosen = OverlaySettings(shape="Marker", marker_size=10, size_max=50, **ONE)
    scene = compose(catalog(4), at([10, 20, 30, 40], [5] * 4), np.ones(4, bool), chosen, VIEW,
                    size_scale=Scale(0, 1, level))  # fmt: skip
    found = {
        int(row): (group.filled, radius)
        for group in scene.symbols
        for row, radius in zip(group.rows, group.rx, strict=True)
    }
    # diameters from marker_size to size_max; hollow and small without a value
    assert found == {0: (True, 5), 1: (True, 10), 2: (True, 25), 3: (False, 5)}


def test_sources_without_axes_are_small_crosses_and_counted():
    major = np.array([3, 0, -2, np.nan, 3, 3, 3])
    minor = np.array([1, 1, 1, 1, 0, np.nan, 1])
    angle = np.array([10, 10, 10, 10, 10, 10, np.nan])
    sources = catalog(7, major=major, minor=minor, angle=angle)
    positions = at(np.arange(7) * 10, np.arange(7) * 5)
    scene = compose(sources, positions, np.ones(7, bool), OverlaySettings(), VIEW)
    assert {g.marker: g.rows.tolist() for g in scene.symbols} == {
        ELLIPSE: [0],
        LOST: [1, 2, 3, 4, 5, 6],
    }
    assert scene.without_shape == 6
    # nothing is asked of their axes where they are circles or point-like
    for chosen, passing in (
        (OverlaySettings(shape="Circle"), sources),
        (OverlaySettings(), catalog(7, major=major, minor=minor, extended=np.zeros(7, bool))),
    ):
        scene = compose(passing, positions, np.ones(7, bool), chosen, VIEW)
        assert scene.without_shape == 0
        assert LOST not in {group.marker for group in scene.symbols}


def test_only_crosses_in_the_view_are_counted():
    """One in the view, one in the margin."""
    sources = catalog(2, major=np.zeros(2))
    scene = compose(sources, at([50, 120], [25, 25]), np.ones(2, bool), OverlaySettings(), VIEW)
    assert scene.in_view == 1
    assert scene.without_shape == 1


def test_no_shapes_where_their_scale_is_unknown():
    scene = compose(
        catalog(3), at([1, 2, 3], [1, 2, 3], None), np.ones(3, bool), OverlaySettings(), VIEW
    )
    [group] = scene.symbols
    assert (group.marker, group.rx.tolist()) == ("circle", [6, 6, 6])
    assert scene.without_shape == 0


@pytest.mark.parametrize(("cap", "labelled"), [(3, [0, 1, 2, 3]), (2, []), (0, [])])
def test_labels_up_to_a_number_in_view(cap, labelled):
    """Three in the view, one in the margin, one beyond it."""
    x, y = [10, 50, 90, 120, 300], [10, 20, 30, 10, 10]
    for on in (True, False):
        chosen = OverlaySettings(label_cap=cap, labels=on)
        scene = compose(catalog(5), at(x, y), np.ones(5, bool), chosen, VIEW)
        assert scene.labelled.tolist() == (labelled if on else [])


# ---- which shape holds a position ----


@settings(max_examples=50)
@given(st.integers(0, 2**20), st.floats(0.5, 4), arrays(float, (2, 2), elements=st.floats(-2, 2)))
def test_a_position_within_a_shape(seed, sigma, jacobian):
    """Against polygons that are the images of the sources' ellipses."""
    assume(abs(np.linalg.det(jacobian)) > 0.2)
    rng = np.random.default_rng(seed)
    sources = catalog(6, seed)
    x, y = rng.uniform(-10, 10, (2, 6))
    positions = at(x, y, jacobian)
    chosen = OverlaySettings(sigma=sigma, **ONE)
    rows = np.array([0, 2, 5])
    px, py = rng.uniform(-15, 15, 2)
    depth = depth_within(px, py, rows, sources, positions, chosen)
    major, minor, angle = sources.axes
    for found, row in zip(depth, rows, strict=True):
        circle = shapely.Point(0, 0).buffer(1, quad_segs=256)
        shape = shapely.affinity.scale(
            circle, major[row] * sigma, minor[row] * sigma, origin=(0, 0)
        )
        shape = shapely.affinity.rotate(shape, angle[row], origin=(0, 0), use_radians=True)
        (a, b), (c, d) = jacobian
        shape = shapely.affinity.affine_transform(shape, (a, b, c, d, x[row], y[row]))
        for factor, inside in ((found * 1.001, True), (found * 0.999, False)):
            grown = shapely.affinity.scale(shape, factor, factor, origin=(x[row], y[row]))
            assert grown.contains(shapely.Point(px, py)) == inside


def test_positions_are_within_no_marker():
    extended = np.array([True, False, True, True])
    sources = catalog(4, extended=extended, major=np.array([3, 3, 0, np.nan]), minor=np.ones(4))
    positions, rows = at([1, 1, 1, 1], [1, 1, 1, 1]), np.arange(4)
    depth = depth_within(1, 1, rows, sources, positions, OverlaySettings())
    np.testing.assert_array_equal(depth, [0, np.inf, np.inf, np.inf])
    marker = OverlaySettings(shape="Marker")
    assert np.isinf(depth_within(1, 1, rows, sources, positions, marker)).all()
    unknown = at([1] * 4, [1] * 4, None)
    assert np.isinf(depth_within(1, 1, rows, sources, unknown, OverlaySettings())).all()


def test_symbols_of_sources_without_a_position_are_left_out():
    found = symbols_of(np.arange(3), catalog(3), at([1, np.nan, 3], [1, 2, np.nan]),
                       OverlaySettings(), VIEW, color="#ffffff")  # fmt: skip
    assert [group.rows.tolist() for group in found] == [[0]]


# ---- pictures ----


def group_of(marker, x, y, rx, ry, angle, color="#00e5ff", filled=False):
    arrays_ = (np.atleast_1d(np.asarray(value, float)) for value in (x, y, rx, ry, angle))
    return Symbols(marker, np.arange(np.size(x)), *arrays_, color, filled)


def parsed(elements, view):
    root = ElementTree.fromstring(picture.document(elements, view))
    assert root.tag == f"{SVG}svg"
    np.testing.assert_allclose(
        [float(v) for v in root.get("viewBox").split()], (0, 0, view.width, view.height), atol=0.01
    )
    return root


def decoded(element):
    data = re.search(r'href="data:image/png;base64,([^"]+)"', element).group(1)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def numbers(text):
    return [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", text)]


@settings(max_examples=50)
@given(st.integers(0, 2**20), st.sampled_from([ELLIPSE, LOST, *MARKERS]), st.booleans())
def test_svg_elements_are_at_their_places(seed, marker, filled):
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 8)
    view = View((10.0, 110.0), (-20.0, 40.0), 500.0, 450.0)
    x, y = rng.uniform(10, 110, n), rng.uniform(-20, 40, n)
    rx = rng.uniform(1, 40, n)
    ry, angle = (
        (rng.uniform(1, 40, n), rng.uniform(-90, 90, n)) if marker == ELLIPSE else (rx, 0 * x)
    )
    group = group_of(marker, x, y, rx, ry, angle, filled=filled)
    root = parsed(picture.symbol_elements([group], view, 1.5), view)
    [g] = root
    assert g.get("stroke") == "#00e5ff"
    assert g.get("fill") == ("#00e5ff" if filled else "none")
    assert len(g) == n
    for k, shape in enumerate(g):
        left, top, second = numbers(shape.get("transform"))
        assert left == pytest.approx((x[k] - 10) * 5, abs=0.006)
        assert top == pytest.approx((40 - y[k]) * 7.5, abs=0.006)
        if marker == ELLIPSE:
            assert shape.tag == f"{SVG}ellipse"
            assert (float(shape.get("rx")), float(shape.get("ry"))) == pytest.approx(
                (rx[k], ry[k]), abs=0.006
            )
            assert second == pytest.approx(angle[k], abs=0.06)
        else:
            assert second == pytest.approx(rx[k], abs=0.006)
            corners = np.reshape(numbers(shape.get("d")), (-1, 2))
            assert 0.3 < np.abs(corners).max() <= 1.4
            # the line is as wide as asked for after the scaling
            assert float(shape.get("stroke-width")) * second == pytest.approx(1.5, rel=0.05)


def outline(group, k, view, step=0.02):
    """Points on an ellipse or circle, screen pixels."""
    turn = np.arange(0, 2 * np.pi, step)
    tilt = np.radians(group.angle[k])
    along, aside = group.rx[k] * np.cos(turn), group.ry[k] * np.sin(turn)
    left = (group.x[k] - view.x[0]) / (view.x[1] - view.x[0]) * view.width
    top = (view.y[1] - group.y[k]) / (view.y[1] - view.y[0]) * view.height
    return np.column_stack([left + along * np.cos(tilt) - aside * np.sin(tilt),
                            top + along * np.sin(tilt) + aside * np.cos(tilt)])  # fmt: skip


PICTURE_VIEW = View((0.0, 60.0), (0.0, 50.0), 300.0, 200.0)


def test_markers_are_told_apart():
    paths = {}
    for marker in (*MARKERS, LOST):
        [g] = parsed(picture.symbol_elements(
            [group_of(marker, 30, 25, 20, 20, 0)], PICTURE_VIEW, 1.5), PICTURE_VIEW)  # fmt: skip
        paths[marker] = g[0].get("d")
    assert len(set(paths.values())) == len(paths)
    corners = np.reshape(numbers(paths["triangle"]), (-1, 2))
    top = corners[np.argmin(corners[:, 1])]  # y grows downwards: one corner up, two down
    assert top[0] == 0 and (np.delete(corners, np.argmin(corners[:, 1]), 0)[:, 1] > 0).all()


def test_labels_are_beside_the_sources_and_escaped():
    texts = ["7", "<b> & \"quoted\" 'é'"]
    elements = picture.label_elements(
        texts, np.array([30.0, 6.0]), np.array([25.0, 40.0]), PICTURE_VIEW, "#00e5ff"
    )
    root = parsed(elements, PICTURE_VIEW)
    [g] = root
    assert [text.text for text in g] == texts
    for text, left, top in zip(g, (150, 30), (100, 40), strict=True):
        assert left < float(text.get("x")) < left + 20
        assert top - 20 < float(text.get("y")) < top
    assert picture.label_elements([], np.empty(0), np.empty(0), PICTURE_VIEW, "#fff") == []


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=20))
def test_any_label_is_well_formed(text):
    elements = picture.label_elements([text], np.zeros(1), np.zeros(1), PICTURE_VIEW, "#ffffff")
    parsed(elements, PICTURE_VIEW)


def test_on_a_page_that_was_closed_nothing_is_drawn():
    """glue tells of a move half a second later, when the page may be gone."""

    class Marks:
        def draw_if_moved(self):
            raise RuntimeError("Widget has no comm")

    canvas = OverlayCanvas.__new__(OverlayCanvas)
    canvas.viewer = SimpleNamespace(figure=SimpleNamespace(comm=None))
    canvas.marks, canvas.segments = {"overlay": Marks()}, {}
    canvas._settled()
