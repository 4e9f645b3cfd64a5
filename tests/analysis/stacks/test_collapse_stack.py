"""Images of stacks, their errors and differences, against numpy pixel by pixel, and by trial."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, NDData, StdDevUncertainty
from astropy.stats import sigma_clip
from astropy.utils.masked import Masked
from hypothesis import given, settings
from hypothesis import strategies as st
from make_stacks import stack, stack_arrays

import jdaviz_stage3 as stage3
from jdaviz_stage3 import Stage3Error
from jdaviz_stage3.analysis import STACK_STATISTICS, collapse_stack, stack_difference
from jdaviz_stage3.analysis.stacks import blocks


@pytest.fixture(scope="module")
def arrays():
    return stack_arrays()


@pytest.fixture(scope="module")
def found(arrays, tmp_path_factory):
    return stage3.read(stack(tmp_path_factory.mktemp("collapse"), "crfints", arrays=arrays))


def samples(arrays, y, x):
    """The usable samples of a pixel and their errors, by plain indexing."""
    good = (arrays["dq"][:, y, x] & 1 == 0) & np.isfinite(arrays["data"][:, y, x])
    return arrays["data"][good, y, x].astype(float), arrays["err"][good, y, x].astype(float)


def by_hand(statistic, errors, values, sigma):
    """One pixel as the docstring says it: value, error, number of samples."""
    n = len(values)
    if not n:
        return np.nan, np.nan, 0
    if statistic == "clipped mean":
        kept = sigma_clip(values, 3, maxiters=5)
        keep = ~np.ma.getmaskarray(kept)
        values, sigma, n = values[keep], sigma[keep], int(keep.sum())
    s = values.std(ddof=1) if n > 1 else np.nan
    mean_err = np.sqrt((sigma**2).sum()) / n if errors == "propagated" else s / np.sqrt(n)
    if statistic in ("mean", "clipped mean"):
        return values.mean(), mean_err, n
    if statistic == "median":
        less = 0.5 if n % 2 else 4 / 3
        return np.median(values), mean_err * (np.pi / 2 * n / (n + less) if n > 2 else 1) ** 0.5, n
    if statistic == "std":
        return s, s / np.sqrt(2 * (n - 1)) if n > 1 else np.nan, n
    place = values.argmin() if statistic == "min" else values.argmax()
    return values[place], sigma[place], n


@pytest.mark.parametrize("errors", ["propagated", "scatter"])
@pytest.mark.parametrize("statistic", list(STACK_STATISTICS))
@pytest.mark.parametrize("block", [1, 77, 500, 8_000_000])
def test_every_pixel_is_as_by_hand(statistic, errors, block, found, arrays, monkeypatch):
    monkeypatch.setattr(blocks, "_BLOCK", block)
    image = collapse_stack(found, statistic, errors=errors)
    assert isinstance(image, CCDData) and image.unit == u.MJy / u.sr
    assert image.shape == (16, 20) and image.wcs is not None
    wanted = np.array(
        [[by_hand(statistic, errors, *samples(arrays, y, x)) for x in range(20)] for y in range(16)]
    )
    np.testing.assert_allclose(image.data, wanted[..., 0], rtol=2e-6)
    np.testing.assert_array_equal(image.mask, np.isnan(wanted[..., 0]))
    np.testing.assert_allclose(image.uncertainty.array, wanted[..., 1], rtol=2e-6)
    np.testing.assert_array_equal(image.meta["n_samples"], wanted[..., 2])
    assert image.mask[0].all()  # the reference pixels
    assert image.meta["frames"].tolist() == list(range(12))


@given(data=st.data())
@settings(max_examples=60)
def test_any_stack_in_memory(data):
    n, ny, nx = (data.draw(st.integers(1, most)) for most in (7, 4, 3))
    seed = data.draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    cube = rng.normal(10, 3, (n, ny, nx)).round(1)
    cube[rng.uniform(size=cube.shape) < data.draw(st.sampled_from([0, 0.3, 0.9]))] = np.nan
    cube[rng.uniform(size=cube.shape) < 0.05] = np.inf
    mask = rng.uniform(size=cube.shape) < data.draw(st.sampled_from([0, 0.2]))
    sigma = rng.uniform(1, 2, cube.shape)
    statistic = data.draw(st.sampled_from(list(STACK_STATISTICS)))
    errors = data.draw(st.sampled_from(["propagated", "scatter"]))
    numbers = st.lists(st.integers(-n, n - 1), min_size=1, max_size=6, unique_by=lambda i: i % n)
    frames = data.draw(st.none() | numbers)
    chosen = list(range(n)) if frames is None else [frame % n for frame in frames]
    kept = blocks._BLOCK
    blocks._BLOCK = data.draw(st.sampled_from([1, 5, 40, kept]))
    try:
        nddata = NDData(cube, mask=mask, uncertainty=StdDevUncertainty(sigma), unit="Jy")
        image = collapse_stack(nddata, statistic, errors=errors, frames=frames)
    finally:
        blocks._BLOCK = kept
    usable = np.isfinite(cube) & ~mask
    for y in range(ny):
        for x in range(nx):
            good = [i for i in chosen if usable[i, y, x]]
            value, error, count = by_hand(statistic, errors, cube[good, y, x], sigma[good, y, x])
            np.testing.assert_allclose(image.data[y, x], value, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(image.uncertainty.array[y, x], error, rtol=1e-9, atol=1e-7)
            assert image.meta["n_samples"][y, x] == count


@pytest.mark.parametrize("statistic", ["median", "mean", "clipped mean", "std"])
@pytest.mark.parametrize("errors", ["propagated", "scatter"])
def test_errors_are_those_of_repeated_trials(statistic, errors):
    rng = np.random.default_rng(4)
    n, trials = 25, (80, 100)
    cube = rng.normal(3, 2, (n, *trials)).astype("f4")
    nddata = NDData(cube, uncertainty=StdDevUncertainty(np.full(cube.shape, 2.0)), unit="Jy")
    image = collapse_stack(nddata, statistic, errors=errors)
    scatter, stated = image.data.std(), np.sqrt(np.mean(image.uncertainty.array**2))
    assert stated == pytest.approx(scatter, rel=0.035)  # 8000 trials tell 0.8 %


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 8, 11, 20])
def test_the_error_of_a_median_of_few(n):
    cube = np.random.default_rng(n).normal(0, 1, (n, 300, 500))
    nddata = NDData(cube, uncertainty=StdDevUncertainty(np.ones(cube.shape)), unit="Jy")
    image = collapse_stack(nddata, "median")
    stated = float(image.uncertainty.array.mean())
    assert stated == pytest.approx(image.data.std(), rel=0.012)


def test_windows_and_frames(found, arrays):
    window = (slice(3, 9), slice(-4, None))
    image = collapse_stack(found, "mean", frames=slice(2, 9, 3), window=window)
    whole = collapse_stack(found, "mean", frames=[2, 5, 8])
    np.testing.assert_array_equal(image.data, whole.data[window])
    np.testing.assert_array_equal(image.uncertainty.array, whole.uncertainty.array[window])
    sky = image.wcs.pixel_to_world(1, 2), whole.wcs.pixel_to_world(17, 5)
    assert sky[0].separation(sky[1]) < 1e-6 * u.arcsec
    chosen = np.arange(12) % 2 == 0
    np.testing.assert_array_equal(
        collapse_stack(found, "median", frames=chosen).data,
        collapse_stack(found, "median", frames=np.flatnonzero(chosen)).data,
    )


def test_without_errors_none_are_made_up(arrays):
    plain = np.where(arrays["dq"] & 1, np.nan, arrays["data"])
    for statistic in ("median", "mean", "clipped mean", "min"):
        assert collapse_stack(plain, statistic).uncertainty is None
    assert collapse_stack(plain, "std").uncertainty is not None
    assert collapse_stack(plain, "mean", errors="scatter").uncertainty is not None
    image = collapse_stack(plain, "median", errors="none")
    assert image.uncertainty is None and image.meta["errors"] == "none"


def test_an_error_that_is_not_known_stays_so(arrays, tmp_path):
    err = arrays["err"].copy()
    err[3, 5, 6] = np.nan
    found = stage3.read(stack(tmp_path, arrays=arrays | {"err": err}))
    image = collapse_stack(found, "mean")
    used = arrays["dq"][3, 5, 6] & 1 == 0
    assert np.isnan(image.uncertainty.array[5, 6]) == used
    assert np.isfinite(image.data[5, 6])


def test_psfs_of_an_integration(tmp_path):
    arrays = stack_arrays((2, 3, 16, 20))
    path = stack(tmp_path, "psfalign", arrays=arrays, model="QuadModel")
    psfs = stage3.read(path)
    with pytest.raises(Stage3Error, match=r"give one of its integrations, stack\[0\]"):
        collapse_stack(psfs)
    image = collapse_stack(psfs[1], "mean")
    good = np.where(arrays["dq"][1] & 1, np.nan, arrays["data"][1].astype(float))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        np.testing.assert_allclose(image.data, np.nanmean(good, axis=0), rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"statistic": "mode"}, "statistic is 'mode'; there is median"),
        ({"errors": "all"}, "errors is 'all'; there is propagated"),
        ({"frames": [12]}, "frames 12 to 12; there are 12"),
        ({"frames": []}, "no frames chosen, of 12"),
        ({"frames": slice(5, 5)}, "no frames chosen"),
        ({"frames": [0.5]}, "given by numbers or a slice"),
        ({"frames": np.ones(3, bool)}, "3 frames chosen or not; there are 12"),
        ({"window": (slice(4, 4), slice(None))}, "no rows or columns 4 to 4"),
        ({"window": (slice(0, 4, 2), slice(None))}, "in steps of 1"),
    ],
)
def test_what_cannot_be_is_said(options, message, found):
    with pytest.raises(Stage3Error, match=message):
        collapse_stack(found, **options)


@pytest.mark.parametrize("shape", [(4, 5), (0, 4, 5), (2, 3, 4, 5)])
def test_arrays_that_are_no_stack(shape):
    with pytest.raises(Stage3Error, match="a stack has three axes"):
        collapse_stack(np.zeros(shape))


@pytest.mark.parametrize("kind", [np.ma.array, Masked])
def test_what_is_masked_in_an_array_is_left_out(kind, arrays):
    data = np.nan_to_num(arrays["data"])
    mask = data > 3
    masked = kind(data, mask=mask)
    wanted = np.ma.array(data, mask=mask).mean(axis=0).filled(np.nan)
    np.testing.assert_allclose(collapse_stack(masked, "mean").data, wanted, rtol=1e-5)
    masked = NDData(data, mask=mask)
    masked.mask[:, 3, 4] = True
    wanted[3, 4] = np.nan
    np.testing.assert_allclose(collapse_stack(masked, "mean").data, wanted, rtol=1e-5)


def test_arrays_that_do_not_fit_are_refused(arrays):
    data = arrays["data"]
    with pytest.raises(Stage3Error, match="the mask of a stack have 3 × 3 pixels, expected 12 ×"):
        collapse_stack(NDData(data, mask=np.zeros((3, 3), bool)))
    with pytest.raises(Stage3Error, match="real numbers; found complex128"):
        collapse_stack(data.astype(complex))
    for sigma in (0, -1, np.nan):
        with pytest.raises(Stage3Error, match="expected a number above 0"):
            collapse_stack(data, "clipped mean", sigma=sigma)


# ---- differences ----


def test_a_frame_less_the_median(found, arrays):
    image = stack_difference(found, 4)
    good = np.where(arrays["dq"] & 1, np.nan, arrays["data"].astype(float))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        wanted = good[4] - np.nanmedian(good, axis=0)
    np.testing.assert_allclose(image.data, wanted, atol=2e-5)
    given_it = stack_difference(found, 4, collapse_stack(found, "median"))
    np.testing.assert_array_equal(given_it.data, image.data)
    np.testing.assert_array_equal(given_it.uncertainty.array, image.uncertainty.array)
    assert image.meta["statistic"] == "mean − median" and image.meta["frames"].tolist() == [4]


def test_a_range_less_another(found, arrays):
    image = stack_difference(found, slice(8, 12), slice(0, 4), statistic="mean")
    good = np.where(arrays["dq"] & 1, np.nan, arrays["data"].astype(float))
    var = np.where(arrays["dq"] & 1, np.nan, arrays["err"].astype(float) ** 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        wanted = np.nanmean(good[8:], axis=0) - np.nanmean(good[:4], axis=0)
        error = np.sqrt(sum(np.nanmean(v, axis=0) / np.isfinite(v).sum(axis=0)
                            for v in (var[8:], var[:4])))  # fmt: skip
    np.testing.assert_allclose(image.data, wanted, atol=2e-5)
    np.testing.assert_allclose(image.uncertainty.array, error, rtol=1e-5)


@pytest.mark.parametrize("statistic", ["mean", "median"])
@pytest.mark.parametrize(
    ("frames", "reference"), [(3, None), (slice(0, 4), slice(2, 9)), (0, slice(0, 1)), (1, [1, 2])]
)
def test_errors_of_differences_know_what_is_in_both(statistic, frames, reference):
    rng = np.random.default_rng(8)
    cube = rng.normal(0, 1.5, (9, 80, 100))
    nddata = NDData(cube, uncertainty=StdDevUncertainty(np.full(cube.shape, 1.5)), unit="Jy")
    image = stack_difference(nddata, frames, reference, statistic=statistic)
    stated = np.sqrt(np.mean(image.uncertainty.array**2))
    assert stated == pytest.approx(image.data.std(), rel=0.04, abs=1e-6)


def test_a_reference_of_another_size(found):
    with pytest.raises(Stage3Error, match="reference has 4 × 20 pixels, the frames 16 × 20"):
        reference = collapse_stack(found, window=(slice(0, 4), slice(None)))
        stack_difference(found, 0, reference)


def test_a_reference_from_elsewhere(found, arrays):
    elsewhere = CCDData(
        np.ones((16, 20)), unit="MJy/sr", uncertainty=StdDevUncertainty(np.full((16, 20), 0.4))
    )
    image = stack_difference(found, 2, elsewhere)
    good = arrays["dq"][2] & 1 == 0
    np.testing.assert_allclose(image.data[good], arrays["data"][2][good] - 1, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        image.uncertainty.array[good], np.hypot(arrays["err"][2], 0.4)[good], rtol=1e-5
    )
