"""The pipeline's window, sums over it, and their ratio, against the pipeline's own functions."""

import numpy as np
import pytest

from jdaviz_stage3.analysis.extraction.comparison import compare_extractions
from jdaviz_stage3.analysis.extraction.weighted_sum import weighted_sum
from jdaviz_stage3.analysis.extraction.window import extraction_window
from jdaviz_stage3.errors import Stage3Error

N_ROWS, N_COLUMNS = 14, 30


def header(across, along=(1, N_COLUMNS), axis=1):
    names = ("EXTRYSTR", "EXTRYSTP", "EXTRXSTR", "EXTRXSTP")
    if axis == 2:
        names = ("EXTRXSTR", "EXTRXSTP", "EXTRYSTR", "EXTRYSTP")
    return dict(zip(names, (*across, *along), strict=True))


@pytest.mark.parametrize("axis", [1, 2])
@pytest.mark.parametrize("center", [6.0, 6.2, 6.5, 3.9])
@pytest.mark.parametrize("width", [1.0, 4.0, 4.5, 7.0])
def test_weights_are_those_of_the_pipeline(axis, center, width):
    """Its limits come out of its own box, and go into the header plus 1."""
    from jwst.extract_1d.extract import box_profile

    shape = (N_ROWS, N_COLUMNS) if axis == 1 else (N_COLUMNS, N_ROWS)
    names = ("ystart", "ystop") if axis == 1 else ("xstart", "xstop")
    parameters = {
        "dispaxis": axis, "src_coeff": None, "extract_width": width, "trace": None,
        "bkg_fit": "poly", "independent_var": "pixel",
        names[0]: center - 1, names[1]: center + 1,
    }  # fmt: skip
    profile, lower, upper = box_profile(shape, parameters, np.ones(shape), return_limits=True)
    window = extraction_window(
        header((lower + 1, upper + 1), axis=axis), axis, N_ROWS, N_COLUMNS
    )  # fmt: skip
    expected = profile if axis == 1 else profile.T
    np.testing.assert_allclose(window.weights(N_ROWS, N_COLUMNS), expected, atol=1e-12)
    assert window.width == pytest.approx(width) and window.center == pytest.approx(center)


def test_columns():
    window = extraction_window(header((3, 5), (4, 20)), 1, N_ROWS, N_COLUMNS)
    assert (window.first, window.last) == (3, 19)
    weights = window.weights(N_ROWS, N_COLUMNS)
    assert weights.sum() == 3 * 17 and set(np.unique(weights)) == {0, 1}
    window = extraction_window(header((3, 5), (0, 99)), 1, N_ROWS, N_COLUMNS)
    assert (window.first, window.last) == (0, N_COLUMNS - 1)
    window = extraction_window({"EXTRYSTR": 3, "EXTRYSTP": 5}, 1, N_ROWS, N_COLUMNS)
    assert (window.first, window.last) == (0, N_COLUMNS - 1)


def test_a_window_over_the_edge_counts_what_is_inside():
    weights = extraction_window(header((-1.5, 2)), 1, N_ROWS, N_COLUMNS).weights(N_ROWS, N_COLUMNS)
    np.testing.assert_array_equal(weights[:, 0], [1, 1, *[0] * 12])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "no EXTRYSTR and EXTRYSTP.*jwst before 1.14"),
        ({"EXTRYSTR": 3}, "no EXTRYSTR and EXTRYSTP"),
        ({"EXTRYSTR": "3", "EXTRYSTP": 4}, "no EXTRYSTR"),
        ({"EXTRYSTR": float("nan"), "EXTRYSTP": 4}, "no EXTRYSTR"),
        (header((30, 40)), r"EXTRYSTR = 30, EXTRYSTP = 40\) is not in the 2-D spectrum, .* 14 pix"),
        (header((9, 3)), "is not in the 2-D spectrum"),
        (header((-9, -3)), "is not in the 2-D spectrum"),
        ({"EXTRYSTR": True, "EXTRYSTP": 4}, r"no EXTRYSTR and EXTRYSTP that are numbers \(EXTRYST"),
        (header((4, 1e300)), "is not in the 2-D spectrum"),
        (header((-1e300, 4)), "is not in the 2-D spectrum"),
        (
            header((4, 9)) | {"EXTRXSTR": 39, "EXTRXSTP": 2},
            "EXTRXSTR = 39, EXTRXSTP = 2",
        ),
        (
            header((4, 9)) | {"EXTRXSTR": 500, "EXTRXSTP": 600},
            "along the wavelength; is it",
        ),
    ],
)
def test_windows_that_are_not_known(given, message):
    with pytest.raises(Stage3Error, match=message):
        extraction_window(given, 1, N_ROWS, N_COLUMNS)


@pytest.fixture
def image():
    rng = np.random.default_rng(5)
    flux = rng.normal(3, 1, (N_ROWS, N_COLUMNS))
    variances = [rng.uniform(0.1, 1, flux.shape) for _ in range(3)]
    flux[4, 7] = flux[6, 7] = flux[5, 9] = np.nan
    flux[:, 20] = np.nan
    return flux, variances


def test_sums_are_those_of_the_pipeline(image):
    from jwst.extract_1d.extract1d import extract1d

    flux, variances = image
    weights = extraction_window(header((4.3, 9.1)), 1, N_ROWS, N_COLUMNS).weights(*flux.shape)
    read, poisson, flat = variances
    (theirs,), (v1,), (v2,), (v3,), *_, (n_pixels,), _ = extract1d(
        flux, [weights], read, poisson, flat, weights=None, fit_bkg=False, extraction_type="box"
    )
    found = weighted_sum(flux, weights, np.sqrt(sum(variances)))
    good = np.arange(N_COLUMNS) != 20
    np.testing.assert_allclose(found.flux[good], theirs[good])
    np.testing.assert_allclose(found.n_pixels, n_pixels)
    assert np.isnan(found.flux[20]) and np.isnan(found.uncertainty[20])
    np.testing.assert_allclose(found.uncertainty[good], np.sqrt(v1 + v2 + v3)[good])
    assert found.n_missing == 3 + int((weights[:, 20] > 0).sum())


def test_sums_by_brute_force(image):
    flux, variances = image
    rng = np.random.default_rng(6)
    weights, mask = rng.uniform(0, 1, flux.shape), rng.random(flux.shape) < 0.2
    weights[rng.random(flux.shape) < 0.3] = 0
    error = np.sqrt(variances[0])
    error[2, 2] = np.nan
    weights[2, 2], mask[2, 2] = 0.5, False
    found = weighted_sum(flux, weights, error, mask)
    for column in range(N_COLUMNS):
        total = variance = count = 0.0
        for row in range(N_ROWS):
            w = weights[row, column]
            if w > 0 and not mask[row, column] and np.isfinite(flux[row, column]):
                total += w * flux[row, column]
                variance += (w * error[row, column]) ** 2
                count += w
        expected = (total, np.sqrt(variance)) if count else (np.nan, np.nan)
        np.testing.assert_allclose(
            (found.flux[column], found.uncertainty[column]), expected, equal_nan=True
        )
        assert found.n_pixels[column] == pytest.approx(count)
    assert np.isnan(found.uncertainty[2])


def test_sums_over_two_axes():
    cube = np.arange(24.0).reshape(2, 3, 4)
    found = weighted_sum(cube, np.ones(cube.shape), axis=(1, 2))
    np.testing.assert_array_equal(found.flux, cube.reshape(2, -1).sum(axis=1))
    assert found.uncertainty is None and list(found.n_pixels) == [12, 12]


def test_shapes_that_differ():
    with pytest.raises(Stage3Error, match=r"differ in shape \(\(2, 3\), \(2, 2\)\)"):
        weighted_sum(np.ones((2, 3)), np.ones((2, 2)))


@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("reversed_pipeline", [False, True])
def test_ratio_by_wavelength(falling, reversed_pipeline):
    """The pipeline's has fewer channels, and wavelengths in single precision."""
    wavelength = np.linspace(1, 2, 50) ** 2
    flux = np.arange(50.0) + 1
    if falling:
        wavelength, flux = wavelength[::-1], flux[::-1]
    kept = np.setdiff1d(np.arange(50), [0, 7, 8, 30])
    theirs = flux[kept] / 1.25
    theirs[3], theirs[5] = np.nan, 0
    given = wavelength[kept].astype("f4").astype(float)
    if reversed_pipeline:
        given, theirs = given[::-1], theirs[::-1]
    found = compare_extractions(wavelength, flux, given, theirs)
    assert found.n_channels == 44 and len(found.ratio) == 46
    np.testing.assert_allclose(found.ratio[np.isfinite(found.ratio)], 1.25)
    assert found.median == pytest.approx(1.25) and found.scatter == pytest.approx(0, abs=1e-12)
    np.testing.assert_array_equal(found.wavelength, given)


def test_ratio_of_other_wavelengths():
    wavelength = np.linspace(1, 2, 50)
    between = wavelength[:-1] + 0.5 * np.diff(wavelength)
    found = compare_extractions(wavelength, np.ones(50), between, np.ones(49))
    assert found.n_channels == 0 and np.isnan(found.median) and np.isnan(found.scatter)
    outside = compare_extractions(wavelength, np.ones(50), wavelength + 5, np.ones(50))
    assert outside.n_channels == 0


def test_scatter_is_robust():
    rng = np.random.default_rng(8)
    wavelength = np.linspace(1, 2, 4001)
    ratio = rng.normal(0.9, 0.02, 4001)
    ratio[::100] = 50
    found = compare_extractions(wavelength, ratio, wavelength, np.ones(4001))
    assert found.median == pytest.approx(0.9, abs=0.002)
    assert found.scatter == pytest.approx(0.02, rel=0.08)
