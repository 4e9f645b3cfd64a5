"""Values, subsets and limits of sessions, without an app."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from glue.core import Data
from glue.core.roi import CircularROI, PolygonalROI, RectangularROI
from glue.core.subset import MaskSubsetState, RangeSubsetState, RoiSubsetState
from regions import CircleAnnulusPixelRegion, EllipsePixelRegion, PixCoord, PolygonSkyRegion

from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.session.code import Code
from jdaviz_stage3.session.subset_states import steps_of
from jdaviz_stage3.session.views import fits_whole


def back(value):
    """What the code of a value makes."""
    code = Code()
    text = code.of(value)
    scope = {}
    exec("\n".join(code.imports()), scope)
    return eval(text, scope)


@pytest.mark.parametrize(
    "value",
    [
        np.str_("x"), np.float64(2.5), np.bool_(True),
        None, True, 3, -2.5, 1e-30, 12.0, 2460000.12345, np.float32(0.5), np.int64(4), float("inf"),
        "it's", 'a "b"', "\\ \n é {x}", "']; import os #", [], (), ("a",), [1, ("b", 2.5)],
        {"row": ["a", ("b", "c")]},
    ],
)  # fmt: skip
def test_code_makes_the_value_again(value):
    assert back(value) == value
    assert type(back([value])) is list


def test_code_of_what_astropy_has():
    time = Time(2460000.5, 0.123456789, format="jd", scale="tdb")
    assert abs(back(time) - time) < 1e-9 * u.s
    place = SkyCoord(12.123456789, -45.6, unit="deg")
    assert back(place).separation(place) < 1e-9 * u.arcsec
    assert u.allclose(back([1.5, 2] * u.um), [1500, 2000] * u.nm)
    places = SkyCoord([12.123456789, 12.2, 12.3], [-45.6, -45.5, -45.7], unit="deg")
    polygon = back(PolygonSkyRegion(places)).vertices
    assert max(polygon.separation(places)) < 1e-9 * u.arcsec
    region = EllipsePixelRegion(PixCoord(3.25, 4), 5, 6, 30 * u.deg)
    assert back(region) == region
    ring = CircleAnnulusPixelRegion(PixCoord(3.25, 4), 5, 6)
    assert back(ring) == ring


def test_what_has_no_code_is_refused():
    with pytest.raises(Stage3Error, match="a Data cannot be written"):
        Code().call("session.load", "a.fits", thing=Data())


def test_long_calls_are_broken_where_they_may_be():
    values = {"rows": ["x" * 30, ("y" * 30, "z" * 40)], "a": 1}
    text = Code().call("f", **values)
    assert max(map(len, text.split("\n"))) < 85
    assert eval(text, {"f": lambda **given: given}) == values


@pytest.fixture
def image():
    return Data(label="i2d", flux=np.arange(600.0).reshape(20, 30))


def circle(image, x=10, y=9, radius=5):
    ids = image.pixel_component_ids
    return RoiSubsetState(ids[1], ids[0], CircularROI(x, y, radius))


def box(image):
    ids = image.pixel_component_ids
    return RoiSubsetState(ids[1], ids[0], RectangularROI(8, 20, 4, 12))


@pytest.mark.parametrize(
    ("combine", "modes"),
    [
        (lambda a, b, c: a, ["new"]),
        (lambda a, b, c: b | a, ["new", "or"]),
        (lambda a, b, c: a & ~b, ["new", "andnot"]),
        (lambda a, b, c: c & (b ^ a), ["new", "xor", "and"]),
        (lambda a, b, c: (b | a) & ~c, ["new", "or", "andnot"]),
        (lambda a, b, c: (a | b) & c, ["new", "or", "and"]),
    ],
)
def test_subsets_are_taken_apart(image, combine, modes):
    state = combine(circle(image), box(image), circle(image, 14, 6, 4))
    steps = steps_of(state)
    assert [step.mode for step in steps] == modes
    assert {step.on for step in steps} == {"i2d"}
    # by hand: the regions' own masks
    y, x = np.mgrid[:20, :30]
    mask = None
    for step in steps:
        new = step.region.contains(PixCoord(x, y))
        if step.mode == "new":
            mask = new
        else:
            mask = {"or": mask | new, "and": mask & new, "xor": mask ^ new,
                    "andnot": mask & ~new}[step.mode]  # fmt: skip
    assert np.count_nonzero(mask != state.to_mask(image)) <= 3  # on the very edge


def test_ranges_name_their_axis(image):
    [step] = steps_of(RangeSubsetState(3, 7.5, image.id["flux"]))
    assert (step.region, step.on, step.axes, step.unit) == ((3, 7.5), "i2d", "flux", "")


def test_subsets_that_have_no_regions_are_refused(image):
    with pytest.raises(Stage3Error, match="MaskSubsetState is neither"):
        steps_of(MaskSubsetState(np.ones((20, 30), bool), image.pixel_component_ids))
    nested = (circle(image) | box(image)) & (circle(image) ^ box(image))
    with pytest.raises(Stage3Error, match="neither a region nor a range"):
        steps_of(nested)
    polygon = PolygonalROI([1, 5, 5], [1, 1, 6])
    ids = image.pixel_component_ids
    [step] = steps_of(RoiSubsetState(ids[1], ids[0], polygon))
    assert back(step.region).vertices.x.tolist() == [1, 5, 5]


@pytest.mark.parametrize(
    ("limits", "whole"),
    [
        ((0, 30, 0, 20), True),
        ((-5, 35, 0, 20), True),  # of a wide viewer
        ((0, 30, -10, 30), True),  # of a high one
        ((1, 30, 0, 20), False),
        ((-5, 35, -5, 25), False),  # zoomed out
        ((-4, 36, 0, 20), False),
        ((10, 20, 5, 12), False),
    ],
)
def test_limits_that_show_the_whole(limits, whole):
    assert fits_whole(limits, (0.0, 30.0, 0.0, 20.0)) is whole
