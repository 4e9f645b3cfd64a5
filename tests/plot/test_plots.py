"""Pictures of products: what is drawn is what the reader gives, with units on the axes."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.nddata import CCDData, StdDevUncertainty
from astropy.table import QTable
from astropy.wcs import WCS
from make_products import BUILDERS
from matplotlib.backends.backend_agg import FigureCanvasAgg
from specutils import Spectrum

import jdaviz_stage3 as stage3
from jdaviz_stage3 import plot
from jdaviz_stage3.products import identify
from jdaviz_stage3.quicklook.figures import drawings_of

DRAWN = [case for case in BUILDERS if case[0] != "asn"]


# what reading old layouts says
@pytest.mark.filterwarnings("ignore::jdaviz_stage3.Stage3Warning")
@pytest.mark.parametrize(("suffix", "generation"), DRAWN)
def test_every_type_and_generation_is_drawn(built, suffix, generation, tmp_path):
    path = built(suffix, generation)
    drawings = drawings_of(identify(path).suffix)
    assert drawings
    for _, draw in drawings:
        ax = draw(path, None)
        ax.figure.savefig(tmp_path / "picture.png", dpi=30)
        assert ax.has_data()
        words = [ax.get_xlabel(), ax.get_ylabel()]
        if hasattr(ax, "coords"):
            words = [coordinate.get_axislabel() for coordinate in ax.coords]
        assert all(words), words


def test_an_image_has_its_pixels_where_they_are_counted(built):
    data = stage3.read(built("i2d", "ImageModel"))
    ax = plot.image(data)
    [drawn] = ax.get_images()
    ny, nx = data.shape
    assert drawn.get_extent() == [-0.5, nx - 0.5, -0.5, ny - 0.5]
    good = np.isfinite(data.data) & ~data.mask
    shown = np.ma.filled(drawn.get_array().astype(float), np.nan)
    np.testing.assert_allclose(shown[good], data.data[good])
    assert np.isnan(shown[~good]).all()
    bar = ax.figure.axes[1]
    assert "MJy / sr" in bar.get_ylabel()


def test_what_the_mask_excludes_is_not_drawn():
    mask = np.zeros((3, 4), bool)
    mask[1, 2] = True
    ax = plot.image(CCDData(np.ones((3, 4)), unit="Jy", mask=mask))
    shown = np.ma.filled(ax.get_images()[0].get_array().astype(float), np.nan)
    np.testing.assert_array_equal(np.isnan(shown), mask)


def test_a_large_image_is_binned_in_place():
    values = np.zeros((40, 4000), np.float32)
    values[:, 3000:] = 1
    ax = plot.image(CCDData(values, unit="MJy/sr"), stretch="linear")
    [drawn] = ax.get_images()
    assert drawn.get_extent() == [-0.5, 4001.5, -0.5, 41.5]  # of whole blocks of three
    assert (ax.get_xlim(), ax.get_ylim()) == ((-0.5, 3999.5), (-0.5, 39.5))
    assert drawn.get_array().shape == (14, 1334)
    edge = np.flatnonzero(np.diff(drawn.get_array()[0]))[0] + 1
    assert edge * 3 == 3000


def test_a_star_of_few_pixels_is_seen_in_a_large_image():
    """Drawn smaller than it is, an image averages fluxes, not the colours that they have."""
    values = np.random.default_rng(1).normal(1, 0.02, (3000, 3000))
    values[1500:1503, 1500:1503] += 50
    figure = plot.image(CCDData(values, unit="Jy")).figure
    figure.set_dpi(60)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    shown = np.asarray(canvas.buffer_rgba())[..., 0].astype(int)
    [box] = [ax.get_window_extent() for ax in figure.axes if ax.images]
    x, y = (
        round(middle) for middle in ((box.x0 + box.x1) / 2, shown.shape[0] - (box.y0 + box.y1) / 2)
    )
    assert shown[y - 3 : y + 4, x - 3 : x + 4].max() > 250
    assert np.median(shown[y - 50 : y + 50, x - 50 : x + 50]) < 220


def test_sources_are_on_the_pixels_of_the_sky(built):
    data, table = stage3.read(built("i2d", "ImageModel")), stage3.read(built("cat", "current"))
    ax = plot.image(data, table)
    drawn = ax.collections[-1].get_offsets()
    x, y = data.wcs.world_to_pixel(table["sky_centroid"])
    np.testing.assert_allclose(drawn, np.column_stack([x, y]))


def test_a_catalog_without_positions_is_said():
    image = CCDData(np.ones((4, 4)), unit="Jy")
    with pytest.raises(stage3.Stage3Error, match="no positions"):
        plot.image(image, QTable({"label": [1]}))


def test_flagged_samples_do_not_choose_the_axis():
    wavelength = np.linspace(1, 2, 50) * u.um
    flux = np.ones(50)
    flux[20] = 1e6
    mask = np.zeros(50, bool)
    mask[20] = True
    error = StdDevUncertainty(np.full(50, 0.1))
    spectrum = Spectrum(flux * u.Jy, spectral_axis=wavelength, uncertainty=error, mask=mask)
    ax = plot.spectrum(spectrum)
    assert ax.get_ylim()[1] < 10
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Wavelength (um)", "Flux (Jy)")
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "1 flagged samples" in texts and "Running median, 11 samples" in texts
    line = ax.lines[0].get_ydata()
    assert np.isnan(line[20]) and (np.delete(line, 20) == 1).all()


def test_a_spectrum_without_a_usable_sample_is_said():
    spectrum = Spectrum(np.full(5, np.nan) * u.Jy, spectral_axis=np.arange(1, 6) * u.um)
    with pytest.raises(stage3.Stage3Error, match="no usable sample"):
        plot.spectrum(spectrum)


def test_a_dynamic_spectrum_is_relative_to_the_median_in_time(built):
    trace = stage3.read(built("x1dints", "TSOMultiSpecModel")).traces[0]
    ax = plot.dynamic_spectrum(trace)
    shown = np.ma.filled(ax.collections[0].get_array().astype(float), np.nan)
    flux = trace.usable_flux().value
    expected = flux / np.nanmedian(flux, axis=0)
    across = np.isfinite(trace.wavelength.value)
    np.testing.assert_allclose(
        shown.reshape(flux.shape[0], across.sum()), expected[:, across], rtol=1e-12
    )


def test_integrations_are_counted_from_one(built):
    trace = stage3.read(built("x1dints", "TSOMultiSpecModel")).traces[0]
    edges = plot.dynamic_spectrum(trace).collections[0].get_coordinates()[..., 1]
    assert (edges.min(), edges.max()) == (0.5, trace.n_integrations + 0.5)


def test_neighbouring_integrations_are_taken_together():
    from jdaviz_stage3.plot.time_series import _together

    rows, taken = _together(np.arange(1201.0)[:, None])
    assert taken == 3 and len(rows) == 401
    np.testing.assert_allclose(rows[:3, 0], [1, 4, 7])
    assert rows[-1, 0] == 1200  # one is left over


@pytest.mark.filterwarnings("ignore:Mean of empty slice:RuntimeWarning")
def test_neighbouring_integrations_without_a_value_do_not_count():
    from jdaviz_stage3.plot.time_series import _together

    rng = np.random.default_rng(1)
    values = rng.normal(1, 0.1, (1501, 7))
    values[rng.random(values.shape) < 0.4] = np.nan
    values[:, 3] = np.nan
    rows, taken = _together(values)
    expected = [np.nanmean(values[i : i + taken], axis=0) for i in range(0, 1501, taken)]
    np.testing.assert_allclose(rows, expected)


def test_a_light_curve_is_the_plugins(built):
    path = built("x1dints", "TSOMultiSpecModel")
    curve = stage3.analysis.white_light_curve(stage3.read(path).traces[0])
    ax = plot.light_curve(path)
    good = ~curve["outlier"] & np.isfinite(curve["flux"])
    days, flux = ax.lines[0].get_data()
    np.testing.assert_allclose(flux, curve["flux"][good])
    zero = float(ax.get_xlabel().split("−")[1].split()[0])
    np.testing.assert_allclose(days + zero, curve.time.jd[good])
    assert ax.get_xlabel().startswith("BJD_TDB")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda path: plot.light_curve(path, "colour"), "no column colour"),
        (lambda path: plot.light_curve(path, normalize=None), "a light curve already"),
    ],
)
def test_what_a_light_curve_is_not_is_said(built, call, words):
    with pytest.raises(stage3.Stage3Error, match=words):
        call(built("whtlt", "3.0"))


def test_sources_are_where_they_are_on_the_sky():
    """Across RA 0, and with a position that is missing."""
    ra, dec = np.array([359.999, 0.001, 0.0005, np.nan]), np.array([60.0, 60.0, 60.001, 60.0])
    ax = plot.sources(QTable({"label": range(4), "sky_centroid": SkyCoord(ra, dec, unit="deg")}))
    east, north = ax.lines[0].get_data()
    np.testing.assert_allclose(np.ptp(east[:2]), 0.002 * 3600 * np.cos(np.pi / 3), rtol=1e-4)
    assert east[0] < east[1] and north[2] - north[0] == pytest.approx(3.6, abs=1e-3)
    low, high = ax.get_xlim()
    assert low > high, "east to the left"


def test_a_contrast_curve_is_that_of_the_analysis():
    rng = np.random.default_rng(2)
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [93.2, -9.1], [41, 41]
    wcs.wcs.cdelt = [-0.063 / 3600, 0.063 / 3600]
    meta = {"FILTER": "F444W", "PUPIL": "MASKRND", "CORONMSK": "MASKA335R", "PIXAR_SR": 9.3e-14,
            "TARG_RA": 93.2, "TARG_DEC": -9.1}  # fmt: skip
    image = CCDData(rng.normal(0, 1, (81, 81)), unit="MJy/sr", wcs=wcs, meta=meta)
    ax = plot.contrast_curve(image)
    separation, flux = ax.lines[0].get_data()
    expected = stage3.analysis.contrast_curve(
        image, center=(40, 40), fwhm=0.14498 * u.arcsec, pixel_scale=0.063 * u.arcsec / u.pix,
        pixel_area=9.3e-14 * u.sr,
    )  # fmt: skip
    np.testing.assert_allclose(flux, expected["flux"].value, rtol=1e-3)
    assert ax.get_ylabel() == "Flux of a point source at 5 σ (Jy)"
    assert "arcsec" in ax.get_xlabel() and separation[0] > 0
    with pytest.raises(stage3.Stage3Error, match="give fwhm"):
        plot.contrast_curve(CCDData(image.data, unit="MJy/sr", wcs=wcs))


def test_own_axes_are_drawn_into(built):
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert plot.squared_visibilities(built("ami-oi", "AmiOIModel"), ax=ax) is ax


def test_an_unknown_stretch_is_said():
    with pytest.raises(stage3.Stage3Error, match="'asinh', 'linear'"):
        plot.image(CCDData(np.ones((3, 3)), unit="Jy"), stretch="log")
