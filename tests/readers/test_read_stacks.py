"""Stacks of images: what is read, of which part, when, and what is refused."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData
from make_exposures import CRVAL, DO_NOT_USE, SATURATED
from make_products import compressed
from make_stacks import (
    BARYCENTER,
    CADENCE,
    START,
    bright_object,
    int_times,
    stack,
    stack_arrays,
)

import jdaviz_stage3 as stage3
from jdaviz_stage3 import Stage3Warning
from jdaviz_stage3.readers.stored_array import StoredArray


@pytest.fixture(scope="module")
def arrays():
    return stack_arrays()


@pytest.fixture(scope="module")
def path(arrays, tmp_path_factory):
    return stack(tmp_path_factory.mktemp("stack"), arrays=arrays)


@pytest.fixture
def values_read(monkeypatch):
    """How many values have been read, by extension."""
    counts = {}
    box = StoredArray._box

    def counted(self, ends):
        size = int(np.prod([stop - start for start, stop in ends]))
        counts[self.name] = counts.get(self.name, 0) + size
        return box(self, ends)

    monkeypatch.setattr(StoredArray, "_box", counted)
    return counts


def changed(path, folder, change):
    """A copy of a stack whose HDUs were changed by a function."""
    copy = folder / path.name
    with fits.open(path) as hdus:
        change(hdus)
        hdus.writeto(copy)
    return copy


def test_the_whole_stack_is_as_it_was_written(path, arrays):
    found = stage3.read(path)
    assert found.shape == arrays["data"].shape and found.unit == u.MJy / u.sr
    assert found.axes == found.meta["axes"] == ("integration", "y", "x")
    np.testing.assert_array_equal(found.data, arrays["data"])
    np.testing.assert_array_equal(found.uncertainty.array, arrays["err"])
    unusable = (arrays["dq"] & DO_NOT_USE != 0) | ~np.isfinite(arrays["data"])
    np.testing.assert_array_equal(found.mask, unusable)
    assert found.data.dtype == np.float32 and found.data.dtype.isnative
    assert "12 integration × 16 y × 20 x, MJy / sr" in repr(found)


def test_an_image_reads_itself_only(path, arrays, values_read):
    found = stage3.read(path)
    found.shape, repr(found), found.times
    assert values_read["SCI"] <= 3 * 20  # rows until one was found that is usable
    values_read.clear()
    np.testing.assert_array_equal(found.frame(3), arrays["data"][3])
    assert values_read == {"SCI": 320}
    np.testing.assert_array_equal(found.frame_error(-1), arrays["err"][-1])
    flags = found.frame_flags(3)
    np.testing.assert_array_equal(flags, arrays["dq"][3])
    assert flags.dtype == np.uint32
    wanted = np.where(arrays["dq"] & DO_NOT_USE, np.nan, arrays["data"])
    np.testing.assert_array_equal(found.frame(3, blank=True), wanted[3])
    window = (slice(4, 9), slice(3, 8))
    np.testing.assert_array_equal(found.frames(2, 7, window=window), wanted[2:7, 4:9, 3:8])
    np.testing.assert_array_equal(
        found.frames(2, 7, blank=False, window=window), arrays["data"][2:7, 4:9, 3:8]
    )
    np.testing.assert_array_equal(found.errors(2, 7, window=window), arrays["err"][2:7, 4:9, 3:8])
    np.testing.assert_array_equal(found.flags(0, 12), arrays["dq"])


def test_an_image_with_all_that_belongs_to_it(path, arrays):
    image = stage3.read(path)[3]
    assert isinstance(image, CCDData) and image.unit == u.MJy / u.sr
    np.testing.assert_array_equal(image.data, arrays["data"][3])
    np.testing.assert_array_equal(image.uncertainty.array, arrays["err"][3])
    assert image.mask[0].all() and not image.mask[8, 10]
    assert image.flags[8, 10] & SATURATED
    assert image.wcs.pixel_to_world(10, 8).ra.deg == pytest.approx(CRVAL[0])
    assert len([each for each in stage3.read(path)]) == 12


def test_the_times_of_integrations(path):
    found = stage3.read(path)
    middle = START + CADENCE * (np.arange(12) + 0.5)
    assert found.int_num.tolist() == list(range(1, 13))
    assert found.times.scale == "tdb" and found.times_utc.scale == "utc"
    np.testing.assert_allclose(found.times.mjd, middle, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.times_utc.mjd, middle - BARYCENTER, rtol=0, atol=1e-9)
    starts = found.integrations.time("start", "BJD_TDB")
    np.testing.assert_allclose(starts.mjd, middle - CADENCE / 2, rtol=0, atol=1e-9)


@pytest.mark.parametrize("suffix", ["psfstack", "psfalign"])
def test_psfs_have_no_times_and_nothing_is_said_of_it(suffix, arrays, tmp_path):
    found = stage3.read(stack(tmp_path, suffix, arrays=arrays))
    assert found.axes == ("psf", "y", "x")
    assert found.times is None and found.int_num is None
    np.testing.assert_array_equal(found.frame(0), arrays["data"][0])


def test_psfs_of_each_integration(tmp_path):
    arrays = stack_arrays((2, 3, 16, 20))
    path = stack(tmp_path, "psfalign", arrays=arrays, model="QuadModel")
    found = stage3.read(path)
    assert found.axes == ("integration", "psf", "y", "x") and found.shape == (2, 3, 16, 20)
    np.testing.assert_array_equal(found.frame((1, -1)), arrays["data"][1, 2])
    np.testing.assert_array_equal(found[1, 2].data, arrays["data"][1, 2])
    psfs = found[1]
    assert psfs.axes == ("psf", "y", "x") and len(psfs) == 3
    np.testing.assert_array_equal(psfs.frame(2), arrays["data"][1, 2])
    np.testing.assert_array_equal(psfs.frames(0, 2, blank=False), arrays["data"][1, :2])
    np.testing.assert_array_equal(psfs.data, arrays["data"][1])
    with pytest.raises(IndexError, match="given by integration and psf"):
        found.frame(1)
    for wrong in ((2, 0), (0, 3), (-3, 0)):
        with pytest.raises(IndexError, match="no (integration|psf) -?[23]; there are [23]"):
            found.frame(wrong)


@pytest.mark.parametrize("n_axes", [2, 3])
def test_spectra_through_time_have_wavelengths_and_no_sky(n_axes, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = stage3.read(bright_object(tmp_path, wavelengths=n_axes))
        assert found.wcs is None
    assert found.axes == ("integration", "y", "x") and found.times is not None
    np.testing.assert_allclose(found.wavelength, np.tile(np.linspace(1, 5, 30), (8, 1)), rtol=1e-6)


def test_compressed_under_either_name_and_packed(path, arrays, tmp_path):
    def packed(hdus):
        for name in ("SCI", "ERR"):
            place = hdus.index_of(name)
            hdus[place] = fits.CompImageHDU(
                hdus[place].data,
                hdus[place].header,
                name,
                compression_type="GZIP_2",
                quantize_level=0,
            )

    for copy in (
        compressed(path, "jw01_calints.fits.gz"), compressed(path, "jw02_calints.fits"),
        changed(path, tmp_path, packed),
    ):  # fmt: skip
        found = stage3.read(copy)
        wanted = np.where(arrays["dq"] & DO_NOT_USE, np.nan, arrays["data"])
        np.testing.assert_array_equal(found.frames(2, 5), wanted[2:5])
        # blanking has left alone what is kept
        np.testing.assert_array_equal(found.data, arrays["data"])
        np.testing.assert_array_equal(found.frame(1, blank=True), wanted[1])


def test_numbers_of_integrations_lead_to_rows_of_another_table(tmp_path, arrays):
    times = int_times(range(30, 0, -1))  # of the whole exposure, backwards
    found = stage3.read(stack(tmp_path, arrays=arrays, times=times, first=11))
    assert found.int_num.tolist() == list(range(11, 23))
    wanted = START + CADENCE * (np.arange(11, 23) - 0.5)
    np.testing.assert_allclose(found.times.mjd, wanted, rtol=0, atol=1e-9)


def test_beyond_four_gigabytes(tmp_path, values_read):
    """A sparse file whose last image and last row lie behind 2^32 bytes."""
    n, ny, nx = 4200, 512, 512
    path = tmp_path / "jw01_calints.fits"
    primary = fits.Header({"SIMPLE": True, "BITPIX": 8, "NAXIS": 0, "EXTEND": True})
    primary.update(TELESCOP="JWST", DATAMODL="CubeModel")
    header = fits.Header({"XTENSION": "IMAGE", "BITPIX": -32, "NAXIS": 3})
    header.update(NAXIS1=nx, NAXIS2=ny, NAXIS3=n, PCOUNT=0, GCOUNT=1)
    header.update(EXTNAME="SCI", BUNIT="MJy/sr")
    last = np.arange(ny * nx, dtype=">f4").reshape(ny, nx)
    with open(path, "wb") as stream:
        stream.write(primary.tostring().encode() + header.tostring().encode())
        start = stream.tell()
        stream.seek(start + (n - 1) * last.nbytes)
        stream.write(last.tobytes())
        stream.truncate(start + -(-n * last.nbytes // 2880) * 2880)
    with pytest.warns(Stage3Warning):  # of times, flags
        found = stage3.read(path)
    assert found.shape == (n, ny, nx) and values_read["SCI"] == nx
    np.testing.assert_array_equal(found.frame(-1), last)
    window = (slice(511, 512), slice(500, 512))
    part = found.frames(n - 2, n, window=window)
    np.testing.assert_array_equal(part, [np.zeros((1, 12)), last[511:, 500:]])
    assert values_read["SCI"] <= nx + last.size + 24
