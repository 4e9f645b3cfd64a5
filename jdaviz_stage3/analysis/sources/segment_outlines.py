"""Outlines of the segments of a segmentation map, on the edges of its pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike

from ...errors import Stage3Error

__all__ = ["SegmentEdges", "segment_edges", "segment_polygons"]


@dataclass(frozen=True, slots=True, eq=False)
class SegmentEdges:
    """Straight lines along the borders of segments.

    Parameters
    ----------
    x, y : ndarray of float, shape (m, 2)
        Pixel coordinates of both ends, whose one coordinate is the same; pixel centres are at
        integers, so borders are half-way between.
    label : ndarray of int, shape (m,)
        The segment that each line bounds, ascending.
    """

    x: np.ndarray
    y: np.ndarray
    label: np.ndarray


def segment_edges(labels: ArrayLike) -> SegmentEdges:
    """Return the borders of all segments as few straight lines.

    Parameters
    ----------
    labels : array of int, shape (ny, nx)
        A segmentation map: the label of each pixel's segment, 0 for none.

    Returns
    -------
    SegmentEdges
        Every pixel edge between two labels, or between a label and the edge of the image.
        Consecutive ones on a line, of the same label, are one. A border between two segments is
        there once for each.

    Raises
    ------
    Stage3Error
        If the labels are not a 2-D array of integers.
    """
    labels = _checked(labels)
    # With a frame of zeros, the image's own borders are like any other.
    padded = np.pad(labels, 1)
    # A line of the pixel grid and the pixel's position along it identify an edge: vertical
    # lines (0) run between columns, horizontal ones (1) between rows. The stride leaves a gap
    # between the positions on one line and the next, so that they are never consecutive.
    stride = max(padded.shape) + 1
    keys, edge_labels = [], []
    for direction, (before, after) in enumerate(
        ((padded[:, :-1], padded[:, 1:]), (padded[:-1], padded[1:]))
    ):
        row, column = np.nonzero(before != after)
        line, position = (column, row) if direction == 0 else (row, column)
        key = (direction * stride + line) * stride + position
        for side in (before[row, column], after[row, column]):
            bounded = side != 0
            keys.append(key[bounded])
            edge_labels.append(side[bounded])
    # Labels may be any integers; their ranks keep the sort keys below within 64 bits.
    found, rank = np.unique(np.concatenate(edge_labels), return_inverse=True)
    key = rank * (2 * stride**2) + np.concatenate(keys)
    key.sort()

    first = np.append(True, np.diff(key) != 1)[: key.size]
    last = np.append(first[1:], True)[: key.size]
    start, stop = key[first], key[last]
    line, start = np.divmod(start, stride)
    rank, line = np.divmod(line, 2 * stride)
    direction, line = np.divmod(line, stride)
    # padded pixel p is the image's p - 1, and line k lies after the padded pixel k
    along = np.column_stack([start, stop % stride]) + (-1.5, -0.5)
    across = np.column_stack([line, line]) - 0.5
    vertical = (direction == 0)[:, np.newaxis]
    return SegmentEdges(
        np.where(vertical, across, along), np.where(vertical, along, across), found[rank]
    )


def segment_polygons(labels: ArrayLike, label: int) -> list[np.ndarray]:
    """Return the outlines of one segment as closed rings on the edges of its pixels.

    Parameters
    ----------
    labels : array of int, shape (ny, nx)
        A segmentation map.
    label : int
        The segment's label.

    Returns
    -------
    list of ndarray of float, shape (k, 2)
        x and y of each ring's corners in pixel coordinates, pixel centres at integers; the last
        corner is the first again. Outer rings run counter-clockwise (y upwards), holes clockwise,
        so that the signed areas add up to the number of pixels. Pixels that touch at a corner
        only are not connected. Empty if no pixel has the label.

    Raises
    ------
    Stage3Error
        If the labels are not a 2-D array of integers.
    """
    mask = _checked(labels) == label
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return []
    box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    # Runs of pixels along the rows, as rectangles, joined by shapely: half-integers are exact in
    # floating point, and so is what it returns.
    steps = np.diff(np.pad(box, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, start = np.nonzero(steps == 1)
    stop = np.nonzero(steps == -1)[1]
    x_low, x_high, y_low = start + columns[0] - 0.5, stop + columns[0] - 0.5, row + rows[0] - 0.5
    area = shapely.union_all(shapely.box(x_low, y_low, x_high, y_low + 1))
    # normalize starts each ring at a corner; simplify then drops the points along its sides
    area = shapely.orient_polygons(shapely.simplify(shapely.normalize(area), 0))
    return [
        shapely.get_coordinates(ring)
        for ring in shapely.get_rings(shapely.get_parts(area)).tolist()
    ]


def _checked(labels: ArrayLike) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.ndim != 2 or labels.dtype.kind not in "iub":
        raise Stage3Error(
            f"labels of {labels.dtype}, shape {labels.shape}: expected a 2-D segmentation map of "
            "integers"
        )
    return labels
