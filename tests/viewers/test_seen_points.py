"""Of many points those are drawn that can be told apart."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jdaviz_stage3.viewers.seen_points import seen_points

VALUES = st.floats(-3, 3) | st.sampled_from([np.nan, np.inf, -np.inf])


@given(
    arrays(float, st.tuples(st.integers(0, 60), st.just(2)), elements=VALUES),
    st.tuples(st.floats(-2, 0), st.floats(0, 2)), st.tuples(st.floats(-2, 0), st.floats(0, 2)),
    st.booleans(),
)  # fmt: skip
def test_each_point_in_view_has_one_that_is_drawn_at_its_place(points, x_range, y_range, reverse):
    x, y = points.T
    rows = np.arange(len(x)) % 3 != 0
    limits = (*(x_range[::-1] if reverse else x_range), *y_range)
    drawn = seen_points(x, y, rows, limits)
    assert rows[drawn].all() and len(set(drawn)) == len(drawn)
    inside = rows & (x >= x_range[0]) & (x <= x_range[1]) & (y >= y_range[0]) & (y <= y_range[1])
    cell = (np.ptp(x_range) or 1) / 1000, (np.ptp(y_range) or 1) / 500
    for row in np.flatnonzero(inside):
        near = (abs(x[drawn] - x[row]) <= cell[0]) & (abs(y[drawn] - y[row]) <= cell[1])
        assert near.any()
    for values, (low, high), room in ((x, x_range, cell[0]), (y, y_range, cell[1])):
        assert ((values[drawn] > low - room) & (values[drawn] < high + room)).all()


def test_there_are_no_more_than_places_on_the_screen():
    rng = np.random.default_rng(1)
    x, y = np.repeat(np.arange(7.0), 20_000), rng.normal(size=140_000)
    drawn = seen_points(x, y, np.ones(140_000, bool), (0, 6, -5, 5))
    assert 7 * 200 < len(drawn) <= 7 * 501
    assert y[drawn].max() == y.max() and y[drawn].min() == y.min(), "outliers are seen"
