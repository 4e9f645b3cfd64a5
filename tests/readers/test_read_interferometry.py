"""Interferometric products as tables: numbers, geometry, and files that are odd."""

import warnings
from itertools import combinations

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from make_interferometry import HOLES, WAVELENGTH, binary, fringe_parameters, oifits
from shared_data import DATA

import jdaviz_stage3 as stage3
from jdaviz_stage3 import Stage3Warning, UnknownProductError, UnreadableProductError
from jdaviz_stage3.readers import read_interferometry

SHARED = DATA / "simulated"


@pytest.fixture
def averaged(tmp_path):
    return oifits("ami-oi", tmp_path, sky=binary(80, -60, 0.1))


def changed(path, change, name="changed_ami-oi.fits"):
    """A copy of a file whose HDUs a function has changed, or replaced."""
    target = path.with_name(name)
    with fits.open(path) as hdus:
        result = change(hdus)
        result = result if isinstance(result, fits.HDUList) else hdus
        result = fits.HDUList([hdu for hdu in result if hdu.name != "ASDF"])
        result.writeto(target, overwrite=True)
    return target


def without(name):
    return lambda hdus: fits.HDUList([hdu for hdu in hdus if hdu.name != name])


def set_column(extension, column, value):
    def change(hdus):
        hdus[extension].data[column] = value

    return change


def test_tables_have_what_the_file_has(averaged):
    found = stage3.read(averaged)
    assert (found.target, found.n_integrations, found.n_stations) == ("AB DOR", 1, 7)
    assert found.position.ra.deg == pytest.approx(82.2)
    assert found.wavelength.to_value(u.m) == pytest.approx([WAVELENGTH])
    assert {name: len(table) for name, table in found.tables.items()} == {
        "vis2": 21, "visibility": 21, "closure_phase": 35, "quad": 35,
    }  # fmt: skip
    with fits.open(averaged) as hdus:
        assert np.array_equal(found.vis2["value"], hdus["OI_VIS2"].data["VIS2DATA"])
        assert np.array_equal(found.visibility["amplitude"], hdus["OI_VIS"].data["VISAMP"])
        assert found.closure_phase["phase"].value == pytest.approx(hdus["OI_T3"].data["T3PHI"])
        assert np.array_equal(found.quad["amplitude_error"], hdus["OI_Q4"].data["Q4AMPERR"])
    assert found.closure_phase["stations"][0] == "A1-A2-A3"
    assert found.vis2["stations"][-1] == "A6-A7"


def test_geometry_is_that_of_the_holes(averaged):
    found = read_interferometry(averaged)
    pairs = list(combinations(range(7), 2))
    sides = np.array([HOLES[i] - HOLES[j] for i, j in pairs])
    length = np.hypot(*sides.T)
    assert found.vis2["baseline"].to_value(u.m) == pytest.approx(length)
    angle = np.degrees(np.arctan2(sides[:, 0], sides[:, 1])) % 180
    assert found.vis2["position_angle"].to_value(u.deg) == pytest.approx(angle)
    per_radian = found.vis2["spatial_frequency"]
    assert per_radian.to_value(1 / u.rad) == pytest.approx(length / WAVELENGTH, rel=1e-6)
    per_arcsec = length / WAVELENGTH * np.pi / 180 / 3600
    assert per_radian.to_value(1 / u.arcsec) == pytest.approx(per_arcsec, rel=1e-6)
    of = {pair: length[i] for i, pair in enumerate(pairs)}
    longest = [max(of[p] for p in combinations(t, 2)) for t in combinations(range(7), 3)]
    assert found.closure_phase["longest_baseline"].value == pytest.approx(longest)
    longest = [max(of[p] for p in combinations(q, 2)) for q in combinations(range(7), 4)]
    assert found.quad["longest_baseline"].value == pytest.approx(longest)


def test_by_integration_each_row_is_a_vector_without_errors(tmp_path):
    path = oifits("amimulti-oi", tmp_path, n_int=5)
    found = stage3.read(path)
    assert found.n_integrations == 5
    with fits.open(path) as hdus:
        assert np.array_equal(found.vis2["value"], hdus["OI_VIS2"].data["VIS2DATA"])
    assert found.vis2["value"].shape == found.vis2["flag"].shape == (21, 5)
    assert np.isnan(found.vis2["error"]).all()
    assert np.isnan(found.closure_phase["phase_error"]).all()
    assert any("no error of its own" in note for note in found.notes)


def test_fringe_parameters_of_old_versions(tmp_path):
    path = fringe_parameters("aminorm", tmp_path)
    with pytest.warns(Stage3Warning, match="without u, v, wavelength and errors"):
        found = stage3.read(path)
    with fits.open(path) as hdus:
        radians = hdus["CLOSURE_PHA"].data["coeffs"]
        assert found.closure_phase["phase"].to_value(u.rad) == pytest.approx(radians)
        assert np.array_equal(found.vis2["value"], hdus["FRINGE_AMP"].data["coeffs"] ** 2)
        assert np.array_equal(found.images["RESID"], hdus["RESID"].data)
    assert np.isnan(found.vis2["baseline"]).all()
    assert found.closure_phase["stations"][-1] == "A5-A6-A7"
    assert not found.closure_phase["flag"].any()


def test_an_old_file_without_telescop(tmp_path):
    path = changed(
        fringe_parameters("ami", tmp_path), lambda h: h[0].header.pop("TELESCOP"), "old_ami.fits"
    )
    with pytest.warns(Stage3Warning, match="before 1.14"):
        assert len(stage3.read(path).visibility) == 21


def test_no_wavelength(averaged):
    path = changed(averaged, without("OI_WAVELENGTH"))
    with pytest.warns(Stage3Warning, match="no OI_WAVELENGTH"):
        found = read_interferometry(path)
    assert found.wavelength is None
    assert np.isnan(found.vis2["spatial_frequency"]).all()
    assert np.isfinite(found.vis2["baseline"]).all()


def test_no_array(averaged):
    with pytest.warns(Stage3Warning, match="no OI_ARRAY"):
        found = read_interferometry(changed(averaged, without("OI_ARRAY")))
    assert found.stations is None
    assert found.vis2["stations"][0] == "1-2"


def test_a_station_that_points_nowhere(averaged):
    def change(hdus):
        hdus["OI_T3"].data["STA_INDEX"][3] = [1, 2, 99]

    with pytest.warns(Stage3Warning, match="STA_INDEX 99 of OI_T3 is not in OI_ARRAY"):
        found = read_interferometry(changed(averaged, change))
    assert found.closure_phase["stations"][3] == "A1-A2-99"


def test_all_rows_flagged(averaged):
    with pytest.warns(Stage3Warning, match="every row of vis2 is flagged"):
        found = read_interferometry(changed(averaged, set_column("OI_VIS2", "FLAG", True)))
    assert found.vis2["flag"].all()


@pytest.mark.parametrize("error", [0.0, np.nan, -1.0])
def test_errors_that_are_none(averaged, error):
    with pytest.warns(Stage3Warning, match="T3PHIERR is 0 or not finite everywhere"):
        found = read_interferometry(changed(averaged, set_column("OI_T3", "T3PHIERR", error)))
    assert np.isnan(found.closure_phase["phase_error"]).all()
    assert not found.closure_phase["flag"].any()


def test_values_that_are_not_finite_are_flagged(averaged):
    def change(hdus):
        hdus["OI_VIS2"].data["VIS2DATA"][2] = np.nan

    found = read_interferometry(changed(averaged, change))
    assert np.flatnonzero(found.vis2["flag"]).tolist() == [2]


def test_one_triangle(averaged):
    def change(hdus):
        hdus["OI_T3"].data = hdus["OI_T3"].data[:1]

    assert len(read_interferometry(changed(averaged, change)).closure_phase) == 1


def test_whole_turns_are_taken_off(averaged):
    before = read_interferometry(averaged).closure_phase["phase"]

    def change(hdus):
        hdus["OI_T3"].data["T3PHI"] += 720

    with pytest.warns(Stage3Warning, match="T3PHI goes beyond 360 degrees"):
        after = read_interferometry(changed(averaged, change)).closure_phase["phase"]
    assert after.value == pytest.approx(before.value)


def test_radians_are_converted(averaged):
    before = read_interferometry(averaged).closure_phase

    def change(hdus):
        table = hdus["OI_T3"]
        for column in ("T3PHI", "T3PHIERR"):
            table.data[column] = np.radians(table.data[column])
            table.columns[column].unit = "rad"

    with pytest.warns(Stage3Warning, match="T3PHI is in rad; converted"):
        after = read_interferometry(changed(averaged, change)).closure_phase
    assert after["phase"].to_value(u.deg) == pytest.approx(before["phase"].value)
    assert after["phase_error"].to_value(u.deg) == pytest.approx(before["phase_error"].value)


def two_targets(hdus):
    target = hdus["OI_TARGET"].data
    doubled = np.concatenate([target, target])
    doubled["TARGET_ID"], doubled["TARGET"] = [1, 2], ["ONE", "TWO"]
    hdus["OI_TARGET"].data = fits.FITS_rec.from_columns(fits.BinTableHDU(doubled).columns)
    hdus["OI_VIS2"].data["TARGET_ID"][:3] = 2


def test_two_targets_are_read_one_by_one(averaged):
    path = changed(averaged, two_targets)
    with pytest.raises(UnreadableProductError, match="'ONE', 'TWO'.*target=NAME"):
        read_interferometry(path)
    assert len(read_interferometry(path, target="ONE").vis2) == 18
    second = read_interferometry(path, target="TWO")
    assert (second.target, len(second.vis2), second.closure_phase) == ("TWO", 3, None)
    with pytest.raises(UnreadableProductError, match="no target 'THREE'"):
        read_interferometry(path, target="THREE")


def test_no_observables_at_all(averaged):
    names = ("OI_VIS2", "OI_VIS", "OI_T3", "OI_Q4")
    path = changed(averaged, lambda h: fits.HDUList([x for x in h if x.name not in names]))
    with pytest.raises(UnreadableProductError, match="no interferometric observables"):
        read_interferometry(path)


def test_a_missing_column(averaged):
    def change(hdus):
        table = hdus["OI_T3"]
        kept = [column for column in table.columns if column.name != "T3PHI"]
        hdus[hdus.index_of("OI_T3")] = fits.BinTableHDU.from_columns(kept, name="OI_T3")

    with pytest.raises(UnreadableProductError, match="OI_T3 has no T3PHI column"):
        read_interferometry(changed(averaged, change))


def ground_based(path, n_wave=4):
    """OIFITS 1 in lower case of three telescopes, with several wavelengths and no INSTRUME."""
    wave = np.linspace(1.5e-6, 1.8e-6, n_wave)
    vis2 = np.arange(3 * n_wave, dtype=float).reshape(3, n_wave) / 100
    many = str(n_wave)
    content = {
        "OI_TARGET": {"target_id": ("I", [1]), "target": ("16A", ["Vega"]),
                      "raep0": ("D", [279.2]), "decep0": ("D", [38.8])},
        "OI_ARRAY": {"sta_name": ("16A", ["U1", "U2", "U3"]), "sta_index": ("I", [1, 2, 3])},
        "OI_WAVELENGTH": {"eff_wave": ("E", wave), "eff_band": ("E", wave / 30)},
        "OI_VIS2": {"target_id": ("I", [1] * 3), "mjd": ("D", [5e4] * 3),
                    "vis2data": (many + "D", vis2), "vis2err": (many + "D", vis2 * 0 + 0.1),
                    "ucoord": ("D", [10.0, 0, -10]), "vcoord": ("D", [0.0, 20, -20]),
                    "sta_index": ("2I", [[1, 2], [2, 3], [1, 3]]),
                    "flag": (many + "L", vis2 > 0.1)},
    }  # fmt: skip
    tables = [
        (
            name,
            [fits.Column(column, form, array=values) for column, (form, values) in table.items()],
        )
        for name, table in content.items()
    ]
    hdus = [fits.PrimaryHDU()]
    for name, columns in tables:
        hdus.append(fits.BinTableHDU.from_columns(columns, name=name))
        hdus[-1].header["OI_REVN"] = 1
    fits.HDUList(hdus).writeto(path)
    return wave, vis2


def test_any_oifits_has_a_row_for_each_wavelength(tmp_path):
    wave, vis2 = ground_based(tmp_path / "vega.fits")
    found = read_interferometry(tmp_path / "vega.fits")
    assert (found.target, found.n_integrations) == ("Vega", 1)
    assert np.array_equal(found.vis2["value"], vis2.ravel())
    assert found.vis2["wavelength"].value == pytest.approx(np.tile(wave, 3))
    assert found.vis2["stations"].tolist() == ["U1-U2"] * 4 + ["U2-U3"] * 4 + ["U1-U3"] * 4
    assert np.array_equal(found.vis2["flag"], vis2.ravel() > 0.1)
    with pytest.raises(UnknownProductError):
        stage3.identify(tmp_path / "vega.fits")


def test_orientation_of_old_versions_is_said(averaged):
    path = changed(averaged, lambda h: h[0].header.set("CAL_VER", "1.15.1"))
    with pytest.warns(Stage3Warning, match="PA_V3 - V3I_YANG"):
        read_interferometry(path)


@pytest.mark.skipif(not SHARED.is_dir(), reason="no simulated products beside the checkout")
def test_all_simulated_products_are_read():
    paths = [*SHARED.glob("ami3/*oi.fits"), *SHARED.glob("old-layouts/*ami*.fits")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Stage3Warning)
        found = [stage3.read(path) for path in paths]
    assert len(found) == 7
    assert all(len(item.closure_phase) == 35 for item in found)


@pytest.mark.parametrize("name", ["OI_TARGET", "OI_ARRAY", "OI_WAVELENGTH", "OI_T3"])
def test_an_image_in_place_of_a_table(averaged, name):
    def change(hdus):
        hdus[hdus.index_of(name)] = fits.ImageHDU(name=name)

    with pytest.raises(UnreadableProductError, match=f"{name} is no table"):
        read_interferometry(changed(averaged, change))


@pytest.mark.parametrize(
    ("name", "column", "form", "message"),
    [
        ("OI_T3", "T3PHI", "8A", "holds no numbers"),
        ("OI_T3", "T3PHI", "0D", "is empty"),
        ("OI_T3", "STA_INDEX", "2I", "names 2 stations, expected 3"),
        ("OI_T3", "T3PHI", "3D", "different lengths|one of its own"),
    ],
)
def test_a_column_of_another_kind(averaged, name, column, form, message):
    def change(hdus):
        table = hdus[name]
        kept = [c for c in table.columns if c.name != column]
        kept.append(fits.Column(column, form))
        hdus[hdus.index_of(name)] = fits.BinTableHDU.from_columns(kept, name=name)

    path = changed(averaged, change)
    if "one of its own" in message:  # three integrations of one table only
        assert read_interferometry(path).n_integrations == 3
        return
    with pytest.raises(UnreadableProductError, match=message):
        read_interferometry(path)
