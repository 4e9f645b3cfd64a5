"""Large products on the pages: the same pictures and numbers, without reading all of them."""

import io

import numpy as np
import pytest

import jdaviz_stage3 as stage3
from jdaviz_stage3.plot.frame import thinned
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


def test_what_is_drawn_is_every_nth_pixel(path, large):
    whole = stage3.read(path).data
    part = thinned(large.data, most=7)
    np.testing.assert_array_equal(part, thinned(whole, most=7))
    assert max(part.shape) <= 7


def test_a_large_image_is_never_read_whole(large, monkeypatch):
    def refuse(self, box):
        raise AssertionError(f"all of {box} was read")

    monkeypatch.setattr(quality, "_SAMPLE", 50)
    monkeypatch.setattr(LargeImage, "_box", refuse)
    picture(large)
    assert measures_of(large, "i2d")


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
