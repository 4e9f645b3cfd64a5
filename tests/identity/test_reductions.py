"""Two reductions of one product below one folder: one is shown, the other can be chosen."""

import shutil

import numpy as np
import pytest
from astropy.io import fits
from make_fields import IDS, catalog, indexed, slitless

from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.groups import ListedProduct
from jdaviz_stage3.identity import named_folders
from jdaviz_stage3.identity.reductions import one_reduction


def reduced(folder, date, labels=IDS, version="3.0.0"):
    """A catalog and spectra of one reduction; MAST's folders have one product each."""
    for name in ("cat", "x1d"):
        (folder / "JWST" / name).mkdir(parents=True)
    path = slitless(folder / "JWST" / "x1d", CAL_VER=version)
    with fits.open(path, mode="update") as hdus:
        hdus[0].header["DATE"] = date
    catalog(folder / "JWST" / "cat", labels)  # does not say when it was made
    return path


def test_the_newer_one_is_shown_and_both_are_named(tmp_path):
    old = reduced(tmp_path / "old", "2024-01-01T00:00:00", version="1.15.0")
    new = reduced(tmp_path / "new", "2026-01-01T00:00:00")
    index, said = indexed(tmp_path)
    assert {one.path for source in index for one in source.products} == {new}
    assert all(len(source.products) == 2 for source in index)  # exposures, not reductions
    assert index.catalog.parent == tmp_path / "new" / "JWST" / "cat"
    assert index.reductions == (tmp_path / "new", tmp_path / "old")
    text = said[0]
    assert "and 1 more products are there in 2 reductions" in text
    assert f"{new.parent} counts" in text or f"{index.catalog.parent} counts" in text
    assert f"reduction={str(tmp_path / 'old')!r}" in text
    other, _ = indexed(tmp_path, reduction=tmp_path / "old")
    assert {one.path for source in other for one in source.products} == {old}
    assert other.reductions == (tmp_path / "old", tmp_path / "new")
    assert tmp_path / "old" in other.catalog.parents
    with pytest.raises(Stage3Error, match=r"no reduction of what lies elsewhere.*new.*old"):
        indexed(tmp_path, reduction=tmp_path / "neither")


def test_catalog_and_spectra_are_of_one_reduction(tmp_path):
    """In the old one the labels are others; spectra of the new are not laid over its catalog."""
    reduced(tmp_path / "old", "2024-01-01T00:00:00", (9, 2, 5))
    reduced(tmp_path / "new", "2026-01-01T00:00:00")
    index, said = indexed(tmp_path)
    assert len(said) == 1 and {one.by for source in index for one in source.products} == {"label"}
    old, said = indexed(tmp_path, reduction=tmp_path / "old")
    assert "3 of 3 sources lie elsewhere" in said[1]  # as it is in that reduction


def test_what_is_there_once_stays(tmp_path):
    old = reduced(tmp_path / "old", "2024-01-01T00:00:00")
    new = reduced(tmp_path / "new", "2026-01-01T00:00:00")
    extra = old.parent / "jw09997-o005_t001_niriss_x1d.fits"
    shutil.copy(old, extra)
    index, _ = indexed(tmp_path)
    assert {one.path for one in index.labelled(5).products} == {new, extra}


def test_a_copy_in_one_folder_is_left_out(tmp_path):
    path = slitless(tmp_path)
    shutil.copy(path, path.with_name(f"{path.stem} (1).fits"))
    index, [text] = indexed(tmp_path)
    assert "left out: another copy of" in text and index.reductions == ()
    assert list(index.table["n_x1d"]) == [2, 2, 2]


def test_a_newer_one_that_is_broken_does_not_count(tmp_path):
    old = reduced(tmp_path / "old", "2024-01-01T00:00:00")
    new = reduced(tmp_path / "new", "2026-01-01T00:00:00")
    new.write_bytes(b"SIMPLE  =                    T" + b" " * 300)
    index, _ = indexed(tmp_path)
    assert {one.path for one in index.labelled(5).products} == {old}
    assert np.isfinite(index.labelled(5).products[0].spectrum().flux.value).any()


def test_the_same_name_in_the_folders_of_two_targets_is_no_reduction(tmp_path):
    """A user's own names say nothing; the headers do."""
    for target in ("A", "B"):
        (tmp_path / target).mkdir()
        path = slitless(tmp_path / target, TARGNAME=target)
        path.rename(path.with_name("final_x1d.fits"))
    index, said = indexed(tmp_path)
    assert index.reductions == () and not any("reductions" in text for text in said)
    assert sum(len(source.products) for source in index) == 12
    for target in ("A", "B"):  # and of one target
        fits.setval(tmp_path / target / "final_x1d.fits", "TARGNAME", value="A")
    index, said = indexed(tmp_path)
    assert len(index.reductions) == 2 and "in 2 reductions" in said[0]


@pytest.mark.parametrize(
    ("where", "folders"),
    [
        # each product as a letter, in its folder, the newest first
        (["new/a/A", "old/a/A"], ["new", "old"]),
        (["copy/A", "A"], ["field/copy", "field"]),
        # an archive that was unpacked within itself
        (["mast/mast/obs/A", "mast/obs/A"], ["mast/mast", "mast"]),
        (["obs/obs/A", "obs/A"], ["obs/obs", "obs"]),
        # some part deeper than others
        (["new/a/A", "new/B", "old/a/A", "old/a/B"], ["new", "old"]),
        (["new/A", "new/b/B", "old/A", "old/x/b/B"], ["new", "old"]),
        (["new/a/A", "new/B", "old/x/a/A", "old/y/B"], ["new", "old/x", "old/y"]),
        (["A", "b/B", "old/A", "old/b/B"], ["field", "field/old"]),
        # a reduction within another one stays one of its own
        (["new/A", "new/B", "new/old/A", "new/old/B"], ["new", "new/old"]),
        (["new/A", "new/old/A", "new/old/older/A"], ["new", "new/old", "new/old/older"]),
        (["one/A", "two/A", "three/B", "two/B"], ["one", "two", "three"]),
        (["A", "old/A", "y/B", "z/B"], ["field", "field/old", "field/y", "field/z"]),
    ],
)
def test_what_the_reductions_are_called(where, folders, tmp_path):
    """By the folders in which they part, whatever lies within them, or they within another."""
    products = []
    for place, name in enumerate(where):
        path = tmp_path / "field" / name
        path = path.with_name(f"jw09997-o00{'_AB'.index(path.name)}_t001_niriss_x1d.fits")
        made = f"{2040 - place}-01-01T00:00:00"
        products.append(ListedProduct(path, suffix="x1d", created=made))
    found = one_reduction(products)
    assert list(named_folders(found.folders)) == folders
    kept = {product.name: product for product in found.products}
    assert len(kept) == len(found.products)
    newest = found.folders[0]
    for product in products:
        assert newest not in product.path.parents or newest in kept[product.name].path.parents
    for folder in found.folders[1:]:
        chosen = one_reduction(products, folder)
        assert chosen.folders[0] == folder
        assert any(folder in product.path.parents for product in chosen.products)
