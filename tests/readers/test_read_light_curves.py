"""Reading white light curves of every generation."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.table import MaskedColumn, QTable
from astropy.time import Time
from astropy.timeseries import TimeSeries
from astropy.utils.masked import Masked
from make_tables import ROOT, light_curve, save_table

from jdaviz_stage3.errors import Stage3Warning, UnreadableProductError
from jdaviz_stage3.readers import read
from jdaviz_stage3.readers.light_curve import read_white_light

DAYS = 60000.25 + np.arange(6) / 500
BARYCENTRIC = DAYS + 0.003
FLUX = np.array([1.0, 1.01, 0.99, 0.98, 1.0, 1.02])


def time_of(series, column):
    """The time column that belongs to a flux column."""
    return series[series[column].info.meta["time"]]


# ---- generations ----


def test_single_order_up_to_1_18(tmp_path):
    """UTC only, no units."""
    series = read(light_curve(tmp_path, {"MJD": DAYS, "whitelight_flux": FLUX}))
    assert isinstance(series, TimeSeries)
    assert series.colnames == ["time", "whitelight_flux"]
    np.testing.assert_array_equal(series.time.mjd, DAYS)
    assert series.time.scale == "utc"
    assert series.meta["time_system"] == "MJD_UTC"
    np.testing.assert_array_equal(series["whitelight_flux"].value, FLUX)
    assert series["whitelight_flux"].unit == u.dimensionless_unscaled


@pytest.mark.parametrize("n_orders", [2, 3])
def test_stacked_orders_up_to_1_18(tmp_path, n_orders):
    """The rows of the orders one after the other, times repeated, nothing says which is which."""
    columns = {
        "MJD": np.tile(DAYS, n_orders),
        "whitelight_flux": np.concatenate([FLUX * (n + 1) for n in range(n_orders)]),
    }
    series = read(light_curve(tmp_path, columns))
    assert series.colnames == ["time", *(f"whitelight_flux_{n + 1}" for n in range(n_orders))]
    np.testing.assert_array_equal(series.time.mjd, DAYS)
    for n in range(n_orders):
        column = f"whitelight_flux_{n + 1}"
        np.testing.assert_array_equal(series[column].value, FLUX * (n + 1))
        assert (
            time_of(series, column) is series["time"]
            or (time_of(series, column).mjd == series.time.mjd).all()
        )


@pytest.mark.parametrize(
    ("days", "words"),
    [  # a repeated time stamp is no second order
        ([1.0, 1.0, 2.0, 3.0, 4.0, 5.0], ["1 repeated time stamp, the first at integration 1"]),
        ([1.0, 2.0, 3.0, 1.0, 2.0, 4.0], ["2 repeated", "jump back 1 time, the first at integ"]),
        ([1.0, 2.0, 3.0, 1.4, 2.4, 3.4], ["times jump back 1 time, the first at integration 3"]),
        ([1.0, 1.0, 2.0, 2.0, 3.0, 3.0], ["in pairs of nearly one time", "3 repeated"]),
        (np.full(6, 1.0), ["5 repeated time stamps"]),
        ([np.nan, 1.0, 2.0, 3.0, 4.0, 5.0], ["1 integration without a time stamp"]),
    ],
)
def test_odd_times_that_are_not_stacked_orders(tmp_path, days, words):
    with pytest.warns(Stage3Warning) as caught:
        series = read(light_curve(tmp_path, {"MJD": days, "whitelight_flux": FLUX}))
    for warned, part in zip(caught, words, strict=True):
        assert str(warned.message).startswith(f"{ROOT}_whtlt.ecsv: ")
        assert part in str(warned.message)
    np.testing.assert_array_equal(np.ma.filled(series.time.mjd, np.nan), days)
    np.testing.assert_array_equal(series["whitelight_flux"].value, FLUX)


def stacked(tmp_path, blocks, offset=2e-5, **meta):
    """Rows of blocks of (detector or order 0 or 1, integrations): flux 100 × detector + number."""
    days = [59800 + n / 1000 + d * offset for d, numbers in blocks for n in numbers]
    flux = [100.0 * d + n for d, numbers in blocks for n in numbers]
    path = light_curve(tmp_path, {"MJD": days, "whitelight_flux": flux})
    table = QTable.read(path, format="ascii.ecsv")
    table.meta = meta
    return save_table(table, path)


FIRST, SECOND = range(1, 6), range(6, 11)
INTERLEAVED = [(0, FIRST), (1, FIRST), (0, SECOND), (1, SECOND)]
BRIGHT = {"instrument": "NIRSPEC", "exp_type": "NRS_BRIGHTOBJ"}


def test_stacked_orders_of_several_segments(tmp_path):
    series = read(stacked(tmp_path, INTERLEAVED, offset=0, instrument="NIRISS"))
    for order in (1, 2):
        expected = 100 * (order - 1) + np.arange(1, 11)
        np.testing.assert_array_equal(series[f"whitelight_flux_{order}"].value, expected)
    np.testing.assert_array_equal(series.time.mjd, 59800 + np.arange(1, 11) / 1000)


@pytest.mark.parametrize("offset", [0.0, 2e-5, -2e-5])
@pytest.mark.parametrize("blocks", [
    INTERLEAVED, [(0, FIRST), (0, SECOND), (1, FIRST), (1, SECOND)], [(0, FIRST), (1, FIRST)],
    [(0, FIRST), (0, SECOND), (1, SECOND), (1, FIRST)],
])  # fmt: skip
def test_stacked_detectors(tmp_path, blocks, offset):
    """NIRSpec up to 1.18: the header names the detector that was read last."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        series = read(stacked(tmp_path, blocks, offset, detector="NRS2", **BRIGHT))
    n = 5 if len(blocks) == 2 else 10
    for detector, name in enumerate(["NRS1", "NRS2"]):
        column = f"whitelight_flux_{name}"
        np.testing.assert_array_equal(series[column].value, 100 * detector + np.arange(1, n + 1))
        days = 59800 + np.arange(1, n + 1) / 1000 + detector * offset
        np.testing.assert_array_equal(time_of(series, column).mjd, days)


def test_stacked_detectors_read_the_other_way_round(tmp_path):
    blocks = [(1, FIRST), (0, FIRST)]  # the builder's detector 0 last, and that is NRS1
    series = read(stacked(tmp_path, blocks, 0.0, detector="NRS1", **BRIGHT))
    np.testing.assert_array_equal(series["whitelight_flux_NRS1"].value, np.arange(1, 6))


def test_stacked_detectors_that_are_not_named(tmp_path):
    with pytest.warns(Stage3Warning, match="taken as NRS1 and NRS2, in the order in which"):
        series = read(stacked(tmp_path, INTERLEAVED, 0.0, **BRIGHT))
    np.testing.assert_array_equal(series["whitelight_flux_NRS1"].value, np.arange(1, 11))


@pytest.mark.parametrize(
    ("blocks", "offset", "detector"),
    [
        ([(0, FIRST), (1, FIRST), (0, SECOND)], 0.0, "NRS2"),  # a segment is not there
        ([(0, FIRST), (1, FIRST), (0, SECOND)], 2e-5, "NRS2"),
        ([(0, FIRST), (1, FIRST), (1, SECOND), (0, SECOND)], 0.0, "NRS2"),  # read crosswise
        (INTERLEAVED, 2e-5, None),  # or a segment of one detector whose times jump back
        (INTERLEAVED, 2e-5, "NRS1"),
        ([(d, [n]) for n in range(1, 9) for d in (0, 1)], 2e-5, "NRS2"),  # in the order of times
        ([(d, [n]) for n in range(1, 9) for d in (0, 1)], 0.0, "NRS2"),
    ],
)
def test_stacked_detectors_that_cannot_be_told_apart(tmp_path, blocks, offset, detector):
    path = stacked(tmp_path, blocks, offset, detector=detector, **BRIGHT)
    with pytest.warns(Stage3Warning) as caught:
        series = read(path)
    assert "of both detectors of NIRSpec in one column" in str(caught[0].message)
    assert [c for c in series.colnames if "flux" in c] == ["whitelight_flux"]
    expected = [100 * d + n for d, numbers in blocks for n in numbers]
    np.testing.assert_array_equal(series["whitelight_flux"].value, expected)


def test_pairs_of_rows_of_no_known_detectors(tmp_path):
    blocks = [(d, [n]) for n in range(1, 9) for d in (0, 1)]
    with pytest.warns(Stage3Warning, match="the rows come in pairs of nearly one time"):
        read(stacked(tmp_path, blocks, instrument="NIRCAM"))


def test_one_detector_of_nirspec_is_one_curve(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        series = read(stacked(tmp_path, [(0, FIRST), (0, SECOND)], detector="NRS1", **BRIGHT))
    assert series.colnames == ["time", "whitelight_flux"]


# exposures of two integrations each, with some time between them
PAIRS = np.sort(np.concatenate([DAYS, DAYS + 1e-4]))


@pytest.mark.parametrize(
    ("days", "odd"),
    [
        (PAIRS, None),
        (np.append(DAYS[:3], DAYS[2:]), "1 repeated time stamp"),
        (np.roll(PAIRS, 4), "times jump back 1 time"),
        (np.append(DAYS, DAYS[4:] + 1.5e-3), "times jump back 1 time"),  # two integrations again
        (np.append(DAYS, DAYS + 30), None),  # two visits
    ],
    ids=["exposures of two", "repeated", "segments out of order", "jumps back", "visits"],
)
@pytest.mark.parametrize("detector", ["NRS1", "NRS2", None])
def test_odd_times_of_one_curve_are_no_second_curve(tmp_path, days, odd, detector):
    """What is said of the times is all that is said: nothing of a second detector."""
    flux = np.random.default_rng(1).normal(1, 0.01, len(days))
    path = light_curve(tmp_path, {"MJD": days, "whitelight_flux": flux})
    table = QTable.read(path, format="ascii.ecsv")
    table.meta = BRIGHT | {"detector": detector} if detector else {"instrument": "MIRI"}
    save_table(table, path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", Stage3Warning)
        series = read(path)
    said = [str(w.message) for w in caught if issubclass(w.category, Stage3Warning)]
    assert len(said) == (odd is not None)
    assert all(odd in each for each in said)
    np.testing.assert_array_equal(series.time.mjd, days)
    np.testing.assert_array_equal(series["whitelight_flux"].value, flux)


def test_padding_is_no_missing_time(tmp_path):
    """At the end of the shorter detector's columns; one in between is missing."""
    shorter = np.append(BARYCENTRIC[:-2], [np.nan, np.nan])
    shorter[1] = np.nan
    columns = {"BJD_TDB_NRS1": BARYCENTRIC, "whitelight_flux_NRS1": FLUX,
               "BJD_TDB_NRS2": shorter, "whitelight_flux_NRS2": FLUX}  # fmt: skip
    with pytest.warns(Stage3Warning, match="NRS2: 1 integration without a time") as caught:
        read(light_curve(tmp_path, columns))
    assert len(caught) == 1


@pytest.mark.parametrize("unit", [None, u.Jy], ids=["1.19 without units", "3.0 with units"])
def test_orders(tmp_path, unit):
    unit = unit or u.dimensionless_unscaled
    columns = {"MJD_UTC": DAYS, "BJD_TDB": BARYCENTRIC}
    for order in (1, 2):
        flux = FLUX / order
        columns[f"whitelight_flux_order_{order}"] = flux << unit if unit == u.Jy else flux
    series = read(light_curve(tmp_path, columns))
    fluxes = ["whitelight_flux_order_1", "whitelight_flux_order_2"]
    assert series.colnames == ["time", "time_utc", *fluxes]
    np.testing.assert_array_equal(series.time.mjd, BARYCENTRIC)
    assert series.time.scale == "tdb"
    np.testing.assert_array_equal(series["time_utc"].mjd, DAYS)
    assert series["time_utc"].scale == "utc"
    assert series.meta["time_system"] == "BJD_TDB"
    for order in (1, 2):
        flux = series[f"whitelight_flux_order_{order}"]
        np.testing.assert_array_equal(flux.value, FLUX / order)
        assert flux.unit == unit
        assert flux.info.meta == {"time": "time", "time_utc": "time_utc"}


@pytest.mark.parametrize("orders", [[""], ["_order_1", "_order_2"]])
def test_detectors_have_times_of_their_own(tmp_path, orders):
    """NIRSpec: the shorter one is padded with NaN, which an astropy Time masks."""
    second = np.append(BARYCENTRIC[:-1] + 1e-5, np.nan)
    columns = {"MJD_UTC_NRS1": DAYS, "BJD_TDB_NRS1": BARYCENTRIC,
               "MJD_UTC_NRS2": second - 0.003, "BJD_TDB_NRS2": second}  # fmt: skip
    for detector, factor in (("NRS1", 1), ("NRS2", 2)):
        for order in orders:
            flux = np.where(np.isnan(columns[f"BJD_TDB_{detector}"]), np.nan, FLUX * factor)
            columns[f"whitelight_flux{order}_{detector}"] = flux * u.Jy
    series = read(light_curve(tmp_path, columns))
    for order in orders:
        for detector, days, utc in (("NRS1", BARYCENTRIC, DAYS), ("NRS2", second, second - 0.003)):
            column = f"whitelight_flux{order}_{detector}"
            np.testing.assert_array_equal(series[column].value, columns[column].value)
            found = np.ma.filled(time_of(series, column).mjd, np.nan)
            np.testing.assert_array_equal(found, days)
            assert time_of(series, column).scale == "tdb"
            stamps = series[series[column].info.meta["time_utc"]]
            np.testing.assert_array_equal(np.ma.filled(stamps.mjd, np.nan), utc)
            assert stamps.scale == "utc"
    times = {"time", "time_utc", "time_NRS2", "time_utc_NRS2"}
    assert set(series.colnames) == times | {c for c in columns if "flux" in c}


def test_a_detector_whose_utc_is_missing_does_not_get_that_of_another(tmp_path):
    columns = {"MJD_UTC_NRS1": DAYS, "BJD_TDB_NRS1": BARYCENTRIC, "whitelight_flux_NRS1": FLUX,
               "MJD_UTC_NRS2": DAYS * np.nan, "BJD_TDB_NRS2": BARYCENTRIC + 1e-5,
               "whitelight_flux_NRS2": FLUX}  # fmt: skip
    series = read(light_curve(tmp_path, columns))
    assert series["whitelight_flux_NRS1"].info.meta == {"time": "time", "time_utc": "time_utc"}
    assert series["whitelight_flux_NRS2"].info.meta == {"time": "time_NRS2"}


def test_one_nirspec_detector(tmp_path):
    """Its name is in the columns even where there is only one."""
    series = read(light_curve(tmp_path, {
        "MJD_UTC_NRS1": DAYS, "BJD_TDB_NRS1": BARYCENTRIC, "whitelight_flux_NRS1": FLUX * u.Jy,
    }))  # fmt: skip
    assert series.colnames == ["time", "time_utc", "whitelight_flux_NRS1"]
    np.testing.assert_array_equal(series.time.mjd, BARYCENTRIC)


def test_barycentric_time_is_not_half_a_day_off(tmp_path):
    columns = {"MJD_UTC": [59989.974], "BJD_TDB": [59989.977], "whitelight_flux": [1.0] * u.Jy}
    series = read(light_curve(tmp_path, columns))
    assert series.time.jd[0] == pytest.approx(2459990.477, abs=1e-9)
    assert isinstance(series.time, Time)


def test_only_barycentric_times(tmp_path):
    series = read(light_curve(tmp_path, {"BJD_TDB": BARYCENTRIC, "whitelight_flux": FLUX}))
    assert series.meta["time_system"] == "BJD_TDB"
    assert "time_utc" not in series.colnames


def test_meta(built):
    meta = read(built("whtlt", "3.0")).meta
    assert meta["target_name"] == "WASP-0"
    assert meta["pupil"] is None


# ---- values that are missing ----


@pytest.mark.parametrize("unit", [u.dimensionless_unscaled, u.Jy])
def test_a_sum_of_nothing_becomes_nan_with_a_warning(tmp_path, unit):
    """The white_light step writes 0 for an integration without a finite sample."""
    flux = FLUX.copy()
    flux[[1, 4]] = 0
    columns = {"MJD_UTC": DAYS, "BJD_TDB": BARYCENTRIC, "whitelight_flux": flux << unit}
    path = light_curve(tmp_path, columns)
    with pytest.warns(Stage3Warning, match=r"whtlt.ecsv: 2 integration.* of whitelight_flux"):
        series = read(path)
    expected = FLUX.copy()
    expected[[1, 4]] = np.nan
    np.testing.assert_array_equal(series["whitelight_flux"].value, expected)
    assert series["whitelight_flux"].unit == unit
    assert len(series.time) == 6


def test_each_order_warns_for_itself(tmp_path):
    columns = {"MJD_UTC": DAYS, "BJD_TDB": BARYCENTRIC, "whitelight_flux_order_1": FLUX,
               "whitelight_flux_order_2": FLUX * 0}  # fmt: skip
    path = light_curve(tmp_path, columns)
    with pytest.warns(Stage3Warning, match="6 integration.* of whitelight_flux_order_2") as caught:
        series = read(path)
    assert len(caught) == 1
    np.testing.assert_array_equal(series["whitelight_flux_order_1"].value, FLUX)
    assert np.isnan(series["whitelight_flux_order_2"]).all()


@pytest.mark.parametrize("with_unit", [False, True])
def test_masked_flux_becomes_nan(tmp_path, with_unit):
    mask = np.arange(6) == 2
    flux = Masked(FLUX * u.Jy, mask=mask) if with_unit else MaskedColumn(FLUX, mask=mask)
    series = read(
        light_curve(tmp_path, {"MJD_UTC": DAYS, "BJD_TDB": BARYCENTRIC, "whitelight_flux": flux})
    )
    np.testing.assert_array_equal(series["whitelight_flux"].value, np.where(mask, np.nan, FLUX))
    assert type(series["whitelight_flux"]) is u.Quantity


# ---- errors ----


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"INT": [1], "whitelight_flux": [1.0]}, "no times in the table .found INT, whitelight"),
        ({"MJD": [], "whitelight_flux": []}, "no rows in the table"),
        ({"MJD": [1.0], "flux": [1.0]}, "no whitelight_flux in the table"),
    ],
)
def test_a_table_that_lacks_something(tmp_path, columns, words):
    with pytest.raises(UnreadableProductError, match=f"whtlt.ecsv: {words}"):
        read_white_light(light_curve(tmp_path, columns))


def test_a_broken_table(tmp_path):
    path = light_curve(tmp_path, {"MJD": DAYS, "whitelight_flux": FLUX})
    path.write_text(path.read_text().replace("# datatype:", "# datatype: ["))
    with pytest.raises(UnreadableProductError, match="whtlt.ecsv: not a readable ECSV") as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_a_header_without_rows(tmp_path):
    path = light_curve(tmp_path, {"MJD": DAYS, "whitelight_flux": FLUX})
    path.write_text("".join(x for x in path.read_text().splitlines(True) if x.startswith("#")))
    with pytest.raises(UnreadableProductError, match="not followed by column names"):
        read_white_light(path)
