"""Files that are no Stage 3 products go to jdaviz's own importers, and are said to."""

import gc
import os

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from fresh_apps import new_app
from jdaviz.core.loaders.parsers import BaseParser
from make_products import mosaic
from specutils import Spectrum

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import data_labels, file_in_jdaviz


@pytest.fixture(scope="module")
def rate(tmp_path_factory):
    """An image of Stage 1."""
    path = tmp_path_factory.mktemp("rate") / "jw01234001001_02101_00001_nrca1_rate.fits"
    primary = fits.PrimaryHDU()
    primary.header["TELESCOP"], primary.header["DATAMODL"] = "JWST", "ImageModel"
    image = fits.ImageHDU(np.arange(20.0).reshape(4, 5), name="SCI")
    fits.HDUList([primary, image]).writeto(path)
    return path


@pytest.fixture(scope="module")
def spectrum(tmp_path_factory):
    """A spectrum of another observatory, which may be taken for a catalog, too."""
    path = tmp_path_factory.mktemp("spectrum") / "other.fits"
    flux = np.linspace(1, 2, 30) * u.Jy
    Spectrum(flux, spectral_axis=np.linspace(1, 5, 30) * u.um).write(path, format="tabular-fits")
    return path


@pytest.mark.forked
def test_an_image_of_an_earlier_stage_opens_beside_products(rate, tmp_path):
    app = new_app()
    with pytest.warns(stage3.Stage3Warning, match="rate.fits: a JWST file, but .* as Image"):
        labels = stage3.load(mosaic(tmp_path), rate, app=app)
    assert len(labels) == 2 == len(data_labels(app))
    [theirs] = [data for data in app._app.data_collection if "rate" in data.label]
    [component] = theirs.main_components[:1]
    assert np.array_equal(theirs[component], np.arange(20.0).reshape(4, 5))


@pytest.mark.forked
def test_the_likelier_of_several_formats_and_the_one_that_is_asked_for(spectrum):
    app = new_app()
    with pytest.warns(stage3.Stage3Warning, match="as 1D Spectrum; load.*'Catalog'"):
        [label] = stage3.load(spectrum, app=app)
    assert app.get_data(label).flux[-1] == 2 * u.Jy
    [other] = stage3.load(spectrum, app=app, format="1D Spectrum", data_label="once more")
    assert other == "once more"


@pytest.mark.forked
def test_what_jdaviz_does_not_know_either_is_refused_in_words(tmp_path, rate):
    app = new_app()
    (notes := tmp_path / "notes.txt").write_text("seeing was good")
    with pytest.raises(stage3.UnknownProductError, match="notes.txt: not a JWST.*no importer"):
        stage3.load(notes, app=app)
    with pytest.raises(stage3.Stage3Error, match="rate.fits: jdaviz's importer '3D Spectrum'"):
        stage3.load(rate, app=app, format="3D Spectrum")
    with pytest.raises(stage3.Stage3Error, match="rate.fits: jdaviz's importer 'Image'"):
        stage3.load(rate, app=app, format="Image", smooth=3)
    with (
        pytest.warns(stage3.Stage3Warning, match="as Image"),
        pytest.raises(stage3.Stage3Error, match="rate.fits: jdaviz's importer 'Image'.*smooth"),
    ):
        stage3.load(rate, app=app, smooth=3)
    assert data_labels(app) == []


@pytest.mark.forked
def test_a_file_is_parsed_once(rate, monkeypatch):
    """Finding its format takes most of the time of loading it."""
    asked = []
    made = BaseParser.__init__

    def noted(one, app, given):
        asked.append((type(one).__name__, str(given)))
        made(one, app, given)

    monkeypatch.setattr(BaseParser, "__init__", noted)
    app = new_app()
    asked.clear()
    with pytest.warns(stage3.Stage3Warning, match="as Image"):
        stage3.load(rate, app=app)
    of_file = [name for name, given in asked if given == str(rate)]
    assert "FITSParser" in of_file
    assert len(of_file) == len(set(of_file))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files are counted in /proc")
@pytest.mark.forked
def test_no_file_is_left_open(rate):
    """Of many, one after the other, the system would have no more to give."""
    app = new_app()
    stage3.load(rate, app=app, format="Image")
    before = _open_files()
    with file_in_jdaviz(app, rate) as found:
        assert found.formats == ["Image"]
    assert _open_files() == before


def _open_files():
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.forked
def test_a_product_by_jdaviz_own_importer(tmp_path):
    """As stock jdaviz shows it, to compare."""
    app = new_app()
    labels = stage3.load(mosaic(tmp_path), app=app, format="Image", extension="SCI")
    assert labels and not labels[0].endswith("i2d")
