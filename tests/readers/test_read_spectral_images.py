"""Reading rectified 2-D spectra: layouts, axes, masks, and what is read when."""

import copy
import os
import shutil
import warnings
from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import StdDevUncertainty
from astropy.wcs import WCS
from make_products import compressed
from make_slits import (
    SCALE,
    Slit,
    extracted_slits,
    lrs_slit,
    many_slits,
    single_slit,
    slitless_sources,
    slits_of_sizes,
    with_fits_wcs,
)
from shared_data import DATA
from specutils import Spectrum

from jdaviz_stage3.errors import Stage3Error, Stage3Warning, UnreadableProductError
from jdaviz_stage3.readers import read
from jdaviz_stage3.readers.spectral_images import read_spectral_images
from jdaviz_stage3.readers.stored_image import StoredImage

NIRSPEC = DATA / "real/jwst-image-maker/jw01492-o005_s00004_nirspec_f100lp-g140m-s1600a1-sub2048"
LRS = DATA / "simulated/spec3/jw09999-o011_t006_miri_p750l"
AT_HAND = pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data is not there")

LRS_SLIT = Slit(
    name="", source_id=None, order=None, unit="MJy/sr", low=13.9, high=4.0, level=20.0,
    with_wavelength=True,
)  # fmt: skip


@pytest.fixture(scope="module")
def slit(tmp_path_factory):
    return single_slit(tmp_path_factory.mktemp("slit"))


@pytest.fixture(scope="module")
def lrs(tmp_path_factory):
    return lrs_slit(tmp_path_factory.mktemp("lrs"), LRS_SLIT)


@pytest.fixture(scope="module")
def slits(tmp_path_factory):
    return many_slits(tmp_path_factory.mktemp("slits"))


def changed(path, folder, change):
    """A copy of a file with something done to its HDUs."""
    target = folder / path.name
    with fits.open(path) as hdus:
        hdus = change(hdus) or hdus
        hdus.writeto(target)
    return target


# ---- values ----


def test_a_slit_with_error_and_mask(slit):
    made = Slit()
    [spectrum] = read(slit)
    assert isinstance(spectrum, Spectrum)
    assert spectrum.flux.shape == (12, 40) and spectrum.flux.unit == u.MJy
    assert spectrum.flux.value.dtype.isnative
    outside = np.zeros((12, 40), bool)
    outside[0, :3] = True
    np.testing.assert_array_equal(spectrum.mask, outside)
    np.testing.assert_allclose(spectrum.flux.value[~outside], made.flux()[~outside], rtol=1e-6)
    assert isinstance(spectrum.uncertainty, StdDevUncertainty)
    assert spectrum.uncertainty.unit == u.MJy
    np.testing.assert_allclose(
        spectrum.uncertainty.array[~outside], made.error()[~outside], rtol=1e-6
    )
    np.testing.assert_array_equal(spectrum.spectral_axis.to_value(u.um), made.wavelengths())
    assert spectrum.meta["source_id"] == 4 and spectrum.meta["slit"] == "S1600A1"
    assert spectrum.meta["source_type"] == "POINT" and spectrum.meta["SRCYPOS"] < 0.1


def test_dispersion_along_y_is_turned_to_x(lrs):
    """And descending wavelengths stay descending: the columns are the rows of the file."""
    sequence = read(lrs)
    [spectrum] = sequence
    with fits.open(lrs) as hdus:
        science, error = hdus["SCI"].data, hdus["ERR"].data
    assert science.shape == (40, 12) and spectrum.flux.shape == (12, 40)
    np.testing.assert_array_equal(spectrum.flux.value, science.T)
    np.testing.assert_array_equal(spectrum.uncertainty.array, error.T)
    assert spectrum.flux.unit == u.MJy / u.sr
    wavelength = spectrum.spectral_axis.to_value(u.um)
    np.testing.assert_array_equal(wavelength, LRS_SLIT.wavelengths())
    assert wavelength[0] > wavelength[-1]
    assert sequence.entries[0].dispersion_axis == spectrum.meta["dispersion_axis"] == 2
    assert sequence.image(0).array("CON").shape == (12, 40)
    np.testing.assert_array_equal(sequence.image(0).array("WHT"), fits.getdata(lrs, "WHT").T)


def test_slits_of_different_sizes_by_address(slits):
    made = slits_of_sizes()
    sequence = read(slits)
    assert len(sequence) == 3 and "3 2-D spectra" in repr(sequence)
    assert list(sequence.table["source_id"]) == [10, 11, 12]
    assert list(sequence.table["n_rows"]) == [8, 9, 10]
    for spectrum, want in zip(sequence, made, strict=True):
        assert spectrum.flux.shape == (want.n_rows, want.n_wave)
        good = ~spectrum.mask
        np.testing.assert_allclose(spectrum.flux.value[good], want.flux()[good], rtol=1e-6)
        np.testing.assert_array_equal(spectrum.spectral_axis.value, want.wavelengths())
    assert [s.meta["slit"] for s in sequence.select(source_id=[11, 12])] == ["S2", "S3"]
    assert [e.source_id for e in read(slits, slit="S3").entries] == [12]
    assert [e.source_id for e in sequence[1:].entries] == [11, 12]
    assert sequence[-1].flux.shape == (10, 40)
    assert sequence.label(1) == "order 1 source 11"
    with pytest.raises(Stage3Error, match="no 2-D spectrum with source_id = 99; the file has 10"):
        read(slits, source_id=99)


@pytest.mark.parametrize("axis", [1, 2])  # GRISMR and GR150C, GRISMC and GR150R
def test_slitless_sources_by_number_and_order(tmp_path, axis):
    made = slitless_sources()
    path = many_slits(tmp_path, made, mode=("NIRISS", "NIS_WFSS"), dispersion_axis=axis)
    sequence = read(path)
    assert len(sequence) == 6 and set(sequence.table["exposure"]) == {""}
    np.testing.assert_array_equal(sequence.table["source_id"], [2, 5, 9, 2, 5, 9])
    np.testing.assert_array_equal(sequence.table["order"], [1, 1, 1, 2, 2, 2])
    for slit in made:
        number = {"source_id": slit.source_id, "order": slit.order}
        [spectrum] = read(path, **number)
        assert spectrum.flux.shape == (slit.n_rows, slit.n_wave)
        assert {name: spectrum.meta[name] for name in number} == number
        assert spectrum.meta["dispersion_axis"] == axis
        assert spectrum.meta["source_type"] == slit.source_type
        seen = ~spectrum.mask
        assert seen.sum() == slit.flux().size - 3
        np.testing.assert_allclose(spectrum.flux.value[seen], slit.flux()[seen], rtol=1e-6)
        wavelength = spectrum.spectral_axis.to_value(u.um)
        np.testing.assert_allclose(wavelength, slit.wavelengths(), rtol=1e-6)
    assert [s.meta["order"] for s in read(path, source_id=5)] == [1, 2]
    with pytest.raises(Stage3Error, match="2, 5, 9"):
        read(path, source_id=4)


def test_other_arrays(slits):
    image = read(slits).image(1)
    assert image.names == (
        "SCI", "ERR", "WAVELENGTH", "WHT", "CON", "VAR_POISSON", "VAR_RNOISE", "VAR_FLAT",
    )  # fmt: skip
    np.testing.assert_array_equal(image.array("VAR_RNOISE"), fits.getdata(slits, ("VAR_RNOISE", 2)))
    np.testing.assert_array_equal(image.array("CON"), fits.getdata(slits, ("CON", 2))[0])
    with pytest.raises(Stage3Error, match="S2: no AREA array; it has SCI, ERR"):
        image.array("AREA")
    assert copy.deepcopy(image) is image


def test_flux_of_a_pixel(lrs, slit):
    area = (SCALE * 0.2 * u.arcsec**2).to_value(u.sr)
    plain, [flux] = read(lrs)[0], read(lrs, quantity="flux")
    assert flux.flux.unit == u.MJy and flux.uncertainty.unit == u.MJy
    np.testing.assert_allclose(flux.flux.value, plain.flux.value * area, rtol=1e-6)
    np.testing.assert_allclose(flux.uncertainty.array, plain.uncertainty.array * area, rtol=1e-6)
    [bright] = read(slit, quantity="surface brightness")
    assert bright.flux.unit.is_equivalent(u.MJy / u.sr)
    np.testing.assert_allclose(
        bright.flux.to_value(u.MJy / u.sr), read(slit)[0].flux.value / area, rtol=1e-6
    )
    assert read(slit, quantity="flux")[0].flux.unit == u.MJy
    with pytest.raises(Stage3Error, match="quantity = 'sb', expected"):
        read(slit, quantity="sb")


def test_without_the_solid_angle_there_is_no_flux(lrs, tmp_path):
    def without(hdus):
        del hdus["SCI"].header["PIXAR_SR"]

    path = changed(lrs, tmp_path, without)
    with pytest.raises(Stage3Error, match="no PIXAR_SR, the solid angle of a pixel"):
        read(path, quantity="flux")[0]
    assert read(path)[0].flux.unit == u.MJy / u.sr


# ---- axes ----


def test_the_source_is_where_the_pipeline_finds_it(slit, lrs, slits):
    from jwst.extract_1d.source_location import location_from_wcs
    from stdatamodels.jwst import datamodels

    for path in (slit, lrs):
        with datamodels.open(path) as model:
            _, _, location, _ = location_from_wcs(model, None, make_trace=False)
        axes = read(path).image(0).axes
        assert axes.source == "the gwcs" and axes.origin == "planned source position"
        assert axes.origin_row == pytest.approx(location, abs=1e-6)
        assert axes.origin_row == pytest.approx(5.2, abs=1e-6)
        assert axes.pixel_scale == pytest.approx(SCALE, rel=1e-6)
    with datamodels.open(slits) as model:
        for k, single in enumerate(model.slits):
            _, _, location, _ = location_from_wcs(model, single, make_trace=False)
            assert read(slits).image(k).axes.origin_row == pytest.approx(location, abs=1e-6)


def test_offsets(slit):
    image = read(slit).image(0)
    expected = (np.arange(12) - 5.2) * SCALE
    np.testing.assert_allclose(image.offset.to_value(u.arcsec), expected, atol=1e-7)
    spectrum = image.spectrum()
    assert spectrum.meta["origin_row"] == pytest.approx(5.2)
    assert spectrum.meta["offsets_from"] == "planned source position"


@pytest.mark.parametrize("axis", [1, 2])
def test_fits_keywords_of_the_next_pipeline(tmp_path, axis):
    """Against astropy's own reading of them."""
    made = Slit() if axis == 1 else LRS_SLIT
    path = (single_slit if axis == 1 else lrs_slit)(tmp_path, made)
    path = with_fits_wcs(path, [made], axis=axis)
    image = read(path).image(0)
    assert image.axes.source == "the FITS WCS"
    with fits.open(path) as hdus, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = hdus["SCI"].header.copy()
        # wcslib calls SPATIAL linear, and so does what is written here
        wcs = WCS(header, hdus)
        columns = np.arange(made.n_wave)
        pixels = [columns, np.full(made.n_wave, 3)] if axis == 1 else [np.full(40, 3), columns]
        world = wcs.all_pix2world(*pixels, 0)
        rows = np.arange(made.n_rows)
        pixels = [np.full(made.n_rows, 4), rows] if axis == 1 else [rows, np.full(12, 4)]
        along = wcs.all_pix2world(*pixels, 0)[2 - axis]
    unit = u.Unit(str(wcs.wcs.cunit[axis - 1]))
    np.testing.assert_allclose(
        image.spectrum().spectral_axis.to_value(u.um), (world[axis - 1] * unit).to_value(u.um),
        rtol=1e-7,
    )  # fmt: skip
    unit = u.Unit(str(wcs.wcs.cunit[2 - axis]))
    np.testing.assert_allclose(image.offset.to_value(u.arcsec), (along * unit).to_value(u.arcsec),
                               atol=1e-6)  # fmt: skip


def test_fits_keywords_of_many_slits(tmp_path):
    made = slits_of_sizes()
    path = with_fits_wcs(many_slits(tmp_path, made), made)
    for spectrum, want in zip(read(path), made, strict=True):
        np.testing.assert_allclose(spectrum.spectral_axis.value, want.wavelengths(), rtol=1e-7)
        assert spectrum.meta["origin_row"] == pytest.approx(want.row)


def test_linear_fits_wavelengths(slit, tmp_path):
    def linear(hdus):
        hdus["SCI"].header.update(
            CTYPE1="WAVE", CRVAL1=1.5e-6, CDELT1=2e-9, CRPIX1=11.0, CUNIT1="m"
        )

    [spectrum] = read(changed(slit, tmp_path, linear))
    expected = 1.5 + 0.002 * (np.arange(40) - 10)
    np.testing.assert_allclose(spectrum.spectral_axis.to_value(u.um), expected, rtol=1e-12)


def test_a_missing_wavelength_table_is_passed_over(slit, tmp_path):
    path = shutil.copy(slit, tmp_path)

    def point(hdus):
        hdus["SCI"].header.update(CTYPE1="WAVE-TAB", PS1_0="WCS-TABLE", PS1_1="wave_slit_A")

    with fits.open(path, mode="update") as hdus:
        point(hdus)
    with pytest.warns(Stage3Warning, match="WAVE-TAB points to column 'wave_slit_A' of WCS-TABLE, "
                                           "which is not in the file; wavelengths are from the "
                                           "gwcs"):  # fmt: skip
        [spectrum] = read(path)
    np.testing.assert_array_equal(spectrum.spectral_axis.value, Slit().wavelengths())


def test_wavelengths_from_the_image_where_there_is_no_gwcs(imaged):
    made = Slit()
    image = read(imaged).image(0)
    assert image.axes.source == "WAVELENGTH" and image.offset is None
    spectrum = image.spectrum()
    np.testing.assert_allclose(spectrum.spectral_axis.value, made.wavelengths(), rtol=1e-7)
    assert "pixel_scale" not in spectrum.meta


def test_a_broken_gwcs_is_passed_over_with_one_line(tmp_path):
    path = single_slit(tmp_path, Slit(with_wavelength=True))

    def break_it(hdus):
        stored = hdus["ASDF"].data["ASDF_METADATA"]
        text = stored.tobytes().replace(b"gwcs/wcs-1", b"gwcs/wxs-1")
        stored[:] = np.frombuffer(text, "u1")

    (tmp_path / "broken").mkdir()
    path = changed(path, tmp_path / "broken", break_it)
    with pytest.warns(Stage3Warning, match="gwcs.*; wavelengths are from WAVELENGTH") as caught:
        [spectrum] = read(path)
    assert len(caught) == 1 and "\n" not in str(caught[0].message)
    np.testing.assert_allclose(spectrum.spectral_axis.value, Slit().wavelengths(), rtol=1e-7)


def test_the_gwcs_of_another_slit_is_not_taken(tmp_path):
    """As in a file that was put together from others."""
    made = [replace(slit, n_wave=30 + k) for k, slit in enumerate(slits_of_sizes(2))]
    paths = []
    for slit in made:
        folder = tmp_path / slit.name
        folder.mkdir()
        paths.append(single_slit(folder, slit))
    with fits.open(paths[0]) as first, fits.open(paths[1]) as second:
        for hdu in second[1:-1]:
            hdu.ver = 1
        together = fits.HDUList([*first[:-1], *second[1:-1], first[-1]])
        together.writeto(tmp_path / "merged_s2d.fits")
    sequence = read(tmp_path / "merged_s2d.fits")
    assert [entry.n_wavelengths for entry in sequence.entries] == [30, 31]
    for spectrum, want in zip(sequence, made, strict=True):
        good = ~spectrum.mask
        np.testing.assert_allclose(spectrum.flux.value[good], want.flux()[good], rtol=1e-6)
        assert spectrum.meta["wavelengths_from"] == "WAVELENGTH"
        np.testing.assert_allclose(spectrum.spectral_axis.value, want.wavelengths(), rtol=1e-7)


def test_tilted_wavelengths_are_said(imaged, tmp_path):
    base = Slit().wavelengths()
    tilted = base + np.linspace(-0.3, 0.3, 12)[:, None] * (base[1] - base[0])
    with pytest.warns(Stage3Warning, match="by up to 0.3 channels; .* of the middle of the slit"):
        [spectrum] = read(with_wavelengths(imaged, tmp_path, tilted))
    np.testing.assert_allclose(spectrum.spectral_axis.value, base, rtol=1e-6)


@pytest.fixture(scope="module")
def imaged(tmp_path_factory):
    """Without a gwcs, with an image of the wavelengths."""
    made = Slit(with_wcs=False, with_wavelength=True)
    return single_slit(tmp_path_factory.mktemp("imaged"), made)


def with_wavelengths(path, folder, values):
    def change(hdus):
        hdus["WAVELENGTH"].data[:] = values

    return changed(path, folder, change)


@pytest.mark.parametrize("nothing", [np.nan, 0.0, -1.0])
@pytest.mark.parametrize("falling", [False, True])
def test_columns_without_a_wavelength_stay_in_their_place(imaged, tmp_path, nothing, falling):
    whole = np.linspace(1, 2, 40)[:: -1 if falling else 1]
    values = whole.copy()
    bad = [0, 1, 10, 11, 39]
    values[bad] = nothing
    with pytest.warns(Stage3Warning, match="5 of 40 columns have no wavelength of their own"):
        [spectrum] = read(with_wavelengths(imaged, tmp_path, values))
    assert spectrum.flux.shape == (12, 40)
    assert spectrum.mask[:, bad].all() and not spectrum.mask[1:, 2:10].any()
    axis = spectrum.spectral_axis.value
    kept = np.setdiff1d(np.arange(40), bad)
    np.testing.assert_allclose(axis[kept], whole[kept], rtol=1e-7)
    np.testing.assert_allclose(axis[[10, 11]], whole[[10, 11]], rtol=1e-6)  # between neighbours
    assert (axis > 0).all() and (np.diff(axis) < 0 if falling else np.diff(axis) > 0).all()


def test_repeated_wavelengths_are_left_out_but_one(imaged, tmp_path):
    values = np.linspace(1, 2, 40)
    values[:3] = values[0]
    values[20] = values[19]
    with pytest.warns(Stage3Warning, match="3 of 40 columns have no wavelength of their own"):
        [spectrum] = read(with_wavelengths(imaged, tmp_path, values))
    assert spectrum.mask[5].nonzero()[0].tolist() == [1, 2, 20]
    assert (np.diff(spectrum.spectral_axis.value) > 0).all()


@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("column", [0, 10, 36, 39])
@pytest.mark.parametrize("wrong", [0.9, 1.51, 7.0])
def test_a_column_out_of_order_is_left_out(imaged, tmp_path, falling, column, wrong):
    whole = np.linspace(1, 2, 40)[:: -1 if falling else 1]
    values = whole.copy()
    values[column] = wrong
    path = with_wavelengths(imaged, tmp_path, values)
    if np.all(np.diff(values) < 0) or np.all(np.diff(values) > 0):
        spectrum = read(path)[0]  # the outermost ones may be anywhere beyond the others
    else:
        with pytest.warns(Stage3Warning, match="1 of 40 columns have no wavelength of their own"):
            spectrum = read(path)[0]
        assert spectrum.mask[5].nonzero()[0].tolist() == [column]
    axis = spectrum.spectral_axis.value
    assert (np.diff(axis) < 0 if falling else np.diff(axis) > 0).all()
    others = np.arange(40) != column
    np.testing.assert_allclose(axis[others], whole[others], rtol=1e-7)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            np.random.default_rng(1).permutation(np.linspace(1, 2, 40)),
            "not in order along the disp",
        ),
        (np.full(40, np.nan), r"no wavelengths \(no FITS WCS of them, no gwcs, no WAVELENGTH\)"),
        (np.zeros(40), "no wavelengths"),
        (np.r_[1.2, np.zeros(39)], "one finite wavelength for 40 columns"),
        (np.full(40, 1.3), "not in order"),
    ],
)
def test_wavelengths_that_are_no_axis(imaged, tmp_path, values, message):
    sequence = read(with_wavelengths(imaged, tmp_path, values))
    with pytest.raises(UnreadableProductError, match=message) as caught:
        sequence[0]
    assert "s2d.fits" in str(caught.value) and "\n" not in str(caught.value)


# ---- masks ----


def test_zeros_that_no_exposure_contributed_to(slit, tmp_path):
    """Old pipelines wrote 0, not NaN, where the weight is zero."""

    def old(hdus):
        hdus["SCI"].data[:, 7] = hdus["ERR"].data[:, 7] = hdus["WHT"].data[:, 7] = 0

    [spectrum] = read(changed(slit, tmp_path, old))
    assert spectrum.mask[:, 7].all() and not spectrum.mask[1:, 8].any()


def test_the_context_tells_where_there_are_no_weights(slit, tmp_path):
    def without(hdus):
        context = np.zeros((2, 12, 40), "i4")
        context[1] = 1  # exposures 33 and up
        context[:, :, 5] = 0
        kept = [hdu for hdu in hdus if hdu.name not in ("WHT", "CON")]
        return fits.HDUList([*kept, fits.ImageHDU(context, name="CON", ver=1)])

    [spectrum] = read(changed(slit, tmp_path, without))
    assert spectrum.mask[:, 5].all() and not spectrum.mask[1:, 6].any()


def test_arrays_of_another_size_are_not_taken(slit, tmp_path):
    def other(hdus):
        hdus["WHT"].data = np.zeros((5, 5), "f4")
        hdus["ERR"].data = np.zeros((5, 5), "f4")

    path = changed(slit, tmp_path, other)
    with pytest.warns(Stage3Warning, match="ERR has another shape than SCI"):
        [spectrum] = read(path)
    assert spectrum.uncertainty is None and spectrum.mask.sum() == 3  # by the context


def test_without_errors_it_is_said(slit, tmp_path):
    def without(hdus):
        del hdus["ERR"]

    path = changed(slit, tmp_path, without)
    with pytest.warns(Stage3Warning, match="no ERR extension; there are no uncertainties"):
        [spectrum] = read(path)
    assert spectrum.uncertainty is None


def test_nothing_usable_is_said(slit, tmp_path):
    def blank(hdus):
        hdus["SCI"].data[:] = np.nan

    path = changed(slit, tmp_path, blank)
    with pytest.warns(Stage3Warning, match="no usable pixel"):
        [spectrum] = read(path)
    assert spectrum.mask.all()


# ---- odd files ----


def test_no_unit(slit, tmp_path):
    def without(hdus):
        del hdus["SCI"].header["BUNIT"]

    path = changed(slit, tmp_path, without)
    with pytest.warns(Stage3Warning, match="SCI has no BUNIT; its values are shown without a unit"):
        [spectrum] = read(path)
    assert spectrum.flux.unit == u.dimensionless_unscaled


@pytest.mark.parametrize("shape", [(2, 3, 12, 40), (3, 12, 40), (40,)])
def test_not_two_dimensional(slit, tmp_path, shape):
    def other(hdus):
        hdus["SCI"].data = np.zeros(shape, "f4")

    found = " × ".join(map(str, shape))
    with pytest.raises(UnreadableProductError, match=rf"not a 2-D image \(shape {found}\)"):
        read(changed(slit, tmp_path, other))


def test_one_plane_is_two_dimensional(slit, tmp_path):
    def other(hdus):
        hdus["SCI"].data = hdus["SCI"].data[None]

    assert read(changed(slit, tmp_path, other))[0].flux.shape == (12, 40)


def test_slits_without_pixels(slits, tmp_path):
    def empty(hdus):
        hdus["SCI", 2].data = np.zeros((0, 35), "f4")

    with pytest.warns(Stage3Warning, match="1 of 3 slits have no pixels; they are left out"):
        sequence = read(changed(slits, tmp_path, empty))
    assert [entry.source_id for entry in sequence.entries] == [10, 12]
    assert sequence[1].flux.shape == (10, 40)
    np.testing.assert_array_equal(
        sequence[1].spectral_axis.value, slits_of_sizes()[2].wavelengths()
    )


def test_no_pixels_at_all(slit, tmp_path):
    def empty(hdus):
        hdus["SCI"].data = np.zeros((0, 40), "f4")

    with pytest.raises(UnreadableProductError, match="SCI has no pixels; nothing to show"):
        read(changed(slit, tmp_path, empty))


def test_no_science(slit, tmp_path):
    def without(hdus):
        return fits.HDUList([hdu for hdu in hdus if hdu.name != "SCI"])

    with pytest.raises(UnreadableProductError, match="no SCI extension"):
        read_spectral_images(changed(slit, tmp_path, without))


def test_alike_slits_are_numbered(tmp_path):
    made = [replace(slit, source_id=7, name="S7") for slit in slits_of_sizes(2)]
    sequence = read(many_slits(tmp_path, made))
    assert [sequence.label(k) for k in range(2)] == [
        "order 1 source 7 exposure 1", "order 1 source 7 exposure 2",
    ]  # fmt: skip
    assert sequence.select(exposure=2)[0].flux.shape == (9, 35)


def test_compressed_files(slit, tmp_path):
    whole = read(slit)[0]
    path = compressed(shutil.copy(slit, tmp_path / "a_s2d.fits") and tmp_path / "a_s2d.fits",
                      "b_s2d.fits.gz")  # fmt: skip
    np.testing.assert_array_equal(read(path)[0].flux.value, whole.flux.value)

    def pack(hdus):
        packed = fits.CompImageHDU(
            hdus["SCI"].data,
            hdus["SCI"].header,
            name="SCI",
            compression_type="GZIP_1",
            quantize_level=0,
        )
        return fits.HDUList([hdus[0], packed, *hdus[2:]])

    (tmp_path / "packed").mkdir()
    packed = changed(slit, tmp_path / "packed", pack)
    np.testing.assert_array_equal(read(packed)[0].flux.value, whole.flux.value)


def test_a_file_that_was_written_anew(slit, tmp_path):
    path = shutil.copy(slit, tmp_path)
    sequence = read(path)
    os.utime(path, ns=(1, 1))
    with pytest.raises(UnreadableProductError, match="written anew since it was opened"):
        sequence[0]
    with pytest.raises(UnreadableProductError, match="written anew since it was opened"):
        sequence.image(0).array("WHT")


# ---- what is read when ----


def test_listing_reads_no_array_and_a_slit_only_its_own(slits, monkeypatch):
    done = []
    stock = StoredImage.read
    monkeypatch.setattr(StoredImage, "read", lambda self, *a: done.append(self) or stock(self, *a))
    sequence = read(slits)
    assert len(sequence) == 3 and len(sequence.table) == 3 and not done
    sequence.select(source_id=11)[0]
    shapes = [image.shape for image in done]
    assert shapes.count((9, 35)) == 3  # SCI, WHT, ERR
    assert len(shapes) == 4 and (8, 30) not in shapes  # and the tree of the gwcs


# ---- real products ----


@AT_HAND
def test_a_real_slit():
    """CAL_VER 1.8.2: no WCS keywords, no WAVELENGTH, zeros where there are no data."""
    path = NIRSPEC.with_name(NIRSPEC.name + "_s2d.fits")
    sequence = read(path)
    [spectrum] = sequence
    with fits.open(path) as hdus, fits.open(str(path).replace("s2d", "x1d")) as extracted:
        np.testing.assert_array_equal(spectrum.mask, hdus["WHT"].data == 0)
        np.testing.assert_array_equal(spectrum.flux.value, hdus["SCI"].data)
        wavelength = extracted["EXTRACT1D"].data["WAVELENGTH"]
    assert spectrum.flux.unit == u.MJy
    np.testing.assert_allclose(spectrum.spectral_axis.to_value(u.um), wavelength, rtol=1e-14)
    axes = sequence.image(0).axes
    # the slit is 1.6" wide and read out in 0.1" pixels
    assert axes.pixel_scale == pytest.approx(0.0989, rel=1e-3)
    assert sequence.entries[0].source_id == 4 and sequence.entries[0].source_type == "POINT"


@AT_HAND
def test_the_pipelines_lrs_slit():
    path = LRS.with_name(LRS.name + "_s2d.fits")
    [spectrum] = read(path)
    with fits.open(path) as hdus, fits.open(str(path).replace("s2d", "x1d")) as extracted:
        np.testing.assert_array_equal(spectrum.flux.value, hdus["SCI"].data.T)
        np.testing.assert_allclose(
            spectrum.spectral_axis.value, hdus["WAVELENGTH"].data[:, 30], rtol=1e-7
        )
        wavelength = extracted["EXTRACT1D"].data["WAVELENGTH"]
    # which the pipeline took from WAVELENGTH, in single precision
    np.testing.assert_allclose(spectrum.spectral_axis.value, wavelength, rtol=1e-7)
    assert spectrum.flux.shape == (64, 387) and spectrum.meta["pixel_scale"] == pytest.approx(
        0.11, rel=1e-4
    )


@AT_HAND
@pytest.mark.parametrize("base", [NIRSPEC, LRS], ids=["NIRSpec", "LRS"])
def test_the_source_of_products_is_where_the_pipeline_finds_it(base):
    from jwst.extract_1d.source_location import location_from_wcs
    from stdatamodels.jwst import datamodels

    path = base.with_name(base.name + "_s2d.fits")
    with datamodels.open(path) as model:
        _, _, location, _ = location_from_wcs(model, None, make_trace=False)
    assert read(path).image(0).axes.origin_row == pytest.approx(location, abs=1e-4)


def test_another_column_of_an_x1d(tmp_path):
    """What the extraction says of itself beside the flux."""
    made = slits_of_sizes(2)
    sequence = read(extracted_slits(tmp_path, made, width=4.5))
    np.testing.assert_allclose(sequence.column(1, "NPIXELS").value, 4.5)
    assert sequence.column(1, "SURF_BRIGHT").unit == u.MJy / u.sr
    assert sequence.column(0, "RF_FLUX") is None
    assert sequence[1].meta["extension"] == 2
