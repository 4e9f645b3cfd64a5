"""Borders of segments, against counts of pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from jdaviz_stage3.analysis import segment_edges, segment_polygons
from jdaviz_stage3.errors import Stage3Error

maps = arrays(
    np.int64,
    array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=8),
    elements=st.sampled_from([0, 0, 1, 2, 2**60]),
)


def pixel_edges(labels) -> list[tuple[float, float, int]]:
    """Middle of each pixel edge between different labels, by looking at each pixel's neighbours."""
    found = []
    ny, nx = labels.shape
    for j in range(ny):
        for i in range(nx):
            for dj, di in ((0, 1), (0, -1), (1, 0), (-1, 0)):
                inside = 0 <= j + dj < ny and 0 <= i + di < nx
                neighbour = labels[j + dj, i + di] if inside else 0
                if labels[j, i] != 0 and neighbour != labels[j, i]:
                    found.append((i + di / 2, j + dj / 2, int(labels[j, i])))
    return sorted(found)


def split(edges) -> list[tuple[float, float, int]]:
    """Middles of the pixel edges that the lines consist of."""
    found = []
    for (x0, x1), (y0, y1), label in zip(edges.x, edges.y, edges.label, strict=True):
        length = int(abs(x1 - x0) + abs(y1 - y0))
        at = (np.arange(length) + 0.5) / length
        found += [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t, int(label)) for t in at]
    return sorted(found)


def signed_area(ring) -> float:
    x, y = ring.T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)


@given(maps)
def test_edges_are_those_of_the_pixels(labels):
    edges = segment_edges(labels)
    assert np.allclose(split(edges), pixel_edges(labels)) if edges.label.size else not labels.any()
    assert (np.diff(edges.label) >= 0).all()


@given(maps)
def test_edges_are_merged(labels):
    edges = segment_edges(labels)
    ends = {}
    for x, y, label in zip(edges.x, edges.y, edges.label, strict=True):
        assert (x[0] == x[1]) != (y[0] == y[1])
        vertical = x[0] == x[1]
        for end in zip(x, y, strict=True):
            key = (label, vertical, *end)
            assert key not in ends, "two lines in a row could be one"
            ends[key] = True


def test_a_border_is_there_once_for_each_of_its_segments():
    edges = segment_edges([[1, 2]])
    lines = {
        (tuple(x), tuple(y), int(label))
        for x, y, label in zip(edges.x, edges.y, edges.label, strict=True)
    }
    assert ((0.5, 0.5), (-0.5, 0.5), 1) in lines
    assert ((0.5, 0.5), (-0.5, 0.5), 2) in lines
    assert len(lines) == 8


@given(maps)
def test_polygons_enclose_the_pixels(labels):
    for label in np.unique(labels[labels > 0]):
        rings = segment_polygons(labels, label)
        assert sum(map(signed_area, rings)) == np.count_nonzero(labels == label)
        lengths = [np.abs(np.diff(ring, axis=0)).sum() for ring in rings]
        assert sum(lengths) == sum(edge[2] == label for edge in pixel_edges(labels))
        for ring in rings:
            assert (ring[0] == ring[-1]).all()
            assert (ring % 1 == 0.5).all()
            steps = np.diff(ring, axis=0)
            assert (np.count_nonzero(steps, axis=1) == 1).all()
            horizontal = steps[:, 0] != 0  # and then vertical: no corner is superfluous
            assert (horizontal != np.roll(horizontal, 1)).all()


def test_hole_and_separate_part():
    labels = np.zeros((6, 9), dtype=np.uint32)
    labels[1:4, 1:4] = 5
    labels[2, 2] = 0
    labels[5, 8] = 5
    assert sorted(map(signed_area, segment_polygons(labels, 5))) == [-1, 1, 9]


@pytest.mark.parametrize("labels", [np.zeros((3, 3), int), np.zeros((0, 4), int)])
def test_map_without_segments(labels):
    edges = segment_edges(labels)
    assert edges.x.shape == edges.y.shape == (0, 2)
    assert edges.label.shape == (0,)
    assert segment_polygons(labels, 1) == []


@pytest.mark.parametrize("labels", [np.zeros((2, 2, 2), int), np.zeros((2, 2))])
@pytest.mark.parametrize("function", [segment_edges, lambda labels: segment_polygons(labels, 1)])
def test_what_is_no_map(function, labels):
    with pytest.raises(Stage3Error, match="2-D segmentation map"):
        function(labels)
