"""One source over a catalog and spectra: what is joined by what, and what is said of the rest."""

import shutil

import make_slits
import make_spectra
import make_tables
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import QTable
from make_associations import associate
from make_fields import IDS, catalog, indexed, observed, slitless

import jdaviz_stage3 as stage3
from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.identity import each_exposure_once


def test_number_and_place_agree(tmp_path):
    catalog(tmp_path)
    slitless(tmp_path)
    slitless(tmp_path, combined=True)
    index, said = indexed(tmp_path)
    assert said == []
    assert index.labels == list(IDS)
    source = index.labelled(5)
    assert [(one.suffix, one.exposure, one.by) for one in source.products] == [
        ("c1d", "", "label"), ("x1d", "exposure1", "label"), ("x1d", "exposure2", "label"),
    ]  # fmt: skip
    assert source.row["label"] == 5
    assert max(one.separation for one in source.products) < 1e-3 * u.arcsec
    assert list(index.table["n_x1d"]) == [2, 2, 2]


def test_spectra_are_those_of_the_source(tmp_path):
    """The flux of the builder's sources scales with their number."""
    catalog(tmp_path)
    path = slitless(tmp_path)
    index, _ = indexed(tmp_path)
    for label in IDS:
        for product in index.labelled(label).of_type("x1d"):
            spectrum = product.spectrum()
            with fits.open(path) as hdus:
                rows = hdus[product.table.extension].data
                row = rows[rows["SOURCE_ID"] == label][0]
            length = row["N_ALONGDISP"]
            np.testing.assert_array_equal(spectrum.flux.value, row["FLUX"][:length])
            assert spectrum.meta["source_id"] == label
    options = index.labelled(5).of_type("x1d")[0].options
    assert options == {"source_id": 5, "order": 1}
    assert [s.meta["source_id"] for s in stage3.read(path, **options)] == [5, 5]


def test_the_catalog_of_another_build_is_caught(tmp_path):
    """Its labels 2, 5, 9 lie where the spectra's 5, 9, 2 do."""
    catalog(tmp_path, (9, 2, 5))
    slitless(tmp_path)
    index, said = indexed(tmp_path)
    [text] = said
    assert "3 of 3 sources lie elsewhere than their labels say" in text
    # with both positions
    assert "53.002000 -27.800000" in text and "53.005000 -27.800000" in text
    for label, number in ((9, 2), (2, 5), (5, 9)):
        products = index.labelled(label).products
        assert {one.number for one in products} == {number}
        assert {one.by for one in products} == {"position"}
        assert {one.spectrum().meta["source_id"] for one in products} == {number}


def test_of_two_catalogs_the_one_that_agrees_is_taken(tmp_path):
    catalog(tmp_path, (9, 2, 5), name="jw09997-o001_t001_nircam_f115w_cat.ecsv")
    right = catalog(tmp_path)
    slitless(tmp_path)
    index, said = indexed(tmp_path)
    assert index.catalog == right
    [text] = said
    assert text.startswith("2 catalogs; went by the labels of jw09997-o001_t001_nircam_f444w_cat")
    other, _ = indexed(tmp_path, catalog=tmp_path / "jw09997-o001_t001_nircam_f115w_cat.ecsv")
    assert {one.number for one in other.labelled(9).products} == {2}


def test_spectra_without_a_catalog_and_a_catalog_without_spectra(tmp_path):
    slitless(tmp_path)
    index, said = indexed(tmp_path)
    assert (index.labels, index.catalog, said) == (list(IDS), None, [])
    assert {one.by for one in index.labelled(9).products} == {"number"}
    np.testing.assert_allclose(index.positions.ra.deg, 53 + np.array(IDS) / 1e3)
    alone, _ = indexed(catalog(tmp_path))
    assert len(alone) == 3 and alone.rows.source.size == 0
    assert alone.labelled(2).products == ()


def test_sources_of_one_number_in_two_places_are_two(tmp_path):
    slitless(tmp_path)
    moved = [make_spectra.grism_source(i, SOURCE_DEC=-27.9) for i in IDS]
    slitless(tmp_path, moved, number=2)
    index, _ = indexed(tmp_path)
    assert len(index) == 6 and len(set(index.labels)) == 6
    assert index.labels[3] == "2 of jw09997-o002_t001_niriss"
    assert {one.path.name for one in index[3].products} == {"jw09997-o002_t001_niriss_x1d.fits"}


def test_sources_that_the_catalog_lacks_follow_those_that_it_has(tmp_path):
    catalog(tmp_path, (2, 5))
    slitless(tmp_path)
    index, said = indexed(tmp_path)
    assert index.labels == [2, 5, 9]
    assert index.labelled(9).catalog is None and index.labelled(9).row is None
    assert "1 of 3 sources are not in" in said[0] and "source 9 at 53.009000 -27.800000" in said[0]


def test_a_source_without_a_position_is_joined_where_the_others_agree(tmp_path):
    lost = [make_spectra.grism_source(i, SOURCE_RA=np.nan if i == 5 else 53 + i / 1e3) for i in IDS]
    slitless(tmp_path, lost)
    catalog(tmp_path)
    index, [text] = indexed(tmp_path)
    assert "1 source without a position, joined by number alone" in text
    assert {one.by for one in index.labelled(5).products} == {"number"}
    assert np.isnan(index.labelled(5).products[0].separation)


def test_a_source_without_a_position_is_not_joined_where_they_do_not(tmp_path):
    lost = [make_spectra.grism_source(i, SOURCE_RA=np.nan if i == 5 else 53 + i / 1e3) for i in IDS]
    slitless(tmp_path, lost)
    catalog(tmp_path, (9, 5, 2))
    index, said = indexed(tmp_path)
    assert index.labelled(5).products == ()
    assert any("1 source without a position, not joined" in text for text in said)
    assert {one.number for one in index.labelled("5 of jw09997-o001_t001_niriss").products} == {5}


def lost_in(folder, number, lost, **keywords):
    """Spectra of an observation, the sources of some numbers without a place."""
    nan = {"SOURCE_RA": np.nan, "SOURCE_DEC": np.nan}
    sources = [make_spectra.grism_source(i, **(nan if i in lost else {})) for i in IDS]
    observation = f"{number:03d}"
    return slitless(folder, sources, number=number, OBSERVTN=observation, **keywords)


def products_of(index, number):
    """The observations of each source whose spectra have a number."""
    return sorted(
        sorted({one.product.observation for one in source.products if one.number == number})
        for source in index
        if number in {one.number for one in source.products}
    )


def test_sources_without_a_place_over_observations_of_one_catalog(tmp_path):
    """The same file and version has numbered them: as within one observation."""
    same = {"SCATFILE": "jw09997-o001_t001_niriss_cat.ecsv", "CAL_VER": "3.0.0"}
    lost_in(tmp_path, 1, (2,), **same)
    lost_in(tmp_path, 2, (2, 5), **same)
    lost_in(tmp_path, 3, (2, 5, 9), **same)
    index, said = indexed(tmp_path)
    assert said == [] and index.labels == list(IDS)
    assert [products_of(index, number) for number in IDS] == 3 * [[["001", "002", "003"]]]
    assert np.isnan(index.labelled(2).position.ra) and index.labelled(5).known_place


@pytest.mark.parametrize(
    "other",
    [
        {},  # no catalog is named
        {"SCATFILE": "jw09997-o002_t001_niriss_cat.ecsv", "CAL_VER": "3.0.0"},
        {"SCATFILE": "jw09997-o001_t001_niriss_cat.ecsv", "CAL_VER": "1.20.2"},
        {"SCATFILE": "jw09997-o001_t001_niriss_cat.ecsv", "CAL_VER": "3.0.0", "PROGRAM": "01111"},
    ],
)  # fmt: skip
def test_sources_without_a_place_of_other_catalogs_stay_apart(tmp_path, other):
    """And that is said; those with a place are joined by it."""
    first = {"SCATFILE": "jw09997-o001_t001_niriss_cat.ecsv", "CAL_VER": "3.0.0"}
    lost_in(tmp_path, 1, (2, 5), **(first if other else {}))
    lost_in(tmp_path, 2, (2,), **other)
    index, said = indexed(tmp_path)
    assert products_of(index, 2) == products_of(index, 5) == [["001"], ["002"]]
    if "PROGRAM" in other:
        assert said == [] and products_of(index, 9) == [["001"], ["002"]]
        return
    assert products_of(index, 9) == [["001", "002"]]
    [text] = said
    assert text.startswith("source 2 of jw09997-o001_t001_niriss_x1d.fits and that of jw09997-o002")
    assert "and 1 more number: not joined" in text


def test_a_number_that_one_catalog_gave_in_two_places_joins_nothing_without_one(tmp_path):
    same = {"SCATFILE": "jw09997-o001_t001_niriss_cat.ecsv", "CAL_VER": "3.0.0"}
    slitless(tmp_path, OBSERVTN="001", **same)
    moved = [make_spectra.grism_source(i, SOURCE_DEC=-27.9) for i in IDS]
    slitless(tmp_path, moved, number=2, OBSERVTN="002", **same)
    lost_in(tmp_path, 3, (5,), **same)
    index, said = indexed(tmp_path)
    assert products_of(index, 5) == [["001"], ["002"], ["003"]]
    assert products_of(index, 2) == [["001", "003"], ["002"]]
    assert any(text.startswith("source 5 of") and "not joined" in text for text in said)


def test_a_label_whose_place_is_not_known_is_no_place(tmp_path):
    slitless(tmp_path)
    table = make_tables.catalog_table(3)
    table["label"] = list(IDS)
    table["sky_centroid"] = SkyCoord([np.nan, 53.005, 53.009], [np.nan, -27.8, -27.8], unit="deg")
    make_tables.catalog(tmp_path, table)
    index, [text] = indexed(tmp_path)
    assert "label 2 has no position there" in text and "nan" not in text
    assert index.labelled(2).products == () and len(index) == 4


def test_labels_that_repeat_are_joined_by_position(tmp_path):
    catalog(tmp_path, (2, 2, 9))
    slitless(tmp_path)
    index, said = indexed(tmp_path)
    assert index.labels == ["2 in row 1", "2 in row 2", 9]
    assert {one.number for one in index.labelled("2 in row 2").products} == {5}
    assert any("labels are there more than once" in text for text in said)


def test_background_slits_are_of_no_source(tmp_path):
    """Their numbers are negative, whatever lies there; each is listed for itself."""
    catalog(tmp_path)
    for number, place in ((-1, 53.002), (-2, 53.005), (7, 53.009)):
        header = {"source_id": number, "source_ra": place, "source_dec": -27.8}
        made = make_spectra.extracted(tmp_path, [(make_spectra.smooth_spectrum(20), header)])
        kind = "b" if number < 0 else "s"
        name = f"jw09997-o001_{kind}{abs(number):09d}_nirspec_clear-prism_x1d.fits"
        observed(made, name, EXP_TYPE="NRS_MSASPEC", GRATING="PRISM")
    index, said = indexed(tmp_path)
    assert said == [] and index.labels == [*IDS, -1, -2]
    assert [len(source.products) for source in index] == [0, 0, 1, 1, 1]
    assert index.labelled(9).products[0].number == 7
    assert index.labelled(-1).row is None and index.labelled(-1).products[0].number == -1


def test_a_few_spectra_of_twenty_thousand_sources(tmp_path):
    count, labels = 20_000, np.arange(40, 40 + 30 * 600, 600)
    place = SkyCoord(
        *np.stack(np.meshgrid(53 + np.arange(200) / 1e3, -27.8 + np.arange(100) / 1e3)).reshape(
            2, -1), unit="deg",
    )  # fmt: skip
    table = make_tables.catalog_table(count)["label", "sky_centroid", "aper_total_flux"]
    table["label"], table["sky_centroid"] = np.arange(1, count + 1), place
    make_tables.save_table(table, tmp_path / "jw09997-o001_t001_nircam_f444w_cat.ecsv")
    at = place[labels - 1]
    slitless(tmp_path, [
        make_spectra.grism_source(label, 4, SOURCE_RA=one.ra.deg, SOURCE_DEC=one.dec.deg)
        for label, one in zip(labels, at, strict=True)
    ])  # fmt: skip
    index, said = indexed(tmp_path)
    assert said == [] and len(index) == count
    assert np.unique(index.rows.source + 1).tolist() == labels.tolist()
    assert set(index.rows.by) == {"label"} and index.rows.source.size == 60
    assert index.labelled(int(labels[7])).products[0].number == labels[7]
    assert index[-1].products == ()


def test_a_source_on_two_detectors(tmp_path):
    """The modules of NIRCam, which one exposure has both of: two spectra of one source."""
    catalog(tmp_path)
    path = slitless(tmp_path, exposures=2 * ["jw09997001001_10102_1_1"], DETECTOR="MULTIPLE")
    with fits.open(path, mode="update") as hdus:
        tables = [hdu for hdu in hdus if hdu.name == "EXTRACT1D"]
        for hdu, detector in zip(tables, ("NRCALONG", "NRCBLONG"), strict=True):
            hdu.header["DETECTOR"] = detector
    index, said = indexed(tmp_path)
    products = index.labelled(5).products
    assert said == [] and [one.by for one in products] == ["label", "label"]
    assert [one.table.detector for one in products] == ["NRCALONG", "NRCBLONG"]
    assert each_exposure_once(products) == (products, ())


def test_the_slits_of_a_mask_one_file_each(tmp_path):
    """NIRSpec MOS: numbers of the mask's plan, which are no labels of a catalog."""
    for number in (7, 8):
        columns = make_spectra.smooth_spectrum(20)
        header = {"source_id": number, "source_ra": 53 + number / 1e3, "source_dec": -27.8}
        made = make_spectra.extracted(tmp_path, [(columns, header)])
        root = f"jw09997-o001_s{number:09d}_nirspec_clear-prism"
        observed(made, f"{root}_x1d.fits", EXP_TYPE="NRS_MSASPEC", FILTER="CLEAR")
        slit = make_slits.Slit(source_id=number)
        made = make_slits.single_slit(tmp_path, slit)
        observed(made, f"{root}_s2d.fits", EXP_TYPE="NRS_MSASPEC", FILTER="CLEAR")
    # source 7 of the mask is label 9 of the catalog, whose label 7 is another source
    table = make_tables.catalog_table(2)
    table["label"] = [9, 7]
    table["sky_centroid"] = SkyCoord([53.007, 53.1], [-27.8, -27.8], unit="deg")
    make_tables.catalog(tmp_path, table)
    index, said = indexed(tmp_path)
    # the s2d does not say where its source is
    found = {(one.suffix, one.by, one.number) for one in index.labelled(9).products}
    assert found == {("x1d", "position", 7), ("s2d", "number", 7)}
    assert index.labelled(7).products == ()
    assert {one.suffix for one in index.labelled(8).products} == {"s2d", "x1d"}
    image = index.labelled(8).of_type("s2d")[0]
    assert image.spectrum().flux.ndim == 2 and said == []


def test_gratings_of_a_mask_in_several_observations(tmp_path):
    """One number and one place are one source; another place is another one; none is not joined."""
    for observation, grating, moved in ((1, "G140M", 0), (2, "G235M", 0), (3, "G395M", 60)):
        for number in (7, 8):
            header = {"source_id": number}
            if number == 7:
                header |= {"source_ra": 53.007, "source_dec": -27.8 + moved / 3600}
            made = make_spectra.extracted(tmp_path, [(make_spectra.smooth_spectrum(20), header)])
            name = f"jw09997-o{observation:03d}_s{number:09d}_nirspec_f170lp-{grating.lower()}_x1d"
            observed(
                made, f"{name}.fits", EXP_TYPE="NRS_MSASPEC", OBSERVTN=f"{observation:03d}",
                GRATING=grating,
            )  # fmt: skip
        # an s2d does not say where its source is: it goes with the x1d of its observation
        slit = make_slits.single_slit(tmp_path, make_slits.Slit(source_id=7))
        observed(
            slit, f"jw09997-o{observation:03d}_s000000007_nirspec_s2d.fits", GRATING=grating,
            EXP_TYPE="NRS_MSASPEC", OBSERVTN=f"{observation:03d}",
        )  # fmt: skip
    other = make_spectra.extracted(
        tmp_path,
        [(make_spectra.smooth_spectrum(20), {"source_id": 7, "source_ra": 53.007,
                                              "source_dec": -27.8})],
    )  # fmt: skip
    observed(
        other, "jw01111-o001_s000000007_nirspec_x1d.fits", EXP_TYPE="NRS_MSASPEC",
        PROGRAM="01111", GRATING="PRISM",
    )  # fmt: skip
    index, [said] = indexed(tmp_path)
    assert said.startswith("source 8 of jw09997-o001_s000000008") and "o002_s000000008" in said
    assert "not joined, for they do not all say a position" in said and "more number" not in said

    def gratings(label):
        return sorted((p.suffix, p.product.grating) for p in index.labelled(label).products)

    places = {label: gratings(label) for label in index.labels}
    both = [("s2d", "G140M"), ("s2d", "G235M"), ("x1d", "G140M"), ("x1d", "G235M")]
    assert sorted(places.values()) == sorted([
        both, [("s2d", "G395M"), ("x1d", "G395M")], [("x1d", "PRISM")],
        *([("x1d", grating)] for grating in ("G140M", "G235M", "G395M")),
    ])  # fmt: skip


def test_a_time_series_is_its_targets(tmp_path):
    made = make_spectra.two_segments(tmp_path)
    observed(made, "jw09997-o003_t002_miri_p750l_x1dints.fits", TARGNAME="WASP-0")
    make_tables.white_light(tmp_path).rename(tmp_path / "jw09997-o003_t002_miri_p750l_whtlt.ecsv")
    # which does not say the target, but has the name of those that do
    make_tables.photometry(tmp_path).rename(tmp_path / "jw09997-o003_t002_miri_p750l_phot.ecsv")
    index, _ = indexed(tmp_path)
    assert index.labels == ["WASP-0"]
    assert {one.suffix for one in index[0].products} == {"x1dints", "whtlt", "phot"}


def test_a_file_that_is_broken_is_said_and_left_out(tmp_path):
    whole = slitless(tmp_path)
    broken = tmp_path / "jw09997-o004_t001_niriss_x1d.fits"
    broken.write_bytes(whole.read_bytes()[:9000])
    index, said = indexed(tmp_path)
    assert index.labels == list(IDS)
    assert any(broken.name in text for text in said)


def test_an_association_and_a_group_are_what_they_name(tmp_path):
    """The mosaic's association has no spectra; that of the spectra lies beside their catalog."""
    catalog(tmp_path)
    path = slitless(tmp_path)
    other = slitless(tmp_path, number=2)
    asn = associate(tmp_path, {other.stem.removesuffix("_x1d"): []}, kind="spec3")
    index, _ = indexed(asn)
    assert {one.name for one in index.rows.products} == {other.name}
    groups = [g for g in stage3.find_groups(tmp_path) if path.stem[:-4] in g.products[0].name]
    index, _ = indexed(*groups)
    assert {one.name for one in index.rows.products} == {path.name}


def test_places_that_are_none_and_columns_that_are_no_numbers(tmp_path):
    catalog(tmp_path)
    fill = [make_spectra.grism_source(i, SOURCE_DEC=-999.0 if i == 5 else -27.8) for i in IDS]
    path = slitless(tmp_path, fill)
    index, said = indexed(tmp_path)
    assert {one.by for one in index.labelled(5).products} == {"number"}
    with fits.open(path) as hdus:
        columns = hdus["EXTRACT1D"].columns
        words = fits.Column("SOURCE_ID", "3A", array=np.array(["a", "b", "c"]))
        table = fits.BinTableHDU.from_columns(
            [words, *(c for c in columns if c.name != "SOURCE_ID")], name="EXTRACT1D"
        )
        fits.HDUList([hdus[0], table]).writeto(path, overwrite=True)
    index, said = indexed(tmp_path)
    assert len(index) == 3 and index.rows.source.size == 0
    [text] = said
    assert "SOURCE_ID of EXTRACT1D holds |S3" in text and "expected one number a row" in text


def test_a_table_without_flux_is_left_out(tmp_path):
    path = slitless(tmp_path)
    with fits.open(path) as hdus:
        hdus["EXTRACT1D"].columns["FLUX"].name = "FLEX"
        fits.HDUList([hdus[0], hdus["EXTRACT1D"]]).writeto(tmp_path / "broken.fits")
    (tmp_path / "broken.fits").replace(path.with_stem("jw09997-o003_t001_niriss_x1d"))
    index, [text] = indexed(tmp_path)
    assert len(index) == 3 and {p.path for s in index for p in s.products} == {path}
    assert text.startswith("left out: jw09997-o003_t001_niriss_x1d.fits") and "FLUX" in text


def test_nothing_to_index(tmp_path, built):
    shutil.copy(built("i2d", "ImageModel"), tmp_path / "jw09997-o001_t001_nircam_f444w_i2d.fits")
    with pytest.raises(Stage3Error, match=r"no product with sources .*types found: i2d"):
        stage3.index_sources(tmp_path)
    with pytest.raises(Stage3Error, match="expected a positive angle"):
        stage3.index_sources(slitless(tmp_path), tolerance=-1 * u.arcsec)
    with pytest.raises(Stage3Error, match="expected an angle"):
        stage3.index_sources(tmp_path, tolerance=3)


def test_a_label_that_is_not_there(tmp_path):
    index, _ = indexed(slitless(tmp_path))
    with pytest.raises(Stage3Error, match=r"no source 17 among the 3: 2, 5, 9"):
        index.labelled(17)
    assert index.nearest(SkyCoord(53.0051, -27.8, unit="deg")).label == 5
    assert isinstance(index.table, QTable)
