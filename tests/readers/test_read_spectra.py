"""Reading x1d and c1d: what the spectra hold, in every layout."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import StdDevUncertainty
from make_products import BUILDERS, compressed
from make_spectra import (
    combined_row,
    extracted,
    grism_source,
    slitless,
    smooth_spectrum,
)
from specutils import Spectrum

from jdaviz_stage3.errors import Stage3Error, Stage3Warning, UnreadableProductError
from jdaviz_stage3.readers import read

POINT = {"source_type": "POINT", "source_id": 1}
DO_NOT_USE, SATURATED, REFERENCE_PIXEL = 1, 2, 2**31


def assert_spectrum(found: Spectrum, columns: dict, value="FLUX", error="FLUX_ERROR", unit=u.Jy):
    """The spectrum holds what was written into the file."""
    np.testing.assert_array_equal(found.spectral_axis.to_value(u.um), columns["WAVELENGTH"])
    np.testing.assert_array_equal(found.flux.value, columns[value])
    assert found.flux.unit == unit
    assert isinstance(found.uncertainty, StdDevUncertainty)
    np.testing.assert_array_equal(found.uncertainty.array, columns[error])
    assert found.uncertainty.unit == unit


def one(folder, columns=None, header=POINT, **keywords):
    """An x1d of one spectrum, and the spectrum as read."""
    path = extracted(folder, [(columns or smooth_spectrum(), header)], **keywords)
    [spectrum] = read(path)
    return spectrum


# ---- layouts ----


def test_slits_of_different_length(built):
    sequence = read(built("x1d", "MultiSpecModel"))
    assert len(sequence) == 2
    first, second = sequence
    assert_spectrum(first, smooth_spectrum(50))
    columns = smooth_spectrum(45, 3, 5)
    assert_spectrum(second, columns, "SURF_BRIGHT", "SB_ERROR", u.MJy / u.sr)
    assert first.meta["slit"] == "S1" and second.meta["slit"] == "S2"
    assert (first.meta["column"], second.meta["column"]) == ("FLUX", "SURF_BRIGHT")
    assert first.meta["TELESCOP"] == "JWST"


def test_single_spectrum_model(built):
    assert_spectrum(read(built("x1d", "SpecModel"))[0], smooth_spectrum(20))


def test_arrays_are_in_native_byte_order(built):
    spectrum = read(built("x1d", "MultiSpecModel"))[0]
    for array in (spectrum.flux, spectrum.spectral_axis, spectrum.uncertainty.array):
        assert np.asarray(array).dtype.isnative


@pytest.mark.parametrize("name", ["packed_x1d.fits", "packed_x1d.fits.gz"])
def test_compressed(tmp_path, name):
    path = compressed(extracted(tmp_path, [(smooth_spectrum(), POINT)]), name)
    assert_spectrum(read(path)[0], smooth_spectrum())


def test_fringe_corrected_columns_do_not_get_in_the_way(built):
    """MRS: RF_ columns beside the others, an odd unit on a variance, an extended source."""
    spectrum = read(built("x1d", "MRSMultiSpecModel"))[0]
    columns = smooth_spectrum(60, 4.9, 7.6)
    assert_spectrum(spectrum, columns, "SURF_BRIGHT", "SB_ERROR", u.MJy / u.sr)


def test_slitless_rows_without_their_padding(built):
    """Rows of one table are padded to its longest; N_ALONGDISP says where the spectrum ends."""
    sequence = read(built("x1d", "WFSSMultiSpecModel"))
    assert len(sequence) == 6
    for spectrum, (number, n) in zip(sequence, [(2, 30), (5, 22), (9, 36)] * 2, strict=True):
        assert_spectrum(spectrum, grism_source(number, n))
        assert not spectrum.mask.any()
        assert spectrum.meta["source_id"] == number
        assert spectrum.meta["source_ra"] == pytest.approx(53 + number / 1e3)


def test_slitless_padding_of_any_kind(tmp_path):
    """N_ALONGDISP counts, not what follows it."""
    whole = grism_source(2, 36)
    path = slitless(tmp_path, [([whole | {"N_ALONGDISP": 20}], {"spectral_order": 1})], width=40)
    vectors = {name: values[:20] for name, values in whole.items() if np.ndim(values)}
    assert_spectrum(read(path)[0], vectors)


def test_slitless_rows_equal_the_files(built):
    """Spectrum k is row k, read independently with astropy."""
    path = built("x1d", "WFSSMultiSpecModel")
    sequence = read(path)
    with fits.open(path) as hdus:
        for k, entry in enumerate(sequence.entries):
            row = hdus["EXTRACT1D", 1 + k // 3].data[k % 3]
            n = row["N_ALONGDISP"]
            np.testing.assert_array_equal(sequence[k].flux.value, row["FLUX"][:n])
            np.testing.assert_array_equal(sequence[k].spectral_axis.value, row["WAVELENGTH"][:n])
            assert (entry.source_id, entry.n_wavelengths) == (row["SOURCE_ID"], n)


def test_source_that_an_exposure_did_not_see(tmp_path):
    """The pipeline gives each exposure a row for every source, blank where it fell off."""
    absent = {"SOURCE_ID": 5, "N_ALONGDISP": 0, "DQ": np.ones(40, "u4")}
    path = slitless(
        tmp_path,
        [([grism_source(2), absent], {"group_id": "a", "spectral_order": 1}),
         ([grism_source(2), grism_source(5)], {"group_id": "b", "spectral_order": 1})],
        width=40,
    )  # fmt: skip
    sequence = read(path)
    assert [(e.source_id, e.exposure) for e in sequence.entries] == [(2, "a"), (2, "b"), (5, "b")]
    assert len(sequence.read_all()) == 3
    [alone] = sequence.select(source_id=5)
    assert_spectrum(alone, grism_source(5))


@pytest.mark.parametrize("missing", [0.0, np.nan], ids=["jwst 3.0", "jwst after 3.0"])
def test_errors_of_slitless_samples_without_flux(tmp_path, missing):
    """Zero up to jwst 3.0, NaN after it: neither is the error of a sample that can be used."""
    source = grism_source(4)
    empty = np.arange(30) % 7 == 2
    for name in ("FLUX", "SURF_BRIGHT"):
        source[name] = np.where(empty, np.nan, source[name])
    for name in ("FLUX_ERROR", "SB_ERROR"):
        source[name] = np.where(empty, missing, source[name])
    [spectrum] = read(slitless(tmp_path, [([source], {"spectral_order": 1})], width=40))
    np.testing.assert_array_equal(spectrum.mask, empty)
    np.testing.assert_array_equal(spectrum.flux.value[~empty], source["FLUX"][~empty])
    np.testing.assert_array_equal(spectrum.uncertainty.array[~empty], source["FLUX_ERROR"][~empty])


def test_old_slitless_layout(tmp_path):
    """Up to jwst 1.18: an extension a source."""
    numbers = (4, 7, 12)
    path = extracted(tmp_path, [
        (grism_columns(n), {"source_id": n, "spectral_order": 1, "source_type": "POINT"})
        for n in numbers
    ], version="1.18.0")  # fmt: skip
    sequence = read(path)
    assert [entry.source_id for entry in sequence.entries] == list(numbers)
    for spectrum, number in zip(sequence, numbers, strict=True):
        assert_spectrum(spectrum, grism_columns(number))


def grism_columns(source_id: int) -> dict:
    columns = smooth_spectrum(30, 1.3, 1.7)
    return columns | {"FLUX": columns["FLUX"] * source_id}


def test_combined(built):
    """combine_1d calls its error ERROR."""
    columns = smooth_spectrum(40)
    columns["ERROR"] = columns["FLUX_ERROR"]
    assert_spectrum(read(built("c1d", "MultiCombinedSpecModel"))[0], columns, error="ERROR")


def test_combined_slitless(built):
    sequence = read(built("c1d", "WFSSMultiCombinedSpecModel"))
    expected = [(order, combined_row(*row)) for order in (1, 2) for row in ((2, 30), (5, 22))]
    assert len(sequence) == len(expected)
    for spectrum, (order, columns) in zip(sequence, expected, strict=True):
        assert_spectrum(spectrum, columns, error="ERROR")
        assert spectrum.meta["order"] == order


def test_combined_single(built):
    spectrum = read(built("c1d", "CombinedSpecModel"))[0]
    np.testing.assert_array_equal(spectrum.flux.to_value(u.Jy), np.full(5, 2.0))


def test_without_error_column(tmp_path):
    table = fits.BinTableHDU.from_columns([
        fits.Column("WAVELENGTH", "D", "um", array=np.arange(1.0, 5)),
        fits.Column("FLUX", "E", "Jy", array=np.arange(4.0)),
    ], name="EXTRACT1D")  # fmt: skip
    primary = fits.PrimaryHDU(header=fits.Header({"TELESCOP": "JWST"}))
    fits.HDUList([primary, table]).writeto(tmp_path / "a_x1d.fits")
    spectrum = read(tmp_path / "a_x1d.fits")[0]
    assert spectrum.uncertainty is None
    assert not spectrum.mask.any()
    np.testing.assert_array_equal(spectrum.flux.value, np.arange(4.0))


# ---- wavelengths ----


def test_descending_wavelengths_stay_descending(tmp_path):
    columns = {name: values[::-1] for name, values in smooth_spectrum().items()}
    assert columns["WAVELENGTH"][0] > columns["WAVELENGTH"][-1]
    assert_spectrum(one(tmp_path, columns), columns)


def test_unusable_wavelengths_are_left_out(tmp_path):
    columns = smooth_spectrum()
    columns["WAVELENGTH"] = columns["WAVELENGTH"].copy()
    columns["WAVELENGTH"][[0, 1, 20]] = np.nan, 0, np.nan
    keep = np.delete(np.arange(50), [0, 1, 20])
    spectrum = one(tmp_path, columns)
    assert_spectrum(spectrum, {name: values[keep] for name, values in columns.items()})


def test_wavelengths_in_no_order_are_sorted_with_a_warning(tmp_path):
    columns = smooth_spectrum(6)
    columns["WAVELENGTH"] = np.array([1.0, 1.2, 1.1, 1.2, 1.5, 1.4])
    path = extracted(tmp_path, [(columns, POINT)])
    with pytest.warns(Stage3Warning, match="not in order; sorted, and 1 repeated"):
        [spectrum] = read(path)
    np.testing.assert_array_equal(spectrum.spectral_axis.value, [1.0, 1.1, 1.2, 1.4, 1.5])
    np.testing.assert_array_equal(spectrum.flux.value, columns["FLUX"][[0, 2, 1, 5, 4]])


def test_no_wavelength_at_all(tmp_path):
    path = extracted(tmp_path, [(smooth_spectrum() | {"WAVELENGTH": np.full(50, np.nan)}, POINT)])
    with pytest.raises(UnreadableProductError, match="x1d.fits: no finite wavelength in EXTRACT1D"):
        read(path)[0]


# ---- flux or surface brightness ----


@pytest.mark.parametrize(
    ("source_type", "column"),
    [("POINT", "FLUX"), ("EXTENDED", "SURF_BRIGHT"), ("UNKNOWN", "FLUX"), (None, "FLUX")],
)
@pytest.mark.parametrize("layout", ["slit", "slitless"])
def test_quantity_follows_the_source_type(tmp_path, source_type, column, layout):
    if layout == "slit":
        path = extracted(tmp_path, [(smooth_spectrum(), {"source_type": source_type})])
    else:
        source = grism_source(1) | smooth_spectrum(30) | {"SOURCE_TYPE": source_type or ""}
        path = slitless(tmp_path, [([source], {"spectral_order": 1})], width=30)
    [spectrum] = read(path)
    assert spectrum.meta["column"] == column
    np.testing.assert_array_equal(spectrum.flux.value, smooth_spectrum(len(spectrum.flux))[column])


@pytest.mark.parametrize(
    ("quantity", "column"), [("flux", "FLUX"), ("surface brightness", "SURF_BRIGHT")]
)
@pytest.mark.parametrize("source_type", ["POINT", "EXTENDED"])
def test_quantity_asked_for(tmp_path, quantity, column, source_type):
    path = extracted(tmp_path, [(smooth_spectrum(), {"source_type": source_type})])
    [spectrum] = read(path, quantity=quantity)
    np.testing.assert_array_equal(spectrum.flux.value, smooth_spectrum()[column])


@pytest.mark.parametrize("blank", [0.0, np.nan])
def test_auto_takes_the_other_where_one_is_blank(tmp_path, blank):
    """Pipelines leave SURF_BRIGHT zero for some extended sources."""
    columns = smooth_spectrum() | {"SURF_BRIGHT": np.full(50, blank)}
    spectrum = one(tmp_path, columns, {"source_type": "EXTENDED"})
    assert_spectrum(spectrum, columns)


def test_quantity_of_another_name(built):
    with pytest.raises(Stage3Error, match="quantity = 'magnitude', expected 'auto'"):
        read(built("x1d", "MultiSpecModel"), quantity="magnitude")


# ---- units ----


@pytest.mark.parametrize("unit", ["(MJy/sr)^2", "DN^2 / s^2", "foo/bar"])
def test_odd_unit_of_a_variance_is_silent(tmp_path, unit):
    spectrum = one(tmp_path, units={"FLUX_VAR_POISSON": unit, "SB_VAR_POISSON": unit})
    assert spectrum.flux.unit == u.Jy


def test_flux_unit_that_means_nothing_warns(tmp_path):
    path = extracted(tmp_path, [(smooth_spectrum(), POINT)], units={"FLUX": "foo/bar"})
    with pytest.warns(Stage3Warning, match="x1d.fits EXTRACT1D.FLUX: unit 'foo/bar'"):
        [spectrum] = read(path)
    assert spectrum.flux.unit == u.dimensionless_unscaled
    np.testing.assert_array_equal(spectrum.flux.value, smooth_spectrum()["FLUX"])


@pytest.mark.parametrize(
    ("unit", "meant"),
    [("DN/s", u.DN / u.s), ("(MJy/sr)^2", (u.MJy / u.sr) ** 2), ("MJy/sr", u.MJy / u.sr)],
)
def test_flux_units(tmp_path, unit, meant):
    spectrum = one(tmp_path, units={"FLUX": unit, "FLUX_ERROR": unit})
    assert spectrum.flux.unit == spectrum.uncertainty.unit == meant


@pytest.mark.parametrize("unit", ["um", "micron", "microns"])
def test_wavelength_units(tmp_path, unit):
    spectrum = one(tmp_path, units={"WAVELENGTH": unit})
    np.testing.assert_allclose(
        spectrum.spectral_axis.to_value(u.um), smooth_spectrum()["WAVELENGTH"], rtol=1e-12
    )


def test_wavelength_unit_that_means_nothing_is_taken_for_micron(tmp_path):
    path = extracted(tmp_path, [(smooth_spectrum(), POINT)], units={"WAVELENGTH": "foo"})
    with pytest.warns(Stage3Warning, match="EXTRACT1D.WAVELENGTH: unit 'foo'"):
        [spectrum] = read(path)
    assert_spectrum(spectrum, smooth_spectrum())


# ---- data quality ----


def flagged() -> dict:
    columns = smooth_spectrum()
    columns["FLUX"], columns["DQ"] = columns["FLUX"].copy(), columns["DQ"].copy()
    columns["DQ"][3], columns["DQ"][5] = DO_NOT_USE, SATURATED
    columns["DQ"][7] = REFERENCE_PIXEL | DO_NOT_USE
    columns["FLUX"][[10, 11]] = np.nan, np.inf
    return columns


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        ("DO_NOT_USE", [3, 7, 10, 11]),
        (["DO_NOT_USE", "SATURATED"], [3, 5, 7, 10, 11]),
        ("DO_NOT_USE+saturated", [3, 5, 7, 10, 11]),
        ("SATURATED | REFERENCE_PIXEL", [5, 7, 10, 11]),
        (REFERENCE_PIXEL, [7, 10, 11]),
        (None, [10, 11]),
    ],
)
def test_mask(tmp_path, bits, expected):
    """Flagged samples, and those that are not finite though their DQ is 0."""
    path = extracted(tmp_path, [(flagged(), POINT)])
    [spectrum] = read(path, dq_bits=bits)
    assert np.flatnonzero(spectrum.mask).tolist() == expected


def test_flagged_values_are_left_as_they_are(tmp_path):
    spectrum = one(tmp_path, flagged())
    np.testing.assert_array_equal(spectrum.flux.value, flagged()["FLUX"])


def test_data_quality_flag_of_another_name(tmp_path):
    path = extracted(tmp_path, [(flagged(), POINT)])
    with pytest.raises(ValueError, match="called COSMIC; flags: .*SATURATED"):
        read(path, dq_bits="COSMIC")[0]


@pytest.mark.parametrize(
    "changes",
    [{"FLUX": np.full(50, np.nan)}, {"FLUX": np.where(np.arange(50) < 9, 0, np.nan)},
     {"DQ": np.ones(50, "u4")}],
    ids=["NaN", "zero and NaN", "flagged"],
)  # fmt: skip
def test_nothing_usable_warns(tmp_path, changes):
    """Stage 3 products without any signal are in the archive."""
    columns = smooth_spectrum(SURF_BRIGHT=np.zeros(50)) | changes
    sequence = read(extracted(tmp_path, [(columns, POINT)]))
    with pytest.warns(Stage3Warning, match="no usable sample .finite and non-zero FLUX, not flag"):
        spectrum = sequence[0]
    assert_spectrum(spectrum, columns)


def test_an_empty_table_among_others_is_passed_over(tmp_path):
    empty = {"WAVELENGTH": [], "FLUX": []}
    path = extracted(tmp_path, [(empty, {"source_id": 1}), (smooth_spectrum(), {"source_id": 2})])
    sequence = read(path)
    assert [entry.source_id for entry in sequence.entries] == [2]
    assert_spectrum(sequence[0], smooth_spectrum())


@pytest.mark.parametrize("suffix", ["x1d", "c1d"])
def test_nothing_is_said_about_sound_products(built, suffix):
    for key in BUILDERS:
        if key[0] == suffix:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                read(built(*key)).read_all()
