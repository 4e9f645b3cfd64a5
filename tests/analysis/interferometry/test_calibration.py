"""Calibration against the pipeline's own, averages against numpy, exports against other readers."""

import copy

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable
from hypothesis import given, settings
from hypothesis import strategies as st
from make_interferometry import MAS, WAVELENGTH, binary, fringe_parameters, oifits
from pipeline_ami_process import run_ami
from schemas_once import datamodels
from scipy.special import j1
from shared_data import DATA

from jdaviz_stage3 import Stage3Error, Stage3Warning, analysis
from jdaviz_stage3.readers import read_interferometry

SHARED = DATA / "simulated" / "ami3"


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ami")
    return {
        "target": oifits("ami-oi", folder, sky=binary(90, 60, 0.1), seed=1),
        "reference": oifits("psf-ami-oi", folder, seed=2),
        "multi": oifits("amimulti-oi", folder, sky=binary(90, 60, 0.1), seed=1, n_int=40),
    }


@pytest.fixture
def target(paths):
    return read_interferometry(paths["target"])


@pytest.fixture
def reference(paths):
    return read_interferometry(paths["reference"])


def by_the_pipeline(paths, folder, *, mended=False):
    """What ami_normalize makes; mended: with the V² errors of each file beside its own V²."""
    # CalibOifits.calibrate exchanges the errors of V²: mended, they are exchanged before
    path = folder / "jw01_aminorm-oi.fits"
    run_ami({"target": paths["target"], "reference": paths["reference"], "path": path,
             "mended": mended})  # fmt: skip
    return read_interferometry(path)


def test_calibration_is_that_of_the_pipeline(paths, target, reference, tmp_path):
    expected = by_the_pipeline(paths, tmp_path, mended=True)
    found = analysis.calibrate(target, reference)
    for name, table in expected.tables.items():
        mine = found.tables[name]
        for column in ("value", "error", "amplitude", "amplitude_error", "phase", "phase_error"):
            if column in table.colnames:
                numbers = [np.asarray(t[column]) for t in (mine, table)]
                assert numbers[0] == pytest.approx(numbers[1], rel=1e-12, abs=1e-12), (name, column)


def test_errors_of_vis2_are_not_exchanged(paths, target, reference, tmp_path):
    target.vis2["error"] *= 5
    found = analysis.calibrate(target, reference)
    ratio = target.vis2["value"] / reference.vis2["value"]
    own = (target.vis2["error"] / target.vis2["value"]) ** 2
    others = (reference.vis2["error"] / reference.vis2["value"]) ** 2
    assert np.asarray(found.vis2["error"]) == pytest.approx(
        np.asarray(ratio * np.sqrt(own + others))
    )


@pytest.mark.skipif(not SHARED.is_dir(), reason="no simulated products beside the checkout")
@pytest.mark.filterwarnings("ignore::jdaviz_stage3.Stage3Warning")
def test_a_product_of_the_pipeline_is_reproduced_with_its_exchanged_errors():
    [norm] = SHARED.glob("*aminorm-oi.fits")
    [star] = SHARED.glob("*a3001_ami-oi.fits")
    [other] = SHARED.glob("*psf-ami-oi.fits")
    expected, star, other = (read_interferometry(path) for path in (norm, star, other))
    found = analysis.calibrate(star, other)
    assert np.asarray(found.vis2["value"]) == pytest.approx(np.asarray(expected.vis2["value"]))
    closure = found.closure_phase
    assert closure["phase"].value == pytest.approx(expected.closure_phase["phase"].value, abs=1e-9)
    assert closure["phase_error"].value == pytest.approx(
        expected.closure_phase["phase_error"].value
    )
    exchanged = expected.vis2["value"] * np.hypot(
        other.vis2["error"] / star.vis2["value"], star.vis2["error"] / other.vis2["value"]
    )
    assert np.asarray(exchanged) == pytest.approx(np.asarray(expected.vis2["error"]))


def test_calibration_by_integration(paths, reference):
    multi = read_interferometry(paths["multi"])
    found = analysis.calibrate(multi, reference)
    assert found.vis2["value"].shape == (21, 40)
    expected = multi.vis2["value"][:, 7] / reference.vis2["value"]
    assert np.asarray(found.vis2["value"][:, 7]) == pytest.approx(np.asarray(expected))
    with pytest.raises(Stage3Error, match="average it first"):
        analysis.calibrate(reference, multi)


def test_flags_of_either_are_kept_and_rows_are_matched(target, reference):
    target.closure_phase["flag"][2] = reference.closure_phase["flag"][5] = True
    expected = analysis.calibrate(target, reference).closure_phase
    assert np.flatnonzero(expected["flag"]).tolist() == [2, 5]
    reference.closure_phase = reference.closure_phase[::-1]
    found = analysis.calibrate(target, reference).closure_phase
    assert np.array_equal(found["phase"], expected["phase"])
    assert np.array_equal(found["flag"], expected["flag"])


def test_closure_phases_stay_within_half_a_turn(target, reference):
    target.closure_phase["phase"][0], reference.closure_phase["phase"][0] = (
        170 * u.deg,
        -170 * u.deg,
    )
    assert analysis.calibrate(target, reference).closure_phase["phase"][0].value == pytest.approx(
        -20
    )


def test_what_does_not_go_together_is_refused(target, reference, paths, tmp_path):
    other = copy.copy(reference)
    other.meta = reference.meta | {"FILTER": "F480M"}
    with pytest.raises(Stage3Error, match="filter F380M, the reference .* in F480M"):
        analysis.calibrate(target, other)
    other = copy.copy(reference)
    other.wavelength = [4.8e-6] * u.m
    with pytest.raises(Stage3Error, match="at 3.8000 um, the reference .* at 4.8000 um"):
        analysis.calibrate(target, other)
    other = copy.copy(reference)
    other.vis2 = reference.vis2[:-1]
    with pytest.raises(Stage3Error, match="not of the same holes: 6-7"):
        analysis.calibrate(target, other)
    other = copy.copy(reference)
    other.vis2 = reference.vis2.copy()
    other.vis2["baseline"] *= 1.2
    with pytest.raises(Stage3Error, match="not of the same baselines: A1-A2"):
        analysis.calibrate(target, other)
    with pytest.warns(Stage3Warning):
        old = read_interferometry(fringe_parameters("ami", tmp_path))
    assert len(analysis.calibrate(old, old).closure_phase) == 35, "by their names alone"


def test_average_is_that_of_numpy(paths):
    multi = read_interferometry(paths["multi"])
    multi.vis2["value"][4, 3] = 50.0  # clipped
    multi.closure_phase["flag"][6, :] = True
    multi.closure_phase["phase"][7] = multi.closure_phase["phase"][7] + 179 * u.deg
    multi.closure_phase["phase"][7] = (
        multi.closure_phase["phase"][7].value + 180
    ) % 360 - 180 << u.deg
    found = analysis.average_integrations(multi, sigma=5)
    kept = np.delete(np.asarray(multi.vis2["value"][4]), 3)
    assert found.vis2["value"][4] == pytest.approx(kept.mean())
    assert found.vis2["error"][4] == pytest.approx(kept.std(ddof=1) / np.sqrt(len(kept)))
    assert found.vis2["n_used"][4] == 39
    assert found.closure_phase["flag"][6]
    assert np.isnan(found.closure_phase["phase"][6])
    turned = np.radians(multi.closure_phase["phase"][7].value)
    circular = np.degrees(np.angle(np.exp(1j * turned).mean()))
    assert found.closure_phase["phase"][7].value == pytest.approx(circular, abs=1e-3)
    assert found.closure_phase["phase_error"][7].value < 1, "not torn at the half turn"
    found = analysis.average_integrations(read_interferometry(paths["multi"]))
    assert analysis.binary_search(found, n=31).best["flux_ratio"] == pytest.approx(0.1, rel=0.1)


def test_closure_phases_are_averaged_without_triple_amplitudes(paths):
    """And the other way round; each is counted for itself."""
    multi = read_interferometry(paths["multi"])
    multi.closure_phase["amplitude"][2] = np.nan
    multi.closure_phase["amplitude"][3, :9] = np.nan
    multi.closure_phase["phase"][4, :7] = np.nan * u.deg
    found = analysis.average_integrations(multi, sigma=None).closure_phase
    assert not found["flag"].any()
    assert found["n_used"][2:6].tolist() == [40, 40, 33, 40]
    mean = np.mean(multi.closure_phase["phase"][2].value)
    assert found["phase"][2].value == pytest.approx(mean, abs=1e-3)
    series = analysis.integration_series(multi, "closure_phase", 4, sigma=None)
    assert series.meta["n_used"] == 33


def test_a_series_says_what_its_average_leaves_out(paths):
    multi = read_interferometry(paths["multi"])
    multi.vis2["value"][4, 3] = 50.0
    multi.vis2["flag"][4, 7] = True
    series = analysis.integration_series(multi, "vis2", 4, sigma=5, start=2, stop=38)
    assert np.array_equal(series["value"].value, np.asarray(multi.vis2["value"][4]))
    assert np.flatnonzero(series["left_out"]).tolist() == [0, 1, 3, 7, 38, 39]
    assert np.flatnonzero(series["flagged"]).tolist() == [7]
    averaged = analysis.average_integrations(multi, sigma=5, start=2, stop=38)
    assert series.meta["mean"] == averaged.vis2["value"][4]
    assert series.meta["n_used"] == averaged.vis2["n_used"][4] == 34
    assert series.meta["stations"] == multi.vis2["stations"][4]
    phases = analysis.integration_series(multi, "closure_phase", 6, sigma=None)
    assert phases["value"].unit == u.deg and not phases["left_out"].any()
    with pytest.raises(Stage3Error, match="row 21 of vis2 asked for, there are 21"):
        analysis.integration_series(multi, "vis2", 21)
    with pytest.raises(Stage3Error, match="no series"):
        analysis.integration_series(averaged, "vis2", 1)


def test_average_refuses_what_cannot_be_averaged(paths, target):
    with pytest.raises(Stage3Error, match="not by integration"):
        analysis.average_integrations(target)
    with pytest.raises(Stage3Error, match="no integrations in 50:None; there are 40"):
        analysis.average_integrations(read_interferometry(paths["multi"]), start=50)
    one = analysis.average_integrations(read_interferometry(paths["multi"]), stop=1)
    assert np.isnan(one.vis2["error"]).all(), "a single value has no scatter"


def test_vis2_errors_from_amplitudes(target):
    target.vis2["error"] /= 7
    mended = analysis.vis2_errors_from_amplitudes(target)
    expected = 2 * target.visibility["amplitude"] * target.visibility["amplitude_error"]
    assert np.asarray(mended.vis2["error"]) == pytest.approx(np.asarray(expected))


def test_oifits_comes_back(paths, target, tmp_path):
    for source in (target, read_interferometry(paths["multi"])):
        suffix = "amimulti-oi" if source.n_integrations > 1 else "ami-oi"
        path = analysis.write_oifits(source, tmp_path / f"again_{suffix}.fits")
        again = read_interferometry(path)
        assert (again.target, again.n_integrations) == (source.target, source.n_integrations)
        for name, table in source.tables.items():
            for column in table.colnames:
                same = np.asarray(again.tables[name][column]), np.asarray(table[column])
                if same[1].dtype.kind == "f":
                    assert same[0] == pytest.approx(same[1], rel=1e-12, nan_ok=True), column
                else:
                    assert np.array_equal(*same), column
        with datamodels.AmiOIModel(path) as model:
            assert np.array_equal(model.vis2["VIS2DATA"], source.vis2["value"])
            assert len(model.t3) == 35
        with fits.open(path) as hdus:
            hdus.verify("exception")
    with pytest.raises(Stage3Error, match="is there already"):
        analysis.write_oifits(target, path)


def test_oifits_with_wavelengths_comes_back(target, tmp_path):
    two = copy.copy(target)
    two.wavelength, two.bandwidth = [3.8e-6, 4.3e-6] * u.m, [2e-7, 2e-7] * u.m
    two.visibility = two.closure_phase = two.quad = None
    two.vis2 = QTable(target.vis2[np.repeat(np.arange(21), 2)])
    two.vis2["wavelength"] = np.tile(two.wavelength.value, 21) * u.m
    two.vis2["value"] = np.arange(42.0)
    again = read_interferometry(analysis.write_oifits(two, tmp_path / "two_ami-oi.fits"))
    assert np.array_equal(again.vis2["value"], np.arange(42.0))
    two.vis2 = two.vis2[::-1]
    with pytest.raises(Stage3Error, match="not one for each wavelength"):
        analysis.write_oifits(two, tmp_path / "torn_ami-oi.fits")


def test_tables_as_ecsv(target, tmp_path):
    path = analysis.write_observables(target, tmp_path / "cp.ecsv", "closure_phase")
    again = QTable.read(path)
    assert np.array_equal(again["phase"], target.closure_phase["phase"])
    with pytest.raises(Stage3Error, match="no table 'phases'; there are vis2"):
        analysis.write_observables(target, path, "phases")


finite = st.floats(-300, 300)


@given(finite, finite, st.floats(0, 1), finite, finite)
@settings(max_examples=60, deadline=None)
def test_models(east, north, ratio, x, y):
    at = (x / 50 * u.m, y / 50 * u.m, WAVELENGTH * u.m)
    place = {"east": east * u.mas, "north": north * u.mas}
    found = analysis.model_visibility(*at, "binary", **place, flux_ratio=ratio)
    assert found == pytest.approx(binary(east, north, ratio)(x / 50, y / 50), abs=1e-9)
    assert abs(found) <= 1 + 1e-12
    mirrored = analysis.model_visibility(-at[0], -at[1], at[2], "binary", **place, flux_ratio=ratio)
    assert mirrored == pytest.approx(found.conjugate(), abs=1e-9)
    assert abs(analysis.model_visibility(*at, "point", **place)) == pytest.approx(1)


def test_a_disc_and_smearing():
    length = np.array([0.0, 2.0, 5.0])
    size = np.pi * 60 * MAS * length[1:] / WAVELENGTH
    found = analysis.model_visibility(
        length * u.m, 0 * u.m, WAVELENGTH * u.m, "disc", diameter=60 * u.mas
    )
    assert found == pytest.approx([1, *(2 * j1(size) / size)])
    band = 0.05 * WAVELENGTH
    waves = np.linspace(-0.5, 0.5, 2001) * band
    cycles = 5.0 * 200 * MAS / WAVELENGTH  # to first order in the band
    mean = np.exp(-2j * np.pi * cycles * (1 - waves / WAVELENGTH)).mean()
    found = analysis.model_visibility(
        5 * u.m, 0 * u.m, WAVELENGTH * u.m, "point", east=200 * u.mas, bandwidth=band * u.m
    )
    assert found == pytest.approx(mean, abs=1e-4)
    with pytest.raises(Stage3Error, match="flux ratio of -1"):
        analysis.model_visibility(1 * u.m, 0 * u.m, 1 * u.um, flux_ratio=-1)
    with pytest.raises(Stage3Error, match="model 'ring' is not known"):
        analysis.model_visibility(1 * u.m, 0 * u.m, 1 * u.um, "ring")


def test_model_observables_are_those_of_the_sky(tmp_path):
    quiet = read_interferometry(oifits("ami-oi", tmp_path, sky=binary(90, 60, 0.1), noise=1e-9))
    found = analysis.model_observables(
        quiet, "binary", east=90 * u.mas, north=60 * u.mas, flux_ratio=0.1
    )
    assert found["vis2"] == pytest.approx(np.asarray(quiet.vis2["value"]), abs=1e-6)
    assert found["closure_phase"].value == pytest.approx(
        quiet.closure_phase["phase"].value, abs=1e-4
    )
    assert found["visibility"].value == pytest.approx(quiet.visibility["phase"].value, abs=1e-4)
