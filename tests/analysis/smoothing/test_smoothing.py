"""Median and linear smoothing: against brute force, scipy and astropy; errors by Monte Carlo."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.convolution import Box1DKernel, Gaussian1DKernel, convolve
from astropy.utils.exceptions import AstropyUserWarning
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import correlate1d
from scipy.signal import medfilt, savgol_filter
from scipy.special import beta, gammaln, ndtr

from jdaviz_stage3.analysis import (
    Smoothed,
    boxcar_smooth,
    gaussian_smooth,
    median_smooth,
    savgol_smooth,
)
from jdaviz_stage3.errors import Stage3Error

PAD = {"shrink": None, "reflect": "symmetric", "nearest": "edge", "zero": "constant", "nan": None}
SMOOTHERS = {
    "median": lambda flux, **kw: median_smooth(flux, 5, **kw),
    "boxcar": lambda flux, **kw: boxcar_smooth(flux, 5, **kw),
    "gaussian": lambda flux, **kw: gaussian_smooth(flux, 0.6, **kw),
    "savgol": lambda flux, **kw: savgol_smooth(flux, 5, 2, **kw),
}
LINEAR = {name: smoother for name, smoother in SMOOTHERS.items() if name != "median"}
every_smoother = pytest.mark.parametrize("smoother", SMOOTHERS.values(), ids=SMOOTHERS)
every_linear = pytest.mark.parametrize("smoother", LINEAR.values(), ids=LINEAR)


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def nanmedian(window, min_count):
    """The median of what is finite, of a plain list of numbers."""
    valid = window[np.isfinite(window)]
    return np.median(valid) if valid.size >= min_count else np.nan


def brute_median(flux, width, edge, min_count):
    """The running median of one spectrum (NaN where excluded), one window after the other."""
    half = width // 2
    if PAD[edge]:
        padded = np.pad(flux, half, mode=PAD[edge])
    else:
        padded = np.pad(flux, half, constant_values=np.nan)
    result = np.array(
        [nanmedian(padded[i : i + width], min_count) for i in range(flux.size)], flux.dtype
    )
    if edge == "nan" and half:
        result[:half] = result[-half:] = np.nan
    return result


@st.composite
def inputs(draw):
    """An array of any type, order and axis, with a mask (or none), and a width that fits."""
    shape = draw(st.lists(st.integers(1, 4), max_size=2))
    axis = draw(st.integers(0, len(shape)))
    size = draw(st.integers(1, 40))
    shape.insert(axis, size)
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    kind = draw(st.sampled_from(["f8", ">f8", "f4", ">f4", "f2", "i2", ">i4", "i8", "u1", "?"]))
    flux = random.choice([0.3, 3, 1e30]) * random.normal(size=shape)
    if draw(st.booleans()):
        flux = np.round(flux)  # ties
    with np.errstate(all="ignore"):
        flux = (flux if "f" in kind else flux % 100).astype(kind)
    if "f" in kind:
        for bad in (np.nan, np.inf, -np.inf):
            flux[random.random(shape) < draw(st.sampled_from([0, 0.1, 0.6, 1]))] = bad
    mask = random.random(shape) < random.choice([0.1, 0.5, 1]) if draw(st.booleans()) else None
    layout = draw(st.sampled_from(["C", "F", "reversed", "strided"]))
    if layout == "reversed":
        flux = np.ascontiguousarray(flux[::-1])[::-1]
    elif layout == "strided":
        flux = np.repeat(flux, 2, axis=-1)[..., ::2]
    else:
        flux = np.array(flux, order=layout)
    width = 2 * draw(st.integers(0, (size - 1) // 2)) + 1
    return flux, mask, width, draw(st.sampled_from([axis, axis - flux.ndim]))


@settings(max_examples=400)
@given(inputs(), st.sampled_from(list(PAD)), st.data())
def test_median_is_brute_force_to_the_last_bit(given_inputs, edge, data):
    flux, mask, width, axis = given_inputs
    min_count = data.draw(st.integers(1, width))
    before = flux.copy()
    with np.errstate(all="ignore"):
        result = median_smooth(flux, width, mask=mask, edge=edge, min_count=min_count, axis=axis)
    assert flux.tobytes() == before.tobytes()
    single = flux.dtype.kind == "f" and flux.dtype.itemsize == 4
    assert result.dtype == (np.float32 if single else np.float64)
    valid = np.isfinite(flux) if mask is None else np.isfinite(flux) & ~mask
    samples = np.where(valid, flux, np.nan).astype(result.dtype)
    expected = np.apply_along_axis(brute_median, axis, samples, width, edge, min_count)
    np.testing.assert_array_equal(result, expected)


@settings(max_examples=200)
@given(inputs(), st.floats(0.05, 0.9), st.booleans(), st.data())
def test_median_in_wavelength_is_brute_force(given_inputs, fraction, descending, data):
    flux, mask, _, axis = given_inputs
    size = flux.shape[axis]
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    steps = random.choice([0.1, 0.25, 1], size) if data.draw(st.booleans()) else np.full(size, 0.1)
    wavelength = 1 + np.cumsum(steps)
    if descending:
        wavelength = wavelength[::-1].copy()
    if data.draw(st.booleans()):
        wavelength[1:][random.random(size - 1) < 0.2] = np.nan
    width = max(fraction * (np.nanmax(wavelength) - np.nanmin(wavelength)), 0.21)
    min_count = data.draw(st.integers(1, 4))
    options = {"mask": mask, "axis": axis, "min_count": min_count, "wavelength": wavelength * u.um}
    try:
        result = median_smooth(flux, width * 1e4 * u.AA, **options)
    except Stage3Error as err:
        assert any(words in str(err) for words in ("wider than", "a pixel everywhere", "min_count"))
        return
    valid = np.isfinite(flux) if mask is None else np.isfinite(flux) & ~mask
    samples = np.moveaxis(np.where(valid, flux, np.nan).astype(result.dtype), axis, -1)
    expected = np.full(samples.shape, np.nan)
    for place in np.ndindex(samples.shape):
        inside = np.abs(wavelength - wavelength[place[-1]]) <= width / 2 + 1e-12
        expected[place] = nanmedian(samples[place[:-1]][inside], min_count)
    np.testing.assert_array_equal(np.moveaxis(result, axis, -1), expected)


@pytest.mark.parametrize("kind", ["f4", "f8"])
@pytest.mark.parametrize("width", [1, 3, 11, 99])
def test_zero_edge_is_medfilt_bit_for_bit(width, kind):
    flux = np.random.default_rng(width).normal(1, 1, (3, 100)).astype(kind)
    expected = [medfilt(row, width) for row in flux]
    assert median_smooth(flux, width, edge="zero").tobytes() == np.array(expected).tobytes()
    assert (
        median_smooth(flux.astype(">" + kind), width, edge="zero").tobytes()
        == np.array(expected).tobytes()
    )
    turned = median_smooth(flux.T, width, edge="zero", axis=0)
    assert np.ascontiguousarray(turned.T).tobytes() == np.array(expected).tobytes()


def test_values_next_to_overflow_do_no_harm():
    largest = np.finfo(float).max  # bottleneck once crashed on them (its issue 111)
    flux = [largest, -largest, largest, largest, largest]
    assert median_smooth(flux, 3).tolist() == [0, largest, largest, largest, np.inf]


@every_smoother
@pytest.mark.parametrize("edge", PAD)
def test_nothing_valid_gives_nan_without_warning(smoother, edge):
    flux, sigma = np.ones((2, 20)), np.ones((2, 20))
    for given_flux, mask in ((flux * np.nan, None), (flux, np.ones((2, 20), bool))):
        result = smoother(given_flux, mask=mask, edge=edge, uncertainty=sigma)
        if edge == "zero":  # the zeros outside are valid, as for scipy
            assert np.isnan(result.flux[:, 4:-4]).all()
        else:
            assert np.isnan(result.flux).all() and np.isnan(result.uncertainty).all()
        assert np.isnan(result.uncertainty[:, 4:-4]).all()


def test_one_pixel():
    for smooth in (median_smooth, boxcar_smooth, gaussian_smooth):
        assert smooth([3.0], 1, uncertainty=[0.5]) == ([3.0], [0.5])
    assert savgol_smooth([3.0], 1, 0, uncertainty=[0.5]) == ([3.0], [0.5])
    assert median_smooth([3.0], 1 * u.um, wavelength=[2] * u.um) == [3.0]
    assert np.isnan(median_smooth([np.nan], 1)).all()


@every_smoother
def test_masked_pixels_are_filled_from_their_neighbours(smoother):
    flux = np.full(30, 2.0)
    flux[10], flux[20] = 1e9, np.inf
    mask = np.arange(30) == 10
    assert smoother(flux, mask=mask) == pytest.approx(np.full(30, 2.0))
    assert smoother(np.ma.array(flux, mask=mask)) == pytest.approx(np.full(30, 2.0))
    assert np.isnan(smoother(flux, mask=mask, min_count=5)[[8, 12, 18, 20]]).all()
    assert smoother(flux, mask=mask, min_count=5)[14:16] == pytest.approx(2)
    assert flux[10] == 1e9


@every_smoother
def test_units_types_and_axes_are_kept(smoother):
    flux = np.random.default_rng(0).normal(10, 1, (2, 20, 3))
    sigma = np.full(flux.shape, 100.0)
    plain = smoother(flux, uncertainty=sigma, axis=1)
    assert isinstance(plain, Smoothed) and plain.flux.shape == (2, 20, 3)
    result = smoother(flux * u.Jy, uncertainty=sigma * 1000 * u.mJy, axis=-2)
    assert result.flux.unit == result.uncertainty.unit == u.Jy
    assert np.array_equal(result.flux.value, plain.flux)
    assert np.allclose(result.uncertainty.value, plain.uncertainty)
    assert smoother(flux * u.Jy, uncertainty=sigma, axis=1).uncertainty.unit == u.Jy
    assert np.array_equal(smoother(flux[0, :, 0]), plain.flux[0, :, 0])  # rows are not mixed
    single = smoother(flux.astype(">f4"), uncertainty=sigma, axis=1)
    assert single.flux.dtype == single.uncertainty.dtype == np.float32
    assert smoother(np.arange(20, dtype=">i2")).dtype == np.float64
    assert smoother(list(range(20)))[10] == pytest.approx(10)


# --- linear filters against the libraries -------------------------------------------------------


@pytest.mark.parametrize("edge", ["shrink", "zero"])
@pytest.mark.parametrize("gaps", [False, True])
def test_boxcar_and_gaussian_are_those_of_astropy(edge, gaps):
    random = np.random.default_rng(1)
    flux = random.normal(1, 1, 200)
    if gaps:
        flux[random.random(200) < 0.4] = np.nan
        flux[50:53] = np.nan
    for result, kernel in (
        (boxcar_smooth(flux, 9, edge=edge), Box1DKernel(9)),
        (gaussian_smooth(flux, 2.3, edge=edge), Gaussian1DKernel(2.3)),
    ):
        # astropy takes what is beyond the ends for valid zeros: 'shrink' is to pad with NaN
        more = kernel.shape[0] // 2 if edge == "shrink" else 0
        padded = np.pad(flux, more, constant_values=np.nan)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyUserWarning)
            expected = convolve(padded, kernel, boundary="fill")[more : more + flux.size]
        np.testing.assert_allclose(result, expected, atol=1e-12)


@pytest.mark.parametrize("edge, mode", [("reflect", "reflect"), ("nearest", "nearest")])
def test_edges_are_those_of_scipy(edge, mode):
    flux = np.random.default_rng(1).normal(1, 1, (2, 60))
    np.testing.assert_allclose(
        boxcar_smooth(flux, 9, edge=edge), correlate1d(flux, np.ones(9) / 9, mode=mode)
    )
    kernel = Gaussian1DKernel(9, x_size=73).array  # wider than the spectrum
    kernel /= kernel.sum()
    np.testing.assert_allclose(
        gaussian_smooth(flux, 9, edge=edge), correlate1d(flux, kernel, mode=mode)
    )


@pytest.mark.parametrize("order", range(6))
def test_savgol_is_that_of_scipy(order):
    flux = np.random.default_rng(1).normal(1, 1, (2, 100))
    result = savgol_smooth(flux, 11, order)
    expected = savgol_filter(flux, 11, order)
    np.testing.assert_allclose(result[:, 5:-5], expected[:, 5:-5], rtol=1e-9)
    expected = savgol_filter(flux, 11, order, mode="nearest")
    np.testing.assert_allclose(savgol_smooth(flux, 11, order, edge="nearest"), expected, rtol=1e-9)
    np.testing.assert_allclose(
        savgol_smooth(flux, 11 * u.nm, order, wavelength=np.arange(100) * u.nm), result, rtol=1e-9
    )


def test_savgol_fits_only_what_is_valid():
    random = np.random.default_rng(2)
    wavelength = np.cumsum(random.uniform(0.5, 1.5, 80))
    x = wavelength - 40
    flux = 3 + x - 0.2 * x**2
    flux[random.random(80) < 0.3] = np.nan
    result = savgol_smooth(flux, 13 * u.um, 2, wavelength=wavelength * u.um)
    np.testing.assert_allclose(result, 3 + x - 0.2 * x**2, atol=1e-9)  # a parabola stays
    pixels = np.arange(80.0)
    cubic = pixels**3
    cubic[[0, 1, 30, 33, 34, 60]] = np.nan
    np.testing.assert_allclose(savgol_smooth(cubic, 11, 3), pixels**3, rtol=1e-9, atol=1e-6)
    few = np.where(np.isin(pixels, (10, 11)), 1.0, np.nan)
    assert np.isnan(savgol_smooth(few, 11, 2)).all()


@pytest.mark.parametrize("edge", ["shrink", "nan"])
def test_widths_in_wavelength_on_an_even_grid_are_those_in_pixels(edge):
    flux = np.random.default_rng(3).normal(size=(2, 50))
    flux[0, 20:24] = np.nan
    wavelength = (0.1 * np.arange(50) + 5) * u.um
    options = {"edge": edge, "uncertainty": np.full((2, 50), 0.5)}
    for smooth in (median_smooth, boxcar_smooth, savgol_smooth):
        expected = smooth(flux, 7, **options)
        for grid in (wavelength, wavelength.astype("f4"), wavelength[::-1], wavelength.to(u.AA)):
            result = smooth(flux, 700 * u.nm, wavelength=grid, **options)
            np.testing.assert_allclose(result, expected, atol=1e-4)  # float32 grid
    result = gaussian_smooth(flux, 0.2 * u.um, wavelength=wavelength, **options)
    np.testing.assert_allclose(
        result.flux[:, 9:-9], gaussian_smooth(flux, 2, **options).flux[:, 9:-9], atol=1e-12
    )
    assert np.array_equal(median_smooth(flux, 7 * u.pix, edge=edge), expected_median(flux, edge),
                          equal_nan=True)  # fmt: skip


def expected_median(flux, edge):
    return np.array([brute_median(row, 7, edge, 1) for row in flux])


# --- uncertainties ------------------------------------------------------------------------------


def exact_variance(count):
    """Variance of the median of this many Gaussian values, by integration of order statistics."""
    x = np.linspace(-9, 9, 4001)
    step = x[1] - x[0]
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    middle = (count + 1) // 2
    if count % 2:
        weight = (ndtr(x) * ndtr(-x)) ** (middle - 1) * density
        return np.sum(x**2 * weight) * step / beta(middle, middle)
    below = ndtr(x) ** (middle - 1) * density
    above = ndtr(-x) ** (middle - 1) * density
    moments = [(np.cumsum(x**p * below) - x**p * below / 2) * step for p in range(3)]
    total = np.sum(above * (moments[2] + 2 * x * moments[1] + x**2 * moments[0])) * step / 4
    return total * np.exp(gammaln(count + 1) - 2 * gammaln(middle))


@pytest.mark.parametrize("count", [*range(1, 13), 21, 22, 101])
def test_median_uncertainty_is_that_of_order_statistics(count):
    width = count + 1 - count % 2
    mask = np.arange(width) >= count
    result = median_smooth(np.zeros(width), width, mask=mask, uncertainty=np.full(width, 3.0))
    error = result.uncertainty[width // 2] / 3
    assert error == pytest.approx(np.sqrt(exact_variance(count)), rel=1e-9 if count < 3 else 0.016)
    if count > 2:
        assert error == pytest.approx(1.2533 / np.sqrt(count), rel=1 / count)


def test_exact_variance_is_that_in_print():
    # STDMED(6 … 12) in the SAS/QC user's guide
    printed = [0.4634033519, 0.4587448763, 0.410098592, 0.4075552495, 0.3719226208, 0.3703544701]
    assert [np.sqrt(exact_variance(n)) for n in range(6, 12)] == pytest.approx(printed, abs=1e-5)


@pytest.mark.parametrize("edge", ["shrink", "reflect"])
@pytest.mark.parametrize("width", [3, 11])
def test_median_uncertainty_by_monte_carlo(width, edge):
    random = np.random.default_rng(width)
    mask = np.broadcast_to(random.random(40) < 0.25, (20_000, 40))
    flux = random.normal(7, 2, mask.shape)
    result = median_smooth(flux, width, mask=mask, edge=edge, uncertainty=np.full(mask.shape, 2.0))
    known = np.isfinite(result.uncertainty[0])
    ratio = result.uncertainty[0][known] / result.flux.std(axis=0)[known]
    half = width // 2
    inner = np.arange(40)[known]
    inner = (inner >= half) & (inner < 40 - half)
    assert known.sum() > 35
    assert np.abs(ratio[inner] - 1).max() < 0.03
    assert np.abs(ratio - 1).max() < (0.03 if edge == "shrink" else 0.12)


def test_median_uncertainty_where_none_can_be_said():
    flux, sigma = np.arange(20.0), np.full(20, 2.0)
    for edge in ("nearest", "zero"):
        error = median_smooth(flux, 5, edge=edge, uncertainty=sigma).uncertainty
        assert np.isnan(error).tolist() == [True] * 2 + [False] * 16 + [True] * 2
    sigma[8], sigma[9], sigma[10] = np.nan, -1, 4
    error = median_smooth(flux, 5, uncertainty=sigma).uncertainty
    plain = median_smooth(flux, 5, uncertainty=np.ones(20)).uncertainty
    assert error[9] == pytest.approx(plain[9] * np.sqrt((4 + 16 + 4) / 3))  # rms of the known


@every_linear
@pytest.mark.parametrize("edge", PAD)
@pytest.mark.parametrize("grid", ["pixels", "wavelength"])
def test_linear_uncertainty_is_exact(smoother, edge, grid):
    random = np.random.default_rng(5)
    options = {"edge": edge}
    if grid == "wavelength":
        if PAD[edge]:
            pytest.skip("there is no grid outside")
        options["wavelength"] = np.cumsum(random.uniform(0.5, 1.5, 40)) * u.um
        smooth = {LINEAR["boxcar"]: boxcar_smooth, LINEAR["savgol"]: savgol_smooth}
        smoother = smooth.get(smoother, lambda flux, width, **kw: gaussian_smooth(
            flux, width / 8, **kw))  # fmt: skip
        options["stddev" if smoother is gaussian_smooth else "width"] = 6 * u.um
    mask = random.random(40) < 0.25
    mask[0] = mask[15:18] = True
    sigma = 10 ** random.uniform(-3, 3, 40)  # an unlike size must not be lost in rounding
    # A filter is linear: what it makes of each unit impulse is its weights.
    impulses = np.eye(40)
    rows = np.broadcast_to(mask, (40, 40))
    weights = smoother(impulses, mask=rows, **options)
    result = smoother(np.ones(40), mask=mask, uncertainty=sigma, **options)
    expected = np.sqrt((weights**2 * sigma[:, None] ** 2).sum(axis=0))
    np.testing.assert_allclose(result.uncertainty, expected, rtol=1e-9)
    assert np.array_equal(np.isnan(result.flux), np.isnan(result.uncertainty))
    if edge != "zero":
        valid = np.isfinite(result.flux)
        assert weights.sum(axis=0)[valid] == pytest.approx(1)
    unknown = smoother(np.ones(40), uncertainty=np.where(np.arange(40) == 20, np.nan, 1), **options)
    assert np.isnan(unknown.uncertainty[20]) and np.isfinite(unknown.uncertainty[30])
    assert np.isfinite(unknown.flux[20])


@every_linear
@pytest.mark.parametrize("edge", ["shrink", "reflect"])
def test_linear_uncertainty_by_monte_carlo(smoother, edge):
    random = np.random.default_rng(6)
    mask = np.broadcast_to(random.random(30) < 0.25, (4000, 30))
    sigma = np.broadcast_to(random.uniform(1, 3, 30), mask.shape)
    flux = random.normal(5, sigma)
    result = smoother(flux, mask=mask, edge=edge, uncertainty=sigma)
    known = np.isfinite(result.flux[0])
    ratio = result.flux.std(axis=0)[known] / result.uncertainty[0][known]
    assert np.abs(ratio - 1).max() < 0.06  # 5 σ of 4000 trials
    assert known.sum() > 20


# --- bad input ----------------------------------------------------------------------------------

WAVELENGTH = np.linspace(1, 2, 20) * u.um


@pytest.mark.parametrize(
    "width, words",
    [
        (4, "width is 4; .* odd and positive.*try 5"),
        (0, "width is 0; .* odd and positive"),
        (-3, "width is -3; .* odd and positive"),
        (2.5, "width is 2.5; it must be an odd integer"),
        ("5", "width is '5'; it must be an odd integer"),
        (True, "width is True"),
        (None, "width is None"),
        (np.nan, "width is nan"),
        (np.inf, "width is inf"),
        ([3, 5], "width is .*3, 5"),
        ([3, 5] * u.pix, "width is .*3"),
        (21, "21 pixels, wider than the spectrum, which has 20; the widest is 19"),
        (10**400 + 1, "wider than the spectrum"),
        (1 * u.Jy, "unit Jy, which does not convert to that of wavelength, um"),
        ([1, 2] * u.um, "one number is needed"),
        (0 * u.um, "greater than zero"),
        (np.nan * u.um, "greater than zero"),
        (1.1 * u.um, "wider than the spectrum, which spans 1.05263 um"),
        (0.01 * u.um, "smaller than a pixel everywhere .the smallest step is 0.0526316 um"),
    ],
)
@pytest.mark.parametrize("smooth", [median_smooth, boxcar_smooth, savgol_smooth])
def test_bad_width(smooth, width, words):
    with pytest.raises(Stage3Error, match=words) as caught:
        smooth(np.ones(20), width, wavelength=WAVELENGTH)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "stddev, words",
    [
        (0, "positive"),
        (-1.5, "positive"),
        (np.nan, "positive"),
        ("1", "positive"),
        (False, "positive"),
        (21, "wider than the spectrum, which has 20"),
        (0.1, "smaller than a pixel everywhere"),
        (1.1 * u.um, "stddev is 1.1 um, wider than the spectrum"),
        (0.01 * u.um, "stddev is 0.01 um, smaller than a pixel everywhere"),
    ],
)
def test_bad_stddev(stddev, words):
    with pytest.raises(Stage3Error, match=words):
        gaussian_smooth(np.ones(20), stddev, wavelength=WAVELENGTH)


@every_smoother
@pytest.mark.parametrize(
    "options, words",
    [
        ({"mask": np.zeros(19, bool)}, r"mask has shape \(19,\), flux \(20,\)"),
        ({"mask": np.zeros(20, int)}, "mask has data type int.*True where a sample is excluded"),
        ({"uncertainty": np.ones(21)}, r"uncertainty has shape \(21,\), flux \(20,\)"),
        ({"uncertainty": 1.0}, r"uncertainty has shape \(\), flux \(20,\)"),
        ({"uncertainty": np.ones(20) * u.Jy}, "uncertainty has the unit Jy, but flux has none"),
        ({"uncertainty": np.array(["a"] * 20)}, "standard deviations is needed"),
        ({"edge": "wrap"}, "edge is 'wrap'; it must be one of shrink, reflect, nearest, zero, nan"),
        ({"edge": None}, "edge is None"),
        ({"axis": 1}, "axis is 1, but flux has 1 dimension: give an integer from -1 to 0"),
        ({"axis": "x"}, "axis is 'x'"),
        ({"min_count": 0}, "min_count is 0; it must be an integer of at least 1"),
        ({"min_count": 1.5}, "min_count is 1.5"),
        ({"min_count": 8}, "min_count is 8, but the widest window has 5 pixels"),
    ],
)
def test_bad_options(smoother, options, words):
    with pytest.raises(Stage3Error, match=words):
        smoother(np.ones(20), **options)


@every_smoother
@pytest.mark.parametrize(
    "flux, words",
    [
        ([], r"shape \(0,\): there is nothing"),
        (np.ones((0, 5)), r"shape \(0, 5\): there is nothing"),
        (3.0, r"shape \(\): there is nothing"),
        (np.ones(20, complex), "data type complex128; real numbers"),
        (["a"], "real numbers"),
    ],
)
def test_bad_flux(smoother, flux, words):
    with pytest.raises(Stage3Error, match=words):
        smoother(flux)


@pytest.mark.parametrize(
    "wavelength, words",
    [
        (None, "no wavelength is given"),
        (WAVELENGTH.value, "wavelength is ndarray; a Quantity is needed"),
        (WAVELENGTH[:-1], r"wavelength has shape \(19,\), but flux has 20 pixels"),
        (np.tile(WAVELENGTH, (2, 1)), r"wavelength has shape \(2, 20\)"),
        (WAVELENGTH * np.nan, "no finite wavelength"),
        (np.ones(20) * u.um, "must increase or decrease .* found 1 followed by 1"),
        (np.r_[1:11, 9:-1:-1] * u.um, "found 10 followed by 9"),
        (np.r_[10:0:-1, 5:15] * u.um, "found 1 followed by 5"),
    ],
)
@pytest.mark.parametrize("smooth", [median_smooth, boxcar_smooth, gaussian_smooth, savgol_smooth])
def test_bad_wavelength(smooth, wavelength, words):
    with pytest.raises(Stage3Error, match=words):
        smooth(np.ones(20), 0.3 * u.um, wavelength=wavelength)


def test_other_bad_input():
    with pytest.raises(Stage3Error, match="edge 'reflect' needs a width in pixels"):
        median_smooth(np.ones(20), 0.3 * u.um, wavelength=WAVELENGTH, edge="reflect")
    with pytest.raises(Stage3Error, match="unit m, which does not convert to that of flux, Jy"):
        median_smooth(np.ones(20) * u.Jy, 3, uncertainty=np.ones(20) * u.m)
    too_high = "widest window has 5 pixels: give an order of at most 4"
    for order, words in ((-1, "polyorder is -1"), (1.5, "polyorder is 1.5"), (5, too_high)):
        with pytest.raises(Stage3Error, match=words):
            savgol_smooth(np.ones(20), 5, order)
