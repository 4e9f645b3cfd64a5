"""Single products as widgets: what is drawn, what the controls do, what is said."""

import io
import re
import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.nddata import CCDData
from astropy.table import QTable
from astropy.time import Time
from astropy.timeseries import TimeSeries
from astropy.utils.masked import Masked
from astropy.wcs import WCS
from hypothesis import given
from hypothesis import strategies as st
from make_products import mosaic
from make_tables import catalog, photometry, white_light
from PIL import Image
from specutils import Spectrum

import jdaviz_stage3 as stage3
from jdaviz_stage3.demo import demo_products
from jdaviz_stage3.viewers.plain_figures import extremes, png_of
from jdaviz_stage3.widgets.image_widget import _block_means
from jdaviz_stage3.widgets.selection import selection_of

I2D, SEGM, CAT, C1D, X1DINTS, WHTLT = demo_products()
widgets = stage3.widgets


# ---- light curves ----


def test_a_white_light_curve_as_it_is_in_the_file():
    series = stage3.read(WHTLT)
    shown = widgets.light_curve(WHTLT)
    drawn = np.concatenate([shown._points.y, shown._outliers.y])
    assert sorted(drawn) == sorted(series["whitelight_flux"].to_value(u.Jy))
    x = np.concatenate([shown._points.x, shown._outliers.x])
    assert sorted(x) == pytest.approx(sorted(series.time.jd - np.floor(series.time.jd[0])))
    assert [axis.label for axis in shown.figure.axes] == [
        f"BJD_TDB − {np.floor(series.time.jd[0]):.0f} (d)",
        "White-light flux (Jy)",
    ]
    assert shown.text == ""


def test_its_controls_bin_divide_and_change_the_times():
    series = stage3.read(WHTLT)
    shown = widgets.light_curve(WHTLT)
    good = ~stage3.analysis.flag_outliers(series["whitelight_flux"].value)
    shown.normalize.value = True
    level = np.median(series["whitelight_flux"].value[good])
    assert np.median(shown._points.y) == pytest.approx(1)
    flux = series["whitelight_flux"].value[good] / level
    assert shown._points.y.max() == pytest.approx(flux.max())
    assert shown.figure.axes[1].label == "White-light flux, relative"
    shown.bin_width.value = len(series)
    assert len(shown._points.x) == 1
    assert shown._points.y[0] == pytest.approx(flux.mean())
    shown.time_system.value = "MJD_UTC"
    assert shown.figure.axes[0].label.startswith("JD_UTC − ")


def test_the_band_of_a_time_series():
    trace = stage3.read(X1DINTS).traces[0]
    shown = widgets.light_curve(X1DINTS)
    shown.band.value = (6, 7)
    curve = stage3.analysis.white_light_curve(trace, shown.band.value * u.um)
    assert shown.table["flux"] == pytest.approx(curve["flux"].value)
    assert len(shown._outliers.x) == curve["outlier"].sum()
    assert shown.figure.axes[1].label == "Relative flux"
    good = ~curve["outlier"]
    assert shown._bars.y[1] - shown._bars.y[0] == pytest.approx(
        2 * curve["flux_err"].value[good][0]
    )
    shown.normalize.value = False
    assert shown.figure.axes[1].label == "Flux (Jy)"


def test_a_band_without_a_sample_is_said_and_the_curve_stays():
    shown = widgets.light_curve(X1DINTS)
    before = shown._points.y.copy()
    shown.band.value = (shown.band.min, shown.band.min)
    if shown.text:  # no channel lies there
        assert (shown._points.y == before).all()
    shown.band.value = (6, 7)
    assert shown.text == ""


def test_photometry_and_objects_that_were_read(tmp_path):
    path = photometry(tmp_path)
    shown = widgets.light_curve(path)
    again = widgets.light_curve(stage3.read(path))
    assert (shown._points.y == again._points.y).all() and len(shown._points.y)
    assert shown.column.value == stage3.read(path).meta["default_column"]


def test_a_curve_that_was_saved(tmp_path):
    trace = stage3.read(X1DINTS).traces[0]
    curve = stage3.analysis.white_light_curve(trace)
    shown = widgets.light_curve(stage3.analysis.write_light_curve(curve, tmp_path / "mine.ecsv"))
    assert sorted(np.r_[shown._points.y, shown._outliers.y]) == sorted(curve["flux"].value)
    assert len(shown._bars.y) > 0


def test_of_very_many_points_none_that_stands_out_is_lost():
    rng = np.random.default_rng(1)
    x, y = np.arange(200_000.0), rng.normal(size=200_000)
    y[[17, 123_456]] = 30, -30
    rows = extremes(x, y)
    assert rows.size <= 4000
    assert {17, 123_456} <= set(rows)


@given(st.lists(st.floats(-1e3, 1e3) | st.just(float("nan")), max_size=60), st.integers(1, 10))
def test_extremes_are_in_order_and_hold_the_lowest_and_the_highest(values, half):
    y = np.array(values, float)
    rows = extremes(np.arange(y.size, dtype=float), y, 2 * half)
    assert (np.diff(rows) > 0).all()
    finite = np.isfinite(y)
    if finite.any():
        assert np.nanmin(y[rows]) == y[finite].min() and np.nanmax(y[rows]) == y[finite].max()
    assert rows.size <= max(2 * half, y.size if y.size <= 2 * half else 0)


# ---- dynamic spectra ----


def test_a_dynamic_spectrum_shows_the_transit():
    shown = widgets.dynamic_spectrum(X1DINTS)
    trace = stage3.read(X1DINTS).traces[0]
    flux = trace.usable_flux().value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a channel without a sample
        expected = flux / np.nanmedian(flux, axis=0)
    np.testing.assert_allclose(shown.shown, expected)
    assert (shown.figure.axes[0].label, shown._legend.label) == ("Wavelength (um)", "Flux / median")
    # the picture is in the order of time, and the middle is the transit
    third = shown._picture.shape[0] // 3
    means = [np.nanmean(shown._picture[part]) for part in (slice(third), slice(third, 2 * third))]
    assert means[1] < means[0] - 0.01
    shown.normalize.value = False
    assert shown._legend.label == "Flux (Jy)"
    np.testing.assert_array_equal(shown.shown, flux)


def test_flagged_samples_are_grey():
    assert np.isnan(widgets.dynamic_spectrum(X1DINTS)._picture).any()
    image = png_of(np.array([[0, np.nan], [1, 2.0]]), 0, 2)
    pixels = np.asarray(Image.open(io.BytesIO(image.value)).convert("RGB"))
    assert pixels.shape == (2, 2, 3)
    assert len(set(pixels[1, 1])) == 1, "grey, and the first row below"
    assert len(set(pixels[0, 0])) > 1


# ---- spectra ----


def test_a_spectrum_with_its_median():
    one = stage3.read(C1D)[2]
    shown = widgets.spectrum(C1D, median=11)
    shown.which.value = 2
    expected = stage3.analysis.smooth_spectrum(one, "median", 11).flux.value
    np.testing.assert_allclose(np.sort(shown._median.y), np.sort(expected[np.isfinite(expected)]))
    assert shown.figure.axes[1].label == f"Surface brightness ({one.flux.unit})"
    shown.width.value = 20
    assert shown.width.value == 21
    shown.width.value = 1
    assert len(shown._median.y) == 0
    assert len(shown.which.options) == len(stage3.read(C1D))


def test_one_spectrum_from_memory_with_a_mask():
    flux = np.linspace(1, 2, 50) * u.Jy
    mask = np.zeros(50, bool)
    mask[[3, 20]] = True
    flux[20] = 50 * u.Jy
    shown = widgets.spectrum(
        Spectrum(flux=flux, spectral_axis=np.linspace(1, 5, 50) * u.um, mask=mask)
    )
    assert len(shown._flagged.x) == 2
    assert np.nanmax(shown._line.y) == 2
    assert shown.figure.axes[1].scale.max < 3, "flagged samples do not set the limits"
    shown.show_flagged.value = False
    assert len(shown._flagged.x) == 0


# ---- images and catalogs ----


def test_image_and_table_select_together():
    image, table = widgets.source_image(I2D, CAT), widgets.catalog_table(CAT)
    cat = stage3.read(CAT)
    x, y = stage3.read(I2D).wcs.world_to_pixel(cat["sky_centroid"])
    np.testing.assert_allclose(image._sources.x, x)
    np.testing.assert_allclose(image._sources.y, y)
    image._click(None, {"data": {"index": 41}})
    assert table.selection.label == cat["label"][41]
    [ticked] = table.table.v_model
    assert ticked["label"] == cat["label"][41]
    assert table.table.options["page"] == 5
    assert f"<b>Source {cat['label'][41]}</b>" in image.caption.value
    assert f"{cat['aper_total_flux'][41].value:.5g} Jy" in image.caption.value
    table.table.v_model = [table.table.items[0]]
    assert (image._chosen.x[0], image._chosen.y[0]) == pytest.approx((x[40], y[40]))
    table.table.v_model = []
    assert len(image._chosen.x) == 0
    others = widgets.catalog_table(cat)
    assert others.selection is not table.selection
    assert selection_of(cat) is others.selection


def test_the_table_filters_and_sorts_with_nan_last():
    cat = stage3.read(CAT)
    shown = widgets.catalog_table(cat)
    shown.conditions.value = "aper_total_flux > 1e-7 Jy and is_extended == False"
    keep = (cat["aper_total_flux"] > 1e-7 * u.Jy) & ~np.asarray(cat["is_extended"], bool)
    assert shown.summary.value == f"{keep.sum()} of {len(cat)} sources"
    assert sorted(shown.rows) == list(np.flatnonzero(keep))
    shown.conditions.value = "nonsense > 3"
    assert "no column is called nonsense" in shown.text
    assert shown.summary.value.startswith(f"{keep.sum()} of"), "as before"
    shown.conditions.value = ""
    for down in (False, True):
        shown.table.options = {
            **shown.table.options,
            "sortBy": ["aper_total_abmag"],
            "sortDesc": [down],
        }
        values = np.asarray(cat["aper_total_abmag"].value)[shown.rows]
        finite = values[np.isfinite(values)]
        assert finite.size < values.size
        assert (np.diff(finite) <= 0).all() if down else (np.diff(finite) >= 0).all()
        assert not np.isfinite(values[finite.size :]).any()


def test_columns_that_are_asked_for():
    shown = (
        widgets.catalog_table(CAT, columns=["label", "kron_flux"])
        if False
        else (widgets.catalog_table(CAT, columns=["label", "sky_centroid"]))
    )
    assert [header["text"] for header in shown.table.headers] == ["label", "RA (deg)", "Dec (deg)"]
    with pytest.raises(stage3.Stage3Error, match="no column 'other'"):
        widgets.catalog_table(CAT, columns=["other"])


def test_a_page_is_sent_and_no_more():
    many = QTable({"label": np.arange(20_000), "flux": np.ones(20_000)})
    shown = widgets.catalog_table(many)
    assert len(shown.table.items) == 10
    shown.selection.label = 12_345
    assert [item["label"] for item in shown.table.v_model] == [12_345]


def test_the_image_is_drawn_as_finely_as_the_screen_shows_it():
    rng = np.random.default_rng(2)
    pixels = rng.normal(size=(2000, 3000))
    pixels[1000, 1500] = 1e4
    shown = widgets.source_image(CCDData(pixels, unit="Jy", wcs=WCS(naxis=2)))

    def size():
        return Image.open(io.BytesIO(shown._picture.image.value)).size

    assert max(size()) <= 700
    shown._x.min, shown._x.max = 1490.5, 1510.5
    shown._y.min, shown._y.max = 990.5, 1010.5
    assert size() == (20, 20)
    assert list(shown._picture.x) == [1490.5, 1510.5]
    shown.show_whole()
    assert max(size()) > 500


def test_means_of_blocks():
    pixels = np.arange(24.0).reshape(4, 6)
    pixels[0, 0] = np.nan
    means = _block_means(pixels, 2, 3)
    expected = [[np.nanmean(pixels[i : i + 2, j : j + 3]) for j in (0, 3)] for i in (0, 2)]
    np.testing.assert_allclose(means, expected)


def test_of_many_sources_the_brightest_are_drawn():
    n = 5000
    cat = QTable({
        "label": np.arange(n), "xcentroid": np.arange(n) * u.pix, "ycentroid": np.ones(n) * u.pix,
        "aper_total_flux": np.arange(n)[::-1] * u.Jy,
    })  # fmt: skip
    shown = widgets.source_image(CCDData(np.ones((10, n)), unit="Jy"), cat)
    assert list(shown._sources.x) == list(range(2000))
    assert shown.text == "the 2000 brightest of 5000 sources are drawn"


def small_catalog(**columns):
    return QTable({
        "label": np.arange(1, 6), "sky_centroid": SkyCoord(np.zeros(5), np.zeros(5), unit="deg"),
        "aper_total_flux": Masked(np.arange(5.0) * u.Jy, mask=[0, 1, 0, 0, 1]), **columns,
    })  # fmt: skip


def test_masked_values_are_told_and_what_has_no_order_is_sorted_as_text():
    shown = widgets.catalog_table(
        small_catalog(note=np.array([None, "b", 1, [2], {}], object)),
        columns=["aper_total_flux", "note"],
    )
    assert [item["aper_total_flux"] for item in shown.table.items] == ["0", "–", "2", "3", "–"]
    shown.table.options = {**shown.table.options, "sortBy": ["note"], "sortDesc": [False]}
    assert sorted(shown.rows) == [0, 1, 2, 3, 4]
    one = widgets.catalog_table(small_catalog(), columns="label")
    assert [header["text"] for header in one.table.headers] == ["label"]


def test_an_image_whose_sources_have_no_place_is_drawn_and_stays_alive():
    cat = small_catalog()
    shown = widgets.source_image(CCDData(np.arange(400.0).reshape(20, 20), unit="Jy"), cat)
    assert shown.text == "the catalog has no positions that the image's WCS can place"
    assert list(shown._picture.x) == [-0.5, 19.5], "the image is drawn all the same"
    shown.selection.label = 3
    shown.show_sources.value = False
    assert "Source 3" in shown.caption.value and np.isnan(shown._chosen.x).all()


def test_an_image_without_a_usable_pixel_is_told_and_stays_alive():
    shown = widgets.source_image(CCDData(np.full((20, 20), np.nan), unit="Jy"))
    assert shown.text == "no pixel of the image can be used"
    shown._x.min = 3
    shown.show_whole()


def test_a_label_of_a_catalog_is_text():
    cat = small_catalog(label=["<img src=x>", "2", "3", "4", "5"])
    shown = widgets.source_image(CCDData(np.ones((9, 9)), unit="Jy", wcs=WCS(naxis=2)), cat)
    assert "no positions" in shown.text, "the WCS is none of the sky"
    shown.selection.label = "<img src=x>"
    assert "<b>Source &lt;img src=x&gt;</b>" in shown.caption.value


# ---- all ----


@pytest.mark.parametrize("shown", ["light_curve", "dynamic_spectrum", "spectrum", "source_image",
                                   "catalog_table"])  # fmt: skip
def test_objects_of_other_kinds_are_refused_in_words(shown):
    for other in (None, 5, {"a": 1}, [], np.ones((5, 5))):
        with pytest.raises(stage3.Stage3Error, match=r"expected a path or \w+"):
            getattr(widgets, shown)(other)


def test_objects_of_other_shapes_are_refused_in_words():
    with pytest.raises(stage3.Stage3Error, match="expected CCDData|3 dimensions, expected 2"):
        widgets.source_image(CCDData(np.ones((2, 3, 4)), unit="Jy"))
    with pytest.raises(stage3.Stage3Error, match=r"2 dimensions \(3, 30\), expected one"):
        widgets.spectrum(
            Spectrum(flux=np.ones((3, 30)) * u.Jy, spectral_axis=np.arange(1, 31) * u.um)
        )
    with pytest.raises(stage3.Stage3Error, match="expected a path or Table for sources"):
        widgets.source_image(I2D, 5)
    with pytest.raises(stage3.Stage3Error, match="without a row"):
        widgets.light_curve(TimeSeries(time=Time([], format="mjd", scale="tdb")))
    with pytest.raises(stage3.UnreadableProductError, match="nobody"):
        widgets.spectrum("~nobody-of-this-name/x_x1d.fits")


def test_a_light_curve_of_ones_own_is_drawn():
    time = Time(60000 + np.arange(20) * 0.01, format="mjd", scale="tdb")
    flux = Masked(np.arange(20.0) * u.Jy, mask=np.arange(20) % 5 == 0)
    shown = widgets.light_curve(TimeSeries(time=time, data={"brightness": flux}))
    assert shown.text == "" and shown.figure.axes[0].label == "BJD_TDB − 2460000 (d)"
    assert list(shown._points.y[np.isfinite(shown._points.y)]) == [n for n in range(20) if n % 5]
    one = widgets.light_curve(TimeSeries(time=time[:1], data={"brightness": [1.0] * u.Jy}))
    one.normalize.value, one.bin_width.value = True, 5
    assert len(one._points.x) <= 1


def test_another_product_is_refused_in_words(tmp_path):
    with pytest.raises(
        stage3.Stage3Error, match=r"_i2d.fits: .*\(mosaic\), expected whtlt or phot"
    ):
        widgets.light_curve(mosaic(tmp_path))
    with pytest.raises(stage3.Stage3Error, match="expected cat for sources"):
        widgets.source_image(I2D, I2D)
    with pytest.raises(stage3.UnreadableProductError, match="nowhere"):
        widgets.spectrum(tmp_path / "nowhere_x1d.fits")


def test_what_a_file_says_is_text(tmp_path):
    path = white_light(tmp_path)
    path = path.rename(tmp_path / "<img src=x onerror=alert(1)>_whtlt.ecsv")
    shown = widgets.light_curve(path)
    assert "<img" not in shown.children[0].value and "&lt;img" in shown.children[0].value


def test_a_page_without_a_kernel(tmp_path):
    shown = widgets.catalog_table(catalog(tmp_path))
    page = shown.save_html(tmp_path / "page.html")
    text = page.read_text()
    assert "53." in text and "jupyter.widget-state" in text
    # where its scripts cannot come it is not blank; no other host is named than those
    assert "without the network" in text and 'typeof require === "undefined"' in text
    assert set(re.findall(r'src="https://([^/]+)/', text)) == set(
        re.findall(r"(cdn[a-z.]+\.(?:com|net)) ?(?:and|\.)", text)
    )
    with pytest.raises(stage3.Stage3Error, match="page.html"):
        shown.save_html(tmp_path / "page.html")
    shown.save_html(tmp_path / "page.html", overwrite=True)


def test_a_spectrum_shorter_than_the_window_is_shown_without_its_median():
    short = Spectrum(flux=np.arange(5.0) * u.Jy, spectral_axis=np.linspace(2, 1, 5) * u.um)
    shown = widgets.spectrum(short)
    assert shown._line.y.tolist() == [4, 3, 2, 1, 0]
    assert shown.smoothed is None and not len(shown._median.x)
    assert "11" in shown.text
    shown.width.value = 3
    assert shown.smoothed.flux.value[2] == 2 and shown.text == ""
