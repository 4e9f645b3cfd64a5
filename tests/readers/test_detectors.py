"""Detectors that only the wavelengths of an x1dints tell apart."""

import gzip
import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make_bots import BLUE, CADENCE, RED, bots
from make_spectra import interval_times

from jdaviz_stage3.errors import Stage3Warning, UnreadableProductError
from jdaviz_stage3.readers import read
from jdaviz_stage3.summary import summarize

FIRST, SECOND = range(1, 6), range(6, 11)
INTERLEAVED = [(0, FIRST), (1, FIRST), (0, SECOND), (1, SECOND)]
IN_BLOCKS = [(0, FIRST), (0, SECOND), (1, FIRST), (1, SECOND)]


def assert_detectors(series, numbers=range(1, 11), grids=(BLUE, RED)):
    """Two traces, each with its own grid and its own integrations in the order of their number."""
    assert list(series) == [("NRS1", 1), ("NRS2", 1)]
    assert [trace.label for trace in series.traces] == ["order 1 NRS1", "order 1 NRS2"]
    for detector, (trace, grid) in enumerate(zip(series.traces, grids, strict=True)):
        expected = np.array(numbers)[:, None] + 100 * detector + np.arange(len(grid)) / 1000
        np.testing.assert_array_equal(trace.int_num, numbers)
        np.testing.assert_array_equal(trace.flux.value, expected)
        np.testing.assert_array_equal(trace.wavelength.to_value(u.um), grid)
        days = 59800 + np.array(numbers) * CADENCE + detector * 2e-5
        np.testing.assert_array_equal(trace.time_utc.mjd, days)
        assert trace.meta["DETECTOR"] == trace.detector
        assert "inferred from the wavelengths" in trace.meta["stage3_detector"]


@pytest.mark.parametrize("ver", [True, False], ids=["EXTVER counts", "EXTVER all 1"])
@pytest.mark.parametrize("pack", [False, True], ids=["fits", "fits.gz"])
@pytest.mark.parametrize("blocks", [INTERLEAVED, IN_BLOCKS, IN_BLOCKS[::-1]])
@pytest.mark.parametrize("red", [RED, np.linspace(3.82, 5.17, len(BLUE))], ids=["", "equal length"])
def test_both_detectors(tmp_path, blocks, red, pack, ver):
    path = bots(tmp_path, blocks, (BLUE, red), ver=ver)
    if pack:
        packed = path.with_name(path.name + ".gz")
        packed.write_bytes(gzip.compress(path.read_bytes()))
        path = packed
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        series = read(path)
    assert_detectors(series, grids=(BLUE, red))


@settings(max_examples=25,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.permutations([(d, n) for d in (0, 1) for n in range(1, 6)]), st.integers(1, 15))
def test_extensions_in_any_order(tmp_path, extensions, n_red):
    """Against what each extension was made with, one by one; the red spectrum of any length."""
    red = np.linspace(3.82, 5.17, n_red)
    series = read(bots(tmp_path, [(d, [n]) for d, n in extensions], (BLUE, red)))
    assert_detectors(series, range(1, 6), (BLUE, red))


def test_one_detector_lacks_a_segment(tmp_path):
    series = read(bots(tmp_path, [(0, FIRST), (1, FIRST), (1, SECOND)]))
    assert series["NRS1", 1].int_num.tolist() == [*FIRST]
    assert series["NRS2", 1].int_num.tolist() == [*FIRST, *SECOND]
    np.testing.assert_array_equal(series["NRS2", 1].flux.value[:, 0], np.arange(101, 111))
    apart = read(bots(tmp_path, [(0, FIRST), (1, SECOND)]))  # no number is there twice
    assert [trace.int_num.tolist() for trace in apart.traces] == [[*FIRST], [*SECOND]]


@pytest.mark.parametrize("shift", [1e-12, 1e-5, 2e-2])
def test_small_shifts_of_the_grid_are_one_detector(tmp_path, shift):
    trace = read(bots(tmp_path, [(1, FIRST), (1, SECOND)], shift=shift)).traces
    assert [t.label for t in trace] == ["order 1 NRS2"]  # the detector of the primary header
    assert trace[0].n_integrations == 10
    assert "stage3_detector" not in trace[0].meta
    both = read(bots(tmp_path, INTERLEAVED, shift=shift)).traces
    assert [t.n_integrations for t in both] == [10, 10]
    assert both[0].wavelength.ndim == (1 if shift < 1e-9 else 2)


def test_integrations_without_numbers(tmp_path):
    series = read(bots(tmp_path, INTERLEAVED, numbers=False))
    for detector, trace in enumerate(series.traces):
        assert trace.int_num.tolist() == [*range(1, 11)]
        np.testing.assert_array_equal(trace.flux.value[:, 0], 100 * detector + np.arange(1, 11))


def test_one_spectrum_of_each(tmp_path):
    assert_detectors(read(bots(tmp_path, [(1, [1]), (0, [1])])), [1])


def test_padded_and_broken_grids(tmp_path):
    """NaN and 0 at the ends of the wavelengths are no wavelengths."""
    blue = np.r_[np.nan, BLUE, 0.0]
    series = read(bots(tmp_path, INTERLEAVED, (blue, RED)))
    assert [trace.n_integrations for trace in series.traces] == [10, 10]
    np.testing.assert_array_equal(series["NRS1", 1].wavelength.value, blue)


def test_an_extension_without_wavelengths_is_left_out(tmp_path):
    path = bots(tmp_path, INTERLEAVED)
    with fits.open(path, mode="update") as hdus:
        hdus[3].data["WAVELENGTH"] = np.nan
    with pytest.warns(Stage3Warning, match="1 extension without wavelengths, .* left out"):
        series = read(path)
    assert series["NRS1", 1].int_num.tolist() == [1, 2, 4, 5, 6, 7, 8, 9, 10]
    assert series["NRS2", 1].n_integrations == 10


def test_two_grids_of_one_range_are_told_apart_but_not_named(tmp_path):
    grids = np.linspace(3, 5, 9), np.linspace(3, 5, 12)
    series = read(bots(tmp_path, INTERLEAVED, grids))
    assert [trace.label for trace in series.traces] == ["order 1 grid 1", "order 1 grid 2"]
    assert sorted(trace.n_wavelengths for trace in series.traces) == [9, 12]
    assert all(trace.n_integrations == 10 for trace in series.traces)


@pytest.mark.parametrize("changes", [{}, {"offset": 0.0}, {"times": False}, {"instrument": ""}])
def test_what_nothing_tells_apart_is_refused(tmp_path, changes):
    path = bots(tmp_path, INTERLEAVED, (BLUE, BLUE), **changes)
    with pytest.raises(UnreadableProductError, match="10 integrations with several spectra on the "
                       "same wavelengths") as caught:  # fmt: skip
        read(path)
    assert "\n" not in str(caught.value)


def test_a_detector_twice_beside_another_is_refused(tmp_path):
    with pytest.raises(UnreadableProductError, match="5 integrations with several spectra"):
        read(bots(tmp_path, [(0, FIRST), (1, FIRST), (1, FIRST)]))


def test_numbers_that_start_anew_are_no_second_detector(tmp_path):
    """The same numbers, but later: another segment of one detector."""
    path = bots(tmp_path, [(1, FIRST), (0, FIRST)], (RED, RED), offset=-0.5)
    with fits.open(path, mode="update") as hdus:
        days = [hdu.header["MJD-AVG"] for hdu in hdus[1:]]
    [trace] = read(path).traces
    np.testing.assert_array_equal(trace.time_utc.mjd, days)  # in the order of the file
    assert trace.int_num.tolist() == [*FIRST, *FIRST]


def test_other_instruments_have_one_detector_in_a_file(tmp_path):
    path = bots(tmp_path, INTERLEAVED, (BLUE, BLUE), offset=0.0, instrument="MIRI")
    with pytest.warns(Stage3Warning) as caught:
        [trace] = read(path).traces
    assert trace.n_integrations == 20
    assert "10 repeated time stamps" in str(caught[0].message)


def test_orders_without_sporder_are_not_mixed(tmp_path):
    """Of NIRISS SOSS: what the ranges are of is not known, so they are named by themselves."""
    grids = np.linspace(2.8, 0.85, 12), np.linspace(1.4, 0.6, 12)
    path = bots(tmp_path, INTERLEAVED, grids, instrument="NIRISS")
    with fits.open(path, mode="update") as hdus:
        hdus[0].header["DETECTOR"] = "NIS"
        for hdu in hdus[1:]:
            del hdu.header["SPORDER"]
    labels = [trace.label for trace in read(path).traces]
    assert labels == ["NIS 0.6 to 1.4 um", "NIS 0.85 to 2.8 um"]
    np.testing.assert_array_equal(read(path).traces[1].wavelength.value, grids[0])


def test_detectors_in_the_extensions_win(tmp_path):
    path = bots(tmp_path, INTERLEAVED, (BLUE, BLUE), header={"DETECTOR": "NRS1"})
    with fits.open(path, mode="update") as hdus:
        for hdu in hdus[1:]:
            if hdu.data["FLUX"][0] > 100:
                hdu.header["DETECTOR"] = "NRS2"
    series = read(path)
    assert list(series) == [("NRS1", 1), ("NRS2", 1)]
    assert "stage3_detector" not in series["NRS1", 1].meta


def test_times_of_int_times_are_of_one_detector_only(tmp_path):
    path = bots(tmp_path, INTERLEAVED, times=False)
    numbers = np.arange(1, 11)
    with fits.open(path, mode="append") as hdus:
        times = interval_times(numbers, 59800 + numbers / 1000, 59801 + numbers / 1000)
        hdus.append(fits.BinTableHDU(times, name="INT_TIMES"))
    with pytest.warns(Stage3Warning) as caught:
        series = read(path)
    words = "the times are those of INT_TIMES, which are of one detector only"
    assert [words in str(w.message) for w in caught] == [True, True]
    np.testing.assert_array_equal(series["NRS1", 1].time.mjd, 59801 + numbers / 1000)


def test_the_summary_counts_the_integrations_of_one_detector(tmp_path):
    assert summarize(bots(tmp_path, INTERLEAVED)).shape.startswith("10 integrations × ")
