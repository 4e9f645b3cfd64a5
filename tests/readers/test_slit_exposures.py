"""Slits on detector pixels: which there are, their planes, flags and gwcs."""

import numpy as np
import pytest
from astropy.io import fits
from make_exposures import DO_NOT_USE, OUTLIER, distorted_gwcs, slit_exposures
from schemas_once import datamodels

from jdaviz_stage3 import Stage3Error, Stage3Warning, UnreadableProductError, read

MODELS = ("MultiExposureModel", "MultiSlitModel")


@pytest.fixture(params=MODELS)
def path(request, tmp_path):
    return slit_exposures(request.param, "cal", tmp_path)


def test_lists_slits(path):
    slits = read(path)
    assert [(e.slit, e.source_id, e.exposure, e.shape) for e in slits.entries] == [
        ("S200A1", 1, "1", (6, 9)),
        ("S200A1", 1, "2", (7, 9)),
        ("S200A2", 1, "", (6, 11)),
    ]
    assert [slits.label(i) for i in range(3)] == [
        "source 1 S200A1 exposure 1", "source 1 S200A1 exposure 2", "source 1 S200A2",
    ]  # fmt: skip
    assert list(slits.table["slit"]) == ["S200A1", "S200A1", "S200A2"]


def test_each_slit_has_its_own_planes(path):
    for number, image in enumerate(read(path), 1):
        values = image.data[~image.mask]
        assert set(values) == {number} and image.uncertainty.array[1, 1] == np.float32(number / 10)
        np.testing.assert_array_equal(np.argwhere(image.mask), [[0, 0]])
        assert image.flagged("OUTLIER")[0, 0] and image.wcs is None


def test_other_planes(path):
    slits = read(path)
    assert slits.planes(1) == ["SCI", "DQ", "ERR", "WAVELENGTH"]
    np.testing.assert_allclose(slits.plane(1, "WAVELENGTH").data[3], np.linspace(1, 2, 9))
    assert slits.plane(2, "DQ").data[0, 0] == OUTLIER | DO_NOT_USE


def test_models_of_the_source_and_of_its_neighbours(path):
    """SIMUL and CONTAM, which versions after jwst 3.0 write of each slit."""
    with fits.open(path) as hdus:
        for name in ("SIMUL", "CONTAM"):
            for number, (ny, nx) in enumerate([(6, 9), (7, 9), (6, 11)], 1):
                values = np.full((ny, nx), 100 * number + len(name), "f4")
                hdus.append(fits.ImageHDU(values, name=name, ver=number))
        hdus.writeto(path, overwrite=True)
    slits = read(path)
    for number in range(3):
        assert {"SIMUL", "CONTAM"} <= set(slits.planes(number))
        for name in ("SIMUL", "CONTAM"):
            plane = slits.plane(number, name)
            assert plane.shape == slits[number].shape
            assert (plane.data == 100 * (number + 1) + len(name)).all()
    with fits.open(path) as hdus:
        del hdus["CONTAM", 2]
        hdus.writeto(path, overwrite=True)
    assert "CONTAM" not in read(path).planes(1) and "CONTAM" in read(path).planes(2)


@pytest.mark.parametrize(
    ("wanted", "shapes"),
    [
        ({"slit": "S200A2"}, [(6, 11)]),
        ({"exposure": 2}, [(7, 9)]),
        ({"source_id": 1, "slit": "S200A1"}, [(6, 9), (7, 9)]),
    ],
)
def test_choosing(path, wanted, shapes):
    assert [image.shape for image in read(path, **wanted)] == shapes
    assert [image.shape for image in read(path).select(**wanted)] == shapes


def test_no_such_slit(path):
    with pytest.raises(Stage3Error, match="no slit with slit = S400A1; the file has S200A1"):
        read(path, slit="S400A1")


def test_extensions_of_equal_version(path):
    """In files that people put together all may have the same EXTVER."""
    with fits.open(path) as hdus:
        for hdu in hdus[1:]:
            hdu.ver = 1
        hdus.writeto(path, overwrite=True)
    assert [set(image.data[~image.mask]) for image in read(path)] == [{1}, {2}, {3}]


def test_extensions_in_another_order(path):
    with fits.open(path) as hdus:
        names = ["PRIMARY", "WAVELENGTH", "ERR", "DQ", "SCI", "ASDF"]
        ordered = sorted(hdus, key=lambda hdu: (names.index(hdu.name), -hdu.ver))
        fits.HDUList(ordered).writeto(path, overwrite=True)
    slits = read(path)
    for image in slits:
        [value] = set(image.data[~image.mask])
        assert image.uncertainty.array[1, 1] == np.float32(value / 10)


@pytest.mark.parametrize("model", MODELS)
def test_gwcs_of_each(model, tmp_path):
    path = slit_exposures(model, "cal", tmp_path)
    with datamodels.open(path) as product:
        parts = product.exposures if model == MODELS[0] else product.slits
        for number, part in enumerate(parts):
            part.meta.wcs = distorted_gwcs(ra=50.0 + number)
        product.save(path)
    ra = [image.gwcs(23.5, 15.5)[0] for image in read(path)]
    np.testing.assert_allclose(ra, [50, 51, 52], atol=1e-9)


def test_slits_without_pixels_are_left_out(path):
    with fits.open(path) as hdus:
        hdus["SCI", 2].data = np.zeros((0, 9), "f4")
        hdus.writeto(path, overwrite=True)
    with pytest.warns(Stage3Warning, match="1 of 3 slits have no pixels"):
        slits = read(path)
    assert [set(image.data[~image.mask]) for image in slits] == [{1}, {3}]


def test_no_slit_has_pixels(tmp_path):
    path = slit_exposures("MultiSlitModel", "cal", tmp_path, [("A", 1, (2, 3))])
    with fits.open(path) as hdus:
        hdus["SCI"].data = np.zeros((0, 9), "f4")
        hdus.writeto(path, overwrite=True)
    with pytest.raises(UnreadableProductError, match="none of its slits has pixels"):
        read(path)


def test_a_slit_that_is_a_cube(path):
    with fits.open(path) as hdus:
        hdus["SCI", 2].data = np.zeros((2, 3, 4), "f4")
        hdus.writeto(path, overwrite=True)
    with pytest.raises(UnreadableProductError, match=r"not a 2-D image \(shape 2 × 3 × 4\)"):
        read(path)


def test_dq_of_another_shape(path):
    with fits.open(path) as hdus:
        hdus["DQ", 2].data = np.zeros((3, 9), "u4")
        hdus.writeto(path, overwrite=True)
    slits = read(path)
    assert slits[0].shape == (6, 9)
    with pytest.raises(UnreadableProductError, match="DQ has 3 × 9 pixels, but SCI 7 × 9"):
        _ = slits[1]


def test_a_file_that_was_written_anew(path):
    slits = read(path)
    fits.setval(path, "TARGNAME", value="other")
    with pytest.raises(UnreadableProductError, match="written anew"):
        _ = slits[0]


def test_one_exposure_has_no_slits(built):
    with pytest.raises(Stage3Error, match="one exposure without slits"):
        read(built("crf", "ImageModel"), slit="S200A1")
