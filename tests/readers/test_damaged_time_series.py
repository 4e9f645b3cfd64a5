"""Time series whose integrations could be mixed up, and files that end too early."""

import numpy as np
import pytest
from astropy.io import fits
from make_spectra import integrations, interval_times, one_hdu_an_integration, time_series

from jdaviz_stage3.errors import Stage3Warning, UnreadableProductError
from jdaviz_stage3.readers import read
from jdaviz_stage3.summary import summarize


def test_two_detectors_are_two_traces_with_their_own_labels(tmp_path):
    part = integrations([1, 2, 3])
    path = time_series(
        tmp_path,
        [(part, {"spectral_order": 1, "detector": name}) for name in ("NRCALONG", "NRCBLONG")],
    )
    assert [trace.label for trace in read(path).traces] == ["order 1 NRCALONG", "order 1 NRCBLONG"]


def test_numbers_that_start_anew_without_segments_keep_the_order_of_the_file(tmp_path):
    columns = integrations([1, 2, 3, 1, 2, 3])
    days = 60000 + np.arange(6) / 1000
    columns |= {"MJD-AVG": days, "TDB-MID": days, "FLUX": np.arange(6.0)[:, None] + np.zeros(12)}
    trace = read(one_hdu_an_integration(tmp_path, columns)).traces[0]
    np.testing.assert_array_equal(trace.flux.value[:, 0], np.arange(6))
    np.testing.assert_array_equal(trace.int_num, [1, 2, 3, 1, 2, 3])
    assert np.all(np.diff(trace.time_utc.mjd) > 0)


def test_repeated_numbers_do_not_take_times_of_int_times(tmp_path):
    """Which of two integrations of one number a time is of, nothing says."""
    columns = integrations([1, 2, 1, 2])
    times = interval_times([1, 2], [60001.0, 60002.0], [60001.1, 60002.1])
    path = one_hdu_an_integration(tmp_path, columns, headers=False, int_times=times)
    with pytest.warns(Stage3Warning, match="no time stamps"):
        trace = read(path).traces[0]
    assert trace.time is None


def without_number(numbers, place):
    """Columns whose integration at this place has the number 0."""
    columns = integrations(numbers)
    columns["INT_NUM"] = columns["INT_NUM"].copy()
    columns["INT_NUM"][place] = 0
    return columns


@pytest.mark.parametrize("layout", ["new", "old"])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_an_integration_without_a_number_keeps_its_place(tmp_path, layout, place):
    columns = without_number([1, 2, 3, 4, 5], place)
    path = (
        time_series(tmp_path, [(columns, {"spectral_order": 1, "detector": "NIS"})])
        if layout == "new"
        else one_hdu_an_integration(tmp_path, columns)
    )
    trace = read(path).traces[0]
    np.testing.assert_array_equal(trace.flux.value[:, 0], [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(trace.int_num, columns["INT_NUM"])


@pytest.mark.parametrize("place", [0, 1, 2])
def test_without_a_number_in_segments_out_of_order(tmp_path, place):
    header = {"spectral_order": 1, "detector": "NIS"}
    second = without_number([4, 5, 6], place) | {"SEGMENT": 2}
    path = time_series(tmp_path, [(second, header), (integrations([1, 2, 3]), header)])
    trace = read(path).traces[0]
    np.testing.assert_array_equal(trace.flux.value[:, 0], [1, 2, 3, 4, 5, 6])
    np.testing.assert_array_equal(trace.file_order, [3, 4, 5, 0, 1, 2])
    in_file = np.concatenate([second["FLUX"], integrations([1, 2, 3])["FLUX"]])
    np.testing.assert_array_equal(trace.flux.value[trace.file_order], in_file)


def test_two_without_a_number_are_not_one_number_twice(tmp_path):
    """The others are sorted, and find their times, all the same."""
    columns = without_number([3, 4, 1, 2], [1, 3])
    times = interval_times(
        [0, 1, 2, 3, 4], [0, 60001, 60002, 60003, 60004.0], [0, 60001.1, 60002.1, 60003.1, 60004.1]
    )
    path = one_hdu_an_integration(tmp_path, columns, headers=False, int_times=times)
    with pytest.warns(Stage3Warning, match="2 integrations without a time stamp"):
        trace = read(path).traces[0]
    np.testing.assert_array_equal(trace.flux.value[:, 0], [1, 2, 3, 4])
    found = np.ma.filled(trace.time.mjd, np.nan)
    np.testing.assert_array_equal(found, [60001.1, np.nan, 60003.1, np.nan])


# ---- multistripe SOSS after jwst 3.0 ----


def stripes(numbers, n_stripes=3, lost=()):
    """Rows of INT_TIMES_STRIPE: each stripe lasts a fifth of an integration of 1e-3 days."""
    rows = []
    for number in numbers:
        for stripe in range(n_stripes):
            start = 60000 + number / 1000 + stripe / 5000
            utc = [start, start + 1e-4, start + 2e-4]
            tdb = [day + 0.003 for day in utc]
            if (number, stripe) in lost:
                utc = [np.nan] * 3
            rows.append((number, stripe + 1, *utc, *tdb))
    kinds = [(f"int_{part}_{system}", "f8") for system in ("MJD_UTC", "BJD_TDB")
             for part in ("start", "mid", "end")]  # fmt: skip
    return np.array(rows, [("integration_number", "i4"), ("stripe_number", "i4"), *kinds])


def multistripe(folder, segments, **changes):
    """Segments of three integrations; only the first one's times are in the tables."""
    parts = []
    for segment in segments:
        columns = integrations(np.arange(3 * segment - 2, 3 * segment + 1), segment=segment)
        if segment > 1:
            columns |= {"MJD-AVG": np.nan, "TDB-MID": np.nan}
        parts.append((columns, {"spectral_order": 1, "detector": "NIS"}))
    numbers = np.arange(1, 10)
    days = np.where(numbers < 4, 60000 + numbers / 1000, np.nan)
    path = time_series(folder, parts, int_times=interval_times(numbers, days, days + 0.003))
    with fits.open(path, mode="append") as hdus:
        hdus.append(fits.BinTableHDU(stripes(numbers, **changes), name="INT_TIMES_STRIPE"))
    fits.setval(path, "NINTS", value=9)
    return path


def test_times_of_stripes_where_int_times_has_none(tmp_path):
    path = multistripe(tmp_path, (1, 2, 3), lost={(5, 0), (9, 2)})
    with pytest.warns(Stage3Warning, match="order 1: 6 of 9 times are from INT_TIMES_STRIPE"):
        trace = read(path).traces[0]
    numbers = np.arange(1, 10)
    first = numbers < 4  # as the tables have them; else the middle of the three stripes
    middle = 60000 + numbers / 1000 + np.where(first, 0, 3e-4)
    np.testing.assert_allclose(trace.time.mjd, middle + 0.003, rtol=0, atol=1e-9)
    utc = np.ma.filled(trace.time_utc.mjd, np.nan)
    expected = np.where(np.isin(numbers, [5, 9]), np.nan, middle)
    np.testing.assert_allclose(utc, expected, rtol=0, atol=1e-9)


def test_segments_without_times_are_named(tmp_path):
    path = multistripe(tmp_path, (1, 2, 3))
    with fits.open(path, mode="update") as hdus:
        del hdus["INT_TIMES_STRIPE"]
    with pytest.warns(Stage3Warning, match="6 integrations without a time stamp, none in segments "
                      "2, 3"):  # fmt: skip
        read(path)


def test_the_last_segment_alone_is_said(tmp_path):
    """The pipeline keeps the last one of these only; INT_TIMES counts all."""
    with pytest.warns(Stage3Warning) as caught:
        trace = read(multistripe(tmp_path, (3,))).traces[0]
    said = [str(warned.message).split("order 1: ")[1] for warned in caught]
    assert said[0] == "of 9 integrations, only 7 to 9 (segment 3) are in the file"
    assert "3 of 3 times are from INT_TIMES_STRIPE" in said[1]
    assert trace.int_num.tolist() == [7, 8, 9]


@pytest.mark.parametrize("where", ["in the header", "in the data"])
def test_old_layout_cut_after_some_integrations(tmp_path, built, where):
    source = built("x1dints", "MultiSpecModel")
    with fits.open(source) as hdus:
        third = [hdu for hdu in hdus if hdu.name == "EXTRACT1D"][2].fileinfo()
    cut = third["hdrLoc"] + 500 if where == "in the header" else third["datLoc"] + 50
    path = tmp_path / source.name
    path.write_bytes(source.read_bytes()[:cut])
    with pytest.raises(UnreadableProductError, match="truncated"):
        read(path)
    assert "truncated" in summarize(path).problem


@pytest.mark.parametrize("extension", ["ERR", "WHT"])
def test_mosaic_cut_behind_its_science_image(tmp_path, built, extension):
    source = built("i2d", "ImageModel")
    with fits.open(source) as hdus:
        cut = hdus[extension].fileinfo()["hdrLoc"] + 100
    path = tmp_path / source.name
    path.write_bytes(source.read_bytes()[:cut])
    with pytest.raises(UnreadableProductError, match="truncated"):
        read(path)
    assert "truncated" in summarize(path).problem


def test_white_light_without_barycentric_times_falls_back_to_utc(tmp_path):
    from make_tables import light_curve

    path = light_curve(
        tmp_path,
        {
            "MJD_UTC": [60000.0, 60000.1],
            "BJD_TDB": [np.nan, np.nan],
            "whitelight_flux": [1.0, 2.0],
        },
    )
    series = read(path)
    assert series.meta["time_system"] == "MJD_UTC"
    np.testing.assert_allclose(series["time"].mjd, [60000.0, 60000.1])


def test_no_finite_flux_warns(tmp_path):
    from jdaviz_stage3.loaders.time_series import dynamic_spectrum

    part = integrations([1, 2, 3], FLUX=np.full((3, 12), np.nan))
    path = time_series(tmp_path, [(part, {"spectral_order": 1, "detector": "NIS"})])
    with pytest.warns(Stage3Warning, match="no usable sample"):
        dynamic_spectrum(read(path).traces[0])


def test_every_table_must_have_its_columns(tmp_path, built):
    source = built("x1dints", "TSOMultiSpecModel")
    path = tmp_path / source.name
    with fits.open(source) as hdus:
        hdus["EXTRACT1D", 2].columns["WAVELENGTH"].name = "LAMBDA"
        hdus.writeto(path)
    with pytest.raises(UnreadableProductError, match="no WAVELENGTH column"):
        read(path)
