"""Pixels, regions, background and flags through the frames of a stack, against plain loops."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import NDData, StdDevUncertainty
from astropy.stats import sigma_clip
from astropy.table import QTable
from astropy.timeseries import TimeSeries
from hypothesis import given, settings
from hypothesis import strategies as st
from make_exposures import distorted_gwcs
from make_stacks import BARYCENTER, CADENCE, START, int_times, stack, stack_arrays
from photutils.aperture import CircularAnnulus, CircularAperture, aperture_photometry
from regions import CircleAnnulusPixelRegion, CirclePixelRegion, PixCoord, PolygonPixelRegion
from schemas_once import datamodels

import jdaviz_stage3 as stage3
from jdaviz_stage3 import Stage3Error, Stage3Warning
from jdaviz_stage3.analysis import (
    background_series,
    flags_over_time,
    pixel_series,
    region_series,
    series_table,
)
from jdaviz_stage3.analysis.light_curves.table import LightCurveColumns
from jdaviz_stage3.analysis.stacks import blocks


@pytest.fixture(scope="module")
def arrays():
    return stack_arrays()


@pytest.fixture(scope="module")
def found(arrays, tmp_path_factory):
    return stage3.read(stack(tmp_path_factory.mktemp("series"), "crfints", arrays=arrays))


@pytest.fixture(params=[1, 100, 8_000_000])
def any_block(request, monkeypatch):
    monkeypatch.setattr(blocks, "_BLOCK", request.param)


@pytest.fixture(scope="module")
def complete():
    """A star that gets 1 % fainter half-way, in 40 frames, nothing missing: data, errors."""
    rng = np.random.default_rng(6)
    y, x = np.mgrid[:21, :23]
    star = 1000 * np.exp(-0.5 * ((y - 10) ** 2 + (x - 11) ** 2) / 2**2)
    light = np.where(np.arange(40) < 20, 1.0, 0.99)
    return star * light[:, None, None] + rng.normal(0, 0.05, (40, 21, 23)), 0.05


# ---- flags ----


@pytest.mark.parametrize("names", ["DO_NOT_USE", ("OUTLIER", "JUMP_DET"), 2, "SATURATED"])
def test_flags_are_counted(names, found, arrays, any_block):
    bits = {"DO_NOT_USE": 1, ("OUTLIER", "JUMP_DET"): 20, 2: 2, "SATURATED": 2}[names]
    counts = flags_over_time(found, names)
    flagged = arrays["dq"] & bits != 0
    np.testing.assert_array_equal(counts.image, flagged.sum(axis=0))
    np.testing.assert_array_equal(counts.per_frame, flagged.sum(axis=(1, 2)))
    assert counts.image.dtype == np.uint32
    part = flags_over_time(found, names, frames=[3, 1], window=(slice(4, 9), slice(2, 7)))
    np.testing.assert_array_equal(part.image, flagged[[3, 1], 4:9, 2:7].sum(axis=0))
    np.testing.assert_array_equal(part.per_frame, flagged[[3, 1], 4:9, 2:7].sum(axis=(1, 2)))
    assert part.frames.tolist() == [3, 1]


def test_flags_need_flags(found, arrays, tmp_path):
    with pytest.raises(Stage3Error, match="no flags to count"):
        flags_over_time(arrays["data"])
    with pytest.raises(Stage3Error, match="no data-quality flag is called BAD"):
        flags_over_time(found, "BAD")
    nddata = NDData(arrays["data"])
    nddata.flags = arrays["dq"]
    assert flags_over_time(nddata, "OUTLIER").image.sum() == (arrays["dq"] & 16 != 0).sum()


# ---- one pixel ----


def test_a_pixel_through_time(found, arrays):
    for x, y in ((10, 8), (0, 0), (19, 15), (7, 3)):
        series = pixel_series(found, x, y)
        assert isinstance(series, TimeSeries) and series.meta["time_system"] == "BJD_TDB"
        np.testing.assert_array_equal(series["flux"].value, arrays["data"][:, y, x])
        np.testing.assert_array_equal(series["flux_err"].value, arrays["err"][:, y, x])
        np.testing.assert_array_equal(series["flags"], arrays["dq"][:, y, x])
        unusable = (arrays["dq"][:, y, x] & 1 != 0) | np.isnan(arrays["data"][:, y, x])
        np.testing.assert_array_equal(series["flagged"], unusable)
        assert series["flux"].unit == u.MJy / u.sr
        assert series["int_num"].tolist() == list(range(1, 13))
        assert series["integration"].tolist() == list(range(12))
    days = START + CADENCE * (np.arange(12) + 0.5)
    np.testing.assert_allclose(series.time.mjd, days, rtol=0, atol=1e-9)
    np.testing.assert_allclose(series["time_utc"].mjd, days - BARYCENTER, rtol=0, atol=1e-9)
    part = pixel_series(found, 10, 8, frames=slice(4, 7))
    np.testing.assert_array_equal(part["flux"].value, arrays["data"][4:7, 8, 10])
    assert part["int_num"].tolist() == [5, 6, 7]


def test_pixels_that_are_not_there(found):
    for x, y in ((20, 0), (-1, 3), (3, 16)):
        with pytest.raises(Stage3Error, match=r"no (column|row) -?\d+; there are"):
            pixel_series(found, x, y)


def test_infinity_is_no_value(arrays):
    data = arrays["data"].copy()
    data[2, 3, 4] = np.inf
    series = pixel_series(data, 4, 3)
    assert isinstance(series, QTable) and "time" not in series.colnames
    assert np.isnan(series["flux"][2]) and series["flagged"][2]


def test_what_the_mask_of_data_in_memory_excludes_is_flagged(arrays):
    nddata = NDData(arrays["data"], mask=arrays["dq"] & 4 != 0, unit="Jy")
    series = pixel_series(nddata, 7, 3)
    wanted = (arrays["dq"][:, 3, 7] & 4 != 0) | np.isnan(arrays["data"][:, 3, 7])
    np.testing.assert_array_equal(series["flagged"], wanted)
    np.testing.assert_array_equal(series["flux"].value, arrays["data"][:, 3, 7])


# ---- tables for the viewer ----


def test_the_light_curve_viewer_can_draw_it(found):
    table = series_table(pixel_series(found, 10, 8))
    columns = LightCurveColumns.of(table.meta)
    assert (columns.time, columns.flux, columns.flux_err, columns.flag) == (
        "time", "flux", "flux_err", "flagged",
    )  # fmt: skip
    assert columns.zero == 2400000 + START and columns.time_system == "BJD_TDB"
    np.testing.assert_allclose(
        table["time"].to_value("d"), 0.5 + CADENCE * (np.arange(12) + 0.5), rtol=0, atol=1e-8
    )
    assert {"BJD_TDB", "JD_UTC", "int_num", "flags"} <= set(table.colnames)
    assert columns.words["flux"] == "Pixel (10, 8)"


def test_without_times_it_goes_by_the_number(arrays, tmp_path):
    psfs = stage3.read(stack(tmp_path, "psfstack", arrays=arrays))
    series = pixel_series(psfs, 10, 8)
    table = series_table(series, words="Peak")
    columns = LightCurveColumns.of(table.meta)
    assert columns.time == "psf" and columns.time_label == "PSF" and columns.zero is None
    assert table["psf"].value.tolist() == list(range(1, 13)) and columns.words["flux"] == "Peak"


def test_some_times_are_missing(arrays, tmp_path):
    times = int_times(range(1, 13))
    for name in times.dtype.names[1:]:
        times[name][4] = np.nan
    with pytest.warns(Stage3Warning, match="1 integration without a time stamp"):
        found = stage3.read(stack(tmp_path, arrays=arrays, times=times))
    series = pixel_series(found, 10, 8)
    assert series.time.mask.tolist() == [i == 4 for i in range(12)]
    table = series_table(series)
    assert np.flatnonzero(np.isnan(table["time"])).tolist() == [4]
    assert np.isfinite(table["flux"][4])


# ---- regions ----


def test_a_complete_region_is_what_photutils_sums(complete, any_block):
    data, sigma = complete
    nddata = NDData(data, uncertainty=StdDevUncertainty(np.full(data.shape, sigma)), unit="Jy")
    region = CirclePixelRegion(PixCoord(11.3, 9.8), 4.6)
    series = region_series(nddata, region)
    aperture = CircularAperture((11.3, 9.8), 4.6)
    for frame in (0, 17, 39):
        peer = aperture_photometry(data[frame], aperture, error=np.full(data[0].shape, sigma))
        assert series["flux"][frame].value == pytest.approx(peer["aperture_sum"][0], rel=1e-9)
    # photutils takes Σ w σ² for the variance; ours is that of a weighted sum, Σ w² σ²
    weights = region.to_mask(mode="exact").data
    np.testing.assert_allclose(
        series["flux_err"].value, sigma * np.sqrt((weights**2).sum()), rtol=1e-9
    )
    np.testing.assert_array_equal(region_series(nddata, aperture)["flux"], series["flux"])
    mean = region_series(nddata, region, "mean")
    np.testing.assert_allclose(mean["flux"] * aperture.area, series["flux"], rtol=1e-9)
    assert series.meta["area"] == pytest.approx(aperture.area)
    assert not series["flagged"].any()


def test_sums_are_those_of_the_photometry_of_the_pipeline(complete, tmp_path):
    """In Jy, of circles and of annuli, with the times: jwst.tso_photometry on the same file."""
    photometry = pytest.importorskip("jwst.tso_photometry.tso_photometry")
    data, sigma = complete
    path = stack(
        tmp_path, times=int_times(range(1, 41)),
        arrays={
            "data": data.astype("f4"), "err": np.full(data.shape, sigma, "f4"),
            "dq": np.zeros(data.shape, "u4"),
        },
    )  # fmt: skip
    fits.setval(path, "PIXAR_SR", value=2.1e-14, extname="SCI")
    with datamodels.CubeModel(path) as model:
        model.meta.wcs = distorted_gwcs(shape=data.shape[1:])
        photometry.convert_data_units(model)
        table = photometry.tso_aperture_photometry(model, 11.3, 9.8, 4.6, 6.5, 9)
    found = stage3.read(path)
    series = region_series(found, CirclePixelRegion(PixCoord(11.3, 9.8), 4.6))
    assert series["flux"].unit == series["flux_err"].unit == u.Jy
    np.testing.assert_allclose(series["flux"].value, table["aperture_sum"].value, rtol=1e-5)
    np.testing.assert_allclose(series.time.mjd, table["BJD_TDB"], rtol=0, atol=1e-9)
    ring = CircularAnnulus((11.3, 9.8), 6.5, 9)
    mean = region_series(found, ring, "mean")
    per_pixel = (mean["flux"] * 2.1e-14 * u.sr).to_value(u.Jy)
    np.testing.assert_allclose(per_pixel, table["annulus_mean"].value, rtol=1e-5)


def test_polygons_and_masks(complete):
    data, _ = complete
    corners = PixCoord(x=[5.5, 15.5, 15.5, 5.5], y=[6.5, 6.5, 12.5, 12.5])
    mask = np.zeros((21, 23), bool)
    mask[7:13, 6:16] = True
    by_mask = region_series(data, mask)
    np.testing.assert_allclose(by_mask["flux"].value, data[:, mask].sum(axis=1), rtol=1e-9)
    by_polygon = region_series(data, PolygonPixelRegion(corners))
    np.testing.assert_allclose(by_polygon["flux"].value, by_mask["flux"].value, rtol=1e-9)


def test_a_region_on_the_sky(found):
    region = CirclePixelRegion(PixCoord(10, 8), 3.2)
    on_sky = region.to_sky(found.wcs)
    np.testing.assert_allclose(
        region_series(found, on_sky)["flux"].value, region_series(found, region)["flux"].value,
        rtol=1e-5,
    )  # fmt: skip
    with pytest.raises(Stage3Error, match="a region on the sky, but no coordinates"):
        region_series(found.data, on_sky)


@given(data=st.data())
@settings(max_examples=50)
def test_gaps_by_policy_are_as_a_plain_loop_has_them(data):
    n, ny, nx = (data.draw(st.integers(1, most)) for most in (7, 4, 4))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    cube = rng.uniform(9, 11, (n, ny, nx))
    cube[rng.uniform(size=cube.shape) < data.draw(st.sampled_from([0.0, 0.1, 0.6]))] = np.nan
    sigma = rng.uniform(0.1, 0.2, cube.shape)
    region = rng.uniform(size=(ny, nx)).round(1)
    region[0, 0] = 1
    missing = data.draw(st.sampled_from(["nan", "drop"]))
    kept = blocks._BLOCK
    blocks._BLOCK = data.draw(st.sampled_from([1, 30, kept]))
    try:
        nddata = NDData(cube, uncertainty=StdDevUncertainty(sigma), unit="Jy")
        series = region_series(nddata, region, missing=missing)
    finally:
        blocks._BLOCK = kept
    usable = np.isfinite(cube)
    least = 1 if missing == "nan" else n
    used = [
        (y, x) for y in range(ny) for x in range(nx)
        if region[y, x] > 0 and usable[:, y, x].sum() >= least
    ]  # fmt: skip
    assert series.meta["n_pixels"] == len(used)
    for i in range(n):
        lacking = [place for place in used if not usable[(i, *place)]]
        assert series["n_missing"][i] == len(lacking)
        if not used or (lacking and missing == "nan"):
            assert np.isnan(series["flux"][i]) and series["flagged"][i]
            continue
        wanted = sum(region[place] * cube[(i, *place)] for place in used)
        error = np.sqrt(sum((region[place] * sigma[(i, *place)]) ** 2 for place in used))
        assert series["flux"][i].value == pytest.approx(wanted, rel=1e-9)
        assert series["flux_err"][i].value == pytest.approx(error, rel=1e-9)


def test_gaps_are_filled_with_what_is_usual_at_that_time(complete, any_block):
    data, sigma = complete
    rng = np.random.default_rng(11)
    gaps = data.copy()
    gone = rng.uniform(size=data.shape) < 0.05
    gone[25:, 10, 11] = True  # the brightest pixel, for much of the fainter half
    gone[:, 4, 11] = True  # one that is always bad
    gone[:22, 15, 11] = True  # and one that is most of the time
    gaps[gone] = np.nan
    region = CirclePixelRegion(PixCoord(11, 10), 7)
    left_out = np.zeros((21, 23), bool)
    left_out[4, 11] = left_out[15, 11] = True
    weights = region.to_mask(mode="exact").to_image((21, 23))
    wanted = (data * np.where(left_out, 0, weights)).sum(axis=(1, 2))
    series = region_series(gaps, region)
    assert series.meta["n_dropped"] == 2
    # the gaps make up a quarter of the light at most, and each is known to 1e-3 or better
    np.testing.assert_allclose(series["flux"].value, wanted, rtol=4e-4)
    step = float(series["flux"][20:].mean() / series["flux"][:20].mean())
    assert step == pytest.approx(0.99, abs=1e-4)
    plain = np.nansum(np.where(left_out, 0, weights) * gaps, axis=(1, 2))
    assert abs(plain / wanted - 1).max() > 0.04  # which a plain sum would have been off
    assert series["flagged"].all() == (series["n_missing"] > 0).all()


@pytest.mark.parametrize(
    "light",
    [
        lambda t: 1 - 0.6 * (abs(t - 100) < 20),  # an eclipse
        lambda t: 1 + 0.6 * np.sin(t / 9),
        lambda t: 1 + 3 * t / 200,
        lambda t: 1 + 9 * np.exp(-(((t - 100) / 3) ** 2)),  # a flare
    ],
)
def test_gaps_are_filled_of_a_star_that_varies_much_on_a_background_that_does_too(light):
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:21, :21]
    t = np.arange(200)
    star = np.exp(-0.5 * ((x - 10) ** 2 + (y - 10) ** 2) / 1.5**2)
    data = 70 * light(t)[:, None, None] * star + (5 + 2 * np.sin(t / 5))[:, None, None]
    data += rng.normal(0, 0.05, data.shape)
    region, ring = np.hypot(x - 10, y - 10) <= 5, np.hypot(x - 10, y - 10) > 7.5
    wanted = region_series(data, region, background=ring)["flux"].value
    gone = rng.uniform(size=data.shape) < 0.02
    gone[:, 10, 10] |= rng.uniform(size=200) < 0.2  # the brightest pixel
    data[gone] = np.nan
    series = region_series(data, region, background=ring)
    np.testing.assert_allclose(series["flux"].value, wanted, rtol=2e-3)


def test_a_place_is_in_the_pixel_around_it(complete):
    data, _ = complete
    assert pixel_series(data, 3.7, 5.4).meta["pixel"] == (4, 5)
    assert pixel_series(data, -0.4, 20.4).meta["pixel"] == (0, 20)
    for place in ((22.6, 3), (3, -0.6), (np.nan, 3)):
        with pytest.raises(Stage3Error, match="there are 2[13], from 0"):
            pixel_series(data, *place)


def test_a_region_of_noise_is_filled_without_a_light(any_block):
    rng = np.random.default_rng(3)
    data = rng.normal(0, 1, (200, 9, 9))
    data[rng.uniform(size=data.shape) < 0.1] = np.nan
    series = region_series(data, np.ones((9, 9), bool))
    assert np.isfinite(series["flux"]).all()
    assert series["flux"].value.std() == pytest.approx(9 * np.sqrt(0.9), rel=0.15)
    assert abs(series["flux"].value.mean()) < 9 * 3 / np.sqrt(200) + 2


def test_errors_of_sums_are_those_of_repeated_trials(complete):
    rng = np.random.default_rng(2)
    y, x = np.mgrid[:15, :15]
    star = 200 * np.exp(-0.5 * ((y - 7) ** 2 + (x - 7) ** 2) / 2**2)
    data = star + rng.normal(0, 1, (3000, 15, 15))
    data[rng.uniform(size=data.shape) < 0.03] = np.nan
    nddata = NDData(data, uncertainty=StdDevUncertainty(np.ones(data.shape)), unit="Jy")
    region, ring = CirclePixelRegion(PixCoord(7, 7), 3), np.hypot(y - 7, x - 7) > 6
    for background in (None, ring):
        series = region_series(nddata, region, background=background)
        pull = (series["flux"] - np.median(series["flux"])) / series["flux_err"]
        assert pull.value.std() == pytest.approx(1, rel=0.06)


def test_a_background_is_subtracted(complete):
    data, _ = complete
    rng = np.random.default_rng(5)
    level = rng.uniform(3, 5, 40)
    ring = CircleAnnulusPixelRegion(PixCoord(11, 10), 8, 10)
    region = CirclePixelRegion(PixCoord(11, 10), 4)
    plain = region_series(data, region)
    series = region_series(data + level[:, None, None], region, background=ring)
    np.testing.assert_allclose(series["background"].value, level, atol=0.5)
    difference = (series["flux"] - plain["flux"]).value / series.meta["area"]
    assert np.ptp(difference) < 0.05  # the wings of the star in the ring are the same in all
    assert {"background", "background_err"} <= set(series.colnames)


@pytest.mark.parametrize("region", [None, "ring"])
def test_the_background_is_a_clipped_median(region, found, arrays, any_block):
    within = np.ones((16, 20), bool)
    within[4:-4, 4:-4] = False
    chosen = None
    if region:
        chosen = CircleAnnulusPixelRegion(PixCoord(10, 8), 5, 7)
        within = chosen.to_mask(mode="center").to_image((16, 20)) > 0
    series = background_series(found, chosen)
    good = (arrays["dq"] & 1 == 0) & np.isfinite(arrays["data"])
    for i in range(12):
        values = arrays["data"][i][within & good[i]].astype(float)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kept = sigma_clip(values, 3, masked=False)
        kept = kept[np.isfinite(kept)]
        assert series["flux"][i].value == pytest.approx(np.median(kept), rel=1e-6)
        error = 1.2533141 * kept.std(ddof=1) / np.sqrt(kept.size)
        assert series["flux_err"][i].value == pytest.approx(error, rel=0.02)
        assert series["n_pixels"][i] == kept.size


def test_a_frame_without_a_pixel_has_no_value(arrays):
    data = arrays["data"].copy()
    data[3] = np.nan
    for series in (background_series(data), region_series(data, np.ones((16, 20), bool))):
        assert np.isnan(series["flux"][3]) and series["flagged"][3]
        assert np.isfinite(series["flux"][[0, 5, 11]]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"region": np.ones((3, 4))}, "a region of 3 × 4 pixels, expected 16 × 20"),
        ({"region": np.zeros((16, 20), bool)}, "the region holds no pixel"),
        ({"region": np.full((16, 20), 2)}, "other weights than 0 to 1"),
        ({"region": np.full((16, 20), np.nan)}, "other weights than 0 to 1"),
        ({"region": CirclePixelRegion(PixCoord(90, 90), 3)}, "the region holds no pixel"),
        ({"region": "circle"}, "a region of one number pixels"),
        ({"statistic": "median"}, "statistic is 'median'; there is sum, mean"),
        ({"missing": "ignore"}, "missing is 'ignore'; there is fill, nan, drop"),
        ({"background": np.full((16, 20), 0.3)}, "no pixel lies by half or more"),
    ],
)
def test_what_cannot_be_is_said(options, message, found):
    options = {"region": np.ones((16, 20), bool)} | options
    with pytest.raises(Stage3Error, match=message):
        region_series(found, **options)


def test_short_stacks(arrays):
    for n in (1, 2):
        part = NDData(
            arrays["data"][:n], uncertainty=StdDevUncertainty(arrays["err"][:n]), unit="Jy"
        )
        for missing in ("fill", "nan", "drop"):
            series = region_series(part, np.ones((16, 20), bool), missing=missing)
            assert len(series) == n
        assert len(background_series(part)) == len(pixel_series(part, 3, 4)) == n
