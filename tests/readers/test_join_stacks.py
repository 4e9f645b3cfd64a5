"""Segments of one exposure as one stack: as if it had been written into one file."""

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make_stacks import CADENCE, START, segments, stack, stack_arrays

import jdaviz_stage3 as stage3
from jdaviz_stage3 import Stage3Error, Stage3Warning
from jdaviz_stage3.readers import join_integrations


@pytest.fixture(scope="module")
def exposure(tmp_path_factory):
    return segments(tmp_path_factory.mktemp("segments"))


def test_in_any_order_they_are_one(exposure):
    paths, arrays = exposure
    found = join_integrations([paths[2], stage3.read(paths[0]), str(paths[1])])
    assert found.shape == (12, 16, 20) and found.path == paths[0]
    assert found.paths == tuple(paths) and found.meta["segments"] == [p.name for p in paths]
    assert found.int_num.tolist() == list(range(1, 13))
    wanted = START + CADENCE * (np.arange(12) + 0.5)
    np.testing.assert_allclose(found.times.mjd, wanted, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(found.data, arrays["data"])
    np.testing.assert_array_equal(found.uncertainty.array, arrays["err"])
    np.testing.assert_array_equal(found.mask, (arrays["dq"] & 1 != 0) | np.isnan(arrays["data"]))
    for number in (0, 3, 4, 6, 7, 11, -1):
        np.testing.assert_array_equal(found.frame(number), arrays["data"][number])
        np.testing.assert_array_equal(found.frame_flags(number), arrays["dq"][number])
    assert found.wcs.has_celestial


@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_part_is_that_of_the_whole(data, exposure):
    paths, arrays = exposure
    found = join_integrations(paths)
    start = data.draw(st.integers(0, 12))
    stop = data.draw(st.integers(start, 12))
    window = tuple(
        slice(*sorted(data.draw(st.lists(st.integers(0, n), min_size=2, max_size=2))))
        for n in (16, 20)
    )
    view = (slice(start, stop), *window)
    read = found.frames(start, stop, blank=False, window=window)
    np.testing.assert_array_equal(read, arrays["data"][view])
    np.testing.assert_array_equal(found.errors(start, stop, window=window), arrays["err"][view])
    step = data.draw(st.sampled_from([-3, -1, 2]))
    np.testing.assert_array_equal(found.science[::step, 4], arrays["data"][::step, 4])


def test_missing_and_repeated_integrations_are_said(exposure):
    paths, _ = exposure
    with pytest.warns(Stage3Warning) as said:
        join_integrations([paths[2], paths[0]])
    text = " ".join(str(each.message) for each in said)
    assert "3 integrations missing between segments, 5 to 7" in text
    assert "1 gap in time" in text


def test_segments_that_overlap(exposure, tmp_path):
    paths, arrays = exposure
    part = {name: array[2:6] for name, array in arrays.items()}
    again = stack(tmp_path, "crfints", arrays=part, first=3, name="jw09-seg009_crfints.fits")
    with pytest.warns(Stage3Warning) as said:
        found = join_integrations([again, *paths])
    text = " ".join(str(each.message) for each in said)
    assert "4 integrations more than once, the first 3" in text
    assert "not in the order of their numbers, for segments overlap" in text
    assert "4 repeated time stamps" in text
    assert len(found) == 16


@pytest.mark.parametrize(
    ("keyword", "value"), [("FILTER", "F210M"), ("DETECTOR", "NRCB1"), ("PUPIL", "CLEAR")]
)
def test_others_do_not_belong_to_it(keyword, value, exposure, tmp_path):
    paths, arrays = exposure
    other = stack(tmp_path, "crfints", arrays=arrays, first=20)
    fits.setval(other, keyword, value=value)
    with pytest.raises(Stage3Error, match=f"{keyword} is {value}, but .* in .*seg001"):
        join_integrations([paths[0], other])


def test_other_sizes_units_types_and_flags(exposure, tmp_path):
    paths, arrays = exposure
    wide = stack(tmp_path, "crfints", shape=(3, 16, 22), name="jw1_crfints.fits")
    with pytest.raises(Stage3Error, match="size of images is 16 × 22, but 16 × 20"):
        join_integrations([paths[0], wide])
    unit = stack(tmp_path, "crfints", unit="DN/s", name="jw2_crfints.fits")
    with pytest.raises(Stage3Error, match="unit is DN / s, but MJy / sr"):
        join_integrations([paths[0], unit])
    other = stack(tmp_path, "calints", first=20)
    with pytest.raises(Stage3Error, match="product type is calints, but crfints"):
        join_integrations([paths[0], other])
    with pytest.raises(Stage3Error, match="excluding flags is JUMP_DET, but DO_NOT_USE"):
        join_integrations([paths[0], stage3.read(paths[1], dq_bits="JUMP_DET")])
    with pytest.raises(Stage3Error, match="given twice"):
        join_integrations([paths[0], paths[0]])
    with pytest.raises(Stage3Error, match="only integrations are joined"):
        join_integrations([stack(tmp_path, "psfstack")])
    with pytest.raises(Stage3Error, match="no segments to join"):
        join_integrations([])


def test_one_segment_is_itself(exposure):
    paths, _ = exposure
    assert join_integrations(paths[:1]).paths == (paths[0],)


def test_several_exposures_go_by_time_and_are_said(exposure, tmp_path):
    paths, arrays = exposure
    days = START + 1 + CADENCE * np.arange(3)
    from make_stacks import int_times

    part = {name: array[:3] for name, array in stack_arrays(seed=9).items()}
    later = stack(
        tmp_path, "crfints", arrays=part, times=int_times([1, 2, 3], days), name="jw2_crfints.fits"
    )
    fits.setval(later, "EXPOSURE", value="00002")
    with pytest.warns(Stage3Warning) as said:
        found = join_integrations([later, paths[0]])
    text = " ".join(str(each.message) for each in said)
    assert "of several exposures" in text and "more than once" not in text
    assert found.int_num.tolist() == [1, 2, 3, 4, 1, 2, 3]
    np.testing.assert_array_equal(found.frame(4), part["data"][0])


def test_without_times_and_numbers_they_stay_in_the_order_given(exposure, tmp_path):
    paths, arrays = exposure
    copies = []
    for path in paths:
        with fits.open(path) as hdus:
            del hdus["INT_TIMES"], hdus[0].header["INTSTART"]
            hdus.writeto(tmp_path / path.name)
        copies.append(tmp_path / path.name)
    with pytest.warns(Stage3Warning, match="no INT_TIMES"):
        found = join_integrations(copies[::-1])
    assert found.int_num is None and found.times is None and found.paths == tuple(copies[::-1])
    np.testing.assert_array_equal(found.frame(0), arrays["data"][7])


def test_errors_that_some_do_not_have_are_left_out(exposure, tmp_path):
    paths, _ = exposure
    with fits.open(paths[1]) as hdus:
        del hdus["ERR"]
        hdus.writeto(tmp_path / paths[1].name)
    with pytest.warns(Stage3Warning, match="ERR is not in all of them, and left out"):
        assert join_integrations([paths[0], tmp_path / paths[1].name]).error is None
