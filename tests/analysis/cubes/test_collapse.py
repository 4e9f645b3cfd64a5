"""Images and line maps of cubes, against loops over pixels."""

import numpy as np
import pytest
from astropy import constants
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from astropy.wcs import WCS
from make_cubes import cube, cube_arrays
from specutils import Spectrum
from specutils.analysis import moment

import jdaviz_stage3 as stage3
from jdaviz_stage3 import Stage3Error
from jdaviz_stage3.analysis import COLLAPSE_STATISTICS, collapse, line_map

BAND = (5.05, 5.95) * u.um


@pytest.fixture(scope="module")
def arrays():
    """Uneven channels, holes all over, and a pixel that has one sample in the band."""
    arrays = cube_arrays(np.geomspace(4.9, 7, 40), (6, 7))
    rng = np.random.default_rng(11)
    holes = rng.random(arrays.data.shape) < 0.1
    holes[:, 2, 3] = True
    holes[10, 2, 3] = False
    arrays.data[holes] = arrays.err[holes] = np.nan
    arrays.dq[holes] = 1
    arrays.dq[12, 5, 5], arrays.data[12, 5, 5] = 1, 1e6  # flagged, and not NaN
    arrays.err[12, 5, 5] = 1
    return arrays


@pytest.fixture(scope="module")
def read(arrays, tmp_path_factory):
    return stage3.read(cube(tmp_path_factory.mktemp("cube"), arrays, table=True))


def edges_by_hand(axis):
    inner = (axis[1:] + axis[:-1]) / 2
    return np.concatenate([[2 * axis[0] - inner[0]], inner, [2 * axis[-1] - inner[-1]]])


def by_hand(arrays, statistic, band=BAND):
    """Value, error and number of samples of each pixel, one by one."""
    low, high = band.value
    chosen = np.flatnonzero((arrays.wavelength >= low) & (arrays.wavelength <= high))
    widths = np.diff(edges_by_hand(arrays.wavelength))
    value, error, count = (np.full(arrays.data.shape[1:], np.nan) for _ in range(3))
    for y, x in np.ndindex(value.shape):
        good = [
            k for k in chosen
            if arrays.dq[k, y, x] & 513 == 0 and np.isfinite(arrays.data[k, y, x])
        ]  # fmt: skip
        d, e = (a[good, y, x].astype(float) for a in (arrays.data, arrays.err))
        count[y, x] = len(good)
        if not good or (statistic in ("sum", "integral") and len(good) < len(chosen)):
            continue
        total = np.sqrt(np.sum(e**2))
        if statistic == "mean":
            value[y, x], error[y, x] = d.mean(), total / len(d)
        elif statistic == "median":
            factor = np.sqrt(np.pi / 2) if len(d) > 2 else 1
            value[y, x], error[y, x] = np.median(d), factor * total / len(d)
        elif statistic == "sum":
            value[y, x], error[y, x] = d.sum(), total
        elif statistic == "integral":
            w = widths[good]
            value[y, x], error[y, x] = np.sum(d * w), np.sqrt(np.sum((e * w) ** 2))
        else:
            k = getattr(d, f"arg{statistic}")()
            value[y, x], error[y, x] = d[k], e[k]
    return value, error, count


@pytest.mark.parametrize("statistic", COLLAPSE_STATISTICS)
@pytest.mark.parametrize("pieces", ["one piece", "many pieces"])
def test_images_are_those_of_loops(statistic, pieces, read, arrays, monkeypatch):
    if pieces == "many pieces":
        monkeypatch.setattr("jdaviz_stage3.analysis.cubes.planes._PIECE", 100)
        monkeypatch.setattr("jdaviz_stage3.analysis.cubes.collapse._ROWS", 300)
    image = collapse(read, BAND, statistic)
    value, error, count = by_hand(arrays, statistic)
    np.testing.assert_allclose(image.data, value, rtol=1e-6)
    np.testing.assert_allclose(image.uncertainty.array, error, rtol=1e-6)
    np.testing.assert_array_equal(image.meta["n_samples"], count)
    np.testing.assert_array_equal(image.mask, np.isnan(value))
    assert 0 < image.mask.sum() < image.mask.size
    assert image.unit == (u.MJy / u.sr * u.um if statistic == "integral" else u.MJy / u.sr)
    assert (
        image.wcs.pixel_to_world(2, 3).separation(read.wcs.celestial.pixel_to_world(2, 3))
        < 1e-6 * u.arcsec
    )


def test_sums_of_what_there_is_on_request(read, arrays):
    image = collapse(read, BAND, "sum", complete=False)
    assert image.meta["n_channels"] > image.meta["n_samples"][2, 3] == 1
    assert image.data[2, 3] == pytest.approx(arrays.data[10, 2, 3])


def test_a_spectrum_in_memory_gives_the_same(read, arrays):
    """With its mask, and an uncertainty of another kind."""
    plain = Spectrum(
        flux=arrays.data * u.MJy / u.sr, wcs=read.wcs, mask=arrays.dq > 0, spectral_axis_index=0,
        uncertainty=StdDevUncertainty(arrays.err * 1e6, unit=u.Jy / u.sr),
    )  # fmt: skip
    for statistic in ("mean", "max"):
        one, other = collapse(plain, BAND, statistic), collapse(read, BAND, statistic)
        np.testing.assert_allclose(one.data, other.data, rtol=1e-6)
        np.testing.assert_allclose(one.uncertainty.array, other.uncertainty.array, rtol=1e-6)


def test_an_integral_of_even_channels_is_jdaviz_moment_of_order_0(tmp_path):
    """Moment Maps calls specutils; for uneven channels that takes other widths at the ends."""
    arrays = cube_arrays(np.linspace(5, 6, 20), (5, 4))
    whole = Spectrum(flux=np.nan_to_num(arrays.data, nan=0.0) * u.MJy / u.sr,
                     spectral_axis=arrays.wavelength * u.um, spectral_axis_index=0)  # fmt: skip
    wanted = moment(whole, order=0)
    path = cube(tmp_path, arrays)
    found = collapse(stage3.read(path), None, "integral", complete=False)
    good = ~found.mask
    np.testing.assert_allclose(
        found.data[good], wanted.to_value(u.MJy / u.sr * u.um)[good], rtol=1e-5
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"statistic": "mode"}, "statistic is 'mode'; there is mean, median"),
        ({"band": (8, 9) * u.um}, "outside the data, which are from 4.9 to 7 um"),
        ({"band": (5.0, 5.001) * u.um}, "holds the centre of no channel"),
        ({"band": (5, 6)}, "has no unit"),
    ],
)
def test_what_cannot_be_collapsed_is_said(options, message, read):
    with pytest.raises(Stage3Error, match=message):
        collapse(read, **options)


def test_only_cubes_are_taken(read, arrays):
    with pytest.raises(Stage3Error, match="ndarray is no spectral cube"):
        collapse(arrays.data)
    with pytest.raises(Stage3Error, match="the cube has 1 axes"):
        collapse(read[:, 3, 3])
    turned = Spectrum(flux=np.moveaxis(arrays.data, 0, 2) * u.Jy, spectral_axis_index=2,
                      spectral_axis=arrays.wavelength * u.um)  # fmt: skip
    with pytest.raises(Stage3Error, match="not along the first axis"):
        collapse(turned)


# ---- lines ----

LINE, SIDES = (5.5, 5.8) * u.um, [(5.1, 5.4) * u.um, (5.9, 6.4) * u.um]


def line_by_hand(arrays, order, sides=SIDES):
    """By a fit for each pixel, and the uncertainty by moving each sample by its own."""
    axis = arrays.wavelength
    frequency = constants.c.to_value(u.um / u.s) / edges_by_hand(axis)
    weights = np.abs(np.diff(frequency)) * 1e-20  # MJy Hz in W / m²

    def within(band):
        return np.flatnonzero((axis >= band[0].value) & (axis <= band[1].value))

    inside, beside = within(LINE), [within(side) for side in sides]
    good = np.isfinite(arrays.data) & (arrays.dq & 513 == 0)
    value, error, level = (np.full(arrays.data.shape[1:], np.nan) for _ in range(3))
    for y, x in np.ndindex(value.shape):
        used = [k[good[k, y, x]] for k in beside]
        if not good[inside, y, x].all() or any(len(k) == 0 for k in used):
            continue
        used = np.concatenate(used)

        def flux(d, used=used):
            fit = np.polyfit(axis[used], d[used], order)
            return np.sum(weights[inside] * (d[inside] - np.polyval(fit, axis[inside])))

        d, e = (np.nan_to_num(a[:, y, x].astype(float)) for a in (arrays.data, arrays.err))
        value[y, x] = flux(d)
        moved = [(flux(d + np.eye(len(d))[k]) - value[y, x]) * e[k] for k in (*used, *inside)]
        error[y, x] = np.sqrt(np.sum(np.square(moved)))
        level[y, x] = np.polyval(np.polyfit(axis[used], d[used], order), axis[inside].mean())
    return value, error, level


@pytest.mark.parametrize("order", [0, 1])
def test_a_line_map_is_that_of_fits_pixel_by_pixel(order, read, arrays):
    found = line_map(read, LINE, SIDES, order=order)
    value, error, level = line_by_hand(arrays, order)
    assert found.unit == u.W / u.m**2 / u.sr
    # c Δλ / λ² in place of the difference of frequencies: to the square of a channel's width
    np.testing.assert_allclose(found.data, value, rtol=2e-3, atol=2e-3 * np.nanstd(value))
    np.testing.assert_allclose(found.uncertainty.array, error, rtol=2e-3)
    np.testing.assert_allclose(found.meta["continuum"], level, rtol=1e-5)
    np.testing.assert_array_equal(found.mask, np.isnan(value))
    assert 0 < found.mask.sum() < found.mask.size


def test_a_known_line_on_a_slope(tmp_path):
    """10⁻⁹ W/m²/sr on a straight continuum come out, and a cube without a line gives none."""
    axis = np.linspace(5, 6, 400)
    per_hertz = 3 + 2 * (axis - 5.5)  # MJy/sr
    shape = np.exp(-0.5 * ((axis - 5.62) / 0.01) ** 2)
    wanted = 1e-9 * u.W / u.m**2 / u.sr
    norm = np.trapezoid(shape * constants.c.to_value(u.um / u.s) / axis**2, axis) * u.Hz
    level = (wanted / norm).to_value(u.MJy / u.sr)
    arrays = cube_arrays(axis, (2, 3))
    arrays.dq[:], arrays.err[:], arrays.weightmap[:] = 0, 0.01, 1
    arrays.data[:] = (per_hertz + level * shape)[:, None, None]
    arrays.data[:, 0, 0] = per_hertz
    found = line_map(stage3.read(cube(tmp_path, arrays)), (5.55, 5.69) * u.um,
                     [(5.4, 5.5) * u.um, (5.75, 5.9) * u.um])  # fmt: skip
    np.testing.assert_allclose(found.data[1], 1e-9, rtol=1e-4)
    assert abs(found.data[0, 0]) < 1e-13


def test_one_band_of_continuum_is_a_constant(read):
    side = SIDES[0]
    one = line_map(read, LINE, [side])
    for given in (side, tuple(side)):
        np.testing.assert_array_equal(line_map(read, LINE, given).data, one.data)
    np.testing.assert_array_equal(one.data, line_map(read, LINE, [side], order=0).data)


@pytest.mark.parametrize(
    ("continuum", "order", "message"),
    [
        ([(5.7, 6) * u.um], None, r"line and continuum share \d+ channels"),
        ([], None, "no band of the continuum"),
        (SIDES, 2, r"order is 2; the continuum is a constant \(0\) or a line \(1\)"),
    ],
)
def test_bands_that_cannot_be(continuum, order, message, read):
    with pytest.raises(Stage3Error, match=message):
        line_map(read, LINE, continuum, order=order)


def test_coordinates_are_kept(read):
    assert isinstance(collapse(read).wcs, WCS) and collapse(read).wcs.has_celestial


# ---- errors that are not known ----


@pytest.fixture
def without_an_error(tmp_path):
    """A good sample whose error is NaN, in one pixel."""
    arrays = cube_arrays(np.linspace(5, 6, 9), (6, 7))
    arrays.err[4, 3, 2] = np.nan
    return stage3.read(cube(tmp_path, arrays))


@pytest.mark.parametrize("statistic", ["mean", "median", "sum", "integral"])
def test_a_sample_without_an_error_leaves_none(statistic, without_an_error):
    found = collapse(without_an_error, None, statistic)
    assert np.isfinite(found.data[3, 2]) and np.isnan(found.uncertainty.array[3, 2])
    assert np.isnan(found.uncertainty.array[~found.mask]).sum() == 1


@pytest.mark.parametrize("line", [(5.45, 5.55), (5.7, 5.8)], ids=["in the line", "beside it"])
def test_a_line_map_without_an_error(line, without_an_error):
    sides = [(5.1, 5.4), (5.45, 5.55)] if line[0] > 5.5 else [(5.1, 5.4)]
    found = line_map(without_an_error, line * u.um, [side * u.um for side in sides])
    assert np.isfinite(found.data[3, 2]) and np.isnan(found.uncertainty.array[3, 2])
    assert np.isnan(found.uncertainty.array[~found.mask]).sum() == 1


def test_the_band_that_is_told_ends_at_borders_of_channels(read, arrays):
    edges = edges_by_hand(arrays.wavelength)
    inside = np.flatnonzero((arrays.wavelength >= 5.05) & (arrays.wavelength <= 5.95))
    np.testing.assert_allclose(
        collapse(read, BAND).meta["band"].value, edges[[inside[0], inside[-1] + 1]], rtol=1e-6
    )


def test_bands_of_the_continuum_that_overlap(read):
    with pytest.raises(Stage3Error, match="bands of the continuum overlap"):
        line_map(read, (5.8, 6) * u.um, [(5, 5.4) * u.um, (5.2, 5.6) * u.um])
