"""Marks in figures: what changes nothing is not drawn again."""

from types import SimpleNamespace

import numpy as np
from bqplot import Figure, LinearScale, Lines

from jdaviz_stage3.viewers.figure_marks import FigureMarks


def test_a_line_with_gaps_that_is_the_same_is_not_drawn_again():
    scales = {"x": LinearScale(), "y": LinearScale()}
    viewer = SimpleNamespace(figure=Figure(marks=[]), scales=scales)
    marks = FigureMarks()

    def put(*y):
        values = {"x": np.arange(3.0), "y": np.array(y)}
        marks.put(viewer, "line", Lines, values, {"colors": ["#000000"]})

    put(1.0, np.nan, 2.0)
    [mark] = viewer.figure.marks
    seen = []
    mark.observe(lambda change: seen.append(change["name"]))
    put(1.0, np.nan, 2.0)
    assert seen == []
    put(1.0, np.nan, 3.0)
    assert seen == ["y"] and mark.y[2] == 3
    put(1.0, 2.0, np.nan)
    assert seen == ["y", "y"] and np.isnan(mark.y[2])
