"""The search for a companion against brute force, and by companions that are put in."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from make_interferometry import HOLES, MAS, WAVELENGTH, binary, oifits
from scipy.optimize import minimize_scalar
from scipy.stats import chi2 as chi2_distribution
from scipy.stats import norm

from jdaviz_stage3 import Stage3Error, analysis
from jdaviz_stage3.analysis.interferometry.binary_search import _sigmas
from jdaviz_stage3.analysis.interferometry.companion_model import CompanionModel
from jdaviz_stage3.readers import read_interferometry

PLACE, RATIO = (90.0, -60.0), 0.03
TRIPLES = [(i, j, k) for i in range(7) for j in range(i + 1, 7) for k in range(j + 1, 7)]
PAIRS = [(i, j) for i in range(7) for j in range(i + 1, 7)]
SIGMA = np.radians(0.1)  # of the phase of a baseline


def closures(phases):
    """Closure phases of the phases of baselines."""
    of = dict(zip(PAIRS, phases, strict=True))
    return np.array([of[i, j] + of[j, k] - of[i, k] for i, j, k in TRIPLES])


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    return read_interferometry(oifits("ami-oi", tmp_path_factory.mktemp("quiet"), noise=1e-9))


def measured(quiet, place, ratio, rng=None):
    """Observables of a companion; the noise is that of independent phases of baselines."""
    uv = np.array([HOLES[i] - HOLES[j] for i, j in PAIRS])
    sky = binary(*place, ratio)(uv[:, 0], uv[:, 1])
    phases = np.angle(sky) + (0 if rng is None else rng.normal(0, SIGMA, 21))
    found = copy.copy(quiet)
    found.closure_phase = quiet.closure_phase.copy()
    found.closure_phase["phase"] = np.degrees(closures(phases)) << u.deg
    found.closure_phase["phase_error"] = np.full(35, np.degrees(np.sqrt(3) * SIGMA)) << u.deg
    found.vis2 = quiet.vis2.copy()
    found.vis2["value"] = np.abs(sky) ** 2 + (0 if rng is None else rng.normal(0, 0.002, 21))
    found.vis2["error"] = np.full(21, 0.002)
    return found


def brute_chi2(data, place, ratio, vis2):
    """χ² with the full covariance of the closure phases, by its pseudo-inverse."""
    design = np.array([closures(row) for row in np.eye(21)]).T
    inverse = np.linalg.pinv(design @ design.T * SIGMA**2, rcond=1e-8)
    uv = np.array([HOLES[i] - HOLES[j] for i, j in PAIRS])
    turn = np.exp(-2j * np.pi * (uv @ np.array(place)) * MAS / WAVELENGTH)
    sky = (1 + ratio * turn) / (1 + ratio)
    off = np.radians(data.closure_phase["phase"].value) - closures(np.angle(sky))
    total = off @ inverse @ off
    if vis2:
        total += np.sum((np.asarray(data.vis2["value"]) - np.abs(sky) ** 2) ** 2) / 0.002**2
    return total


@pytest.mark.parametrize("vis2", [False, True])
def test_chi2_is_that_with_the_covariance_of_closure_phases(quiet, vis2):
    data = measured(quiet, PLACE, RATIO, np.random.default_rng(1))
    found = analysis.binary_search(data, n=9, extent=250 * u.mas, vis2=vis2, rescale=False)
    assert found.chi2_star == pytest.approx(brute_chi2(data, (0, 0), 0.0, vis2), rel=1e-6)
    for row, column in ((4, 6), (2, 5), (6, 3), (1, 4)):
        place = (found.east[column].value, found.north[row].value)
        by_hand = minimize_scalar(
            lambda log, place=place: brute_chi2(data, place, np.exp(log), vis2),
            bounds=(np.log(1e-6), 0), method="bounded", options={"xatol": 1e-8},
        )  # fmt: skip
        assert found.chi2[row, column] <= by_hand.fun * (1 + 1e-5)
        again = brute_chi2(data, place, found.flux_ratio[row, column], vis2)
        assert found.chi2[row, column] == pytest.approx(again, rel=1e-6)
    assert (found.n_used, found.n_independent) == ((56, 36) if vis2 else (35, 15))


def test_the_companion_is_found_on_its_side(quiet):
    found = analysis.binary_search(measured(quiet, PLACE, RATIO), n=60)
    assert found.best["east"].value == pytest.approx(PLACE[0], abs=0.01)
    assert found.best["north"].value == pytest.approx(PLACE[1], abs=0.01)
    assert found.best["flux_ratio"] == pytest.approx(RATIO, rel=1e-4)
    assert found.best["separation"].value == pytest.approx(np.hypot(*PLACE), abs=0.01)
    assert found.best["position_angle"].value == pytest.approx(123.69, abs=0.01)
    assert found.best["contrast"] == pytest.approx(-2.5 * np.log10(RATIO), abs=1e-3)
    row, column = np.unravel_index(np.nanargmin(found.chi2), found.chi2.shape)
    assert found.east[column].value == pytest.approx(PLACE[0], abs=11)
    assert found.north[row].value == pytest.approx(PLACE[1], abs=11)


def test_an_equal_companion(quiet):
    found = analysis.binary_search(measured(quiet, (120, 30), 0.8), n=60, vis2=True)
    assert found.best["flux_ratio"] == pytest.approx(0.8, rel=1e-3)
    assert found.best["east"].value == pytest.approx(120, abs=0.1)


def test_errors_are_those_of_many_companions_with_noise(quiet):
    rng = np.random.default_rng(5)
    fits = [
        analysis.binary_search(measured(quiet, PLACE, RATIO, rng), n=25, rescale=False)
        for _ in range(60)
    ]
    for name, true in (("east", PLACE[0]), ("north", PLACE[1]), ("flux_ratio", RATIO)):
        values = np.array([u.Quantity(fit.best[name]).value for fit in fits])
        errors = np.array([u.Quantity(fit.best[f"{name}_error"]).value for fit in fits])
        pulls = (values - true) / errors
        assert abs(pulls.mean()) < 3.5 / np.sqrt(60), name
        assert 0.75 < pulls.std(ddof=1) < 1.3, name
    assert np.mean([fit.chi2_best for fit in fits]) == pytest.approx(12, abs=4 * np.sqrt(24 / 60))
    assert all(fit.significance > 5 for fit in fits)


def test_noise_alone_is_a_false_alarm_as_often_as_said(quiet):
    rng = np.random.default_rng(6)
    star = [measured(quiet, (0, 0), 0.0, rng) for _ in range(60)]
    fits = [analysis.binary_search(one, n=25, rescale=False) for one in star]
    chi2 = [fit.chi2_star for fit in fits]
    assert np.mean(chi2) == pytest.approx(15, abs=4 * np.sqrt(30 / 60))
    chances = np.array([fit.false_alarm_probability(300) for fit in fits])
    # uniform between 0 and 1 where the probability is right
    assert chances.mean() == pytest.approx(0.5, abs=4 / np.sqrt(12 * 60))
    assert 1 <= np.count_nonzero(chances < 0.2) <= 25
    assert all(fit.false_alarm_probability(200) > 1 / 500 for fit in fits[:3])


def test_limits_are_where_companions_begin_to_be_found(quiet):
    rng = np.random.default_rng(7)
    star = measured(quiet, (0, 0), 0.0)
    limits = analysis.detection_limits(star, [100, 200] * u.mas, sigma=5)
    assert (limits["flux_ratio"] <= limits["flux_ratio_worst"]).all()
    ratio = limits["flux_ratio"][0]
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    found = []
    for angle in angles:
        place = (100 * np.sin(angle), 100 * np.cos(angle))
        data = measured(quiet, place, ratio, rng)
        found.append(analysis.binary_search(data, n=15, rescale=False).significance)
    assert np.median(found) == pytest.approx(5, abs=0.9)
    assert np.isnan(analysis.detection_limits(star, [0.01] * u.mas)["flux_ratio"][0])


def test_errors_that_are_too_small_are_enlarged(quiet):
    data = measured(quiet, PLACE, RATIO, np.random.default_rng(8))
    honest = analysis.binary_search(data, n=25)
    data.closure_phase["phase_error"] /= 10
    found = analysis.binary_search(data, n=25)
    assert found.error_scale == pytest.approx(10 * np.sqrt(honest.chi2_best / 12), rel=1e-3)
    expected = (honest.chi2_star - honest.chi2_best) / (honest.chi2_best / 12)
    assert found.delta_chi2 == pytest.approx(expected, rel=1e-3), "not a hundred times larger"
    assert any("times those of the file" in text for text in found.assumptions)


def test_flagged_closure_phases_are_left_out(quiet):
    data = measured(quiet, PLACE, RATIO)
    data.closure_phase["phase"][[1, 8, 20]] = 90 * u.deg
    data.closure_phase["flag"][[1, 8, 20]] = True
    found = analysis.binary_search(data, n=41)
    assert found.n_used == 32
    assert found.best["east"].value == pytest.approx(PLACE[0], abs=0.05)


def test_flux_ratios_stay_within_their_limits_and_the_search_says_how_far_it_is(quiet):
    data, told = measured(quiet, PLACE, RATIO), []
    found = analysis.binary_search(data, n=71, min_ratio=0.05, max_ratio=0.4, progress=told.append)
    assert told[0] == 0 and told[-1] == 1 and told == sorted(told) and len(told) > 1
    tried = found.flux_ratio[np.isfinite(found.flux_ratio) & (found.flux_ratio != 0)]
    assert 0.05 <= tried.min() and tried.max() <= 0.4
    assert found.best["flux_ratio"] == pytest.approx(0.05, rel=1e-6), "the true one is below"
    with pytest.raises(Stage3Error, match="the smaller one first"):
        analysis.binary_search(data, min_ratio=0.5, max_ratio=0.2)
    with pytest.raises(Stage3Error, match="an angle above 0"):
        analysis.binary_search(data, extent=-5 * u.mas)


def test_one_triangle_and_no_errors(quiet):
    data = measured(quiet, PLACE, RATIO)
    data.closure_phase = data.closure_phase[:1]
    found = analysis.binary_search(data, n=9)
    assert (found.n_used, found.n_independent) == (1, 1)
    data.closure_phase["phase_error"] = np.nan * u.deg
    with pytest.raises(Stage3Error, match="no closure phases with known errors"):
        analysis.binary_search(data)
    data.closure_phase["flag"] = True
    with pytest.raises(Stage3Error, match="all closure phases are flagged"):
        analysis.detection_limits(data)
    data.closure_phase = None
    with pytest.raises(Stage3Error, match="no closure phases; is it"):
        analysis.binary_search(data)
    with pytest.raises(Stage3Error, match="2 positions or more"):
        analysis.binary_search(quiet, n=1)


def test_observables_by_integration_are_refused(tmp_path):
    multi = read_interferometry(oifits("amimulti-oi", tmp_path))
    with pytest.raises(Stage3Error, match="average them first"):
        analysis.binary_search(multi)


@pytest.mark.parametrize("delta", [0.0, 1.0, 14.16, 400.0, 1000.0])
def test_significance(delta):
    probability = chi2_distribution.sf(delta, 3)
    assert _sigmas(delta) == pytest.approx(norm.isf(probability / 2), rel=1e-6, abs=1e-9)


def test_a_very_large_significance_is_a_number():
    assert _sigmas(1e4) == pytest.approx(100, abs=0.1)
    assert _sigmas(1200.0) < _sigmas(1400.0) < _sigmas(1500.0)


def test_false_alarms_where_errors_are_too_small(quiet):
    """The scatter says how large they are, which makes large Δχ² of noise alone more frequent."""
    rng = np.random.default_rng(8)
    said = []
    for seed in range(40):
        data = measured(quiet, (0, 0), 0.0, rng)
        data.closure_phase["phase_error"] = data.closure_phase["phase_error"] / 3
        found = analysis.binary_search(data, n=31)
        said.append(found.false_alarm_probability(n=200, seed=seed))
    for quantile in (0.25, 0.5):
        often = np.mean(np.array(said) <= quantile)
        spread = np.sqrt(quantile * (1 - quantile) / len(said))
        assert often == pytest.approx(quantile, abs=3 * spread)


# ---- how it is refined ----


@pytest.mark.parametrize("vis2", [True, False])
@pytest.mark.parametrize("smearing", [0.0, 0.08])
def test_the_gradient_is_how_the_model_changes(quiet, smearing, vis2):
    """Against central differences, on both sides of the star and on it."""
    model = analysis.binary_search(measured(quiet, PLACE, RATIO)).model
    model = replace(model, smearing=np.full(len(model.x), smearing))
    if not vis2:
        model = replace(model, vis2=model.vis2[:0], vis2_rows=model.vis2_rows[:0])

    def predicted(parameters):
        return model.predicted(model.turns(parameters[:1], parameters[1:2]), parameters[2:])[0]

    for place in ((90.0, -60.0, 0.03), (-3.0, 250.0, 0.4), (0.0, 0.0, 0.1)):
        steps = np.diag([1e-3, 1e-3, 1e-6])
        expected = [
            (predicted(place + step) - predicted(place - step)) / (2 * step.sum()) for step in steps
        ]
        found = model.gradient(*place)
        assert found.shape == (model.n_used, 3)
        np.testing.assert_allclose(found, np.transpose(expected), rtol=1e-5, atol=1e-8)


def test_the_fit_uses_the_gradient(quiet, monkeypatch):
    """By differences it asks for the model four times a step."""
    asked = {"predicted": 0, "gradient": 0}

    def counted(name):
        method = getattr(CompanionModel, name)

        def noted(self, *arguments):
            # the grid and the limits are of many positions at once
            asked[name] += name == "gradient" or len(arguments[1]) == 1
            return method(self, *arguments)

        monkeypatch.setattr(CompanionModel, name, noted)

    counted("predicted")
    counted("gradient")
    analysis.binary_search(measured(quiet, PLACE, RATIO, np.random.default_rng(1)))
    assert 0 < asked["gradient"] <= asked["predicted"] < 2 * asked["gradient"]
