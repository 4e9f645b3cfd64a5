"""Reading x1dints: traces joined over segments, their arrays and times, in both layouts."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.time import Time
from make_products import compressed
from make_spectra import (
    integrations,
    interval_times,
    one_hdu_an_integration,
    time_series,
)

from jdaviz_stage3.errors import Stage3Error, Stage3Warning, UnreadableProductError
from jdaviz_stage3.readers import read
from jdaviz_stage3.readers.time_series import read_spectral_time_series

NIS = {"spectral_order": 1, "detector": "NIS"}


def only(series):
    [trace] = series.traces
    return trace


def single(folder, columns=None, header=NIS, **keywords):
    """The only trace of an x1dints with one table."""
    columns = integrations([1, 2, 3]) if columns is None else columns
    return only(read(time_series(folder, [(columns, header)], **keywords)))


def assert_trace(trace, columns):
    """The trace holds these columns (of `integrations`), in this order."""
    flux = columns["FLUX"]
    np.testing.assert_array_equal(trace.flux.value, flux)
    np.testing.assert_array_equal(trace.uncertainty.array, columns["FLUX_ERROR"])
    np.testing.assert_array_equal(trace.dq, np.broadcast_to(columns["DQ"], flux.shape))
    np.testing.assert_array_equal(trace.int_num, columns["INT_NUM"])
    np.testing.assert_array_equal(trace.wavelength.to_value(u.um), columns["WAVELENGTH"])
    np.testing.assert_array_equal(trace.time.mjd, columns["TDB-MID"])
    np.testing.assert_array_equal(trace.time_utc.mjd, columns["MJD-AVG"])
    assert trace.n_integrations == len(flux)
    arrays = (trace.flux, trace.uncertainty.array, trace.dq, trace.wavelength)
    assert all(np.asarray(array).dtype.isnative for array in arrays)
    wavelength = np.broadcast_to(columns["WAVELENGTH"], flux.shape)
    for place, number in enumerate(columns["INT_NUM"]):  # and one by one
        one = trace.spectrum(place)
        np.testing.assert_array_equal(one.flux.value, flux[place])
        np.testing.assert_array_equal(one.spectral_axis.to_value(u.um), wavelength[place])
        assert one.meta["integration"] == number and one.flux.unit == trace.flux.unit


# ---- layouts ----


def test_segments_of_two_orders_are_joined(built):
    series = read(built("x1dints", "TSOMultiSpecModel"))
    assert list(series) == [("NIS", 1), ("NIS", 2)]
    for trace in series.values():
        assert_trace(trace, integrations([1, 2, 3, 4, 5]))
        assert trace.segment.tolist() == [1, 1, 1, 2, 2]
        assert trace.flux.unit == u.Jy
        assert trace.dq.dtype == np.uint32
    assert [trace.label for trace in series.traces] == ["order 1", "order 2"]


@pytest.mark.parametrize("name", [None, "packed_x1dints.fits", "packed_x1dints.fits.gz"])
def test_old_layout(built, name):
    """An extension an integration, as jwst 1.2 to 1.18 wrote it."""
    path = built("x1dints", "MultiSpecModel")
    series = read(compressed(path, name) if name else path)
    assert [trace.label for trace in series.traces] == ["order 1", "order 2"]
    for trace in series.traces:
        assert_trace(trace, integrations([1, 2, 3, 4]))
        assert trace.segment.tolist() == [1] * 4
        assert trace.flux.unit == u.Jy


def test_new_layout_compressed(built):
    path = compressed(built("x1dints", "TSOMultiSpecModel"), "packed_x1dints.fits")
    assert_trace(read(path)["NIS", 2], integrations([1, 2, 3, 4, 5]))


def test_detectors_are_separate_traces(tmp_path):
    """NIRSpec bright object: NRS1 and NRS2 of different width and with times of their own."""
    blue = integrations([1, 2, 3], 12)
    red = integrations([1, 2, 3], 9)
    red["TDB-MID"] = red["TDB-MID"] + 1e-5
    parts = [(columns, {"spectral_order": 1, "detector": detector})
             for columns, detector in ((blue, "NRS1"), (red, "NRS2"))]  # fmt: skip
    series = read(time_series(tmp_path, parts))
    assert [trace.label for trace in series.traces] == ["order 1 NRS1", "order 1 NRS2"]
    assert_trace(series["NRS1", 1], blue)
    assert_trace(series["NRS2", 1], red)


def test_segments_in_any_order_of_the_file(tmp_path):
    parts = [(integrations(numbers, segment=segment), NIS)
             for segment, numbers in ((2, [5, 4]), (3, [6]), (1, [2, 3, 1]))]  # fmt: skip
    trace = only(read(time_series(tmp_path, parts)))
    assert_trace(trace, integrations([1, 2, 3, 4, 5, 6]))
    assert trace.segment.tolist() == [1, 1, 1, 2, 2, 3]


def test_numbers_that_start_anew_in_each_segment(tmp_path):
    parts = [(integrations(numbers, segment=segment), NIS)
             for segment, numbers in ((2, [2, 1]), (1, [1, 2]))]  # fmt: skip
    with pytest.warns(Stage3Warning):  # the builder's times follow the numbers
        trace = only(read(time_series(tmp_path, parts)))
    assert trace.int_num.tolist() == [1, 2, 1, 2]
    assert trace.segment.tolist() == [1, 1, 2, 2]


def test_old_layout_out_of_order(tmp_path):
    path = one_hdu_an_integration(tmp_path, integrations([3, 1, 2]))
    assert_trace(only(read(path)), integrations([1, 2, 3]))


def test_detector_of_the_primary_header(tmp_path):
    path = one_hdu_an_integration(tmp_path, integrations([1, 2]))
    assert list(read(path)) == [("", 1)]
    fits.setval(path, "DETECTOR", value="NIS")
    assert list(read(path)) == [("NIS", 1)]


def test_meta(built):
    meta = read(built("x1dints", "TSOMultiSpecModel"))["NIS", 2].meta
    assert (meta["TELESCOP"], meta["SPORDER"]) == ("JWST", 2)


# ---- wavelengths and lengths ----


def test_padding_is_left_off(tmp_path):
    """N_ALONGDISP shorter than the vectors, as where another segment's spectrum is longer."""
    columns = integrations([1, 2, 3], 12)
    padded = {
        name: np.pad(np.broadcast_to(columns[name], (3, 12)).astype(float), ((0, 0), (0, 5)),
                     constant_values=1 if name == "DQ" else np.nan)
        for name in ("FLUX", "FLUX_ERROR", "WAVELENGTH", "DQ")
    }  # fmt: skip
    assert_trace(single(tmp_path, columns | padded), columns)


def test_integrations_of_different_length_in_one_table(tmp_path):
    """The longest one counts; the others' wavelengths are the same where they have any."""
    columns = integrations([1, 2, 3], 12, N_ALONGDISP=[7, 10, 9])
    padded = np.arange(12) >= np.array([[7], [10], [9]])
    for name in ("FLUX", "WAVELENGTH"):
        columns[name] = np.where(padded, np.nan, columns[name])
    trace = single(tmp_path, columns)
    np.testing.assert_array_equal(trace.flux.value, columns["FLUX"][:, :10])
    np.testing.assert_array_equal(trace.wavelength.value, np.linspace(1, 2, 12)[:10])


def test_segments_of_different_length(tmp_path):
    parts = [(integrations([1, 2], 12), NIS), (integrations([3], 8, segment=2), NIS)]
    trace = only(read(time_series(tmp_path, parts)))
    assert trace.flux.shape == (3, 12)
    assert np.isnan(trace.flux[2, 8:]).all() and np.isfinite(trace.flux[2, :8]).all()
    assert trace.dq[2].tolist() == [0] * 12
    assert np.isnan(trace.usable_flux()[2, 8:]).all()
    assert trace.mask()[2].tolist() == [False] * 8 + [True] * 4


def test_wavelengths_that_differ_by_integration(tmp_path):
    grid = np.linspace(1, 2, 12) + np.array([[0], [1e-4], [2e-4]])
    trace = single(tmp_path, integrations([1, 2, 3], WAVELENGTH=grid))
    assert trace.wavelength.shape == (3, 12)
    np.testing.assert_array_equal(trace.wavelength.value, grid)


def test_wavelengths_that_differ_by_segment(tmp_path):
    grids = [np.linspace(1, 2, 12), np.linspace(1.01, 2.01, 12)]
    parts = [(integrations([n], segment=n, WAVELENGTH=grids[n - 1]), NIS) for n in (2, 1)]
    trace = only(read(time_series(tmp_path, parts)))
    np.testing.assert_array_equal(trace.wavelength.value, grids)


def test_wavelengths_that_differ_in_the_old_layout(tmp_path):
    grid = np.linspace(1, 2, 12) + np.array([[0], [1e-4]])
    trace = only(read(one_hdu_an_integration(tmp_path, integrations([1, 2], WAVELENGTH=grid))))
    np.testing.assert_array_equal(trace.wavelength.value, grid)


def test_wavelengths_that_differ_by_rounding_are_one_grid(tmp_path):
    grid = np.linspace(1, 2, 12) * np.array([[1], [1 + 1e-13]])
    assert single(tmp_path, integrations([1, 2], WAVELENGTH=grid)).wavelength.shape == (12,)


def test_a_late_difference_is_noticed(tmp_path):
    """The comparison goes block by block; the last row of many differs in one sample."""
    numbers = np.arange(1, 201)
    grid = np.tile(np.linspace(1, 2, 5), (200, 1))
    grid[-1, -1] += 1e-3
    trace = single(tmp_path, integrations(numbers, 5, WAVELENGTH=grid))
    assert trace.wavelength.shape == (200, 5)


def test_one_integration_without_flagged_samples_and_padding(tmp_path):
    columns = integrations([3, 1, 2], 12)
    flux, dq = columns["FLUX"].copy(), np.zeros((3, 12), np.uint32)
    wavelength = np.tile(columns["WAVELENGTH"][::-1], (3, 1))
    flux[0, 4], dq[0, 5], dq[0, 6] = np.nan, 1, 2**31  # of integration 3
    wavelength[0, 10:] = flux[0, 10:] = np.nan
    wavelength[1, 3] = wavelength[1, 2]  # no axis
    trace = single(tmp_path, columns | {"FLUX": flux, "DQ": dq, "WAVELENGTH": wavelength})
    one = trace.spectrum(-1)
    assert one.meta["integration"] == 3 and one.flux.shape == (10,)
    np.testing.assert_array_equal(np.flatnonzero(one.mask), [4, 5])
    np.testing.assert_array_equal(one.spectral_axis.value, wavelength[0, :10])
    assert np.flatnonzero(trace.spectrum(2, dq_bits=2**31).mask).tolist() == [4, 6]
    assert not trace.spectrum(1).mask.any()
    with pytest.raises(Stage3Error, match="wavelengths of integration 1 neither rise nor fall"):
        trace.spectrum(0)
    with pytest.raises(Stage3Error, match="no integration at 3; there are 3"):
        trace.spectrum(3)


def test_flags_of_one_integration_in_the_old_layout(tmp_path):
    dq = np.zeros((2, 12), np.uint32)
    dq[1, 5], dq[1, 6] = 1, 2**31
    path = one_hdu_an_integration(tmp_path, integrations([1, 2]) | {"DQ": dq})
    trace = only(read(path))
    assert np.flatnonzero(trace.spectrum(1).mask).tolist() == [5]
    assert np.flatnonzero(trace.spectrum(1, dq_bits=2**31).mask).tolist() == [6]
    assert not trace.spectrum(0, dq_bits=2**31).mask.any()


def test_descending_wavelengths(tmp_path):
    columns = integrations([1, 2], WAVELENGTH=np.linspace(2, 1, 12))
    assert_trace(single(tmp_path, columns), columns)


# ---- times ----


def test_barycentric_time_is_not_half_a_day_off(tmp_path):
    """The file's BJD_TDB is BJD - 2400000.5, an MJD: 59989.977 is BJD 2459990.477."""
    columns = integrations([1, 2]) | {"TDB-MID": np.array([59989.977, 59989.978])}
    trace = single(tmp_path, columns)
    assert isinstance(trace.time, Time)
    assert (trace.time.scale, trace.time_utc.scale) == ("tdb", "utc")
    np.testing.assert_allclose(trace.time.jd, [2459990.477, 2459990.478], rtol=0, atol=1e-9)


@pytest.mark.parametrize("layout", ["new", "old"])
def test_times_from_int_times(tmp_path, layout):
    """Tables without times; INT_TIMES in another order, with a row more."""
    numbers = np.array([1, 2, 3])
    times = interval_times([9, 3, 2, 1], [60009, 60003, 60002, 60001.0],
                           [60009.1, 60003.1, 60002.1, 60001.1])  # fmt: skip
    if layout == "old":
        path = one_hdu_an_integration(
            tmp_path, integrations(numbers), headers=False, int_times=times
        )
    else:
        columns = integrations(numbers) | {"MJD-AVG": np.nan, "TDB-MID": np.nan}
        path = time_series(tmp_path, [(columns, NIS)], int_times=times)
    trace = only(read(path))
    np.testing.assert_array_equal(trace.time.mjd, [60001.1, 60002.1, 60003.1])
    np.testing.assert_array_equal(trace.time_utc.mjd, [60001, 60002, 60003])
    assert (trace.time.scale, trace.time_utc.scale) == ("tdb", "utc")


def test_times_of_the_tables_come_first(tmp_path):
    """With two detectors INT_TIMES holds the last one's."""
    times = interval_times([1, 2, 3], np.full(3, 1.0), np.full(3, 2.0))
    trace = single(tmp_path, int_times=times)
    np.testing.assert_array_equal(trace.time.mjd, integrations([1, 2, 3])["TDB-MID"])


def test_no_times_at_all_warns(tmp_path):
    columns = integrations([1, 2]) | {"MJD-AVG": np.nan, "TDB-MID": np.nan}
    path = time_series(tmp_path, [(columns, NIS)])
    with pytest.warns(Stage3Warning, match="order 1: no time stamps"):
        trace = only(read(path))
    assert trace.time is None and trace.time_utc is None


def test_no_time_for_one_integration(tmp_path):
    """INT_TIMES lacks a row: the time is masked, the others are there."""
    times = interval_times([1, 3], [60001, 60003.0], [60001.1, 60003.1])
    columns = integrations([1, 2, 3])
    path = one_hdu_an_integration(tmp_path, columns, headers=False, int_times=times)
    with pytest.warns(Stage3Warning, match="order 1: 1 integration without a time stamp"):
        trace = only(read(path))
    np.testing.assert_array_equal(trace.time.mask, [False, True, False])
    np.testing.assert_array_equal(np.ma.filled(trace.time.mjd, np.nan), [60001.1, np.nan, 60003.1])


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([60000, 60001, 60001, 60002], "1 repeated time stamp, the first at integration 2;"),
        ([60000, 60000, 60000, 60002], "2 repeated time stamps, the first at integration 1;"),
        ([60000, 60003, 60001, 60002], "times jump back 1 time, the first at integration 2;"),
    ],
)
def test_odd_times_warn_and_are_kept(tmp_path, days, words):
    path = time_series(tmp_path, [(integrations([1, 2, 3, 4]) | {"TDB-MID": days}, NIS)])
    with pytest.warns(Stage3Warning, match=f"x1dints.fits order 1: {words}"):
        trace = only(read(path))
    np.testing.assert_array_equal(trace.time.mjd, days)
    assert trace.flux.shape == (4, 12)


def test_repeated_and_back_jumping_times_warn_of_both(tmp_path):
    columns = integrations([1, 2, 3, 4]) | {"TDB-MID": [3.0, 3.0, 1.0, 2.0]}
    path = time_series(tmp_path, [(columns, NIS)])
    with pytest.warns(Stage3Warning) as caught:
        read(path)
    assert len(caught) == 2


def test_nothing_is_said_about_sound_products(built):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for generation in ("TSOMultiSpecModel", "MultiSpecModel"):
            read(built("x1dints", generation))


# ---- data quality and units ----


def flagged():
    """Every kind of sample that must or must not be used, in known places."""
    columns = integrations([1, 2])
    dq = np.zeros((2, 12), "u4")
    dq[0, [1, 2, 3, 4]] = 1, 2, 2**31, 2**31 | 1
    flux = columns["FLUX"].copy()
    flux[1, [5, 6, 7]] = np.nan, np.inf, -np.inf
    return columns | {"DQ": dq, "FLUX": flux}


@pytest.mark.parametrize("layout", ["new", "old"])
@pytest.mark.parametrize(
    ("bits", "excluded"),
    [
        ("DO_NOT_USE", {(0, 1), (0, 4)}),
        ("SATURATED", {(0, 2)}),
        ("REFERENCE_PIXEL", {(0, 3), (0, 4)}),
        (["DO_NOT_USE", "SATURATED"], {(0, 1), (0, 2), (0, 4)}),
        (None, set()),
    ],
)
def test_usable_flux(tmp_path, layout, bits, excluded):
    """NaN exactly where flagged or not finite; every other sample untouched."""
    columns = flagged()
    trace = (
        single(tmp_path, columns)
        if layout == "new"
        else only(read(one_hdu_an_integration(tmp_path, columns)))
    )
    np.testing.assert_array_equal(trace.dq, columns["DQ"])
    usable = trace.usable_flux(bits)
    assert usable.unit == u.Jy
    for i in range(2):
        for j in range(12):
            if (i, j) in excluded | {(1, 5), (1, 6), (1, 7)}:
                assert np.isnan(usable[i, j])
                assert trace.mask(bits)[i, j]
            else:
                assert usable[i, j].value == columns["FLUX"][i, j]
                assert not trace.mask(bits)[i, j]


def test_usable_flux_leaves_the_flux_alone(tmp_path):
    trace = single(tmp_path, flagged())
    trace.usable_flux()[:] = -1 * u.Jy
    np.testing.assert_array_equal(trace.flux.value, flagged()["FLUX"])


def test_uncalibrated_flux_unit(tmp_path):
    """DN/s, where the flux calibration was skipped; odd units of variances are silent."""
    units = {"FLUX": "DN/s", "FLUX_ERROR": "DN/s", "FLUX_VAR_POISSON": "DN^2 / s^2"}
    trace = single(tmp_path, units=units | {"SB_VAR_POISSON": "foo/bar"})
    assert trace.flux.unit == trace.uncertainty.unit == trace.usable_flux().unit == u.DN / u.s


def test_flux_unit_that_means_nothing_warns(tmp_path):
    trace = single(tmp_path, units={"FLUX": "foo/bar"})
    with pytest.warns(Stage3Warning, match="x1dints.fits EXTRACT1D.FLUX: unit 'foo/bar'"):
        assert trace.flux.unit == u.dimensionless_unscaled


# ---- selecting ----


def test_select(built):
    path = built("x1dints", "TSOMultiSpecModel")
    assert list(read(path, order=2)) == [("NIS", 2)]
    assert list(read(path, order=[2, 1], detector="NIS")) == [("NIS", 1), ("NIS", 2)]
    assert list(read(path).select(detector=["NIS"])) == [("NIS", 1), ("NIS", 2)]


@pytest.mark.parametrize("wanted", [{"order": 3}, {"detector": "NRS1"}])
def test_select_nothing_lists_what_there_is(built, wanted):
    with pytest.raises(Stage3Error, match="x1dints.fits: no trace .*order 1, order 2"):
        read(built("x1dints", "TSOMultiSpecModel"), **wanted)


# ---- broken files ----


def test_no_integrations(tmp_path):
    with pytest.raises(UnreadableProductError, match="x1dints.fits: no integrations"):
        read(time_series(tmp_path, [(integrations([]), NIS)]))


def test_no_spectral_table(built):
    with pytest.raises(UnreadableProductError, match="no EXTRACT1D extension .found SCI"):
        read_spectral_time_series(built("calints", "CubeModel"))


def test_a_column_missing(tmp_path):
    path = time_series(tmp_path, [(integrations([1, 2]), NIS)])
    with fits.open(path, mode="update") as hdus:
        hdus["EXTRACT1D"].columns.change_name("FLUX", "OTHER")
    with pytest.raises(UnreadableProductError, match="EXTRACT1D has no FLUX column"):
        read(path)


@pytest.mark.parametrize("generation", ["TSOMultiSpecModel", "MultiSpecModel"])
def test_truncated(built, tmp_path, generation):
    path = built("x1dints", generation)
    with fits.open(path) as hdus:
        start = hdus[-2].fileinfo()["datLoc"]  # ASDF is the last
    (tmp_path / "cut_x1dints.fits").write_bytes(path.read_bytes()[: start + 300])
    with pytest.raises(UnreadableProductError, match="cut_x1dints.fits: truncated"):
        read(tmp_path / "cut_x1dints.fits")
