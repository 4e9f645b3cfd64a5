"""Spectral cubes: what is read, of which part, and what is refused."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.wcs import WCS
from make_cubes import CENTER, HOLE, NO_COVERAGE, PIXEL_ARCSEC, cube, cube_arrays
from make_products import compressed

import jdaviz_stage3 as stage3
from jdaviz_stage3 import Stage3Error, Stage3Warning, UnreadableProductError
from jdaviz_stage3.readers.cubes import open_cube
from jdaviz_stage3.readers.stored_array import StoredArray


@pytest.fixture(scope="module")
def arrays():
    return cube_arrays()


@pytest.fixture(scope="module")
def path(arrays, tmp_path_factory):
    return cube(tmp_path_factory.mktemp("cube"), arrays)


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
    """A copy of a cube whose HDUs were changed by a function."""
    copy = folder / path.name
    with fits.open(path) as hdus:
        change(hdus)
        hdus.writeto(copy)
    return copy


def test_the_whole_cube_is_as_it_was_written(path, arrays):
    found = stage3.read(path)
    assert found.shape == arrays.data.shape and found.spectral_axis_index == 0
    np.testing.assert_array_equal(found.flux.value, arrays.data)
    assert found.flux.unit == u.MJy / u.sr and found.flux.value.dtype.isnative
    np.testing.assert_array_equal(found.uncertainty.array, arrays.err)
    assert found.uncertainty.unit == u.MJy / u.sr
    np.testing.assert_array_equal(found.mask, arrays.dq > 0)
    np.testing.assert_allclose(found.spectral_axis.to_value(u.um), arrays.wavelength, rtol=1e-6)
    assert found.meta["CHANNEL"] == "1" and found.meta["PIXAR_SR"] > 0


def test_opening_reads_nothing_and_a_part_only_itself(path, arrays, values_read):
    found = stage3.read(path)
    repr(found), found.shape, found.spectral_axis, found.wcs.celestial
    assert values_read == {}
    part = found[2:5]
    plane = arrays.data[0].size
    assert values_read == {name: 3 * plane for name in ("SCI", "DQ", "WMAP", "ERR")}
    np.testing.assert_array_equal(part.flux.value, arrays.data[2:5])
    np.testing.assert_array_equal(part.mask, arrays.dq[2:5] > 0)
    np.testing.assert_array_equal(part.uncertainty.array, arrays.err[2:5])
    np.testing.assert_allclose(part.spectral_axis.value, arrays.wavelength[2:5], rtol=1e-6)
    assert (
        part.wcs.celestial.pixel_to_world(3, 2).separation(found.wcs.celestial.pixel_to_world(3, 2))
        < 1e-6 * u.arcsec
    )
    values_read.clear()
    pixel = found[:, 4, 5]
    assert sum(values_read.values()) == 4 * len(arrays.data)
    np.testing.assert_array_equal(pixel.flux.value, arrays.data[:, 4, 5])
    assert pixel.mask.tolist() == (arrays.dq[:, 4, 5] > 0).tolist()


def test_planes_by_wavelength(path, arrays):
    part = stage3.read(path)[5.1 * u.um : 52_900 * u.AA]
    inside = (arrays.wavelength >= 5.1) & (arrays.wavelength < 5.29)
    np.testing.assert_array_equal(part.flux.value, arrays.data[inside])
    with pytest.raises(Stage3Error, match=r"no wavelengths .* the cube has 4\.9 to 5\.74"):
        stage3.read(path)[6 * u.um : 7 * u.um]


@pytest.mark.parametrize("name", ["plain", "gzip"])
def test_every_kind_of_index_gives_what_numpy_gives(name, path, arrays, tmp_path):
    if name == "gzip":
        path = compressed(path, "packed.fits.gz")
    stored, wanted = open_cube(path).science, arrays.data
    rng = np.random.default_rng(7)
    rows, columns = np.sort(rng.integers(0, 8, 9))[:, None], np.sort(rng.integers(0, 10, 11))[None]
    screen = np.broadcast_arrays(np.array([[4]]), rows, columns)
    for view in (
        3, -1, ..., slice(2, 9, 3), (slice(None), 2), (slice(None), 2, 3), (..., 4),
        (slice(1, 5), slice(None, None, -1), slice(2, 6)), (slice(5, 5),), (slice(9, 2, -2), 1),
        (slice(2, 6), slice(1, 3), slice(4, 5)), [1, 4], np.array([1, -2]), (2, 3, -4),
        tuple(screen), tuple(axis.T for axis in screen), np.isfinite(wanted),
        tuple(rng.integers(0, n, 20) for n in wanted.shape),
    ):  # fmt: skip
        view = np.asarray(view) if isinstance(view, list) else view
        np.testing.assert_array_equal(stored[view], wanted[view], err_msg=str(view))
    with pytest.raises(IndexError):
        stored[12]


def test_flags_weights_and_values_exclude(tmp_path):
    arrays = cube_arrays()
    arrays.data[:] = arrays.err[:] = 1.0  # so that the flags alone tell
    arrays.dq[:] = 0
    arrays.weightmap[:] = 1
    arrays.dq[0, 0, 0], arrays.dq[1, 0, 0], arrays.dq[2, 0, 0] = HOLE, NO_COVERAGE, 512
    arrays.dq[3, 0, 0] = 4  # JUMP_DET: used
    arrays.weightmap[4, 0, 0] = 0
    arrays.data[5, 0, 0] = np.inf
    wanted = [True, True, True, False, True, True] + [False] * 6
    path = cube(tmp_path, arrays)
    assert stage3.read(path).mask[:, 0, 0].tolist() == wanted
    assert stage3.read(path, dq_bits=0).mask[:, 0, 0].tolist() == [False] * 4 + wanted[4:]
    assert not stage3.read(path).mask[:, 1:].any()
    stored = open_cube(path)
    assert np.isnan(stored.values((slice(None), 0, 0))).tolist() == wanted
    assert np.isnan(stored.errors((slice(None), 0, 0))).tolist() == wanted


@pytest.mark.parametrize("table", [False, True], ids=["line", "table"])
@pytest.mark.parametrize("angle", [0.0, 37.0], ids=["sky", "ifualign"])
def test_wavelengths_and_positions(table, angle, tmp_path):
    arrays = cube_arrays()
    if table:
        arrays.wavelength = np.geomspace(5, 28, 12)
    found = stage3.read(cube(tmp_path, arrays, table=table, angle=angle))
    np.testing.assert_allclose(found.spectral_axis.to_value(u.um), arrays.wavelength, rtol=1e-6)
    ny, nx = arrays.data.shape[1:]
    # the middle of the field, and one pixel up from it, by hand
    sky = found.wcs.celestial.pixel_to_world([(nx - 1) / 2] * 2, [(ny - 1) / 2, (ny + 1) / 2])
    np.testing.assert_allclose([sky[0].ra.deg, sky[0].dec.deg], CENTER, atol=1e-9)
    assert sky[0].separation(sky[1]).arcsec == pytest.approx(PIXEL_ARCSEC, rel=1e-6)
    up = sky[0].position_angle(sky[1]).deg
    assert min(up, 360 - up) == pytest.approx(angle, abs=1e-4)


def test_the_table_of_wavelengths_is_found_by_the_keywords(path, arrays, tmp_path):
    arrays = cube_arrays(np.geomspace(5, 6, 12))
    path = cube(tmp_path, arrays, table=True)

    def rename(hdus):
        hdus["WCS-TABLE"].name = "MY-WAVES"
        hdus["SCI"].header["PS3_0"] = "MY-WAVES"

    (tmp_path / "renamed").mkdir()
    found = stage3.read(changed(path, tmp_path / "renamed", rename))
    np.testing.assert_allclose(found.spectral_axis.value, arrays.wavelength, rtol=1e-6)

    def remove(hdus):
        del hdus["WCS-TABLE"]

    (tmp_path / "removed").mkdir()
    with pytest.raises(UnreadableProductError, match="table of wavelengths, WCS-TABLE, is not in"):
        stage3.read(changed(path, tmp_path / "removed", remove))


def without(*keys):
    def change(hdus):
        for key in keys:
            hdus["SCI"].header.remove(key, ignore_missing=True)

    return change


def other_shape(name):
    def change(hdus):
        hdus[name].data = hdus[name].data[:, :-1]

    return change


def wavelengths(*values, **options):
    """Another table of wavelengths, in a file that takes them from it."""

    def change(hdus):
        header = hdus["SCI"].header
        header.update({"CTYPE3": "WAVE-TAB", "PS3_0": "WCS-TABLE", "PS3_1": "wavelength",
                       "CRVAL3": 1.0})  # fmt: skip
        del header["CDELT3"]
        form = f"{len(values)}E"
        column = fits.Column("wavelength", form, dim=f"(1,{len(values)})",
                             array=np.array(values, "f4").reshape(1, -1, 1))  # fmt: skip
        hdus["WCS-TABLE"] = fits.BinTableHDU.from_columns([column], name="WCS-TABLE")

    return change


def image_for_table(hdus):
    wavelengths(*np.linspace(5, 6, 12))(hdus)
    hdus["WCS-TABLE"] = fits.ImageHDU(np.linspace(5, 6, 12), name="WCS-TABLE")


def keyword(name, value):
    def change(hdus):
        hdus["SCI"].header[name] = value

    return change


def four_axes(hdus):
    hdus["SCI"].data = hdus["SCI"].data[None]


def descending(hdus):
    hdus["SCI"].header["CDELT3"] = 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("CDELT3"), r"no wavelengths \(SCI has no CDELT3\)"),
        (without("CTYPE3", "CRVAL3", "CDELT3"), r"no wavelengths \(SCI has no CTYPE3, CRVAL3,"),
        (other_shape("DQ"), r"DQ has the shape 12 × 7 × 10, .* 12 × 8 × 10; dq_bits=0"),
        (other_shape("ERR"), r"ERR has the shape 12 × 7 × 10, expected that of SCI"),
        (other_shape("WMAP"), r"WMAP has the shape 12 × 7 × 10, expected that of SCI"),
        (four_axes, r"SCI is no cube \(1 × 12 × 8 × 10\), expected wavelength × y × x"),
        (descending, r"SCI cannot be read \(Linear transformation matrix is singular"),
        (wavelengths(5, 6, 7), "WCS-TABLE has 3 wavelengths, not 12"),
        (wavelengths(*[5] * 12), "wavelengths not in order"),
        (wavelengths(5, np.nan, *range(6, 16)), "wavelengths not in order"),
        (image_for_table, "WCS-TABLE is no table; download it again"),
        (keyword("CUNIT3", "banana"), "SCI has CUNIT3 = 'banana', expected um"),
        (keyword("CUNIT3", 5), "SCI has CUNIT3 = '5', expected um"),
        (keyword("CUNIT1", "m"), "have 'm', want 'deg'"),
        (keyword("CDELT3", "x"), "SCI has CDELT3 = 'x', which is no number"),
        (keyword("CRVAL1", "abc"), "SCI has CRVAL1 = 'abc', which is no number"),
        (keyword("CRVAL2", 95.0), r"cannot be read \(Ill-conditioned"),
    ],
    ids=["no step", "no wavelengths", "DQ", "ERR", "WMAP", "4-D", "step 0", "short table",
         "one wavelength", "NaN", "no table", "odd unit", "number as unit", "unit of the sky",
         "text as step", "text as position", "beyond the pole"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_one_line(change, message, path, tmp_path):
    with pytest.raises(UnreadableProductError, match=message) as caught:
        stage3.read(changed(path, tmp_path, change))
    assert "\n" not in str(caught.value) and path.name in str(caught.value)
    assert "wcslib" not in str(caught.value)


def test_a_longer_table_of_wavelengths_is_said(path, tmp_path):
    changed_path = changed(path, tmp_path, wavelengths(*np.linspace(5, 6, 40)))
    with pytest.warns(Stage3Warning, match="has 40 wavelengths, not 12; the first are taken"):
        found = stage3.read(changed_path)
    np.testing.assert_allclose(found.spectral_axis.value, np.linspace(5, 6, 40)[:12], rtol=1e-6)


@pytest.mark.parametrize("value", ["5", 5])
def test_a_number_is_no_unit(value, path, tmp_path):
    with pytest.warns(Stage3Warning, match="unit '5' is not understood; .* MJy / sr"):
        assert stage3.read(changed(path, tmp_path, keyword("BUNIT", value))).unit == u.MJy / u.sr


def test_flags_of_another_shape_can_be_left_out(path, arrays, tmp_path):
    found = stage3.read(changed(path, tmp_path, other_shape("DQ")), dq_bits=0)
    np.testing.assert_array_equal(found.flux.value, arrays.data)


def test_without_a_unit_it_is_said_what_is_taken(path, tmp_path):
    with pytest.warns(Stage3Warning, match="no BUNIT; taken to be in MJy/sr"):
        assert stage3.read(changed(path, tmp_path, without("BUNIT"))).unit == u.MJy / u.sr


def test_without_errors_weights_and_flags(path, arrays, tmp_path):
    def strip(hdus):
        for name in ("ERR", "DQ", "WMAP"):
            del hdus[name]

    with pytest.warns(Stage3Warning, match="no ERR extension; there are no uncertainties"):
        found = stage3.read(changed(path, tmp_path, strip))
    assert found.uncertainty is None
    np.testing.assert_array_equal(found.mask, ~np.isfinite(arrays.data))


def test_a_file_that_was_written_anew_is_not_read_on(arrays, tmp_path):
    path = cube(tmp_path, arrays)
    found = stage3.read(path)
    cube(tmp_path, cube_arrays(seed=9))
    with pytest.raises(UnreadableProductError, match="written anew"):
        found[3]


def test_the_area_of_a_pixel_without_its_keyword(path, tmp_path):
    stored = open_cube(changed(path, tmp_path, without("PIXAR_SR")))
    wanted = (PIXEL_ARCSEC * u.arcsec) ** 2
    assert stored.pixel_area.to_value(u.sr) == pytest.approx(wanted.to_value(u.sr), rel=1e-6)
    assert open_cube(path).pixel_area.to_value(u.sr) == pytest.approx(
        wanted.to_value(u.sr), rel=2e-5
    )


def test_a_plain_copy_has_the_same_coordinates_as_astropy_reads(path):
    with warnings.catch_warnings(), fits.open(path) as hdus:
        warnings.simplefilter("ignore")
        wanted = WCS(hdus["SCI"].header, fobj=hdus)
        np.testing.assert_allclose(
            stage3.read(path).wcs.celestial.pixel_to_world_values(1.5, 2.5),
            wanted.celestial.pixel_to_world_values(1.5, 2.5),
        )


@pytest.mark.parametrize("table", [False, True])
def test_wavelengths_without_a_unit(tmp_path, table):
    """Where they are in a table, wcslib would end the process."""
    path = cube(tmp_path, table=table)
    fits.delval(path, "CUNIT3", extname="SCI")
    with pytest.raises(UnreadableProductError, match="SCI has no CUNIT3, expected um"):
        stage3.read(path)


def test_negative_wavelengths(tmp_path):
    path = cube(tmp_path)
    fits.setval(path, "CDELT3", value=-1.0, extname="SCI")
    with pytest.raises(UnreadableProductError, match="not positive"):
        stage3.read(path)
