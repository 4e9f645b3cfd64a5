"""Where a star lies in each frame: where it was put, with the errors of repeated trials."""

import numpy as np
import pytest
from astropy.nddata import NDData, StdDevUncertainty
from make_cubes import gaussian_pixels
from make_stacks import stack, stack_arrays

import jdaviz_stage3 as stage3
from jdaviz_stage3 import Stage3Error
from jdaviz_stage3.analysis import centroid_series, series_table
from jdaviz_stage3.analysis.light_curves.table import LightCurveColumns
from jdaviz_stage3.analysis.stacks import centroids

SHAPE = (21, 25)
SIGMA = 1.4


def drifting(n=30, *, noise=0.0, background=4.0, flux=5000.0, seed=1):
    """A star that drifts over a pixel: the frames, and where it is in each (y, x)."""
    rng = np.random.default_rng(seed)
    place = np.array([10.2, 12.3]) + np.cumsum(rng.normal(0, 0.08, (n, 2)), axis=0)
    star = np.array([gaussian_pixels(SIGMA, x, y, SHAPE) for y, x in place]) * flux
    return star + background + rng.normal(0, noise, star.shape) * (noise > 0), place


@pytest.mark.parametrize("fwhm", [2.0, 3.3, 5.0])
@pytest.mark.parametrize("block", [1, 1000, 10_000_000])
def test_a_star_is_where_it_was_put(fwhm, block, monkeypatch):
    monkeypatch.setattr(centroids, "_BLOCK", block)
    data, place = drifting()
    series = centroid_series(data, 12, 10, box=15, fwhm=fwhm)
    np.testing.assert_allclose(series["y"].value, place[:, 0], atol=2e-3)
    np.testing.assert_allclose(series["x"].value, place[:, 1], atol=2e-3)
    assert not series["flagged"].any() and "x_err" not in series.colnames


@pytest.mark.parametrize("fwhm", [2.0, 3.3, 5.0])  # its width is 3.3
def test_errors_are_those_of_repeated_trials(fwhm):
    rng = np.random.default_rng(7)
    star = gaussian_pixels(SIGMA, 12.2, 9.7, SHAPE) * 3000
    data = star + rng.normal(0, 8, (3000, *SHAPE))
    nddata = NDData(data, uncertainty=StdDevUncertainty(np.full(data.shape, 8.0)), unit="Jy")
    series = centroid_series(nddata, 12, 10, fwhm=fwhm, box=15)
    for axis, at in (("x", 12.2), ("y", 9.7)):
        pull = (series[axis].value - at) / series[f"{axis}_err"].value
        assert pull.std() == pytest.approx(1, rel=0.08)
        assert abs(pull.mean()) < 0.15


def test_missing_pixels_are_filled_and_said():
    data, place = drifting()
    data[4, 10, 12] = np.nan  # the star's brightest
    data[9, 4, 7] = np.nan  # far from it
    series = centroid_series(data, 12, 10, box=15)
    assert series["n_missing"].tolist() == [int(i in (4, 9)) for i in range(30)]
    assert np.flatnonzero(series["flagged"]).tolist() == [4]
    assert abs(series["y"].value[4] - place[4, 0]) < 0.1
    assert abs(series["x"].value[9] - place[9, 1]) < 3e-3


def test_no_star_has_no_place():
    data, _ = drifting()
    data[3] = 0
    data[5] = np.nan
    data[6] = -data[6]
    series = centroid_series(data, 12, 10)
    lost = np.isnan(series["x"].value)
    assert lost[[3, 5, 6]].all() and not lost[[0, 1, 2, 4, 7]].any()
    np.testing.assert_array_equal(series["flagged"], lost)


def test_at_the_edge_and_in_a_file(tmp_path):
    found = stage3.read(stack(tmp_path, "calints", arrays=stack_arrays()))
    series = centroid_series(found, 10, 8, box=9)
    np.testing.assert_allclose(series["x"].value, 10, atol=0.05)
    assert np.all(series["x_err"].value > 0) and series.meta["time_system"] == "BJD_TDB"
    table = series_table(series, "y")
    assert LightCurveColumns.of(table.meta).flux_err == "y_err"
    corner = centroid_series(found, 19, 15, box=9)
    assert len(corner) == 12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": 25}, "no place 25.0, 10.0; images have 21 × 25"),
        ({"y": -1}, "no place 12.0, -1.0"),
        ({"box": 2}, "a box of 2 and a window of 3.0 pixels"),
        ({"fwhm": 0}, "a window of 0 pixels"),
    ],
)
def test_what_cannot_be_is_said(options, message):
    data, _ = drifting(3)
    with pytest.raises(Stage3Error, match=message):
        centroid_series(data, **{"x": 12, "y": 10} | options)


def test_a_background_does_not_pull_it_to_the_middle_of_the_box():
    data, place = drifting(noise=0.0, background=3000.0)
    series = centroid_series(data, 14, 8, box=9, fwhm=4.0)
    found = np.isfinite(series["x"].value)
    assert found.sum() > 20
    np.testing.assert_allclose(series["x"].value[found], place[found, 1], atol=0.1)
    np.testing.assert_allclose(series["y"].value[found], place[found, 0], atol=0.1)
