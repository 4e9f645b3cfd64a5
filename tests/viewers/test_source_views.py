"""The views by source that STScI's pipeline notebooks draw by hand: slitless spectra, and MOS.

Each in three lines of code or fewer, with at least what theirs shows; docs/sources.rst has them.
"""

from pathlib import Path

import make_exposures
import make_products
import make_slits
import make_spectra
import make_tables
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from make_fields import observed, slitless
from short_views import run_view

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import glue_viewer, layer_of
from jdaviz_stage3.viewers.source_figures import SourceFigures
from jdaviz_stage3.viewers.spectral_lines import rest_lines

VIEWS = {
    "WFSS field": """
stage3.load(*folder.glob("*_i2d.fits"), *folder.glob("*_segm.fits"), *folder.glob("*_cat.ecsv"))
app.plugins["Catalog Overlay"].labels = True
""",
    "WFSS by source": """
plg = app.plugins["Inspect Sources"]
plg.exposures = True
plg.find_sources(folder, label=17)
""",
    "MOS by source": """
plg = app.plugins["Inspect Sources"]
plg.exposures = True
plg.find_sources(folder, label=11)
""",
}
PAGE = Path(__file__).parents[2] / "docs" / "sources.rst"


@pytest.mark.parametrize("view", VIEWS)
def test_the_lines_are_in_the_docs(view):
    page = "\n".join(line.strip() for line in PAGE.read_text().splitlines())
    assert VIEWS[view].strip() in page


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    """A mosaic, its segments 1 and 17, their catalog, spectra, and traces in two exposures."""
    folder = tmp_path_factory.mktemp("wfss")
    image = make_products.mosaic(folder)
    labels = np.where(make_products.label_image() < 20, make_products.label_image(), 0)
    make_products.segmentation(folder, labels)
    x, y = (np.array([np.argwhere(labels == n).mean(axis=0)[k] for n in (1, 17)]) for k in (1, 0))
    places = WCS(fits.getheader(image, "SCI"), naxis=2).pixel_to_world(x, y)
    table = make_tables.catalog_table(2)
    table["label"], table["xcentroid"], table["ycentroid"] = [1, 17], x, y
    table["sky_centroid"] = SkyCoord(places.ra, places.dec)
    make_tables.catalog(folder, table)
    where = [dict(SOURCE_RA=p.ra.deg, SOURCE_DEC=p.dec.deg) for p in places]
    for combined in (False, True):
        make = make_spectra.combined_row if combined else make_spectra.grism_source
        rows = [make(n) | place for n, place in zip((1, 17), where, strict=True)]
        slitless(folder, rows, combined=combined)
    for n, place in zip((1, 17), places, strict=True):
        product = make_exposures.datamodels.MultiExposureModel()
        for level in (1, 2):
            slit = make_exposures.datamodels.SlitModel()
            slit.data = np.full((5, 30), 100 * n + level, "f4")
            slit.source_id, slit.source_ra, slit.source_dec = n, place.ra.deg, place.dec.deg
            product.exposures.append(slit)
        made = make_spectra.save(product, folder / f"made{n}_cal.fits")
        observed(made, f"jw09997-o001_s{n:09d}_niriss_f150w-gr150r_cal.fits", PUPIL="F150W")
    return folder


@pytest.mark.forked
def test_slitless_field(field):
    app = run_view(VIEWS["WFSS field"], folder=field)
    overlay = app.plugins["Catalog Overlay"]
    [own] = [o for o in overlay._obj._overlays.values()]
    [viewer] = own.viewers
    assert overlay.n_shown == 2 and own.settings.labels
    # the mosaic in sight, and the outlines of the segments over it
    assert layer_of(viewer, next(d for d in app._app.data_collection if "segm" not in d.label))
    marks = overlay._obj._canvases[viewer]
    assert marks.segments[own].map is not None


@pytest.mark.forked
def test_slitless_by_source(field):
    """Cutout with segment, traces, x1d of each exposure, and c1d."""
    figures = shown(run_view(VIEWS["WFSS by source"], folder=field))
    [picture] = figures._pictures[: len(figures._pictures_box.children)]
    assert picture._outline.x.size > 4
    [panel] = figures._shown
    assert panel._spectra.labels == ["exposure 1", "exposure 2"]
    expected = make_spectra.grism_source(17)
    for flux in panel._spectra.y:
        np.testing.assert_array_equal(flux[:30], expected["FLUX"])
    np.testing.assert_array_equal(panel._combined.y, expected["FLUX"])
    strips = figures._exposures._strips
    assert [strip.figure.title for strip in strips] == [
        "cal GR150R F150W exposure 1", "cal GR150R F150W exposure 2",
    ]  # fmt: skip


def shown(app):
    return glue_viewer(app, "Source").figures


def test_slitless_2d_spectra_lie_over_those_of_their_order(tmp_path):
    """A file with an s2d for each source and order: of a source a panel for each order."""
    slits = make_slits.slitless_sources()
    made = make_slits.many_slits(tmp_path, slits, mode=("NIRISS", "NIS_WFSS"))
    observed(made, "jw09997-o001_t001_niriss_f150w-gr150r_s2d.fits", PUPIL="F150W")
    slitless(tmp_path, PUPIL="F150W", INSTRUME="NIRISS")  # of order 1
    source = stage3.index_sources(tmp_path).labelled(5)
    assert [(one.suffix, one.order, one.by) for one in source.products] == [
        ("s2d", 1, "number"), ("s2d", 2, "number"), *2 * [("x1d", 1, "number")],
    ]  # fmt: skip
    figures = SourceFigures()
    figures.show(source, 2 * u.arcsec)
    assert figures.notes == ()
    for panel, order, count in zip(figures._shown, (1, 2), (2, 0), strict=True):
        assert panel._above.title.endswith(f"GR150R F150W order {order}")
        [slit] = [slit for slit in slits if (slit.source_id, slit.order) == (5, order)]
        wave = slit.wavelengths()
        np.testing.assert_allclose(sorted(panel._picture.x), [wave.min(), wave.max()], rtol=1e-6)
        assert len(panel._spectra.labels) == count


def test_a_time_series_by_target(tmp_path):
    """Light curves over their medians, and of each trace the first, middle and last integration."""
    root = "jw09997-o003_t002_niriss_clear-gr700xd"
    observed(make_spectra.two_segments(tmp_path), f"{root}_x1dints.fits", TARGNAME="WASP-0")
    make_tables.white_light_without_units(tmp_path).rename(tmp_path / f"{root}_whtlt.ecsv")
    make_tables.photometry(tmp_path).rename(tmp_path / f"{root}_phot.ecsv")
    [source] = stage3.index_sources(tmp_path)
    figures = SourceFigures()
    figures.show(source, 2 * u.arcsec)
    target = figures._target
    assert source.label == "WASP-0" and len(target.children) == 4 and figures.notes == ()
    phot, white = (curve._curves for curve in target._curves)
    assert list(white.labels) == ["order 1", "order 2"]
    np.testing.assert_allclose(white.x, np.tile(np.arange(6) * 24 / 500, (2, 1)), atol=1e-9)
    expected = np.linspace(1, 0.99, 6)
    np.testing.assert_allclose(white.y, np.tile(expected / np.median(expected), (2, 1)))
    assert list(phot.labels) == ["net aperture sum"]
    np.testing.assert_allclose(phot.y.ravel(), 1)
    assert "BJD_TDB" in target._curves[1].figure.axes[0].label
    made = make_spectra.integrations([1, 3, 5])
    for panel, order in zip(target._shown, (1, 2), strict=True):
        assert panel._above.title.endswith(f"_x1dints.fits order {order}")
        assert panel._spectra.labels == [f"integration {n}" for n in (1, 3, 5)]
        np.testing.assert_array_equal(panel._spectra.y, made["FLUX"])
    figures.show_lines(rest_lines("SDSS"), 1.2)
    assert target._shown[0]._lines.x.size
    # what is broken is said, and another source takes them away
    (tmp_path / f"{root}_whtlt.ecsv").write_text("# %ECSV 1.0\n# ---\nMJD\n1\n")
    figures.show(source, 2 * u.arcsec)
    assert len(target.children) == 3 and "whtlt" in figures.notes[0]
    slitless(tmp_path)
    figures.show(stage3.index_sources(tmp_path).labelled(5), 2 * u.arcsec)
    assert target.children == () and len(figures._shown) == 1


@pytest.mark.forked
def test_slits_of_a_mask_by_source(tmp_path):
    """2-D over 1-D on the same wavelengths, the source and the extraction marked; its nods."""
    slits = make_slits.slits_of_sizes(3)
    for slit in slits:
        root = f"jw09997-o001_s{slit.source_id:09d}_nirspec_clear-prism"
        keywords = {
            "EXP_TYPE": "NRS_MSASPEC", "INSTRUME": "NIRSPEC", "FILTER": "CLEAR", "GRATING": "PRISM",
        }  # fmt: skip
        made = make_slits.many_slits(tmp_path, [slit])
        observed(made, f"{root}_s2d.fits", **keywords)
        made = make_slits.extracted_slits(tmp_path, [slit])
        observed(made, f"{root}_x1d.fits", **keywords)
        product = make_exposures.datamodels.MultiExposureModel()
        for level in (1, 2, 3):
            nod = make_exposures.datamodels.SlitModel()
            nod.data, nod.source_id = np.full((5, 30), level, "f4"), slit.source_id
            product.exposures.append(nod)
        made = make_spectra.save(product, tmp_path / "made_cal.fits")
        observed(made, f"{root}_cal.fits", **keywords)
    figures = shown(run_view(VIEWS["MOS by source"], folder=tmp_path))
    [panel] = figures._shown
    slit = next(slit for slit in slits if slit.source_id == 11)
    # one scale of wavelengths for both, and the picture on it
    assert panel._picture.scales["x"] is panel._spectra.scales["x"] is panel._x
    np.testing.assert_allclose(
        sorted(panel._picture.x), [slit.wavelengths().min(), slit.wavelengths().max()]
    )
    np.testing.assert_allclose(np.sort(panel._spectra.x), np.sort(slit.wavelengths()))
    assert panel._source.y.ravel() * slit.n_rows - 0.5 == pytest.approx(slit.row)
    rows = np.sort(panel._window.y[:, 0] * slit.n_rows - 0.5)
    assert np.diff(rows) == pytest.approx(5) and rows.mean() == pytest.approx(slit.row)
    assert len(figures._exposures._strips_box.children) == 3
