"""The light-curve and dynamic-spectrum views that STScI's pipeline notebooks draw by hand.

Each in three lines of code or fewer: `VIEWS` holds them, to be run and to be quoted.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable
from bqplot import Label, Lines, Scatter
from light_curve_tools import bars_of
from make_cubes import CENTER, MRS_BANDS, cube, cube_arrays, extracted, mrs_cubes
from make_spectra import integrations, time_series
from make_tables import ROOT, save_table
from short_views import logical_lines, run_view

from jdaviz_stage3.jdaviz_compat import glue_viewer, shown_in

pytestmark = pytest.mark.forked  # each in an app of its own

#: Code of each view; ``path`` is a file, or the folder of a time series and its white light.
VIEWS = {
    "SOSS dynamic spectrum": """
stage3.load(path, app=app, order=1)
time = stage3.read(path)["NIS", 1].time
app.plugins["White Light Curve"].show(
    dynamic_normalize="baseline", baseline=[(time[0], time[99])], dynamic_percentile=98,
    time_axis="hours", mid_transit="2460000.9412",
)
""",
    "SOSS white light": """
stage3.load(path, app=app)
app.plugins["White Light Curve"].show(
    dataset="*order*", normalize="baseline", baseline=[(-5, -1.61)], mid_transit="2460000.9412",
    show_transit=True, period=2.7, radius_ratio=0.12, scaled_axis=11, inclination=88.5,
)
""",
    "BOTS dynamic spectra": """
stage3.load(path, app=app)
""",
    "BOTS spectra of integrations": """
stage3.load(path, app=app)
app.plugins["White Light Curve"].dataset = "*NRS*"
app.plugins["White Light Curve"].add_spectra([1, 70, 140])
""",
    "BOTS spectrum at the time cursor": """
stage3.load(path, app=app)
app.plugins["White Light Curve"].show(dataset="*NRS*", integration=40)
""",
    "BOTS white light": """
stage3.load(path, app=app)
""",
    "NIRCam grism": """
stage3.load(path, app=app)
""",
    "LRS white light": """
stage3.load(path, app=app, time_system="MJD_UTC")
""",
    "LRS white light over the sum of the spectra": """
labels = stage3.load(path, app=app)
app.plugins["White Light Curve"].show(
    time_system="MJD_UTC", normalize="none", pipeline=labels[-1]
)
""",
    "LRS single wavelengths": """
stage3.load(path, app=app)
app.plugins["White Light Curve"].show(bands=[6, 8, 10], normalize="none")
""",
    "photometry": """
stage3.load(path, app=app)
""",
    "NIRSpec IFU": """
stage3.load(path, app=app)
""",
    "MRS spectra of all bands": """
stage3.load(*path.glob("*_x1d.fits"), app=app)
""",
    "MRS, one aperture in all bands": """
stage3.load(*path.glob("*_s3d.fits"), app=app)
app.plugins["Pipeline Extraction"].reference = 8.0
app.plugins["Pipeline Extraction"].stitch_bands()
""",
}


def run(view, path):
    """Run the code of a view in a new app, and return the app."""
    return run_view(VIEWS[view], path=path)


def test_lines_are_counted():
    assert logical_lines("a = f(\n  1,\n)\n\nb = 2\n") == 2
    assert logical_lines("for i in x:\n    f(i)\n    g(i)\n") == 3


# ---- files ----

START, CADENCE = 60000.2331, 119.63 / 86400
MID_TRANSIT = 2460000.9412  # BJD_TDB
TO_TDB = 0.00317  # days


@dataclass
class Part:
    """What was written of one order or detector."""

    wavelength: np.ndarray
    flux: np.ndarray
    days: np.ndarray  # TDB
    bad: np.ndarray  # channels flagged in all integrations

    @property
    def white(self):
        """The sum of what is not flagged."""
        return self.flux[:, ~self.bad].sum(axis=1)

    @property
    def spectra(self):
        """As it is to be seen: flagged samples are missing."""
        return np.where(self.bad, np.nan, self.flux)


def make_part(n_int, low, high, n_wave, level, *, depth=0.0, seed=0, late=0.0):
    rng = np.random.default_rng(seed)
    wavelength = np.linspace(low, high, n_wave)
    days = START + (np.arange(n_int) + late) * CADENCE + TO_TDB
    inside = np.abs(days + 2400000.5 - MID_TRANSIT) < 0.045
    spectrum = level * (1 + 0.5 * np.sin(3 * wavelength))
    flux = spectrum * (1 - depth * inside)[:, None] * rng.normal(1, 2e-3, (n_int, n_wave))
    return Part(wavelength, flux, days, np.arange(n_wave) % 50 == 7)


def write_series(folder, parts):
    """Write an x1dints of parts by (detector, order)."""
    tables = []
    for (detector, order), part in parts.items():
        columns = integrations(
            np.arange(1, len(part.flux) + 1), len(part.wavelength), FLUX=part.flux,
            WAVELENGTH=part.wavelength, FLUX_ERROR=2e-3 * np.abs(part.flux),
            DQ=np.broadcast_to(part.bad, part.flux.shape).astype("u4"),
            **{"MJD-AVG": part.days - TO_TDB, "TDB-MID": part.days},
        )  # fmt: skip
        tables.append((columns, {"detector": detector, "spectral_order": order}))
    return time_series(folder, tables)


def write_white(folder, parts):
    """Write the whtlt of parts by the ends of their columns' names, the shorter ones padded."""
    table, length = QTable(), max(len(part.days) for part in parts.values())
    for end, part in parts.items():
        room = np.full(length - len(part.days), np.nan)
        table[f"MJD_UTC{end}"] = np.append(part.days - TO_TDB, room)
        table[f"BJD_TDB{end}"] = np.append(part.days, room)
        table[f"whitelight_flux{end}"] = np.append(np.nansum(part.flux, axis=1), room) * u.Jy
    return save_table(table, folder / f"{ROOT}_whtlt.ecsv")


@pytest.fixture(scope="module")
def soss(tmp_path_factory):
    parts = {
        ("NIS", 1): make_part(240, 2.8, 0.85, 300, 4e-3, depth=0.015, seed=1),
        ("NIS", 2): make_part(240, 1.4, 0.6, 200, 1e-3, depth=0.016, seed=2),
    }
    return write_series(tmp_path_factory.mktemp("soss"), parts), parts


@pytest.fixture(scope="module")
def bots(tmp_path_factory):
    """NRS2 has begun later, and has less integrations."""
    parts = {
        ("NRS1", 1): make_part(150, 2.87, 3.72, 160, 2e-2, seed=3),
        ("NRS2", 1): make_part(140, 3.82, 5.14, 190, 1e-2, seed=4, late=3.25),
    }
    return write_series(tmp_path_factory.mktemp("bots"), parts), parts


@pytest.fixture(scope="module")
def grism(tmp_path_factory):
    folder, part = tmp_path_factory.mktemp("grism"), make_part(90, 2.42, 3.99, 170, 1e-2, seed=5)
    write_series(folder, {("NRCALONG", 1): part})
    write_white(folder, {"": part})
    return folder, part


@pytest.fixture(scope="module")
def lrs(tmp_path_factory):
    folder, part = tmp_path_factory.mktemp("lrs"), make_part(120, 12.0, 4.8, 180, 5e-3, seed=6)
    write_series(folder, {("MIRIMAGE", 1): part})
    write_white(folder, {"": part})
    return folder, part


# ---- what is on the screen ----


def viewer_of(app, end):
    """The only viewer that shows the data whose label ends so."""
    [label] = [label for label in app.datasets if label.endswith(end)]
    [viewer] = shown_in(app, label)
    return viewer


def axes_of(viewer):
    return [axis.label for axis in viewer.figure.axes[:2]]


def picture(viewer, part, y):
    """What a dynamic spectrum shows where its samples are, at these positions in time.

    Each is asked for as the browser asks for a screen of pixels.
    """
    [state] = [s for s in viewer.state.layers if hasattr(s, "stretch_to") and s.visible]
    limits = viewer.state
    assert limits.x_min < part.wavelength.min() and limits.x_max > part.wavelength.max()
    assert limits.y_min < y.min() and limits.y_max > y.max()
    rows = [state.get_sliced_data(bounds=[(t, t, 1), (part.wavelength[0], part.wavelength[-1],
                                                      len(part.wavelength))])[0]
            for t in y]  # fmt: skip
    return np.array(rows), state


def points_of(viewer):
    """All points in a figure, shape (n, 2), in the order of x."""
    marks = [m for m in viewer.figure.marks if isinstance(m, Scatter) and m.visible and len(m.x)]
    points = np.concatenate([np.stack([m.x, m.y], axis=1).astype(float) for m in marks])
    return points[np.lexsort(points.T[::-1])]


def expected_points(*curves):
    points = np.concatenate([np.stack(curve, axis=1) for curve in curves])
    return points[np.lexsort(points.T[::-1])]


def curves_shown(viewer):
    """x, y of each product in a light-curve viewer: float32, good to 3e-8 of a day."""
    return {layer.layer.label: (layer.scatter_mark.x, layer.scatter_mark.y)
            for layer in viewer.layers if layer.visible}  # fmt: skip


def since(zero, days):
    return days + 2400000.5 - zero


def test_soss_dynamic_spectrum_of_order_1_over_its_first_100_integrations(soss):
    path, parts = soss
    app = run("SOSS dynamic spectrum", path)
    part = parts["NIS", 1]
    viewer = viewer_of(app, "order 1")
    wavelength_label, time_label = axes_of(viewer)
    assert wavelength_label == "Wavelength (um)"
    assert time_label.startswith("Hours from") and f"BJD_TDB {MID_TRANSIT}" in time_label
    hours = since(MID_TRANSIT, part.days) * 24
    drawn, state = picture(viewer, part, hours)
    expected = part.spectra / part.spectra[:100].mean(axis=0)
    np.testing.assert_allclose(drawn, expected, rtol=1e-12)
    assert np.isnan(drawn[:, 7]).all(), "a channel that is flagged shows nothing"
    # the stretch: 98 of 100 values between black and white
    values = expected[np.isfinite(expected)]
    outside = np.mean((values < state.v_min) | (values > state.v_max))
    assert outside == pytest.approx(0.02, abs=1e-3)
    assert np.mean(values < state.v_min) == pytest.approx(0.01, abs=1e-3)
    assert not any("order 2" in label for label in app.datasets)


def test_soss_white_light_of_both_orders_with_a_transit_model(soss):
    batman = pytest.importorskip("batman")
    path, parts = soss
    app = run("SOSS white light", path)
    viewer = glue_viewer(app, "White light curve")
    assert axes_of(viewer) == ["BJD_TDB − 2460000 (d)", "Relative flux"]
    orders = list(parts.values())
    curves = [
        (since(2460000, part.days), part.white / np.median(part.white[:100])) for part in orders
    ]
    np.testing.assert_allclose(points_of(viewer), expected_points(*curves), rtol=0, atol=1e-9)
    names = {mark.text[0] for mark in viewer.figure.marks if isinstance(mark, Label)}
    assert names == {"order 1", "order 2"}

    planet = batman.TransitParams()
    planet.t0, planet.per, planet.rp, planet.a = 0, 2.7, 0.12, 11
    planet.inc, planet.ecc, planet.w = 88.5, 0, 90
    planet.u, planet.limb_dark = [0.1, 0.3], "quadratic"
    models = [m for m in viewer.figure.marks if isinstance(m, Lines) and len(m.x) == 1000]
    assert len(models) == 2
    for mark, part in zip(models, orders, strict=True):
        assert mark.x[[0, -1]] == pytest.approx(since(2460000, part.days[[0, -1]]), abs=1e-9)
        days = np.asarray(mark.x) + 2460000 - MID_TRANSIT
        light = batman.TransitModel(planet, days).light_curve(planet)
        level = mark.y[0] / light[0]
        assert level == pytest.approx(1, abs=1e-3)
        np.testing.assert_allclose(mark.y, light * level, rtol=0, atol=2e-6)
        assert light.min() < 0.99, "the transit is in it"


def over_median(spectra):
    """Each channel over its median in time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # channels without a sample
        return spectra / np.nanmedian(spectra, axis=0)


def test_bots_as_an_image_of_each_detector(bots):
    path, parts = bots
    app = run("BOTS dynamic spectra", path)
    viewers = [viewer_of(app, f"order 1 {detector}") for detector, _ in parts]
    assert viewers[0] is not viewers[1]
    for viewer, part in zip(viewers, parts.values(), strict=True):
        assert axes_of(viewer) == ["Wavelength (um)", "BJD_TDB − 2460000 (d)"]
        drawn, state = picture(viewer, part, since(2460000, part.days))
        relative = over_median(part.spectra)
        np.testing.assert_allclose(drawn, relative)
        low, high = np.nanpercentile(relative, [20, 80])
        assert state.v_min < low < high < state.v_max


def lines_of(viewer, part, spectrum):
    """The lines in a spectrum viewer that are this spectrum of a part."""
    return [
        mark
        for mark in viewer.figure.marks
        if isinstance(mark, Lines)
        and mark.visible
        and len(mark.x) == len(part.wavelength)
        and np.allclose(mark.x, part.wavelength, rtol=1e-6, atol=0)
        and np.allclose(mark.y, spectrum, rtol=1e-6, atol=0, equal_nan=True)
    ]


def test_bots_spectra_at_chosen_integrations_of_each_detector(bots):
    path, parts = bots
    app = run("BOTS spectra of integrations", path)
    for (detector, _), part in parts.items():
        viewer = viewer_of(app, f"{detector} (median)")
        assert ["um" in axes_of(viewer)[0], "Jy" in axes_of(viewer)[1]] == [True, True]
        for number in (1, 70, 140):
            assert viewer is viewer_of(app, f"{detector} integration {number}")
            assert len(lines_of(viewer, part, part.spectra[number - 1])) == 1


def test_bots_spectrum_of_each_detector_at_the_time_cursor(bots):
    path, parts = bots
    app = run("BOTS spectrum at the time cursor", path)
    for (detector, _), part in parts.items():
        viewer = viewer_of(app, f"{detector} (median)")
        assert len(lines_of(viewer, part, part.spectra[39])) == 1
        days = part.days[39] + 2400000.5
        image = viewer_of(app, f"order 1 {detector}")
        cursors = [m for m in image.figure.marks if isinstance(m, Lines) and list(m.x) == [0, 1]]
        [cursor] = cursors
        assert cursor.y[0] == pytest.approx(days - 2460000, abs=1e-6)
        text = app.plugins["White Light Curve"]._obj.cursor_text
        assert f"order 1 {detector}: Integration 40, BJD_TDB {days:.6f}" in text


def test_bots_white_light_of_each_detector(bots, tmp_path):
    _, parts = bots
    path = write_white(tmp_path, {f"_{detector}": p for (detector, _), p in parts.items()})
    app = run("BOTS white light", path)
    for (detector, _), part in parts.items():
        viewer = viewer_of(app, f"whtlt {detector}")
        assert axes_of(viewer) == ["BJD_TDB − 2460000 (d)", "White-light flux (Jy)"]
        [(x, y)] = curves_shown(viewer).values()
        there = np.isfinite(y)
        assert there.sum() == len(part.days)
        np.testing.assert_allclose(x[there], since(2460000, part.days), rtol=0, atol=1e-7)
        np.testing.assert_allclose(y[there], part.flux.sum(axis=1), rtol=1e-7)


def test_nircam_grism_white_light_and_image(grism):
    folder, part = grism
    app = run("NIRCam grism", folder)
    image = viewer_of(app, "x1dints order 1")
    assert axes_of(image) == ["Wavelength (um)", "BJD_TDB − 2460000 (d)"]
    drawn, _ = picture(image, part, since(2460000, part.days))
    np.testing.assert_allclose(drawn, over_median(part.spectra))
    viewer = viewer_of(app, "whtlt")
    assert axes_of(viewer) == ["BJD_TDB − 2460000 (d)", "White-light flux (Jy)"]
    [(x, y)] = curves_shown(viewer).values()
    np.testing.assert_allclose(x, since(2460000, part.days), rtol=0, atol=1e-7)
    np.testing.assert_allclose(y, part.flux.sum(axis=1), rtol=1e-7)
    assert viewer.layers[0].scatter_mark.visible


def test_lrs_white_light_in_utc_and_jansky(lrs):
    folder, part = lrs
    app = run("LRS white light", folder)
    viewer = viewer_of(app, "whtlt")
    assert axes_of(viewer) == ["JD_UTC − 2460000 (d)", "White-light flux (Jy)"]
    [(x, y)] = curves_shown(viewer).values()
    np.testing.assert_allclose(x, since(2460000, part.days - TO_TDB), rtol=0, atol=1e-7)
    np.testing.assert_allclose(y, part.flux.sum(axis=1), rtol=1e-7)


def test_lrs_white_light_over_the_sum_of_the_spectra(lrs):
    """The pipeline's has the flagged samples in it."""
    folder, part = lrs
    app = run("LRS white light over the sum of the spectra", folder)
    viewer = glue_viewer(app, "White light curve")
    assert axes_of(viewer) == ["JD_UTC − 2460000 (d)", "Flux (Jy)"]
    utc = since(2460000, part.days - TO_TDB)
    both = expected_points((utc, part.white), (utc, part.flux.sum(axis=1)))
    np.testing.assert_allclose(points_of(viewer), both, rtol=0, atol=1e-9)


def test_lrs_light_curves_of_three_wavelengths(lrs):
    folder, part = lrs
    app = run("LRS single wavelengths", folder)
    viewer = glue_viewer(app, "White light curve")
    assert axes_of(viewer) == ["BJD_TDB − 2460000 (d)", "Flux (Jy)"]
    channels = [np.abs(part.wavelength - micron).argmin() for micron in (6, 8, 10)]
    assert not part.bad[channels].any()
    curves = [(since(2460000, part.days), part.flux[:, channel]) for channel in channels]
    np.testing.assert_allclose(points_of(viewer), expected_points(*curves), rtol=0, atol=1e-9)
    names = [mark.text[0] for mark in viewer.figure.marks if isinstance(mark, Label)]
    assert len(names) == 3 and all("um" in name or "µm" in name for name in names)


def test_photometry_of_imaging(tmp_path):
    days = START + np.arange(80) * CADENCE
    flux = np.random.default_rng(7).normal(3e-3, 1e-6, 80)
    table = QTable({
        "MJD": days, "BJD_TDB": days + TO_TDB, "aperture_sum": (flux + 1e-4) * u.Jy,
        "aperture_sum_err": np.full(80, 2e-6) * u.Jy, "net_aperture_sum": flux * u.Jy,
        "net_aperture_sum_err": np.full(80, 1e-6) * u.Jy,
    })  # fmt: skip
    path = save_table(table, tmp_path / f"{ROOT}_phot.ecsv")
    app = run("photometry", path)
    viewer = viewer_of(app, "phot")
    assert axes_of(viewer) == ["BJD_TDB − 2460000 (d)",
                               "Aperture flux, background subtracted (Jy)"]  # fmt: skip
    [(x, y)] = curves_shown(viewer).values()
    np.testing.assert_allclose(x, since(2460000, days + TO_TDB), rtol=0, atol=1e-7)
    np.testing.assert_allclose(y, flux, rtol=1e-7)
    _, foot, head = bars_of(viewer.layers[0].error_mark)
    np.testing.assert_allclose((head - foot) / 2, 1e-6, rtol=1e-5)


# ---- integral field units ----


def wavelengths_drawn(viewer):
    """First and last wavelength of each spectrum in a viewer, by the first one."""
    lines = [np.asarray(artist.line_mark.x) for artist in viewer.layers if artist.visible]
    return sorted((x[0], x[-1]) for x in lines)


def test_nirspec_ifu(tmp_path):
    """The cube, its spectrum over that of the cube, and where it was extracted."""
    path = cube(tmp_path, cube_arrays(np.linspace(2.9, 3.3, 20), (17, 21)), target=CENTER,
                instrument="NIRSPEC", band=None)  # fmt: skip
    extracted(path, tmp_path)
    app = run("NIRSpec IFU", tmp_path)
    assert list(app.viewers) == ["3D Spectrum", "1D Spectrum"]
    cube_viewer, spectra = (glue_viewer(app, label) for label in app.viewers)
    assert len(cube_viewer.layers) == 1 and len(spectra.layers) == 2
    assert "circle of radius" in app.plugins["Pipeline Extraction"].window_text
    assert sum(isinstance(m, Lines) and len(m.x) > 50 for m in cube_viewer.figure.marks) == 1


@pytest.fixture(scope="module")
def mrs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mrs")
    for path in mrs_cubes(folder, 12, (0, 1, 2, 3)):
        extracted(path, folder)
    return folder


def test_mrs_spectra_of_all_bands_are_in_one_plot(mrs):
    app = run("MRS spectra of all bands", mrs)
    assert list(app.viewers) == ["1D Spectrum"]
    wanted = [band[2:4] for band in MRS_BANDS[:4]]
    np.testing.assert_allclose(
        wavelengths_drawn(glue_viewer(app, "1D Spectrum")), wanted, rtol=1e-4
    )


def test_mrs_cubes_give_one_stitched_spectrum(mrs):
    app = run("MRS, one aperture in all bands", mrs)
    [shown] = wavelengths_drawn(glue_viewer(app, "1D Spectrum"))
    assert shown == pytest.approx((MRS_BANDS[0][2], MRS_BANDS[3][3]), rel=1e-4)
