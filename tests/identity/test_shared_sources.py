"""The 25 slitless sources that the real pipeline has written, where the folder is at hand.

The folder is not part of the repository. It is looked for beside it, as ../shared/data.
"""

import shutil

import make_tables
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from make_fields import indexed
from shared_data import DATA

SPEC3 = DATA / "simulated/spec3"
ROOT = "jw09999-o012_t001_niriss_f150w-gr150r"

if not SPEC3.is_dir():
    pytest.skip("the folder ../shared/data is not beside the repository", allow_module_level=True)


@pytest.fixture(scope="module")
def written():
    """Number, place and flux of each row of each extension, by astropy."""
    found = []
    for suffix in ("x1d", "c1d"):
        with fits.open(SPEC3 / f"{ROOT}_{suffix}.fits") as hdus:
            for hdu in hdus:
                if hdu.name in ("EXTRACT1D", "COMBINE1D"):
                    for row in hdu.data:
                        flux = row["FLUX"][: row["N_ALONGDISP"]].copy()
                        place = row["SOURCE_RA"], row["SOURCE_DEC"]
                        found.append((suffix, row["SOURCE_ID"], *place, flux))
    return found


def field(folder, labels, ra, dec):
    """The spectra, and a catalog that has these labels at these places."""
    for suffix in ("x1d", "c1d"):
        shutil.copy(SPEC3 / f"{ROOT}_{suffix}.fits", folder)
    table = make_tables.catalog_table(len(labels))
    table["label"] = labels
    table["sky_centroid"] = SkyCoord(ra, dec, unit="deg")
    name = "jw09999-o012_t001_niriss_clear-f150w_cat.ecsv"
    make_tables.save_table(table, folder / name)
    return folder


@pytest.fixture(scope="module")
def places(written):
    """Label, right ascension and declination of the sources."""
    found = {number: (ra, dec) for _, number, ra, dec, _ in written}
    assert len(found) == 25
    return np.array(list(found)), *np.array(list(found.values())).T


def test_all_25_are_found_with_their_spectra(written):
    """Without a catalog: the number is all that there is."""
    index, said = indexed(SPEC3)
    numbers = {number for _, number, *_ in written}
    assert numbers <= set(index.labels) and said == []
    # beside them a spectrum through a slit and a cube, each its target's
    others = [index.labelled(label) for label in index.labels if label not in numbers]
    assert {product.by for one in others for product in one.products} == {"target"}
    compare(index, written, lambda number: number, "number")


def compare(index, written, label_of, by):
    """The spectra of the index with the rows as they were written."""
    count = 0
    for suffix, number, ra, dec, flux in written:
        source = index.labelled(label_of(number))
        here = SkyCoord(ra, dec, unit="deg")
        assert source.position.separation(here) < 1e-3 * u.arcsec
        spectra = [product.spectrum() for product in source.of_type(suffix)]
        assert any(np.array_equal(s.flux.value, flux, equal_nan=True) for s in spectra)
        assert all(s.meta["source_id"] == number for s in spectra)
        assert {product.by for product in source.of_type(suffix)} == {by}
        count += 1
    of_sources = [s for s in index.rows.products if s.name.startswith(ROOT)]
    assert count == 75 and len(of_sources) == 3  # two exposures and their sum


def test_with_their_catalog_and_with_one_of_another_build(written, places, tmp_path):
    labels, ra, dec = places
    (tmp_path / "right").mkdir()
    index, said = indexed(field(tmp_path / "right", labels, ra, dec))
    assert said == [] and index.labels == labels.tolist()
    compare(index, written, lambda number: number, "label")
    # each label is now that of the next source
    (tmp_path / "wrong").mkdir()
    moved = np.roll(labels, 1)
    index, said = indexed(field(tmp_path / "wrong", moved, ra, dec))
    [text] = said
    assert "25 of 25 sources lie elsewhere than their labels say" in text
    assert f"{ra[0]:.6f} {dec[0]:.6f}" in text  # both places of the first
    there = np.flatnonzero(moved == labels[0])[0]
    assert f"{ra[there]:.6f} {dec[there]:.6f}" in text
    renamed = dict(zip(labels.tolist(), moved.tolist(), strict=True))
    compare(index, written, renamed.__getitem__, "position")
