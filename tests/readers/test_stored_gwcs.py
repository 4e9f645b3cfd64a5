"""The gwcs of a file is had from its ASDF extension alone, as the datamodels give it."""

import numpy as np
import pytest
from astropy.io import fits
from make_exposures import SHAPE, distorted_gwcs
from make_products import mosaic, slits_of
from schemas_once import datamodels

from jdaviz_stage3.readers.stored_gwcs import StoredGwcs


@pytest.fixture
def path(tmp_path):
    return mosaic(tmp_path, gwcs=distorted_gwcs())


def test_is_that_of_the_datamodel(path):
    wcs = StoredGwcs(path).get()
    x, y = np.meshgrid(np.arange(0, 40, 7.0), np.arange(0, 30, 7.0))
    with datamodels.open(path) as model:
        expected = model.meta.wcs(x, y)
    np.testing.assert_array_equal(wcs(x, y), expected)


def test_of_each_slit(tmp_path):
    path = tmp_path / "jw_crf.fits"
    with datamodels.open(slits_of("crf", tmp_path)) as model:
        for number, slit in enumerate(model.slits):
            slit.meta.wcs = distorted_gwcs(ra=50.0 + number)
        model.save(path)
    stored = StoredGwcs(path)
    middle = (SHAPE[1] - 1) / 2, (SHAPE[0] - 1) / 2
    centres = [stored.get("slits", number)(*middle)[0] for number in (0, 1)]
    np.testing.assert_allclose(centres, [50, 51], atol=1e-9)
    assert stored.get("slits", 2) is None and stored.problem == "the file holds no gwcs"


@pytest.mark.parametrize("shared", [False, True])
def test_of_one_slit_alone(tmp_path, shared):
    """Without the rest of the tree; with it, where the slits share what is there once."""
    path = tmp_path / "jw_crf.fits"
    first = distorted_gwcs(ra=50.0)
    with datamodels.open(slits_of("crf", tmp_path)) as model:
        for number, slit in enumerate(model.slits):
            slit.meta.wcs = first if shared else distorted_gwcs(ra=50.0 + number)
        model.save(path)
    stored = StoredGwcs(path)
    middle = (SHAPE[1] - 1) / 2, (SHAPE[0] - 1) / 2
    assert b"*id001" in stored._stored  # what slits share
    assert stored.of_slit(1)(*middle)[0] == pytest.approx(50 if shared else 51, abs=1e-9)
    assert stored._tree is None
    assert stored.of_slit(0)(*middle)[0] == pytest.approx(50, abs=1e-9)
    assert stored.of_slit(2) is None and stored.problem == "the file holds no gwcs"
    x, y = np.meshgrid(np.arange(0, 40, 7.0), np.arange(0, 30, 7.0))
    whole = StoredGwcs(path)
    whole.prepare_all()
    for number in (0, 1):
        expected = whole.get("slits", number)(x, y)
        np.testing.assert_array_equal(StoredGwcs(path).of_slit(number)(x, y), expected)
        np.testing.assert_array_equal(whole.of_slit(number)(x, y), expected)


def test_a_file_without_one(tmp_path):
    stored = StoredGwcs(mosaic(tmp_path))
    assert stored.get() is None
    assert stored.problem == "the file holds no gwcs"


def test_without_an_asdf_extension(path):
    with fits.open(path) as hdus:
        del hdus["ASDF"]
        hdus.writeto(path, overwrite=True)
    stored = StoredGwcs(path)
    assert stored.get() is None and stored.problem == "the file holds no gwcs"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b"!<tag:stsci.edu:gwcs/wcs-", b"!<tag:stsci.edu:gwcs/wcz-", "of a version"),
        (b"#ASDF 1", b"#ASDX 1", "cannot be read"),
    ],
)
def test_one_that_cannot_be_read(path, old, new, problem):
    with fits.open(path) as hdus:
        stored = hdus["ASDF"].data["ASDF_METADATA"].tobytes()
        assert old in stored
        column = np.frombuffer(stored.replace(old, new), "u1")
        hdus["ASDF"].data["ASDF_METADATA"][0] = column
        hdus.writeto(path, overwrite=True)
    gwcs = StoredGwcs(path)
    assert gwcs.get() is None
    assert problem in gwcs.problem and "\n" not in gwcs.problem
