"""Smoothing of whole spectra: run by run, with mask, uncertainty, region and provenance."""

import warnings
from importlib.metadata import Distribution, version

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import InverseVariance, StdDevUncertainty, VarianceUncertainty
from hypothesis import given, settings
from hypothesis import strategies as st
from specutils import SpectralRegion, Spectrum

from jdaviz_stage3.analysis import (
    SMOOTHING_METHODS,
    boxcar_smooth,
    contiguous_runs,
    gaussian_smooth,
    median_smooth,
    savgol_smooth,
    smooth_spectrum,
)
from jdaviz_stage3.errors import Stage3Error

FUNCTIONS = {
    "median": median_smooth,
    "boxcar": boxcar_smooth,
    "gaussian": gaussian_smooth,
    "savgol": savgol_smooth,
}
WIDTHS = {"median": 5, "boxcar": 7, "gaussian": 1.5, "savgol": 9}
every_method = pytest.mark.parametrize("method", FUNCTIONS)

# Three detectors, as far apart as those of NIRSpec: the pixels of each are given.
RUNS = [slice(0, 40), slice(40, 70), slice(70, 120)]
WAVELENGTH = np.concatenate(
    [np.linspace(1, 1.4, 40), np.linspace(1.8, 2.1, 30), np.linspace(2.5, 3, 50)]
)
LEVELS = np.repeat([0.0, 1e3, -1e6], [40, 30, 50])  # a mixture of two runs is seen at once


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def make(shape=(120,), wavelength=WAVELENGTH, index=None, bad=True, kind="f8", **changes):
    """A spectrum of noise on the levels of its runs, with NaN and a mask."""
    random = np.random.default_rng(1)
    axis = len(shape) - 1 if index is None else index
    levels = np.expand_dims(LEVELS[: shape[axis]], [i for i in range(len(shape)) if i != axis])
    flux = random.normal(size=shape) + levels
    sigma = random.uniform(0.5, 2, shape)
    mask = np.zeros(shape, bool)
    if bad:
        flux[random.random(shape) < 0.1] = np.nan
        mask = ~np.isfinite(flux) | (random.random(shape) < 0.1)
    options = {"uncertainty": StdDevUncertainty(sigma), "mask": mask, "meta": {"TARGNAME": "X"}}
    if len(shape) > 1:
        options["spectral_axis_index"] = axis
    options |= changes
    return Spectrum(flux.astype(kind) * u.Jy, spectral_axis=wavelength * u.um, **options)


def flat(n, wavelength=None, **options):
    """A spectrum of the numbers 0 … n - 1 on an even grid."""
    wavelength = np.linspace(1, 2, n) if wavelength is None else wavelength
    return Spectrum(np.arange(float(n)) * u.Jy, spectral_axis=wavelength * u.um, **options)


def same(result, expected):
    """Equal bit by bit, NaN included."""
    np.testing.assert_array_equal(u.Quantity(result).value, u.Quantity(expected).value)


# ---- contiguous_runs ----


@st.composite
def grids(draw):
    """Wavelengths of several detectors, and the pixels of each."""
    sizes = draw(st.lists(st.integers(12, 60), min_size=1, max_size=4))
    kind = draw(st.sampled_from(["even", "uneven", "noisy"]))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    steps = np.full(sum(sizes), 0.01)
    if kind == "uneven":
        steps = steps * np.geomspace(1, 3, steps.size)
    elif kind == "noisy":
        steps = steps * random.uniform(0.7, 1.3, steps.size)
    first = np.cumsum(sizes)[:-1]
    steps[first] *= draw(st.sampled_from([8, 100, 1e4]))
    wavelength = 0.6 + np.cumsum(steps)
    unit = draw(st.sampled_from([1, 1e-6, 1e4]))
    ends = [0, *first.tolist(), len(wavelength)]
    runs = [slice(*pair) for pair in zip(ends[:-1], ends[1:], strict=True)]
    if draw(st.booleans()):
        n = len(wavelength)
        wavelength = wavelength[::-1]
        runs = [slice(n - run.stop, n - run.start) for run in runs[::-1]]
    return wavelength * unit, runs


@settings(max_examples=200)
@given(grids())
def test_gaps_are_found_where_they_were_put(grid):
    wavelength, runs = grid
    assert contiguous_runs(wavelength) == runs


@settings(max_examples=100)
@given(
    n=st.integers(1, 2000),
    low=st.floats(0.5, 1),
    high=st.floats(5, 5.5),
    waist=st.floats(1.5, 3),
    contrast=st.floats(1, 8),
    descending=st.booleans(),
)
def test_no_gap_is_invented_where_the_dispersion_changes(n, low, high, waist, contrast, descending):
    """NIRSpec's prism: 10 times as many wavelengths a pixel at 1.5 µm as at 5 µm."""
    fine = np.linspace(low, high, 10_000)
    density = 1 + contrast * ((fine - waist) / 2) ** 2  # pixels a micron
    wavelength = np.interp(np.linspace(0, 1, n), np.cumsum(density) / density.sum(), fine)
    if descending:
        wavelength = wavelength[::-1]
    assert contiguous_runs(wavelength) == [slice(0, n)]


def test_runs_of_few_pixels():
    for n in (1, 2, 3, 4, 5, 12):
        assert contiguous_runs(np.arange(n)) == [slice(0, n)]
    assert contiguous_runs([1, 2, 3, 4, 5, 100, 101, 102]) == [slice(0, 5), slice(5, 8)]
    assert contiguous_runs([1, 2, 3, 4, 100], 1e9) == [slice(0, 5)]
    single = np.float32(1) + np.arange(5000, dtype="f4") * np.float32(1e-5)  # rounded steps
    assert contiguous_runs(single) == [slice(0, 5000)]


# ---- run by run ----


@every_method
@pytest.mark.parametrize("in_wavelength", [False, True])
def test_each_method_is_the_array_function_run_by_run(method, in_wavelength):
    spectrum = make()
    width = 80 * u.nm if in_wavelength else WIDTHS[method]
    options = {"polyorder": 3} if method == "savgol" else {}
    result = smooth_spectrum(spectrum, method, width, min_count=3, **options)
    for run in RUNS:
        expected = FUNCTIONS[method](
            spectrum.flux[run],
            width,
            mask=spectrum.mask[run],
            uncertainty=spectrum.uncertainty.array[run] * u.Jy,
            wavelength=WAVELENGTH[run] * u.um,
            min_count=3,
            **options,
        )
        same(result.flux[run], expected.flux)
        same(result.uncertainty.array[run], expected.uncertainty)
    assert np.isfinite(result.flux).sum() > 100
    assert result.flux.unit == result.uncertainty.unit == u.Jy


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("width", [7, 60 * u.nm])
def test_no_window_reaches_across_a_gap(width, descending):
    turn = slice(None, None, -1 if descending else 1)
    whole = make()
    spectrum = Spectrum(
        whole.flux[turn], spectral_axis=WAVELENGTH[turn] * u.um, mask=whole.mask[turn]
    )
    result = smooth_spectrum(spectrum, "median", width)
    flux, valid = whole.flux.value[turn], ~whole.mask[turn]
    wavelength = WAVELENGTH[turn]
    of = np.repeat([0, 1, 2], [40, 30, 50])[turn]  # the detector of each pixel
    for i in range(120):
        if isinstance(width, int):
            near = np.abs(np.arange(120) - i) <= width // 2
        else:
            near = np.abs(wavelength - wavelength[i]) <= 0.03 + 1e-9
        window = flux[near & valid & (of == of[i])]
        assert result.flux.value[i] == (np.median(window) if window.size else np.nan)


@every_method
@pytest.mark.parametrize("edge", ["shrink", "reflect", "nearest", "zero", "nan"])
def test_edges_stand_at_both_sides_of_a_gap(method, edge):
    spectrum = make()
    result = smooth_spectrum(spectrum, method, WIDTHS[method], edge=edge)
    for run in RUNS:
        expected = FUNCTIONS[method](
            spectrum.flux[run], WIDTHS[method], mask=spectrum.mask[run], edge=edge
        )
        same(result.flux[run], expected)


@every_method
@pytest.mark.parametrize("index", [0, 1])
def test_two_dimensions_are_smoothed_along_the_spectral_axis(method, index):
    shape = (120, 3) if index == 0 else (3, 120)
    spectrum = make(shape, index=index)
    result = smooth_spectrum(spectrum, method, WIDTHS[method])
    assert result.spectral_axis_index == index
    assert result.flux.shape == result.mask.shape == result.uncertainty.array.shape == shape
    for row in range(3):
        take = (slice(None), row) if index == 0 else (row, slice(None))
        expected = smooth_spectrum(
            Spectrum(
                spectrum.flux[take],
                spectral_axis=spectrum.spectral_axis,
                mask=spectrum.mask[take],
                uncertainty=StdDevUncertainty(spectrum.uncertainty.array[take]),
            ),
            method,
            WIDTHS[method],
        )
        same(result.flux[take], expected.flux)
        same(result.uncertainty.array[take], expected.uncertainty.array)


def test_two_dimensions_with_a_region():
    region = SpectralRegion(1.1 * u.um, 1.9 * u.um)
    inside = (WAVELENGTH >= 1.1) & (WAVELENGTH <= 1.9)
    for index, shape in ((0, (120, 3)), (1, (3, 120))):
        spectrum = make(shape, index=index)
        result = smooth_spectrum(spectrum, width=5, region=region)
        same(result.spectral_axis, WAVELENGTH[inside])
        same(result.mask, np.compress(inside, spectrum.mask, axis=index))
        assert result.flux.shape == result.mask.shape


# ---- runs that are short, or of other dispersion ----

SHORT = np.concatenate([np.linspace(1, 2, 50), [3, 3.02, 3.04]])  # 3 pixels behind a gap


@every_method
@pytest.mark.parametrize("width", [9, 0.2 * u.um], ids=["pixels", "wavelength"])
def test_a_window_is_no_wider_than_its_run(method, width):
    """What is too wide for the short run only must not be an error."""
    result = smooth_spectrum(flat(53, SHORT), method, width)
    assert result.flux.value[51] == pytest.approx(51)  # a line, in the middle of its 3 pixels
    long = smooth_spectrum(flat(50, SHORT[:50]), method, width)
    same(result.flux[:50], long.flux)


def test_too_few_in_a_short_run_is_no_error():
    result = smooth_spectrum(flat(53, SHORT), width=9, min_count=5)
    assert np.isnan(result.flux.value).tolist() == [False] * 50 + [True] * 3


@every_method
def test_a_width_below_a_pixel_in_one_run_leaves_that_run_as_it_is(method):
    """Steps of 0.02 µm, and behind a gap of 0.25: the window of the latter holds one pixel."""
    wavelength = np.concatenate([np.linspace(1, 2, 50), np.linspace(5, 8, 13)])
    assert len(contiguous_runs(wavelength)) == 2
    width = 0.02 * u.um if method == "gaussian" else 0.12 * u.um
    options = {"polyorder": 0} if method == "savgol" else {}
    spectrum = flat(63, wavelength)
    result = smooth_spectrum(spectrum, method, width, **options)
    same(result.flux[50:], spectrum.flux[50:])
    same(result.flux[:50], FUNCTIONS[method](
        spectrum.flux[:50], width, wavelength=wavelength[:50] * u.um, **options))  # fmt: skip


@every_method
def test_a_width_below_a_pixel_in_all_runs_is_an_error(method):
    with pytest.raises(Stage3Error, match="smaller than a pixel everywhere"):
        smooth_spectrum(make(), method, 0.1 * u.nm)


# ---- region ----


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("unit", ["um", "nm", "THz", "eV"])
def test_a_region_holds_its_ends(descending, unit):
    wavelength = np.linspace(1, 2, 21)[:: -1 if descending else 1]
    spectrum = flat(21, wavelength)
    # on pixels where the unit is the spectrum's; elsewhere between, for conversions round
    ends = [1.2, 1.6] if unit == "um" else [1.175, 1.625]
    low, high = sorted((ends * u.um).to(unit, u.spectral()))
    result = smooth_spectrum(spectrum, "boxcar", 3, region=SpectralRegion(low, high))
    inside = (wavelength > 1.199) & (wavelength < 1.601)
    same(result.spectral_axis, wavelength[inside])
    same(result.flux, boxcar_smooth(spectrum.flux[inside], 3))
    assert result.spectral_axis.unit == u.um


@pytest.mark.parametrize("hole", [1, 3, 30])
def test_the_parts_of_a_region_are_smoothed_one_by_one(hole):
    """However few pixels lie between them."""
    flux = np.repeat([0.0, 7.0, 1e6], [20, hole, 20])
    spectrum = Spectrum(flux * u.Jy, spectral_axis=np.arange(40 + hole) * u.nm)
    region = SpectralRegion([(0 * u.nm, 19 * u.nm), ((20 + hole) * u.nm, 99 * u.nm)])
    for method in ("median", "boxcar"):
        result = smooth_spectrum(spectrum, method, 5, region=region)
        same(result.flux, np.repeat([0.0, 1e6], 20))


def test_parts_of_a_region_that_overlap_are_one():
    region = SpectralRegion([(1.1 * u.um, 1.5 * u.um), (1.4 * u.um, 1.8 * u.um)])
    one = SpectralRegion(1.1 * u.um, 1.8 * u.um)
    spectrum = flat(50)
    same(smooth_spectrum(spectrum, region=region).flux, smooth_spectrum(spectrum, region=one).flux)


def test_a_region_takes_mask_uncertainty_and_run_with_it():
    spectrum = make()
    inside = (WAVELENGTH >= 1.2) & (WAVELENGTH <= 2.7)
    result = smooth_spectrum(spectrum, width=5, region=SpectralRegion(1.2 * u.um, 2.7 * u.um))
    same(result.mask, spectrum.mask[inside])
    cut = Spectrum(
        spectrum.flux[inside],
        spectral_axis=WAVELENGTH[inside] * u.um,
        mask=spectrum.mask[inside],
        uncertainty=StdDevUncertainty(spectrum.uncertainty.array[inside]),
    )
    expected = smooth_spectrum(cut, width=5)
    same(result.flux, expected.flux)
    same(result.uncertainty.array, expected.uncertainty.array)


# ---- mask, fill, uncertainty, meta ----


def test_excluded_samples_are_in_no_window_and_are_filled():
    flux = np.arange(20.0)
    flux[[5, 6]] = 1e9, np.nan
    mask = np.isin(np.arange(20), (5, 6))
    spectrum = Spectrum(flux * u.Jy, spectral_axis=np.arange(1.0, 21) * u.um, mask=mask)
    filled = smooth_spectrum(spectrum, "boxcar", 5)
    assert filled.flux.value[[4, 5, 6]] == pytest.approx([3, 14 / 3, 19 / 3])
    blank = smooth_spectrum(spectrum, "boxcar", 5, fill=False)
    assert np.flatnonzero(np.isnan(blank.flux.value)).tolist() == [5, 6]
    good = ~mask
    same(blank.flux[good], filled.flux[good])
    for result in (filled, blank):
        same(result.mask, mask)
    # without a mask of its own, what is not finite is excluded all the same
    flux[5] = 5
    plain = Spectrum(flux * u.Jy, spectral_axis=spectrum.spectral_axis)
    assert np.isfinite(smooth_spectrum(plain, "boxcar", 5).flux).all()
    blank = smooth_spectrum(plain, "boxcar", 5, fill=False)
    assert np.flatnonzero(np.isnan(blank.flux.value)).tolist() == [6]


def test_an_excluded_sample_that_is_not_filled_has_no_uncertainty():
    spectrum = make()
    result = smooth_spectrum(spectrum, width=5, fill=False)
    assert np.isnan(result.uncertainty.array[spectrum.mask]).all()


def test_a_mask_may_be_given_instead():
    spectrum = make(bad=False)
    mask = np.arange(120) % 7 == 0
    result = smooth_spectrum(spectrum, width=5, mask=mask)
    expected = smooth_spectrum(make(bad=False, mask=mask), width=5)
    same(result.flux, expected.flux)
    same(result.mask, mask)
    assert not spectrum.mask.any()


@every_method
def test_every_kind_of_uncertainty_becomes_a_standard_deviation(method):
    sigma = np.random.default_rng(2).uniform(0.5, 2, 120)
    kinds = (
        StdDevUncertainty(sigma),
        StdDevUncertainty(1e3 * sigma * u.mJy),
        VarianceUncertainty(sigma**2),
        InverseVariance(1 / sigma**2),
    )
    width = WIDTHS[method]
    results = [smooth_spectrum(make(uncertainty=kind), method, width) for kind in kinds]
    for result in results:
        assert type(result.uncertainty) is StdDevUncertainty
        spread = u.Quantity(result.uncertainty.array, result.uncertainty.unit)
        expected = results[0].uncertainty.array * u.Jy
        np.testing.assert_allclose(spread.to_value(u.Jy), expected.value, rtol=1e-12)
    assert smooth_spectrum(make(uncertainty=None), method, width).uncertainty is None


@pytest.mark.parametrize("width", [1, 5])
def test_a_window_of_one_pixel_changes_nothing(width):
    spectrum = make(bad=False)
    result = smooth_spectrum(spectrum, width=width)
    assert np.array_equal(result.flux, spectrum.flux) is (width == 1)
    if width == 1:
        same(result.uncertainty.array, spectrum.uncertainty.array)


def test_the_version_is_not_looked_up_for_each_spectrum(monkeypatch):
    asked = []
    monkeypatch.setattr(Distribution, "from_name", lambda name: asked.append(name))
    smooth_spectrum(make(), width=5)
    assert asked == []


@every_method
def test_meta_says_what_was_done(method):
    spectrum = make()
    result = smooth_spectrum(spectrum, method, WIDTHS[method], edge="nearest", polyorder=3)
    note = result.meta["smoothing"]
    assert note["method"] == method
    assert note["width"] == f"{WIDTHS[method]} px"
    assert note["edge"] == "nearest"
    assert note["package"] == f"jdaviz_stage3 {version('jdaviz_stage3')}"
    assert "correlated" in note["note"]
    assert note.get("polyorder") == (3 if method == "savgol" else None)
    assert result.meta["TARGNAME"] == "X"
    assert spectrum.meta == {"TARGNAME": "X"}
    note = smooth_spectrum(spectrum, method, 80 * u.nm).meta["smoothing"]
    assert note["width"] == "80.0 nm"


@every_method
@pytest.mark.parametrize(
    "options",
    [{}, {"fill": False}, {"edge": "zero"}, {"region": SpectralRegion(1 * u.um, 2 * u.um)}],
    ids=["filled", "blank", "zero", "region"],
)
def test_the_input_stays_as_it_is(method, options):
    spectrum, same_again = make(), make()
    result = smooth_spectrum(spectrum, method, WIDTHS[method], **options)
    result.flux[:] = 0 * u.Jy
    result.mask[:] = True
    result.uncertainty.array[:] = 0
    result.meta["new"] = 1
    for name in ("flux", "spectral_axis", "mask"):
        same(getattr(spectrum, name), getattr(same_again, name))
    same(spectrum.uncertainty.array, same_again.uncertainty.array)
    assert spectrum.meta == same_again.meta


@pytest.mark.parametrize("unit", ["MJy / sr", "erg / (s cm2 um)", "", "electron / s"])
def test_units_are_kept(unit):
    flux = np.arange(30.0) * u.Unit(unit)
    for wavelength in (np.arange(30) * u.AA + 1 * u.um, np.arange(30) * u.GHz + 1 * u.THz):
        spectrum = Spectrum(flux, spectral_axis=wavelength)
        result = smooth_spectrum(spectrum, width=3)
        assert result.flux.unit == u.Unit(unit)
        assert result.spectral_axis.unit == wavelength.unit
        same(result.spectral_axis, spectrum.spectral_axis)


# ---- arrays of other types, and of nothing ----


@every_method
@pytest.mark.parametrize("kind", ["f4", ">f4", ">f8", "i2", ">i4", "u1"])
def test_other_types(method, kind):
    flux = np.arange(40) % 9
    spectrum = Spectrum(
        u.Quantity(flux.astype(kind), u.Jy, dtype=kind), spectral_axis=np.arange(1, 41) * u.um
    )
    result = smooth_spectrum(spectrum, method, WIDTHS[method])
    expected = FUNCTIONS[method](
        flux.astype("f4" if kind in ("f4", ">f4") else "f8"), WIDTHS[method]
    )
    assert result.flux.dtype == expected.dtype
    same(result.flux, expected)


@every_method
def test_one_pixel(method):
    spectrum = Spectrum([3.0] * u.Jy, spectral_axis=[1.0] * u.um)
    options = {"polyorder": 0} if method == "savgol" else {}
    assert smooth_spectrum(spectrum, method, 1, **options).flux.value.tolist() == [3]
    with pytest.raises(Stage3Error, match="wider than the spectrum, which has 1"):
        smooth_spectrum(spectrum, method, 11, **options)


@every_method
def test_nothing_valid(method):
    nan = Spectrum(np.full(30, np.nan) * u.Jy, spectral_axis=np.arange(1, 31) * u.um)
    masked = make(mask=np.ones(120, bool))
    for spectrum in (nan, masked):
        result = smooth_spectrum(spectrum, method, WIDTHS[method])
        assert np.isnan(result.flux).all()
    assert np.isnan(result.uncertainty.array).all()
    assert result.mask.all()


# ---- errors ----


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize(
    "width, words",
    [
        (4, "width is 4; .* odd and positive.*try 5"),
        (0, "width is 0; .* odd and positive"),
        (-3, "width is -3; .* odd and positive"),
        (2.5, "it must be an odd integer"),
        ("5", "width is '5'; it must be an odd integer"),
        (None, "width is None; it must be an odd integer"),
        (True, "width is True"),
        (np.nan, "width is nan"),
        (121, "wider than the spectrum, which has 120; the widest is 119"),
        (10**9 + 1, "wider than the spectrum"),
        (10**9, "must be odd"),
        (121 * u.pix, "wider than the spectrum"),
        (1 * u.Jy, "unit Jy, which does not convert to that of wavelength, um; give a length"),
        (0 * u.um, "greater than zero"),
        (-1 * u.um, "greater than zero"),
        (np.nan * u.um, "greater than zero"),
        (3 * u.um, "wider than the spectrum"),
        ([3, 5], "width is"),
        ([1, 2] * u.um, "one number is needed"),
    ],
)
def test_bad_width(runs, width, words):
    spectrum = make() if runs == 3 else flat(120)
    assert len(contiguous_runs(spectrum.spectral_axis.value)) == runs
    for method in ("median", "boxcar", "savgol"):
        with pytest.raises(Stage3Error, match=words):
            smooth_spectrum(spectrum, method, width)


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize(
    "width, words",
    [(0, "positive"), ("1", "positive"), (None, "positive"), (np.nan, "positive"),
     (121, "wider than the spectrum, which has 120"), (3 * u.um, "wider than the spectrum")],
)  # fmt: skip
def test_bad_standard_deviation(runs, width, words):
    spectrum = make() if runs == 3 else flat(120)
    with pytest.raises(Stage3Error, match=words):
        smooth_spectrum(spectrum, "gaussian", width)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"method": "mean"}, "method is 'mean'; .* one of median, boxcar, gaussian, savgol"),
        ({"mask": np.zeros(5, bool)}, r"mask has shape \(5,\), but the flux \(120,\); it needs"),
        ({"edge": "wrap"}, "edge is 'wrap'; it must be one of shrink"),
        ({"edge": "zero", "width": 80 * u.nm}, "use 'shrink' or 'nan'"),
        ({"min_count": 0}, "min_count is 0; it must be an integer of at least 1"),
        ({"min_count": 12}, "min_count is 12, but .* smaller min_count or a larger width"),
        ({"method": "savgol", "polyorder": 11}, "give an order of at most 10, or a larger width"),
        ({"method": "savgol", "polyorder": -1}, "polyorder is -1; it must be an integer"),
        ({"region": SpectralRegion(10 * u.um, 12 * u.um)},
         r"no pixel .*1 um to 3 um.* lies in the chosen region; choose another, or none"),
        ({"region": SpectralRegion(10 * u.pix, 12 * u.pix)}, "region"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_other_errors_name_what_to_do(options, words):
    with pytest.raises(Stage3Error, match=words):
        smooth_spectrum(make(), **options)


def test_wavelengths_that_turn_are_refused():
    wavelength = np.r_[np.linspace(1, 2, 30), np.linspace(1.9, 1, 30)]
    with pytest.raises((Stage3Error, ValueError)):  # specutils refuses them first
        smooth_spectrum(flat(60, wavelength), width=0.1 * u.um)


def test_the_methods_are_those_of_the_array_functions():
    assert SMOOTHING_METHODS == FUNCTIONS
