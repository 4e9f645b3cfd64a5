"""Images that stay in their file give what numpy gives of the same array."""

import copy
import gc
import os
import warnings

import numpy as np
import pytest
from astropy.io import fits
from make_products import compressed

from jdaviz_stage3.errors import Stage3Warning, UnreadableProductError
from jdaviz_stage3.origin import file_stamp
from jdaviz_stage3.readers import image as image_module
from jdaviz_stage3.readers.image import open_image, read_image
from jdaviz_stage3.readers.large_image import LargeImage

SHAPE = (60, 3000)  # so wide that pixels of a row lie too far apart for one read
Y, X = np.mgrid[5:50:7j, 10:2900:9j].round().astype(int)
RNG = np.random.default_rng(3)
VIEWS = {
    "all": ...,
    "a pixel": (3, -2),
    "a row": 7,
    "a window": (slice(10, 20), slice(100, 130)),
    "rows": (slice(10, 20), slice(None)),
    "every seventh": (slice(None, None, 7), slice(2900, 3, -11)),
    "nothing": (slice(4, 4), slice(None)),
    "lines, as glue asks for them": (
        np.broadcast_to(Y[:, :1], Y.shape), np.broadcast_to(X[:1], X.shape)
    ),
    "each row on several lines": (Y[[0, 0, 0, 1, 1]], X[:5]),
    "lines of which each has columns of its own": (Y, X + np.arange(7)[:, None]),
    "beyond the image, which glue gives row and column 0": (
        np.broadcast_to(np.array([0, 0, 40, 41])[:, None], (4, 5)),
        np.broadcast_to(np.array([0, 2990, 2992, 0, 0]), (4, 5)),
    ),
    "scattered, as in a view that is rotated": (
        RNG.integers(0, 60, (20, 30)), RNG.integers(0, 3000, (20, 30))
    ),
    "places in a row": (RNG.integers(-60, 60, 50), RNG.integers(-3000, 3000, 50)),
    "a mask": RNG.random(SHAPE) < 0.01,
    "no places": (np.empty((0, 4), int), np.empty((0, 4), int)),
}  # fmt: skip


@pytest.fixture(scope="module")
def arrays():
    values = RNG.normal(size=SHAPE).astype("f4")
    values[:3, :50] = np.nan
    return {
        "SCI": values,
        "ERR": np.abs(values),
        "CON": RNG.integers(0, 2**31, (1, *SHAPE)).astype("i4"),
        "DQ": RNG.integers(0, 2**32, SHAPE).astype("u4"),
    }


@pytest.fixture
def path(arrays, tmp_path):
    return written(tmp_path, arrays)


def written(folder, arrays):
    path = folder / "jw09999-o001_t001_nircam_clear-f200w_i2d.fits"
    primary = fits.PrimaryHDU()
    primary.header.update(TELESCOP="JWST", DATAMODL="ImageModel")
    hdus = [fits.ImageHDU(values, name=name) for name, values in arrays.items()]
    hdus[0].header["BUNIT"] = "MJy/sr"
    fits.HDUList([primary, *hdus]).writeto(path, overwrite=True)
    return path


def opened(path, name="SCI", large=0):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Stage3Warning)  # it has no WCS
        return open_image(path, extension=name, large=large)


@pytest.mark.parametrize("name", ["SCI", "CON", "DQ"])
def test_every_view_is_that_of_the_array(arrays, path, name):
    image, expected = opened(path, name).values, arrays[name].reshape(SHAPE)
    assert isinstance(image, LargeImage)
    for what, view in VIEWS.items():
        found = image[view]
        np.testing.assert_array_equal(found, expected[view], err_msg=what)
        assert found.dtype == expected.dtype and found.dtype.isnative, what
    with pytest.raises(IndexError):
        image[np.array([[60]]), np.array([[0]])]
    with pytest.raises(IndexError):
        image[np.array([[0]]), np.array([[-3001]])]
    np.testing.assert_array_equal(np.asarray(image), expected)


def test_a_view_reads_its_rows_and_no_others(path, monkeypatch):
    image, read, preadv = opened(path).values, [], os.preadv

    def counted(descriptor, buffers, place):
        read.append((len(buffers[0]), place))
        return preadv(descriptor, buffers, place)

    monkeypatch.setattr(os, "preadv", counted)
    rows, columns = np.arange(0, 60, 6), np.arange(100, 900, 100)
    image[np.broadcast_to(rows[:, None], (10, 8)), np.broadcast_to(columns, (10, 8))]
    assert [size for size, _ in read] == [4 * 701] * 10
    assert np.unique(np.diff([place for _, place in read])).tolist() == [4 * 3000 * 6]
    read.clear()
    image[VIEWS["beyond the image, which glue gives row and column 0"]]
    assert sum(size for size, _ in read) == 3 * 4 * (1 + 3)  # row 0 once
    read.clear()
    image.sample(200)
    assert sum(size for size, _ in read) <= 60 * 4 * 3000


def test_a_sample_is_of_the_whole_and_always_the_same(path, arrays):
    image = opened(path).values
    found = image.sample(600)
    assert found.shape == (600,)
    np.testing.assert_array_equal(found, opened(path).values.sample(600))
    rows = [np.flatnonzero((arrays["SCI"] == value).any(axis=1)) for value in found]
    assert len(np.unique(np.concatenate(rows))) == 60  # none left out
    np.testing.assert_array_equal(image.sample(10**6), arrays["SCI"].ravel())


def test_what_is_read_is_described_as_read_image_does(path, built):
    i2d = built("i2d", "ImageModel")
    plane, image = open_image(i2d, large=0), read_image(i2d)
    assert isinstance(plane.values, LargeImage)
    np.testing.assert_array_equal(plane.values[...], image.data)
    assert plane.unit == image.unit and plane.meta == image.meta
    assert plane.wcs.to_header_string() == image.wcs.to_header_string()
    with fits.open(i2d) as hdus:
        hdus["SCI"].data[:] = np.nan
        hdus.writeto(path.with_name("blank_i2d.fits"))
    with pytest.warns(Stage3Warning, match="blank_i2d.fits: the image has no finite pixel"):
        open_image(path.with_name("blank_i2d.fits"), large=0)


def test_small_compressed_and_scaled_images_are_read(path, arrays, tmp_path):
    assert isinstance(opened(path, large=10**6).values, np.ndarray)
    assert image_module.LARGE_IMAGE > 2048**2 * 4  # no single detector is
    zipped = compressed(path, "zipped_i2d.fits.gz")
    scaled, tiled = tmp_path / "scaled_i2d.fits", tmp_path / "tiled_i2d.fits"
    stored = fits.ImageHDU(np.nan_to_num(arrays["SCI"]), name="SCI")
    stored.scale("int32", bscale=0.001)
    fits.HDUList([fits.PrimaryHDU(), stored]).writeto(scaled)
    blank = fits.ImageHDU(arrays["CON"][0], name="SCI")
    blank.header["BLANK"] = int(arrays["CON"][0, 7, 8])  # stands for no value
    fits.HDUList([fits.PrimaryHDU(), blank]).writeto(tmp_path / "blank_i2d.fits")
    values = opened(tmp_path / "blank_i2d.fits").values
    assert isinstance(values, np.ndarray) and np.isnan(values[7, 8])
    exact = {"compression_type": "GZIP_2", "quantize_level": 0}
    fits.HDUList(
        [fits.PrimaryHDU(), fits.CompImageHDU(arrays["SCI"], name="SCI", **exact)]
    ).writeto(tiled)
    good = np.isfinite(arrays["SCI"])
    for other, most in ((zipped, 0), (tiled, 0), (scaled, 0.001)):
        values = opened(other).values
        assert isinstance(values, np.ndarray), other
        np.testing.assert_allclose(values[good], arrays["SCI"][good], atol=most, rtol=0)


def test_an_image_outlives_its_name(path, arrays, tmp_path):
    """A file that is deleted, or replaced by another, is still the one that was opened."""
    image = opened(path).values
    path.unlink()
    np.testing.assert_array_equal(image[...], arrays["SCI"])
    other = written(tmp_path, {name: values * 0 for name, values in arrays.items()})
    np.testing.assert_array_equal(image[VIEWS["a window"]], arrays["SCI"][VIEWS["a window"]])
    np.testing.assert_array_equal(copy.deepcopy(image)[7], arrays["SCI"][7])
    np.testing.assert_array_equal(opened(other).values[10], 0)


@pytest.mark.parametrize("change", ["written", "cut"])
def test_of_a_file_that_was_changed_in_place_nothing_is_read(path, change):
    image = opened(path).values
    if change == "cut":
        os.truncate(path, 40_000)
    else:
        stamp = path.stat()
        with open(path, "r+b") as stream:
            stream.seek(20_000)
            stream.write(b"other numbers")
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns - 10**9))  # from another clock
    for view in VIEWS.values():
        if np.size(np.empty(SHAPE, bool)[view]):
            with pytest.raises(UnreadableProductError, match="was written anew since"):
                image[view]


def test_a_file_that_changes_between_header_and_array_is_refused(path):
    stamp = file_stamp(path)
    with fits.open(path) as hdus:
        os.utime(path, ns=(0, 0))
        with pytest.raises(UnreadableProductError, match="load it again"):
            LargeImage(path, stamp, hdus["SCI"])


def test_the_file_is_closed_with_the_image(path):
    def descriptors():
        links = (f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd"))
        return [link for link in links if os.path.realpath(link) == os.path.realpath(path)]

    image = opened(path).values
    assert len(descriptors()) == 1
    del image
    gc.collect()
    assert not descriptors()
