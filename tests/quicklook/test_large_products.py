"""Large products on the pages: the same pictures and numbers, without reading all of them."""

import io
from functools import partial

import numpy as np
import pytest
from astropy.nddata import CCDData

import jdaviz_stage3 as stage3
from jdaviz_stage3.plot import frame
from jdaviz_stage3.quicklook import entry as entries
from jdaviz_stage3.quicklook import quality
from jdaviz_stage3.quicklook.quality import measures_of
from jdaviz_stage3.quicklook.reading import read_for_pages
from jdaviz_stage3.readers import image as images
from jdaviz_stage3.readers.large_image import LargeImage


@pytest.fixture
def path(built):
    return str(built("i2d", "ImageModel"))


@pytest.fixture
def large(path, monkeypatch):
    """The same image, as if it were a large one."""
    monkeypatch.setattr(images, "LARGE_IMAGE", 1)
    image = read_for_pages(path, "i2d")
    assert isinstance(image.data, LargeImage)
    return image


def picture(image):
    out = io.BytesIO()
    stage3.plot.image(image).figure.savefig(out, format="raw")
    return out.getvalue()


def test_the_picture_is_that_of_an_image_in_memory(path, large):
    assert picture(large) == picture(stage3.read(path))


def test_of_all_pixels_numbers_are_the_same(path, large):
    of_all = {one.name: one.value for one in measures_of(stage3.read(path), "i2d")}
    assert {one.name: one.value for one in measures_of(large, "i2d")} == pytest.approx(of_all)


def test_numbers_of_a_sample_say_so(large, monkeypatch):
    monkeypatch.setattr(quality, "_SAMPLE", 50)
    for measure in measures_of(large, "i2d"):
        assert measure.note.startswith("of 50 pixels in rows all over it"), measure


@pytest.mark.filterwarnings("ignore:Mean of empty slice:RuntimeWarning")
def test_what_is_drawn_are_means(path, large, monkeypatch):
    monkeypatch.setattr(frame, "_AT_ONCE", 1)  # one row of blocks after the other
    whole = stage3.read(path)
    values = np.where(whole.mask, np.nan, whole.data.astype(float))
    means = frame.binned(large.data, most=9)
    step = frame.step_of(values.shape, 9)
    assert step > 2 and max(means.shape) <= 9
    expected = [
        [np.nanmean(values[y : y + step, x : x + step]) for x in range(0, values.shape[1], step)]
        for y in range(0, values.shape[0], step)
    ]
    np.testing.assert_allclose(means, expected)
    np.testing.assert_allclose(frame.binned(whole.data, whole.mask, most=9), expected)


def test_what_is_masked_does_not_count():
    values, mask = np.array([[1.0, 2], [4, np.nan]]), np.array([[True, False], [False, False]])
    np.testing.assert_array_equal(frame.binned(values, mask, most=1), [[3.0]])
    np.testing.assert_array_equal(frame.binned(values, mask), [[np.nan, 2], [4, np.nan]])
    assert np.isnan(frame.binned(values, np.ones((2, 2), bool), most=1)).all()


def test_labels_are_picked(path, large):
    part = frame.thinned(large.data, most=7)
    np.testing.assert_array_equal(part, frame.thinned(stage3.read(path).data, most=7))
    assert max(part.shape) <= 7


def test_a_source_in_a_large_image_is_drawn_at_its_place(monkeypatch):
    """Blocks that do not end where the image ends are not drawn together."""
    for name in ("binned", "step_of"):
        part = partial(getattr(frame, name), most=4)
        monkeypatch.setattr(f"jdaviz_stage3.plot.images.{name}", part)
    values = np.zeros((9, 9))
    values[6:, 6:] = 1.0
    ax = stage3.plot.image(CCDData(values, unit="Jy"))
    drawn = ax.images[0]
    assert drawn.get_extent() == [-0.5, 8.5, -0.5, 8.5] and drawn.get_array().shape == (3, 3)
    ax = stage3.plot.image(CCDData(np.pad(values, (0, 1)), unit="Jy"))
    assert ax.images[0].get_extent() == [-0.5, 11.5, -0.5, 11.5]
    assert ax.get_xlim() == ax.get_ylim() == (-0.5, 9.5)


def test_a_large_image_is_read_by_bands(large, monkeypatch):
    read = []
    box = LargeImage._box

    def counted(self, ends):
        read.append(ends[0][1] - ends[0][0])
        return box(self, ends)

    monkeypatch.setattr(quality, "_SAMPLE", 50)
    monkeypatch.setattr(frame, "_AT_ONCE", 1)
    monkeypatch.setattr(LargeImage, "_box", counted)
    picture(large)
    assert measures_of(large, "i2d")
    assert set(read) == {1}


def test_errors_of_a_mosaic_are_not_read(path):
    assert read_for_pages(path, "i2d").uncertainty is None
    assert stage3.read(path).uncertainty is not None


def test_a_light_curve_is_made_once(built, tmp_path, monkeypatch):
    made = []
    make = quality.white_light_curve
    monkeypatch.setattr(quality, "white_light_curve", lambda trace: made.append(1) or make(trace))
    task = entries.Task(str(built("x1dints", "TSOMultiSpecModel")), "x1dints", str(tmp_path))
    entry = entries.Entry.load(tmp_path, entries.make_entry(task))
    assert entry.problems == []
    assert len(made) == len(stage3.read(task.path))
