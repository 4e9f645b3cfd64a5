"""The usable flux of a time series, read by integrations."""

import numpy as np
import pytest
from make_spectra import integrations, one_hdu_an_integration, time_series

import jdaviz_stage3 as stage3
from jdaviz_stage3.readers import integration_tables, stored_series
from jdaviz_stage3.readers.stored_series import StoredSeries, spread_over

N_INT, N_WAVE = 40, 12
MASK = np.random.default_rng(1).random((N_INT, N_WAVE)) < 0.1
VIEWS = [
    None, ..., 3, -1, (3, 4), (slice(3, 30, 2), slice(1, 5)), (slice(None, None, -1), 2), (..., 4),
    [3, 1], np.array([5, 5, 1]), np.ix_([9, 1, 1, -1], [0, 2, -1]), ([1, 2], [3, 4]), MASK,
]  # fmt: skip


def written(folder, layout, compressed=False):
    """Integrations in no order, flagged and not finite here and there."""
    rng = np.random.default_rng(0)
    numbers = rng.permutation(np.arange(1, N_INT + 1))
    shape = (N_INT, N_WAVE)
    flux = rng.normal(1, 0.1, shape)
    flux[rng.random(shape) < 0.05] = np.nan
    flux[rng.random(shape) < 0.05] = np.inf
    dq = (rng.random(shape) < 0.1).astype("u4") * 3
    columns = integrations(numbers, N_WAVE, FLUX=flux, DQ=dq)
    if layout == "rows":
        return time_series(folder, [(columns, {"spectral_order": 1, "detector": "NIS"})])
    return one_hdu_an_integration(folder, columns)


@pytest.mark.parametrize("layout", ["rows", "extensions"])
def test_any_part_is_that_of_the_whole(tmp_path, layout, monkeypatch):
    monkeypatch.setattr(integration_tables, "_ROWS_AT_ONCE", 7)
    [trace] = stage3.read(written(tmp_path, layout)).traces
    whole = trace.usable_flux().value
    assert np.isnan(whole).any() and not np.isinf(whole).any()
    channels = np.arange(N_WAVE) % 5 > 0
    for chosen in (None, channels):
        series = StoredSeries(trace, "DO_NOT_USE", chosen)
        expected = whole if chosen is None else whole[:, chosen]
        assert series.shape == expected.shape and series.size == expected.size
        for view in VIEWS:
            if view is MASK and chosen is not None:
                view = MASK[:, chosen]
            part = expected if view is None else expected[view]
            np.testing.assert_array_equal(series.values(view), part, err_msg=str(view))
        np.testing.assert_array_equal(np.asarray(series), expected)


def test_only_the_integrations_asked_for_are_read(tmp_path, monkeypatch):
    [trace] = stage3.read(written(tmp_path, "rows")).traces
    read, some = [], integration_tables.RowTable.read_some

    def counted(self, name, places, out):
        read.append((name, len(places)))
        some(self, name, places, out)

    monkeypatch.setattr(integration_tables.RowTable, "read_some", counted)
    series = StoredSeries(trace)
    series[np.ix_([3, 3, 9, 9, 9], [1, 2])]
    assert read == [("FLUX", 2), ("DQ", 2)]


def test_averages_of_long_series_are_of_some_integrations(tmp_path, monkeypatch):
    monkeypatch.setattr(stored_series, "ENOUGH_INTEGRATIONS", 8)
    [trace] = stage3.read(written(tmp_path, "rows")).traces
    series, whole = StoredSeries(trace), trace.usable_flux().value
    np.testing.assert_array_equal(series.for_average(), whole[spread_over(N_INT, 8)])
    assert series.average_in_words("median") == "median of 8"
    among = np.arange(N_INT) < 5
    np.testing.assert_array_equal(series.for_average(among), whole[:5])
    assert series.average_in_words("baseline", among) == "baseline"


@pytest.mark.parametrize("n_int, count", [(1, 5), (5, 5), (7, 5), (130_000, 2000)])
def test_some_of_many_are_spread_from_the_first_to_the_last(n_int, count):
    places = spread_over(n_int, count)
    assert len(places) == min(n_int, count)
    assert (places[0], places[-1]) == (0, n_int - 1)
    steps = np.diff(places)
    assert n_int == 1 or (steps.min() >= 1 and steps.max() <= 2 * -(-n_int // count))


@pytest.mark.parametrize("n_int, period", [(3999, 2), (7997, 2), (7997, 4), (3000, 3)])
def test_some_of_many_have_no_period(n_int, period):
    """Where every second integration is flagged, half of them are not."""
    share = np.bincount(spread_over(n_int, 2000) % period, minlength=period) / 2000
    assert share.min() > 0.6 / period
