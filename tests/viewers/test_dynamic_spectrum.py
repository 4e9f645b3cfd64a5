"""The dynamic-spectrum viewer: true axes, gaps, normalisation, read-out, subsets."""

import warnings
from pathlib import Path

import jdaviz
import numpy as np
import pytest
from astropy.time import Time, TimeDelta
from glue.core import Data
from glue.core.roi import RangeROI
from hypothesis import given
from hypothesis import strategies as st
from make_spectra import integrations, time_series

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import shown_in
from jdaviz_stage3.origin import ORIGIN, FileStamp, Origin, SeriesAxes
from jdaviz_stage3.viewers.cells import Cells
from jdaviz_stage3.viewers.dynamic_axes import TimeAxis

N_INT, N_WAVE = 40, 60


@given(
    start=st.floats(0.6, 20),
    steps=st.lists(st.floats(1e-4, 0.1), min_size=1, max_size=200),
    descending=st.booleans(),
)
def test_each_sample_is_in_its_own_cell(start, steps, descending):
    centres = start + np.cumsum(steps)
    centres = centres[::-1] if descending else centres
    cells = Cells.around(centres)
    assert cells.at(centres).tolist() == list(range(len(centres)))
    assert np.all(cells.low < cells.high)
    assert np.all(cells.high[:-1] <= cells.low[1:] * (1 + 1e-12))
    low, high = cells.limits
    assert (cells.at(np.array([low - 1e-3, high + 1e-3])) == -1).all()


def test_a_gap_belongs_to_no_sample():
    centres = np.r_[0:10, 20:30].astype(float)
    cells = Cells.around(centres)
    assert cells.at(np.array([9.4, 19.6])).tolist() == [9, 10]
    assert (cells.at(np.array([9.6, 12.0, 19.4])) == -1).all()


def test_missing_positions_get_no_cell():
    cells = Cells.around(np.array([np.nan, 2.0, 1.0, np.nan]))
    assert cells.sample.tolist() == [2, 1]
    assert cells.at(np.array([1.0, 2.0])).tolist() == [2, 1]


def series(n=6, int_num=None, **axes):
    data = Data(flux=np.ones((n, 3)), label="series")
    axes = SeriesAxes(np.arange(1, n + 1) if int_num is None else int_num, **axes)
    stamp = FileStamp("x1dints.fits", 1, 1)
    data.meta[ORIGIN] = Origin(Path("x1dints.fits"), "x1dints", "", stamp, axes=axes)
    return data


@pytest.mark.parametrize(
    "days, kind",
    [([0, 1, 2, 2, 3, 4], "integration"), ([0, 1, 2, 3, 4, 5], "date"), ([np.nan] * 6, None)],
    ids=["repeated", "good", "missing"],
)
def test_times_that_would_draw_rows_over_each_other_are_not_used(days, kind):
    stamps = np.ma.masked_invalid(np.array(days, float) + 60000)
    data = series(6, time=Time(stamps, format="mjd", scale="tdb"), int_num=np.arange(11, 17))
    axis = TimeAxis.of(data, "date")
    assert axis.kind == (kind or "integration")
    if axis.kind == "integration":
        assert axis.label.startswith("Integration (")
        assert axis.cells.at(np.array([11.0, 16.0])).tolist() == [0, 5]


def test_hours_are_from_the_reference_in_its_own_scale():
    time = Time(60000.0, format="mjd", scale="tdb") + TimeDelta(np.arange(5.0), format="jd")
    axis = TimeAxis.of(series(5, time=time), "hours", Time(60001.0, format="mjd", scale="tdb"))
    assert axis.cells.at(np.array([0.0, 24.0])).tolist() == [1, 2]
    assert "BJD_TDB 2460001.50000" in axis.label


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """An app with a series of descending, uneven wavelengths and a gap in time."""
    numbers = np.arange(1, N_INT + 1)
    wavelength = np.linspace(2.8, 0.9, N_WAVE) ** 1.5
    flux = np.outer(1 + numbers / 1000, 1 + np.arange(N_WAVE))
    flux[3, 7] = np.nan
    days = 60000 + numbers / 100 + (numbers > 20) * 0.1
    part = integrations(numbers, N_WAVE, FLUX=flux, WAVELENGTH=wavelength)
    part |= {"MJD-AVG": days, "TDB-MID": days + 0.003}
    path = time_series(tmp_path_factory.mktemp("dynamic"), [(part, {"spectral_order": 1})])
    app = jdaviz.new_app()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)
        label = stage3.load(path, app=app)[0]
    [viewer] = shown_in(app, label)
    [state] = [s for s in viewer.state.layers if hasattr(s, "stretch_to")]
    viewer.as_loaded = (state.v_min, state.v_max)
    viewer.normalize_by("none")
    return app, viewer, flux, wavelength, days + 0.003


def screen(viewer, y, x):
    """What is drawn at these positions, as the browser asks for it."""
    [state] = [s for s in viewer.state.layers if hasattr(s, "stretch_to")]
    return state.get_sliced_data(bounds=[(y[0], y[-1], len(y)), (x[0], x[-1], len(x))])


def test_the_picture_is_the_nearest_sample_on_linear_axes(loaded):
    _, viewer, flux, wavelength, days = loaded
    zero = np.floor(days[0] + 2400000.5) - 2400000.5
    x = np.linspace(wavelength.min(), wavelength.max(), 301)
    y = np.linspace(days[0] - zero, days[-1] - zero, 201)
    drawn = screen(viewer, y, x)
    row = np.abs(y[:, None] - (days - zero)).argmin(1)
    column = np.abs(x[:, None] - wavelength).argmin(1)
    in_gap = np.abs(y - (days - zero)[row]) > 0.0051
    assert in_gap.sum() > 20
    assert np.isnan(drawn[in_gap]).all()
    expected = flux[np.ix_(row, column)]
    half_way = np.isclose(*np.sort(np.abs(x[:, None] - wavelength), 1)[:, :2].T, atol=1e-6)
    np.testing.assert_array_equal(drawn[~in_gap][:, ~half_way], expected[~in_gap][:, ~half_way])
    state = viewer.state
    assert state.x_min < wavelength.min() < wavelength.max() < state.x_max
    labels = [axis.label for axis in viewer.figure.axes[:2]]
    assert labels == ["Wavelength (um)", "BJD_TDB − 2460000 (d)"]


def test_what_varies_is_seen_as_it_is_loaded(loaded):
    """Each channel divided by its median, and the grey scale over that."""
    _, viewer, _, _, _ = loaded
    low, high = viewer.as_loaded
    assert 0.97 < low < 1 < high < 1.03


def test_normalising_divides_each_channel_by_its_average(loaded):
    _, viewer, flux, wavelength, _ = loaded
    [state] = [s for s in viewer.state.layers if hasattr(s, "stretch_to")]
    try:
        viewer.normalize_by("median")
        divisor = viewer.state.divisor_of(state.layer, state.attribute)
        np.testing.assert_allclose(divisor, np.nanmedian(flux, axis=0))
        assert 0.97 < state.v_min < 1 < state.v_max < 1.03
        baseline = np.arange(N_INT) < 10
        viewer.normalize_by("baseline", baseline)
        divisor = viewer.state.divisor_of(state.layer, state.attribute)
        np.testing.assert_allclose(divisor, np.nanmean(flux[baseline], axis=0))
    finally:
        viewer.normalize_by("none")
    with pytest.raises(ValueError, match="normalize 'mean': there is none, median, baseline"):
        viewer.normalize_by("mean")


def test_the_read_out_names_wavelength_integration_time_and_flux(loaded):
    app, viewer, flux, wavelength, days = loaded
    info = app._app.session.application._tools["g-coords-info"]
    zero = np.floor(days[0] + 2400000.5) - 2400000.5
    info.update_display(viewer, wavelength[5] + 1e-4, days[25] - zero)
    assert info.row1a_text == f"{wavelength[5]:.6g} um"
    assert float(info.row1b_text.split()[0]) == pytest.approx(flux[25, 5], rel=1e-5)
    number, system, date = info.row2_text.split()
    assert (number, system) == ("26", "BJD_TDB")
    assert float(date) == pytest.approx(days[25] + 2400000.5, abs=1e-6)
    info.update_display(viewer, wavelength[7], days[3] - zero)
    assert info.row1b_text == "excluded or missing"
    info.update_display(viewer, wavelength[7], days[19] - zero + 0.05)
    assert info.row2_text.strip() == "no integration here"


def test_a_range_drawn_here_is_a_spectral_subset_everywhere(loaded):
    app, viewer, _, wavelength, _ = loaded
    viewer.apply_roi(RangeROI("x", 1.5, 2.5))
    region = app._app.get_subsets("Subset 1")
    assert [edge.to_string() for edge in region.bounds] == ["1.5 um", "2.5 um"]
    [state] = [s for s in viewer.state.layers if hasattr(s, "stretch_to")]
    mask = state.layer.subsets[0].to_mask()
    np.testing.assert_array_equal(mask[0], (wavelength >= 1.5) & (wavelength <= 2.5))
    [drawn] = [layer for layer in viewer.layers if layer.layer.label == "Subset 1"]
    x = np.linspace(1.0, 3.0, 101)
    limits = (viewer.state.y_min, viewer.state.y_max, 5)
    alpha = drawn.subset_array(bounds=[limits, (1.0, 3.0, 101)])[0, :, 3]
    nearest = wavelength[np.abs(x[:, None] - wavelength).argmin(1)]
    assert np.mean((alpha > 0) == ((nearest >= 1.5) & (nearest <= 2.5))) > 0.97


def test_the_color_bar_stands_beside_the_picture_and_follows_it(loaded):
    app, viewer, *_ = loaded
    bar = stage3.color_bar(viewer.reference, app)
    viewer.normalize_by("none")
    assert bar.title != "flux / median"
    viewer.normalize_by("median")
    assert bar.title == "flux / median" and bar.percentile == 99
    [state] = [s for s in viewer.state.layers if hasattr(s, "stretch_to")]
    bar.percentile = 90  # of what is drawn, not of the fluxes in the file
    assert bar.limits == (state.v_min, state.v_max)
    assert 0.9 < state.v_min < 1 < state.v_max < 1.1
    assert viewer.figure.fig_margin["right"] == bar.room == bar.inset[2] > 18
    bar.folded = True
    assert viewer.figure.fig_margin["right"] == 18
    bar.folded = False
    viewer.normalize_by("none")
