"""2-D spectra and their 1-D spectra on one wavelength axis: zoom one, the others follow."""

import numpy as np
import pytest
from fresh_apps import new_app
from make_slits import Slit, extracted_slits, lrs_slit, single_slit
from make_spectra import extracted, smooth_spectrum

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import glue_viewer, remove_data, shown_in
from jdaviz_stage3.viewers.wavelength_link import PixelWavelengths, WavelengthLink

SLIT = Slit(n_rows=25, n_wave=120, low=1.0, high=1.9)
LRS = Slit(
    name="", source_id=None, order=None, unit="MJy/sr", low=13.9, high=4.0, n_rows=25, n_wave=90
)


@pytest.fixture(scope="module", params=["NIRSpec", "LRS"])
def pair(request, tmp_path_factory):
    """An app with a 2-D spectrum and its x1d, and what the wavelengths are."""
    folder = tmp_path_factory.mktemp(request.param)
    made = SLIT if request.param == "NIRSpec" else LRS
    build, axis = (single_slit, 1) if made is SLIT else (lrs_slit, 2)
    paths = build(folder, made), extracted_slits(folder, [made], dispersion_axis=axis)
    app = new_app()
    labels = stage3.load(*paths, app=app)
    [image], [spectrum] = (shown_in(app, label) for label in labels)
    return app, image, spectrum, made.wavelengths()


@pytest.fixture(autouse=True)
def whole(request):
    """Each test begins with all in view, in micron."""
    if "pair" in request.fixturenames:
        app, image, spectrum, wavelength = request.getfixturevalue("pair")
        app.plugins["Unit Conversion"].spectral_unit = "um"
        spectrum.state.x_min, spectrum.state.x_max = sorted(wavelength[[0, -1]])


def limits(viewer):
    return sorted([viewer.state.x_min, viewer.state.x_max])


def ticks(viewer):
    axis = viewer.figure.axes[0]
    return np.array(axis.tick_values), [axis.tick_labels[value] for value in axis.tick_values]


def test_all_of_both_is_shown(pair):
    _, image, spectrum, wavelength = pair
    assert limits(image) == [-0.5, len(wavelength) - 0.5]  # whole pixels at the ends
    assert limits(spectrum) == pytest.approx(sorted(wavelength[[0, -1]]))


def test_the_2d_spectrum_follows(pair):
    _, image, spectrum, wavelength = pair
    low, high = sorted(wavelength[[20, 70]])
    spectrum.state.x_min = low
    spectrum.state.x_max = high
    assert limits(image) == pytest.approx([20, 70])
    # between two pixels, by a straight line
    spectrum.state.x_max = high + (np.sort(wavelength)[-1] - high) * 1e-3
    assert limits(image) != pytest.approx([20, 70], abs=1e-6)


def test_the_1d_spectrum_follows(pair):
    _, image, spectrum, wavelength = pair
    image.state.x_min, image.state.x_max = 10, 50
    assert limits(spectrum) == pytest.approx(sorted(wavelength[[10, 50]]))
    image.state.x_min = 12.5
    middle = (wavelength[12] + wavelength[13]) / 2
    assert limits(spectrum) == pytest.approx(sorted([middle, wavelength[50]]))


@pytest.mark.parametrize("unit", ["Angstrom", "Hz"])
def test_in_other_units(pair, unit):
    app, image, spectrum, wavelength = pair
    app.plugins["Unit Conversion"].spectral_unit = unit
    image.state.x_min, image.state.x_max = 10, 50

    def shown(um):
        return um * 1e4 if unit == "Angstrom" else 299792458 / (um * 1e-6)

    assert limits(spectrum) == pytest.approx(sorted(shown(wavelength[[10, 50]])))
    spectrum.state.x_min, spectrum.state.x_max = sorted(shown(wavelength[[30, 60]]))
    assert limits(image) == pytest.approx([30, 60])
    name = "Wavelength" if unit == "Angstrom" else "Spectral axis"
    assert image.figure.axes[0].label == f"{name} [{unit}]"


def test_beyond_the_ends(pair):
    """In steps of the outermost pixels; nothing is refused."""
    _, image, spectrum, wavelength = pair
    image.state.x_min = -10
    step = wavelength[1] - wavelength[0]
    assert wavelength[0] - 10 * step == pytest.approx(
        limits(spectrum)[0 if step > 0 else 1], rel=1e-6
    )
    spectrum.state.x_max = 1000
    assert np.isfinite(limits(image)).all()


def test_the_axis_says_wavelengths(pair):
    _, image, spectrum, wavelength = pair
    assert image.figure.axes[0].label == "Wavelength [um]"
    pixels, texts = ticks(image)
    assert len(texts) >= 4
    order = np.argsort(wavelength)
    expected = np.interp([float(t) for t in texts], wavelength[order], order.astype(float))
    np.testing.assert_allclose(pixels, expected, atol=0.001)
    image.state.x_min, image.state.x_max = 40, 45
    pixels, texts = ticks(image)
    assert len(texts) >= 4 and (pixels > 40).all() and (pixels < 45).all()
    # falling, or the axis has minor ticks at even steps of pixels
    assert (np.diff(pixels) < 0).all()


def test_rows_have_whole_numbers(pair):
    _, image, _, _ = pair
    image.state.y_min, image.state.y_max = -0.5, 24.5
    rows = np.array(image.figure.axes[1].tick_values)
    assert (rows == np.round(rows)).all() and rows.min() >= 0 and rows.max() <= 24
    image.state.y_min, image.state.y_max = 3.2, 8.9
    assert sorted(image.figure.axes[1].tick_values) == [4, 5, 6, 7, 8]


@pytest.mark.forked
def test_spectra_of_other_observations_stay(tmp_path):
    app = new_app()
    image, spectrum = single_slit(tmp_path, SLIT), extracted_slits(tmp_path, [SLIT])
    (tmp_path / "other").mkdir()
    other = extracted(tmp_path / "other", [(smooth_spectrum(), {})])
    other = other.rename(tmp_path / "jw09997-o009_t001_nirspec_x1d.fits")
    labels = stage3.load(image, app=app)
    [own] = shown_in(app, labels[0])
    labels += stage3.load(other, app=app)
    [viewer] = shown_in(app, labels[1])
    before = limits(viewer)
    own.state.x_min = 30
    assert limits(viewer) == before
    viewer.state.x_min = 1.2
    assert limits(own) == [30, 119.5]
    # until its own joins them
    labels += stage3.load(spectrum, app=app, viewer=viewer.reference)
    own.state.x_min = 40
    assert limits(viewer)[0] == pytest.approx(SLIT.wavelengths()[40])
    remove_data(app, [labels[2]])
    own.state.x_min = 50
    assert limits(viewer)[0] == pytest.approx(SLIT.wavelengths()[40])


@pytest.mark.forked
def test_2d_spectra_of_others_are_left_alone(tmp_path):
    """What jdaviz loads by itself has its axes of pixels."""
    from astropy import units as u
    from specutils import Spectrum

    app = new_app()
    spectrum = Spectrum(
        flux=np.ones((5, 30)) * u.Jy, spectral_axis=np.linspace(1, 2, 30) * u.um,
        spectral_axis_index=1,
    )  # fmt: skip
    app.load(spectrum, format="2D Spectrum", data_label="plain", auto_extract=False)
    [viewer] = shown_in(app, "plain")
    assert viewer.figure.axes[0].label == "x: pixels" and not viewer.figure.axes[0].tick_labels
    viewer.state.x_min = 3
    assert glue_viewer(app, viewer.reference) is viewer
    assert WavelengthLink.of_app(app) is WavelengthLink.of_app(app)


@pytest.mark.parametrize("falling", [False, True])
def test_pixels_and_wavelengths(falling):
    wavelength = (np.linspace(1, 2, 20) ** 2)[:: -1 if falling else 1]
    axis = PixelWavelengths(wavelength)
    assert axis.falling is falling and axis.count == 20
    np.testing.assert_allclose(axis.at(np.arange(20)), wavelength)
    np.testing.assert_allclose(axis.pixel(wavelength), np.arange(20), atol=1e-9)
    for pixel in (-5.0, -0.5, 3.25, 19.5, 25.0):
        assert axis.pixel(axis.at(pixel)) == pytest.approx(pixel, abs=1e-9)


def test_jdaviz_tools_leave_the_pair_alone(pair):
    """They convert limits the wrong way where wavelengths are not in the unit of the data."""
    app, image, spectrum, wavelength = pair
    app.plugins["Unit Conversion"].spectral_unit = "Angstrom"
    tool = spectrum.toolbar.tools["jdaviz:panzoom_matchx"]
    tool.activate()
    try:
        low, high = sorted(wavelength[[20, 40]] * 1e4)
        spectrum.state.x_min, spectrum.state.x_max = low, high
        assert limits(spectrum) == pytest.approx([low, high])
        assert limits(image) == pytest.approx([20, 40])
    finally:
        tool.deactivate()


@pytest.mark.forked
def test_jdaviz_tools_still_match_others():
    from astropy import units as u
    from specutils import Spectrum

    app = new_app()
    axis = np.linspace(1, 2, 30) * u.um
    for flux, kind in ((np.ones((5, 30)), "2D Spectrum"), (np.ones(30), "1D Spectrum")):
        index = {"spectral_axis_index": 1} if flux.ndim == 2 else {}
        app.load(
            Spectrum(flux=flux * u.Jy, spectral_axis=axis, **index), format=kind, data_label=kind,
            auto_extract=False, ignore_invalid_kwargs=True,
        )  # fmt: skip
    [image], [spectrum] = shown_in(app, "2D Spectrum"), shown_in(app, "1D Spectrum")
    tool = spectrum.toolbar.tools["jdaviz:panzoom_matchx"]
    tool.activate()
    spectrum.state.x_min, spectrum.state.x_max = axis.value[[5, 10]]
    assert limits(image) == pytest.approx([5, 10])
    tool.deactivate()
