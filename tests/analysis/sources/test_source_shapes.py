"""Shapes of sources, maps between frames, densities and the nearest source."""

import numpy as np
import pytest
from astropy import units as u
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jdaviz_stage3.analysis import (
    SourceIndex,
    affine_between,
    projected_ellipses,
    source_density,
    sources_within,
)
from jdaviz_stage3.errors import Stage3Error

coordinates = st.floats(-1e4, 1e4)
axes = st.floats(0.1, 100)
angles = st.floats(-10, 10)
factors = st.floats(-3, 3)
# many on a coarse grid, so that edges and ties are met; some missing
positions = arrays(
    np.float64,
    st.tuples(st.just(2), st.integers(0, 30)),
    elements=st.integers(-8, 8).map(lambda k: k / 4) | st.floats(-2, 2) | st.just(np.nan),
)


@given(axes, axes, angles, arrays(float, (2, 2), elements=factors))
def test_points_of_an_ellipse_are_on_its_image(major, minor, angle, jacobian):
    assume(abs(np.linalg.det(jacobian)) > 0.1)
    (rx,), (ry,), (turn,) = projected_ellipses([major], [minor], [angle], jacobian)
    assert rx >= ry > 0
    assert abs(turn) <= np.pi / 2
    phase = np.linspace(0, 2 * np.pi, 16)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = jacobian @ rotation @ [major * np.cos(phase), minor * np.sin(phase)]
    along = points[0] * np.cos(turn) + points[1] * np.sin(turn)
    across = points[1] * np.cos(turn) - points[0] * np.sin(turn)
    np.testing.assert_allclose((along / rx) ** 2 + (across / ry) ** 2, 1, atol=1e-5)


def test_ellipses_with_units_and_without_values():
    size = np.array([3, 3, np.nan, -3, 0.0]) * u.pix
    orientation = [90, np.nan, 0, 0, 0] * u.deg
    rx, ry, turn = projected_ellipses(size, size / 3, orientation, np.diag([2, 2]))
    np.testing.assert_allclose(rx, [6] + 4 * [np.nan])
    np.testing.assert_allclose(ry, [2] + 4 * [np.nan])
    assert abs(turn[0]) == pytest.approx(np.pi / 2)
    with pytest.raises(u.UnitConversionError):
        projected_ellipses([1] * u.arcsec, [1] * u.arcsec, [0], np.eye(2))
    assert [len(values) for values in projected_ellipses([], [], [], np.eye(2))] == [0, 0, 0]


@given(
    arrays(float, (2, 2), elements=factors),
    st.tuples(coordinates, coordinates),
    st.integers(0, 1000),
    st.floats(-7, 3),
)
def test_affine_map_is_found_again(matrix, offset, seed, magnitude):
    # a small field far from the origin, as degrees on the sky are
    points = np.random.default_rng(seed).normal(size=(2, 12)) * 10**magnitude + [[200], [-45]]
    matrix = matrix / 10**magnitude
    to = matrix @ points + np.reshape(offset, (2, 1))
    points[0, 3] = to[1, 5] = np.nan
    found, shift = affine_between(*points, *to)
    mapped = found @ points + shift[:, np.newaxis]
    usable = np.isfinite(points).all(axis=0) & np.isfinite(to).all(axis=0)
    tolerance = 1e-12 * np.abs(to[:, usable]).max() + 1e-12 * np.abs(matrix).max() * 200
    np.testing.assert_allclose(mapped[:, usable], to[:, usable], rtol=0, atol=tolerance)


def test_affine_map_is_the_least_squares_one():
    rng = np.random.default_rng(4)
    points, to = rng.normal(size=(2, 2, 50))
    matrix, offset = affine_between(*points, *to)
    residuals = to - matrix @ points - offset[:, np.newaxis]
    # the condition for the minimum: residuals are orthogonal to 1, x and y
    np.testing.assert_allclose(residuals @ np.vstack([np.ones(50), points]).T, 0, atol=1e-12)


@pytest.mark.parametrize("origin", [0, 200, 1e6])
@pytest.mark.parametrize("slope", [0, 0.3, 1e3])
def test_points_on_a_line_give_no_affine_map(origin, slope):
    x = origin + np.linspace(0, 0.01, 20)
    y = origin + slope * (x - origin)
    with pytest.raises(Stage3Error, match="on a line"):
        affine_between(x, y, x, y)
    with pytest.raises(Stage3Error, match="on a line"):
        affine_between(y, x, x, y)


def test_too_few_points_for_an_affine_map():
    x = np.array([0, 1, np.nan, 3])
    with pytest.raises(Stage3Error, match="2 points"):
        affine_between(x, [0, 1, 1, np.inf], x, x)


@given(positions, st.integers(0, 2**30))
def test_sources_in_a_rectangle(points, seed):
    rng = np.random.default_rng(seed)
    (x0, x1), (y0, y1) = rng.integers(-8, 9, size=(2, 2)) / 4
    selected = rng.random(points.shape[1]) < 0.7
    x, y = points
    expected = [
        i
        for i in range(len(x))
        if min(x0, x1) <= x[i] <= max(x0, x1) and min(y0, y1) <= y[i] <= max(y0, y1)
    ]
    assert sources_within(x, y, (x0, x1), (y0, y1)).tolist() == expected
    expected = [i for i in expected if selected[i]]
    assert sources_within(x, y, (x0, x1), (y0, y1), selected).tolist() == expected


@given(positions, st.tuples(st.integers(1, 8), st.integers(1, 8)))
def test_density_on_edges_that_floats_hold(points, log_shape):
    # quarters are edges of these grids; no source is so near to one that rounding decides
    points = np.round(points * 64) / 64
    ny, nx = (2 ** (k // 2) for k in log_shape)
    finite = points[:, np.isfinite(points).all(axis=0)]
    for limits in ((-2, 2), (-1, 1)):
        expected = np.histogram2d(*finite, bins=(nx, ny), range=(limits, limits))[0].T
        found = source_density(*points, limits, limits, (ny, nx))
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(source_density(*points, (1, -1), (1, -1), (ny, nx)), expected)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(1, 50), st.integers(1, 50))
def test_density_loses_nothing_at_the_edges(low, width, ny, nx):
    """Rounding may move a source to the next cell, never out of the grid."""
    high = low + width
    edges = np.linspace(low, high, nx + 1)
    x = np.clip(
        np.concatenate([edges, np.nextafter(edges, low), np.nextafter(edges, high)]), low, high
    )
    y = np.resize(np.linspace(low, high, ny + 1)[::-1], x.size)
    found = source_density(x, y, (low, high), (low, high), (ny, nx))
    assert found.shape == (ny, nx)
    assert found.sum() == x.size


@pytest.mark.parametrize(
    ("limits", "shape"),
    [((1, 1), (2, 2)), ((0, np.nan), (2, 2)), ((0, np.inf), (2, 2)), ((0, 1), (0, 2))],
)
def test_no_density_without_cells(limits, shape):
    with pytest.raises(Stage3Error, match="no density"):
        source_density(np.zeros(2), np.zeros(2), limits, (0, 1), shape)


scales = st.sampled_from([0.25, 1, 3, -2])


@given(positions, st.tuples(scales, scales), st.integers(0, 2**30))
def test_nearest_source(points, scale, seed):
    rng = np.random.default_rng(seed)
    at = rng.integers(-8, 9, size=2) / 4
    radius = rng.choice([0, 0.25, 1, 100])
    selected = rng.random(points.shape[1]) < 0.7 if rng.random() < 0.5 else None

    expected, closest = None, radius
    for i, point in enumerate(points.T):
        distance = np.hypot(*((point - at) * scale))
        nearer = distance < closest or (expected is None and distance == closest)
        if nearer and (selected is None or selected[i]):
            expected, closest = i, distance
    index = SourceIndex(*points)
    assert index.nearest(*at, radius, selected, scale) == expected
    assert index.nearest(*at, radius, selected, scale) == expected  # with the tree built


def test_nearest_to_nothing():
    assert SourceIndex([1], [1]).nearest(np.nan, 1, 5) is None
    assert SourceIndex([1], [1]).nearest(1, 1, np.nan) is None
    assert SourceIndex([], []).nearest(1, 1, 5) is None
    assert SourceIndex([np.nan], [1]).nearest(1, 1, 5) is None


def test_positions_in_pixels_as_catalogs_have_them():
    x, y = [1, 2, 3] * u.pix, [4, 5, 6] * u.pix
    assert SourceIndex(x, y).nearest(2, 5, 0.5) == 1
    assert sources_within(x, y, (1.5, 3.5), (0, 5.5)).tolist() == [1]
    assert source_density(x, y, (0, 4), (0, 8), (1, 1)).tolist() == [[3]]
