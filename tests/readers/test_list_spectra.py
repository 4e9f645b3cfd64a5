"""Listing the spectra of x1d and c1d: entries, selection, labels, errors, and laziness."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import QTable
from make_products import compressed
from make_spectra import combined, extracted, grism_source, slitless, smooth_spectrum

from jdaviz_stage3.errors import Stage3Error, UnreadableProductError
from jdaviz_stage3.readers import read, spectra
from jdaviz_stage3.readers.stored_table import StoredTable


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """A WFSS field: 200 sources in each of two exposures, the second without the first ten."""
    numbers = np.arange(1, 201)
    tables = [
        ([grism_source(n, 12) for n in numbers], {"group_id": "a_1", "spectral_order": 1}),
        ([grism_source(n, 12) for n in numbers[10:]], {"group_id": "b_1", "spectral_order": 1}),
    ]
    return slitless(tmp_path_factory.mktemp("crowded"), tables, width=12)


@pytest.fixture(scope="module")
def orders(tmp_path_factory):
    """Two exposures of two orders, whose group names are the same for both orders."""
    tables = [
        ([grism_source(n) for n in numbers], {"group_id": group, "spectral_order": order})
        for group, numbers in (("a", [3, 4]), ("b", [4, 8]))
        for order in (1, 2)
    ]
    return slitless(tmp_path_factory.mktemp("orders"), tables, width=30)


# ---- laziness ----


@pytest.fixture
def columns_read(monkeypatch):
    """The names of the columns that are taken out of a table from here on."""
    taken = []
    field, stored = fits.FITS_rec.field, StoredTable._read
    monkeypatch.setattr(
        fits.FITS_rec, "field", lambda self, key: taken.append(key) or field(self, key)
    )
    monkeypatch.setattr(
        StoredTable,
        "_read",
        lambda self, stream, start, names, rows: (
            taken.extend(names) or stored(self, stream, start, names, rows)
        ),
    )
    return taken


def test_listing_reads_no_spectrum(crowded, columns_read):
    sequence = read(crowded)
    assert len(sequence) == 390
    assert len(sequence.table) == 390
    assert len({sequence.label(i) for i in range(len(sequence))}) == 390
    assert "SOURCE_ID" in columns_read, "the spy works"
    assert not {"FLUX", "WAVELENGTH", "FLUX_ERROR", "DQ", "SURF_BRIGHT"} & set(columns_read)


def test_selecting_builds_no_spectrum(crowded, monkeypatch):
    monkeypatch.setattr(spectra.SpectrumSequence, "_build", lambda *args: pytest.fail("built"))
    assert len(read(crowded, source_id=[20, 21], exposure=1)) == 2
    assert len(read(crowded)[5:9]) == 4
    with pytest.raises(pytest.fail.Exception):
        read(crowded)[0]


def test_one_spectrum_is_built_at_a_time(crowded, monkeypatch):
    built = []
    build = spectra.SpectrumSequence._build

    def spy(self, hdus, entry):
        built.append((entry.source_id, entry.exposure))
        return build(self, hdus, entry)

    monkeypatch.setattr(spectra.SpectrumSequence, "_build", spy)
    read(crowded)[203]
    assert built == [(14, "b_1")]


@pytest.mark.parametrize("k", [0, 57, 199, 200, 389, -1])
def test_spectrum_k_is_row_k(crowded, k):
    sequence = read(crowded)
    where = k % 390
    version, row = (1, where) if where < 200 else (2, where - 200)
    with fits.open(crowded) as hdus:
        expected = hdus["EXTRACT1D", version].data[row]
        found = sequence[k]
        assert found.meta["source_id"] == expected["SOURCE_ID"]
        np.testing.assert_array_equal(found.flux.value, expected["FLUX"])


def test_the_sequence_outlives_its_file_object(crowded, tmp_path):
    """Nothing stays open between two spectra: the file can be moved or replaced."""
    path = tmp_path / "moved_x1d.fits"
    path.write_bytes(crowded.read_bytes())
    sequence = read(path)
    path.unlink()
    with pytest.raises(Stage3Error, match="moved_x1d.fits: the file is not there"):
        sequence[0]


def test_labels_of_long_lists_do_not_go_over_the_list_each(crowded):
    class Counted(list):
        passes = 0

        def __iter__(self):
            self.passes += 1
            return super().__iter__()

    sequence = read(crowded)
    sequence.entries = entries = Counted(sequence.entries)
    for i in range(len(sequence)):
        sequence.label(i)
    assert len(sequence) > 100
    assert entries.passes < 10


# ---- as a sequence ----


def test_sequence(crowded):
    sequence = read(crowded)
    part = sequence[2:10:3]
    assert [entry.source_id for entry in part.entries] == [3, 6, 9]
    assert [spectrum.meta["source_id"] for spectrum in part] == [3, 6, 9]
    assert sequence[np.int64(1)].meta["source_id"] == 2
    assert "390 spectra" in repr(sequence)
    with pytest.raises(IndexError):
        sequence[390]


def test_slices_keep_the_options(crowded):
    part = read(crowded, quantity="surface brightness", dq_bits=None)[:1]
    assert (part.quantity, part.dq_bits) == ("surface brightness", None)
    assert part[0].meta["column"] == "SURF_BRIGHT"


def test_table(orders):
    table = read(orders).table
    assert isinstance(table, QTable)
    assert table["index"].tolist() == list(range(8))
    assert table["source_id"].tolist() == [3, 4, 3, 4, 4, 8, 4, 8]
    assert table["order"].tolist() == [1, 1, 2, 2, 1, 1, 2, 2]
    assert table["exposure"].tolist() == ["a"] * 4 + ["b"] * 4
    assert table["n_wavelengths"].tolist() == [30] * 8
    np.testing.assert_allclose(table["ra"].to_value("deg"), 53 + table["source_id"] / 1e3)


def test_table_with_numbers_that_only_some_have(tmp_path):
    path = extracted(tmp_path, [
        (smooth_spectrum(), {"source_id": 4, "name": "S1"}), (smooth_spectrum(), {"name": "S2"}),
    ])  # fmt: skip
    table = read(path).table
    assert table["source_id"].tolist() == [4, None]
    assert table["slit"].tolist() == ["S1", "S2"]
    assert "order" not in table.colnames, "none has one"
    assert np.isnan(table["ra"]).all()


# ---- selecting ----


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"source_id": 4}, [1, 3, 4, 6]),
        ({"source_id": [3, 8]}, [0, 2, 5, 7]),
        ({"source_id": np.array([3])}, [0, 2]),
        ({"order": 2}, [2, 3, 6, 7]),
        ({"order": (1, 2)}, list(range(8))),
        ({"exposure": "b"}, [4, 5, 6, 7]),
        ({"exposure": 1}, [0, 1, 2, 3]),
        ({"exposure": [2, "a"]}, list(range(8))),
        ({"source_id": 4, "order": 1, "exposure": "b"}, [4]),
    ],
)
def test_select(orders, wanted, expected):
    sequence = read(orders)
    assert sequence.select(**wanted).entries == [sequence.entries[k] for k in expected]
    assert read(orders, **wanted).entries == sequence.select(**wanted).entries


def test_select_slits(built):
    sequence = read(built("x1d", "MultiSpecModel"))
    assert [e.slit for e in sequence.select(slit="S2").entries] == ["S2"]
    assert [e.slit for e in sequence.select(slit=["S1", "S2"]).entries] == ["S1", "S2"]


@pytest.mark.parametrize(
    ("wanted", "absent", "present"),
    [
        ({"source_id": 5}, "source_id = 5;", "3, 4, 8"),
        ({"source_id": [3, 5, 6]}, "source_id = 5, 6;", "3, 4, 8"),
        ({"order": 3}, "order = 3;", "1, 2"),
        ({"exposure": "c"}, "exposure = c;", "a, b"),
        ({"exposure": 3}, "exposure = 3;", "a, b"),
        ({"slit": "S1"}, "slit = S1;", ""),
        ({"source_id": 3, "exposure": "b"}, "no spectrum has all of the values", ""),
    ],
)
def test_select_nothing_lists_what_there_is(orders, wanted, absent, present):
    with pytest.raises(Stage3Error) as caught:
        read(orders, **wanted)
    message = str(caught.value)
    assert "x1d.fits: no spectrum" in message
    assert absent in message
    assert message.endswith(present)


def test_select_nothing_in_a_crowded_field_is_brief(crowded):
    with pytest.raises(Stage3Error, match=r" 1, 2, 3, .*\(200 in all\)") as caught:
        read(crowded, source_id=999)
    assert len(str(caught.value)) < 200


# ---- exposures ----


def test_exposures_are_named_by_their_group(orders):
    entries = read(orders).entries
    assert [entry.exposure for entry in entries] == ["a"] * 4 + ["b"] * 4


def test_exposures_without_names_are_numbered(tmp_path):
    """The same number for all sources of an exposure, whichever of them it saw."""
    tables = [([grism_source(n) for n in seen], {"spectral_order": order})
              for seen in ([1, 2], [2, 3]) for order in (1, 2)]  # fmt: skip
    sequence = read(slitless(tmp_path, tables, width=30))
    assert [entry.exposure for entry in sequence.entries] == ["1"] * 4 + ["2"] * 4
    second = sequence.select(exposure=2)
    assert {entry.source_id for entry in second.entries} == {2, 3}
    with pytest.raises(Stage3Error, match="no spectrum with exposure = 1"):
        second.select(exposure=1)


def test_exposures_count_from_the_first_of_the_file_after_a_selection(orders):
    """Source 8 is in the second exposure only, which stays number 2, in slices too."""
    sequence = read(orders)
    for part in (sequence.select(source_id=8), sequence[-1:], sequence.select(source_id=8)[::-1]):
        assert {entry.exposure for entry in part.select(exposure=2).entries} == {"b"}
        with pytest.raises(Stage3Error, match="no spectrum with exposure = "):
            part.select(exposure=1)


def test_old_layout_exposures_are_numbered_within_a_source(tmp_path):
    path = extracted(tmp_path, [
        (smooth_spectrum(), {"source_id": n, "spectral_order": 1}) for n in (5, 5, 6, 6)
    ])  # fmt: skip
    entries = read(path).entries
    assert [(e.source_id, e.exposure) for e in entries] == [(5, "1"), (5, "2"), (6, "1"), (6, "2")]


def test_one_exposure_needs_no_name(tmp_path):
    path = slitless(
        tmp_path, [([grism_source(1)], {"group_id": "a", "spectral_order": 1})], width=30
    )
    assert read(path).entries[0].exposure == ""


# ---- labels ----


def test_labels(orders, built):
    sequence = read(orders)
    assert sequence.label(0) == "order 1 source 3 exposure a"
    assert sequence.label(-1) == "order 2 source 8 exposure b"
    assert read(built("c1d", "WFSSMultiCombinedSpecModel")).label(0) == "order 1 source 2"


HEADERS = {
    "sources": [{"source_id": n} for n in (1, 2)],
    "orders of a source": [{"source_id": 1, "spectral_order": n} for n in (1, 2, 3)],
    "slits of a source": [{"source_id": 1, "name": n} for n in ("S200A1", "S200A2")],
    "slits": [{"name": n} for n in ("S200A1", "S200A2")],
    "detectors": [{"source_id": 1, "detector": n} for n in ("NRS1", "NRS2")],
    "exposures": [{"source_id": 1, "spectral_order": 1}] * 3,
    "exposures of slits": [{"source_id": 1, "name": n} for n in ("S1", "S2", "S1", "S2")],
    "nothing": [{}, {}],
}


@pytest.mark.parametrize("case", HEADERS)
def test_labels_are_unique(tmp_path, case):
    path = extracted(tmp_path, [(smooth_spectrum(5), header) for header in HEADERS[case]])
    sequence = read(path)
    labels = [sequence.label(i) for i in range(len(sequence))]
    assert len(set(labels)) == len(labels), labels


def test_labels_are_unique_in_every_layout(built, tmp_path):
    for sequence in (
        read(built("x1d", "WFSSMultiSpecModel")),
        read(built("c1d", "WFSSMultiCombinedSpecModel")),
        read(combined(tmp_path, [{"source_id": 1, "spectral_order": n} for n in (1, 2)])),
    ):
        labels = [sequence.label(i) for i in range(len(sequence))]
        assert len(set(labels)) == len(labels), labels


@pytest.mark.parametrize(
    "versions", [(1, 1, 1, 1), (None,) * 4, (4, 3, 2, 1), (0, 7, 7, 7)], ids=str
)
def test_files_that_people_put_together(tmp_path, versions):
    """EXTVER is no address: of those that agree, astropy gives the first."""
    spectra = [
        (smooth_spectrum(20, low, low + 1) | {"FLUX": np.full(20, float(low))}, {"source_id": 3})
        for low in (5, 6, 7, 8)
    ]
    path = extracted(tmp_path, spectra)
    with fits.open(path, mode="update") as hdus:
        for hdu, version in zip(hdus[1:5], versions, strict=True):
            del hdu.header["EXTVER"]
            if version is not None:
                hdu.header["EXTVER"] = version
    for name in (path, compressed(path, "packed_x1d.fits.gz")):
        sequence = read(name)
        assert [spectrum.flux.value[0] for spectrum in sequence] == [5, 6, 7, 8]
        assert [sequence[i].spectral_axis.value[0] for i in range(4)] == [5, 6, 7, 8]
        assert len({sequence.label(i) for i in range(4)}) == 4
        assert sequence.select(exposure=3)[0].flux.value[0] == 7


def test_slitless_files_that_people_put_together(tmp_path):
    exposures = [([grism_source(n), grism_source(9)], {"spectral_order": 1}) for n in (2, 5)]
    path = slitless(tmp_path, exposures, width=30)
    with fits.open(path, mode="update") as hdus:
        for hdu in hdus[1:3]:
            hdu.header["EXTVER"] = 1
    sequence = read(path)
    assert [entry.source_id for entry in sequence.entries] == [2, 9, 5, 9]
    levels = [spectrum.flux.value[0] / grism_source(1)["FLUX"][0] for spectrum in sequence]
    np.testing.assert_allclose(levels, [2, 9, 5, 9])


def test_a_spectrum_alone_needs_no_label(tmp_path):
    sequence = read(extracted(tmp_path, [(smooth_spectrum(5), {})]))
    assert sequence.label(0) == ""


# ---- broken tables ----


def test_no_rows(tmp_path):
    path = extracted(tmp_path, [({"WAVELENGTH": [], "FLUX": []}, {})])
    with pytest.raises(UnreadableProductError, match="EXTRACT1D has no rows; nothing to show"):
        read(path)


@pytest.mark.parametrize("column", ["WAVELENGTH", "FLUX"])
def test_a_column_missing(tmp_path, column):
    path = extracted(tmp_path, [(smooth_spectrum(), {})])
    with fits.open(path, mode="update") as hdus:
        hdus["EXTRACT1D"].columns.change_name(column, "OTHER")
    with pytest.raises(UnreadableProductError, match=f"x1d.fits: EXTRACT1D has no {column} column"):
        read(path)


def test_places_that_are_none_and_sources_that_are_no_numbers(tmp_path):
    """As in the index of sources, which reads the same columns: fill values are no places."""
    sources = [grism_source(2), grism_source(5, SOURCE_DEC=-999.0), grism_source(9, SOURCE_RA=1e5)]
    path = slitless(tmp_path, [(sources, {"spectral_order": 1})], width=30)
    entries = read(path).entries
    assert [entry.source_id for entry in entries] == [2, 5, 9]
    assert np.isfinite([entry.ra for entry in entries]).tolist() == [True, False, False]
    with fits.open(path) as hdus:
        table = hdus["EXTRACT1D"]
        columns = [column for column in table.columns if column.name != "SOURCE_ID"]
        columns.append(fits.Column("SOURCE_ID", "3A", array=np.array(["a", "b", "c"])))
        table = fits.BinTableHDU.from_columns(columns, name="EXTRACT1D")
        fits.HDUList([hdus[0], table]).writeto(tmp_path / "words_x1d.fits")
    with pytest.raises(UnreadableProductError, match="SOURCE_ID of EXTRACT1D holds .S3 , expected"):
        read(tmp_path / "words_x1d.fits")


def test_columns_of_unequal_length(tmp_path):
    columns = [fits.Column("SOURCE_ID", "J", array=[1]),
               fits.Column("WAVELENGTH", "6D", array=np.ones((1, 6))),
               fits.Column("FLUX", "5D", array=np.ones((1, 5)))]  # fmt: skip
    table = fits.BinTableHDU.from_columns(columns, name="EXTRACT1D")
    primary = fits.PrimaryHDU(header=fits.Header({"TELESCOP": "JWST"}))
    fits.HDUList([primary, table]).writeto(tmp_path / "a_x1d.fits")
    with pytest.raises(UnreadableProductError, match="unequal length .WAVELENGTH 6, FLUX 5"):
        read(tmp_path / "a_x1d.fits")


def test_no_spectral_table(built):
    with pytest.raises(UnreadableProductError, match="no EXTRACT1D or COMBINE1D .*found SCI"):
        spectra.read_spectra(built("i2d", "ImageModel"))


def test_truncated(built, tmp_path):
    path = built("x1d", "WFSSMultiSpecModel")
    with fits.open(path) as hdus:
        start = hdus["EXTRACT1D", 2].fileinfo()["datLoc"]
    (tmp_path / "cut_x1d.fits").write_bytes(path.read_bytes()[: start + 500])
    with pytest.raises(UnreadableProductError, match="cut_x1d.fits: truncated"):
        read(tmp_path / "cut_x1d.fits")
