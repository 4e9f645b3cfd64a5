"""Maps of signal to noise against brute force and draws of noise; injected companions."""

import numpy as np
import pytest
from astropy import units as u
from scipy import stats

from jdaviz_stage3.analysis import (
    align_offsets,
    contrast_curve,
    inject_companions,
    measured_throughput,
    snr_map,
)
from jdaviz_stage3.analysis.coronagraphy.elements import ElementSums, SumGrid, ring_elements
from jdaviz_stage3.analysis.coronagraphy.star import peak_position
from jdaviz_stage3.errors import Stage3Error

FWHM = 2.6
CENTER = (20.4, 19.7)


def gaussian(shape, x, y, fwhm=FWHM, height=1.0):
    rows, columns = np.indices(shape)
    s = fwhm / np.sqrt(8 * np.log(2))
    return height * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * s**2))


def noise(seed, shape=(41, 42)):
    return np.random.default_rng(seed).normal(0, 1, shape)


# ---- signal to noise ----


def test_excluded_pixels_are_in_no_noise():
    image = noise(1)
    image[30, 8:14] = np.nan
    found, whole = (snr_map(each, center=CENTER, fwhm=FWHM) for each in (image, noise(1)))
    assert np.isnan(found.snr[29:32, 8:14]).all()
    beside = 10, 20  # on a ring that the hole is not on
    assert found.snr[beside] == pytest.approx(whole.snr[beside])
    same_ring = 24, 33
    lost = whole.n_elements[same_ring] - found.n_elements[same_ring]
    assert 1 <= lost <= 5 and np.isfinite(found.snr[same_ring])


@pytest.mark.parametrize("skip", [False, True])
def test_a_map_is_that_of_each_pixel_by_itself(skip):
    image = noise(1)
    found = snr_map(image, center=CENTER, fwhm=FWHM, skip_neighbours=skip)
    sums = ElementSums(image, FWHM)
    checked = 0
    for y, x in np.random.default_rng(2).integers(8, 33, (80, 2)):
        r, turn = np.hypot(x - CENTER[0], y - CENTER[1]), np.arctan2(y - CENTER[1], x - CENTER[0])
        ring = sums.at(*ring_elements(CENTER, r, FWHM, start=turn)) if r > FWHM else []
        others = ring[2:-1] if skip else ring[1:]
        others = np.asarray(others)[np.isfinite(others)]
        if len(others) < 3 or not np.isfinite(ring[0]):
            assert np.isnan(found.snr[y, x])
            continue
        n = len(others)
        expected = (ring[0] - others.mean()) / (others.std(ddof=1) * np.sqrt(1 + 1 / n))
        assert found.n_elements[y, x] == n
        assert found.snr[y, x] == pytest.approx(expected, abs=0.03 * max(1, abs(expected)))
        chance = stats.t.sf(found.snr[y, x], n - 1)
        assert stats.norm.sf(found.significance[y, x]) == pytest.approx(chance, rel=1e-6)
        checked += 1
    assert checked > 40


def test_the_grid_is_exact_at_its_nodes():
    image = noise(3, (20, 20))
    grid, sums = SumGrid(image, 3.3), ElementSums(image, 3.3)
    places = np.array([[6, 7 + 1 / 8, 9.5], [6, 8 + 5 / 8, 8]])
    np.testing.assert_allclose(grid.at(*places), sums.at(*places), rtol=1e-9)
    between = np.random.default_rng(1).uniform(4, 15, (2, 500))
    difference = grid.at(*between) - sums.at(*between)
    assert difference.std() < 0.01 * sums.at(*between).std()


def test_noise_exceeds_a_significance_as_often_as_a_gaussian():
    """Close to the star, where few elements are left."""
    above = {"snr": 0, "significance": 0}
    total = 0
    for seed in range(80):
        found = snr_map(noise(seed, (17, 17)), center=(8, 8), fwhm=FWHM, outer=1.6 * FWHM)
        known = np.isfinite(found.snr)
        total += known.sum()
        for name in above:
            above[name] += np.sum(getattr(found, name)[known] > 2)
    expected = stats.norm.sf(2)
    assert above["significance"] / total == pytest.approx(expected, rel=0.15)
    assert above["snr"] / total > 1.4 * expected  # signal to noise is not significance


def test_a_companion_at_the_threshold_is_found_half_of_the_time():
    """Put in at the contrast of the curve, with the point source's own image."""
    psf = gaussian((25, 25), 12, 12, height=50.0)
    sigma, radius, found = 3.0, 3 * FWHM, []
    for seed in range(60):
        image = noise(seed)
        curve = contrast_curve(
            image, center=CENTER, fwhm=FWHM, star_psf=psf, sigma=sigma, separations=radius
        )
        turn = seed * 2.4
        place = CENTER[0] + radius * np.cos(turn), CENTER[1] + radius * np.sin(turn)
        other = noise(1000 + seed)
        with_it = inject_companions(other, psf, [place], curve["contrast"][0], fwhm=FWHM)
        x, y = ring_elements(CENTER, radius, FWHM, start=turn)
        sums = ElementSums(with_it, FWHM).at(x, y)
        limit = curve["mean"][0] + curve["threshold"][0]
        found.append(sums[0] > limit.value)
    assert 0.3 < np.mean(found) < 0.7  # 0.5 +- 0.065


def test_a_bright_companion_stands_out_where_it_is():
    image = noise(4) + gaussian((41, 42), 31.2, 12.6, height=20.0)
    found = snr_map(image, center=CENTER, fwhm=FWHM)
    assert np.unravel_index(np.nanargmax(found.snr), image.shape) == (13, 31)
    assert np.nanmax(found.significance) > 5
    # its ring is noisy by it; not where it is known
    left = snr_map(image, center=CENTER, fwhm=FWHM, companions=[(31.2, 12.6)])
    opposite = int(2 * CENTER[1] - 12.6), int(2 * CENTER[0] - 31.2)
    assert abs(found.snr[opposite]) < abs(left.snr[opposite]) or left.n_elements[opposite] > 10
    assert left.snr[13, 31] > found.snr[13, 31]  # its wings are out of the noise
    assert left.meta["own_element"] == "left out of the noise"


def test_a_map_ends_where_it_is_told_to():
    image = noise(5, (60, 60))
    whole = snr_map(image, center=(30, 31), fwhm=FWHM)
    part = snr_map(image, center=(30, 31), fwhm=FWHM, inner=5.0, outer=9.0)
    radius = np.hypot(*(np.indices(image.shape) - np.array([31, 30])[:, None, None]))
    inside = (radius >= 5) & (radius <= 9)
    assert np.isfinite(part.snr[inside]).all() and np.isnan(part.snr[~inside]).all()
    np.testing.assert_allclose(part.snr[inside], whole.snr[inside], rtol=1e-8)
    with pytest.raises(Stage3Error, match="so far"):
        snr_map(image, center=(300, 300), fwhm=FWHM, outer=9.0)
    with pytest.raises(Stage3Error, match="too large"):
        snr_map(np.zeros((2048, 2048)), center=(30, 31), fwhm=FWHM)


# ---- injected companions ----


def test_a_companion_is_put_where_and_as_bright_as_asked():
    psf = gaussian((31, 33), 16.3, 14.8, 3.5, height=4.0)
    image = np.zeros((60, 62)) * u.MJy / u.sr
    added = inject_companions(
        image,
        psf * u.MJy / u.sr,
        [(20.25, 33.6), (45, 18.5)],
        [0.5, 2],
        fwhm=FWHM,
        psf_center=(16.3, 14.8),
    )
    expected = gaussian((60, 62), 20.25, 33.6, 3.5, 2) + gaussian((60, 62), 45, 18.5, 3.5, 8)
    np.testing.assert_allclose(added.value, expected, atol=0.01)
    assert added.unit == image.unit and not image.value.any()
    assert peak_position(psf, FWHM) == pytest.approx((16.3, 14.8), abs=0.02)
    cut = inject_companions(np.zeros((60, 62)), psf, [(-0.4, 59.2)], 1.0, fwhm=3.5)
    np.testing.assert_allclose(cut, gaussian((60, 62), -0.4, 59.2, 3.5, 4), atol=0.01)
    far = inject_companions(np.zeros((9, 9)), psf, [(500, -500)], 1.0, fwhm=FWHM)
    assert not far.any()


def test_a_point_source_is_scaled_to_the_star():
    psf = gaussian((31, 31), 15, 15, height=0.01)
    image = np.zeros((40, 40))
    whole = inject_companions(image, psf, [(20, 20)], 1e-3, fwhm=FWHM, star_flux=5e6)
    assert whole.sum() == pytest.approx(5e3)
    part = inject_companions(
        image, psf, [(20, 20)], 1e-3, fwhm=FWHM, star_flux=5e6, aperture_fraction=0.47
    )
    [inside] = ElementSums(part, FWHM).at(np.array([20.0]), np.array([20.0]))
    assert inside == pytest.approx(5e3 * 0.47, rel=1e-3)


def test_frames_of_two_rolls_have_it_at_two_places():
    psf = gaussian((21, 21), 10, 10)
    places = np.array([[[10.0, 20.0]], [[20.0, 10.0]]])
    stack = np.full((2, 31, 31), np.nan)
    stack[:] = 0
    stack[1, 0, 0] = np.nan
    added = inject_companions(stack, psf, places, 3.0, fwhm=FWHM)
    assert [np.unravel_index(np.nanargmax(f), f.shape) for f in added] == [(20, 10), (10, 20)]
    assert np.isnan(added[1, 0, 0])
    with pytest.raises(Stage3Error, match="positions have shape"):
        inject_companions(stack, psf, np.zeros((3, 1, 2)), 1.0, fwhm=FWHM)
    with pytest.raises(Stage3Error, match="expected"):
        inject_companions(np.zeros(5), psf, [(1, 1)], 1.0, fwhm=FWHM)
    with pytest.raises(Stage3Error, match="the PSF is in"):
        inject_companions(stack * u.Jy, psf * u.s, [(1, 1)], 1.0, fwhm=FWHM)


def test_throughput_is_what_a_reduction_leaves():
    rng = np.random.default_rng(6)
    stack = rng.normal(0, 1, (5, 61, 61)) + gaussian((61, 61), 30, 30, 8, 300)
    psf = gaussian((25, 25), 12, 12, height=100.0)
    radius = np.hypot(*(np.indices((61, 61)) - 30))

    def reduce(frames):  # takes away more of what is farther out
        return np.median(frames, axis=0) * np.interp(radius, [5, 25], [0.9, 0.3])

    table = measured_throughput(
        stack, psf, reduce, center=(30, 30), fwhm=FWHM, contrast=0.3,
        separations=[6, 8, 15, 24, 60] * u.pix,
    )  # fmt: skip
    expected = np.interp([6, 8, 15, 24], [5, 25], [0.9, 0.3])
    np.testing.assert_allclose(table["throughput"][:4], expected, atol=0.02)
    assert np.isnan(table["throughput"][4]) and table["n"][4] == 0
    behind = measured_throughput(
        stack, psf, reduce, center=(30, 30), fwhm=FWHM, contrast=0.3, separations=[15] * u.pix,
        mask_transmission=lambda r: 0.5,
    )  # fmt: skip
    assert behind["throughput"][0] == pytest.approx(0.5 * expected[2], abs=0.02)
    with pytest.raises(Stage3Error, match="one image"):
        measured_throughput(
            stack, psf, lambda frames: frames, center=(30, 30), fwhm=FWHM, contrast=1.0,
            separations=[9],
        )  # fmt: skip


# ---- shifts ----


def test_shifts_are_those_that_were_made():
    shape = (48, 50)
    reference = gaussian(shape, 25, 23, 6, 100) + gaussian(shape, 33, 30, 5, 30)
    moves = [(0.0, 0.0), (0.43, -1.21), (-2.3, 0.8)]
    frames = np.array(
        [
            2
            * (gaussian(shape, 25 - dx, 23 - dy, 6, 100) + gaussian(shape, 33 - dx, 30 - dy, 5, 30))
            for dx, dy in moves
        ]
    )
    frames[1, 3, 4] = np.nan
    table = align_offsets(frames, reference)
    np.testing.assert_allclose(table["dx"].value, [m[0] for m in moves], atol=0.01)
    np.testing.assert_allclose(table["dy"].value, [m[1] for m in moves], atol=0.01)
    np.testing.assert_allclose(table["scale"], 0.5, rtol=0.01)
    with pytest.raises(Stage3Error, match="no pixel in common"):
        align_offsets(frames, np.full(shape, np.nan))
    with pytest.raises(Stage3Error, match="references"):
        align_offsets(frames, frames[:2])
