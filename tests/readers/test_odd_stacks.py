"""Stacks that are not as the pipeline writes them: what is kept, what is said, what is refused."""

import warnings

import numpy as np
import pytest
from astropy.io import fits
from make_products import compressed
from make_spectra import save
from make_stacks import CADENCE, SHAPE, START, bright_object, int_times, stack, stack_arrays
from schemas_once import datamodels

import jdaviz_stage3 as stage3
from jdaviz_stage3 import Stage3Error, Stage3Warning, UnreadableProductError
from jdaviz_stage3.readers.stacks import read_stack


@pytest.fixture(scope="module")
def arrays():
    return stack_arrays()


@pytest.fixture(scope="module")
def path(arrays, tmp_path_factory):
    return stack(tmp_path_factory.mktemp("odd"), "crfints", arrays=arrays)


def changed(path, folder, change, name=None):
    """A copy of a stack whose HDUs were changed by a function."""
    copy = folder / (name or path.name)
    with fits.open(path) as hdus:
        change(hdus)
        hdus.writeto(copy)
    return copy


def without(*names):
    def change(hdus):
        for name in names:
            del hdus[name]

    return change


# ---- times ----


def test_without_int_times_the_data_are_there(path, arrays, tmp_path):
    copy = changed(path, tmp_path, without("INT_TIMES"))
    with pytest.warns(Stage3Warning, match=r"crfints\.fits: no INT_TIMES .* have no times"):
        found = stage3.read(copy)
    assert found.times is None and found.times_utc is None
    assert found.int_num.tolist() == list(range(1, 13))  # of INTSTART and INTEND
    np.testing.assert_array_equal(found.frame(5), arrays["data"][5])


def test_a_bright_object_without_int_times(tmp_path):
    path = bright_object(tmp_path, "crfints", times=None)
    with pytest.warns(Stage3Warning, match="no INT_TIMES"):
        found = stage3.read(path)
    assert found.shape == (5, 8, 30) and found.wavelength.shape == (8, 30) and found.times is None


def test_fewer_rows_than_integrations(arrays, tmp_path):
    path = stack(tmp_path, arrays=arrays, times=int_times([1, 2, 3, 5]))
    with pytest.warns(Stage3Warning) as said:
        found = stage3.read(path)
    assert "INT_TIMES has 4 rows, but SCI 12 integrations; 8 without a time" in str(said[0].message)
    assert "8 integrations without a time stamp" in str(said[1].message)
    there = ~found.times.mask
    assert np.flatnonzero(there).tolist() == [0, 1, 2, 4]
    np.testing.assert_allclose(
        found.times.mjd[there], START + CADENCE * (np.array([1, 2, 3, 5]) - 0.5), rtol=0, atol=1e-9
    )


def test_other_rows_and_no_numbers(arrays, tmp_path):
    path = stack(tmp_path, arrays=arrays, times=int_times([1, 2, 3, 5]), first=1)
    fits.setval(path, "INTEND", value=4)  # of one segment only
    with pytest.warns(Stage3Warning, match="INTEND do not number them; 12 without a time"):
        found = stage3.read(path)
    assert found.times is None and found.int_num is None


def test_numbers_that_do_not_agree_are_said(arrays, tmp_path):
    path = stack(tmp_path, arrays=arrays, times=int_times(range(101, 113)))
    with pytest.warns(Stage3Warning, match="numbers the integrations 101 to 112, .* 1 to 12"):
        found = stage3.read(path)
    assert found.int_num[0] == 101 and found.times.mjd[0] == pytest.approx(START + 100.5 * CADENCE)


@pytest.mark.parametrize("value", [np.nan, 0.0, -5.0])
def test_times_that_are_none_at_all(value, path, tmp_path):
    def change(hdus):
        for name in hdus["INT_TIMES"].columns.names[1:]:
            hdus["INT_TIMES"].data[name] = value

    with pytest.warns(Stage3Warning, match="INT_TIMES holds no finite time"):
        found = stage3.read(changed(path, tmp_path, change))
    assert found.times is None and len(found) == 12


def test_times_of_stripes_where_there_are_no_others(path, tmp_path):
    def change(hdus):
        table = hdus["INT_TIMES"].data
        names = hdus["INT_TIMES"].columns.names
        middle = np.repeat(table["int_mid_BJD_TDB"].astype(float), 2)
        stripe = np.tile([1, 2], 12)
        columns = [
            fits.Column("integration_number", "J", array=np.repeat(np.arange(1, 13), 2)),
            fits.Column("stripe_number", "J", array=stripe),
        ]
        for name in names[1:]:
            shift = -0.0005 if "start" in name else 0.0005
            columns.append(fits.Column(name, "D", array=middle + shift + 0.0001 * stripe))
            hdus["INT_TIMES"].data[name] = np.nan
        hdus.append(fits.BinTableHDU.from_columns(columns, name="INT_TIMES_STRIPE"))

    found = stage3.read(changed(path, tmp_path, change))
    wanted = START + CADENCE * (np.arange(12) + 0.5) + 0.00015
    np.testing.assert_allclose(found.times.mjd, wanted, rtol=0, atol=1e-9)


def test_times_that_jump_back_repeat_and_miss_are_kept(arrays, tmp_path):
    table = int_times(range(1, 13))
    for name in table.dtype.names[1:]:
        table[name][6:] -= 0.05
        table[name][3] = np.nan
        table[name][1] = table[name][0]
    path = stack(tmp_path, arrays=arrays, times=table)
    with pytest.warns(Stage3Warning) as said:
        found = stage3.read(path)
    text = " ".join(str(each.message) for each in said)
    for words in (
        "1 integration without a time stamp", "1 repeated time stamp, the first at integration 1",
        "times jump back 1 time, the first at integration 6", "the data are kept",
    ):  # fmt: skip
        assert words in text
    assert found.times.mask.tolist() == [i == 3 for i in range(12)]
    assert found.times.mjd[6] < found.times.mjd[5]


def test_a_table_without_the_columns(path, tmp_path):
    def change(hdus):
        column = fits.Column("integration_number", "J", array=np.arange(12))
        place = hdus.index_of("INT_TIMES")
        hdus[place] = fits.BinTableHDU.from_columns([column], name="INT_TIMES")

    with pytest.warns(Stage3Warning, match="no INT_TIMES with times"):
        assert stage3.read(changed(path, tmp_path, change)).times is None


def test_one_time_system_only(path, tmp_path):
    def change(hdus):
        for name in hdus["INT_TIMES"].columns.names:
            if "TDB" in name:
                hdus["INT_TIMES"].data[name] = np.nan

    found = stage3.read(changed(path, tmp_path, change))
    assert found.times is None and not np.any(found.times_utc.mask)


# ---- arrays ----


@pytest.mark.parametrize("name", ["DQ", "ERR"])
@pytest.mark.parametrize("shape", [(16, 20), (11, 16, 20), (12, 20, 16)])
def test_another_shape_is_refused_with_a_way_out(name, shape, path, arrays, tmp_path):
    def change(hdus):
        hdus[name].data = np.zeros(shape, hdus[name].data.dtype)

    copy = changed(path, tmp_path, change)
    sizes = " × ".join(map(str, shape))
    with pytest.raises(UnreadableProductError, match=f"{name} has the shape {sizes}, expected"):
        stage3.read(copy)
    if name == "DQ":
        found = stage3.read(copy, dq_bits=0)
        assert found.dq is None and found.frame_flags(0) is None and found.flags(0, 2) is None
        np.testing.assert_array_equal(found.frame(3, blank=True), arrays["data"][3])


def test_without_errors_or_flags(path, arrays, tmp_path):
    copy = changed(path, tmp_path, without("ERR", "DQ"))
    with pytest.warns(Stage3Warning, match="no DQ extension; only pixels that are not finite"):
        found = stage3.read(copy)
    assert found.uncertainty is None and found.frame_error(0) is None
    assert found.errors(0, 3) is None
    np.testing.assert_array_equal(found.mask, ~np.isfinite(arrays["data"]))
    assert found[0].uncertainty is None and found[0].flags is None


def test_the_flags_that_exclude_can_be_chosen(path, arrays):
    found = stage3.read(path, dq_bits=("JUMP_DET", "SATURATED"))
    flagged = (arrays["dq"] & 6 != 0) | ~np.isfinite(arrays["data"])
    np.testing.assert_array_equal(found.mask, flagged)
    with pytest.raises(Stage3Error, match="no data-quality flag is called JUMP"):
        stage3.read(path, dq_bits="JUMP")


@pytest.mark.parametrize("shape", [(0, 16, 20), (3, 0, 20)])
def test_no_images(shape, path, tmp_path):
    def change(hdus):
        place = hdus.index_of("SCI")
        hdus[place] = fits.ImageHDU(name="SCI")
        for axis, n in enumerate((3, *shape[::-1])):
            hdus[place].header[f"NAXIS{axis or ''}"] = n

    with pytest.raises(UnreadableProductError, match="SCI is empty|no stack of images"):
        stage3.read(changed(path, tmp_path, change))


def test_one_image(arrays, tmp_path):
    part = {name: array[:1] for name, array in arrays.items()}
    found = stage3.read(stack(tmp_path, arrays=part))
    assert found.shape == (1, 16, 20)
    np.testing.assert_array_equal(found.frame(0), part["data"][0])


@pytest.mark.parametrize("packed", [False, True])
def test_a_plain_image_is_a_stack_of_one(packed, arrays, tmp_path):
    model = datamodels.SlitModel()
    for name in ("data", "err", "dq"):
        setattr(model, name, arrays[name][0])
    model.meta.bunit_data = "MJy/sr"
    path = save(model, tmp_path / "jw01_calints.fits")
    if packed:
        path = compressed(path, "jw01_packed_calints.fits.gz")
    with pytest.warns(Stage3Warning) as said:
        found = stage3.read(path)
    assert "single image (16 × 20), taken as a stack of one integration" in str(said[0].message)
    assert found.shape == found.science.shape == (1, 16, 20)
    np.testing.assert_array_equal(found.frame(0), arrays["data"][0])
    np.testing.assert_array_equal(found.frames(0, 1, blank=False), arrays["data"][:1])
    np.testing.assert_array_equal(found.uncertainty.array, arrays["err"][:1])


def test_four_axes_are_a_psfalign_only(arrays, tmp_path):
    data = stack_arrays((2, 3, 16, 20))
    path = stack(tmp_path, "psfalign", arrays=data, model="QuadModel")
    fits.setval(path, "DATAMODL", value="CubeModel")
    copy = path.rename(tmp_path / "jw01_psfsub.fits")
    with pytest.raises(UnreadableProductError, match=r"no stack of images \(2 × 3 × 16 × 20\)"):
        stage3.read(copy)


@pytest.mark.parametrize("flagged", [False, True])
def test_nothing_usable_is_said(flagged, arrays, tmp_path):
    blank = dict(arrays)
    if flagged:
        blank["dq"] = arrays["dq"] | 1
    else:
        blank["data"] = np.full(SHAPE, np.nan, "f4")
    with pytest.warns(Stage3Warning, match="the stack has no usable pixel$"):
        found = stage3.read(stack(tmp_path, arrays=blank))
    assert found.mask.all()


def test_the_only_usable_pixel_is_found(arrays, tmp_path):
    data = np.full(SHAPE, np.nan, "f4")
    data[11, 15, 19] = 1
    dq = np.zeros(SHAPE, "u4")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stage3.read(stack(tmp_path, arrays={"data": data, "err": data.copy(), "dq": dq}))


def test_units(arrays, tmp_path):
    path = stack(tmp_path, arrays=arrays, unit=None)
    with pytest.warns(Stage3Warning, match="no BUNIT; the values have no unit"):
        assert "no unit" in repr(stage3.read(path))
    fits.setval(path, "BUNIT", value="furlong/fortnight", extname="SCI")
    with pytest.warns(Stage3Warning, match="not understood"):
        stage3.read(path)


def test_no_sky_is_said_when_it_is_asked_for(arrays, tmp_path):
    found = stage3.read(stack(tmp_path, arrays=arrays, wcs=False))
    with pytest.warns(Stage3Warning, match="positions are in pixels only"):
        assert found.wcs is None
    assert found.gwcs is None


def test_wavelengths_of_another_shape_are_left_out(tmp_path):
    path = bright_object(tmp_path)
    with fits.open(path, mode="update") as hdus:
        hdus["WAVELENGTH"].data = np.zeros((7, 30), "f4")
    with pytest.warns(Stage3Warning, match="WAVELENGTH has the shape 7 × 30, expected 8 × 30"):
        assert stage3.read(path).wavelength is None


def test_a_file_that_was_written_anew_or_cut(path, arrays, tmp_path):
    copy = changed(path, tmp_path, lambda hdus: None)
    found = stage3.read(copy)
    content = copy.read_bytes()
    copy.write_bytes(content[:-2880])
    with pytest.raises(UnreadableProductError, match="written anew"):
        found.frame(0)
    with pytest.raises(UnreadableProductError, match="written anew"):
        _ = found.gwcs
    copy.write_bytes(content[: len(content) // 3])
    with pytest.raises(UnreadableProductError):
        stage3.read(copy)


def test_numbers_of_images_that_are_not_there(path):
    found = read_stack(path)
    for wrong in (12, -13):
        with pytest.raises(IndexError, match=f"no integration {wrong}; there are 12"):
            found.frame(wrong)
    with pytest.raises(IndexError, match="given by integration, each a number"):
        found.frame((1, 2))
    for start, stop in ((-1, 3), (0, 13), (4, 3)):
        with pytest.raises(Stage3Error, match="asked for; there are 12"):
            found.frames(start, stop)
    assert found.frames(3, 3).shape == (0, 16, 20)


def test_images_in_a_row_are_not_read_by_a_slice(path):
    found = read_stack(path)
    with pytest.raises(TypeError, match=r"frames\(start, stop\) reads several"):
        found[2:5]
    with pytest.raises(TypeError):
        found.frame(1.5)
    np.testing.assert_array_equal(found.frame(np.int32(3)), found.frame(3))


@pytest.mark.parametrize("kind", ["f4", "i8"])
def test_flags_that_are_no_integers_are_refused(kind, path, arrays, tmp_path):
    def change(hdus):
        hdus["DQ"].data = arrays["dq"].astype(kind)  # still with BZERO = 2^31, as it was

    copy = changed(path, tmp_path, change)
    with pytest.raises(UnreadableProductError, match="DQ holds float32 .* integers; dq_bits=0"):
        stage3.read(copy)
    assert stage3.read(copy, dq_bits=0).dq is None


@pytest.mark.parametrize("kind", ["5A", "2D"])
def test_int_times_of_something_else_are_none(kind, path, tmp_path):
    def change(hdus):
        values = np.full(12, "x") if kind == "5A" else np.ones((12, 2))
        columns = [
            fits.Column("integration_number", "J", array=np.arange(1, 13)),
            fits.Column("int_mid_BJD_TDB", kind, array=values),
        ]
        place = hdus.index_of("INT_TIMES")
        hdus[place] = fits.BinTableHDU.from_columns(columns, name="INT_TIMES")

    with pytest.warns(Stage3Warning, match="no INT_TIMES with times"):
        assert stage3.read(changed(path, tmp_path, change)).times is None
