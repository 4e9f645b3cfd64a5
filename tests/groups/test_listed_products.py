"""What a folder holds, from as few bytes as tell; and what is remembered of it."""

import os
import sqlite3

import pytest
from astropy.io import fits
from make_products import BUILDERS, compressed, mosaic
from make_tables import catalog
from shared_data import DATA

from jdaviz_stage3.errors import UnknownProductError, UnreadableProductError
from jdaviz_stage3.fits_structure import read_primary_texts
from jdaviz_stage3.groups import ProductList, list_product, product_list
from jdaviz_stage3.groups.product_cache import ProductCache, cache_folder
from jdaviz_stage3.origin import FileStamp
from jdaviz_stage3.products import identify

CARDS = {
    "TARGNAME": "NGC 1068", "PROGRAM": "01234", "OBSERVTN": "007", "INSTRUME": "NIRCAM",
    "DETECTOR": "NRCALONG", "FILTER": "F444W", "PUPIL": "CLEAR", "EXP_TYPE": "NRC_IMAGE",
    "CRDS_CTX": "jwst_1464.pmap", "ASNTABLE": "jw01234-o007_20260101t000000_image3_00001_asn.json",
}  # fmt: skip


@pytest.fixture
def image(tmp_path):
    path = mosaic(tmp_path)
    with fits.open(path, mode="update") as hdus:
        hdus[0].header.update(CARDS)
    return path


@pytest.fixture
def cache(tmp_path):
    return ProductCache(tmp_path / "cache" / "products.sqlite")


def test_facts_of_a_header(image):
    entry = list_product(image)
    assert (entry.suffix, entry.problem, entry.size) == ("i2d", "", image.stat().st_size)
    assert (entry.target, entry.program, entry.observation) == ("NGC 1068", "01234", "007")
    assert (entry.detector, entry.filter, entry.pupil) == ("NRCALONG", "F444W", "CLEAR")
    assert (entry.exposure_type, entry.association) == ("NRC_IMAGE", CARDS["ASNTABLE"])
    assert entry.pipeline_version == fits.getval(image, "CAL_VER")
    assert entry.crds_context == "jwst_1464.pmap"


def test_compressed_files_tell_the_same(image, tmp_path):
    entry = list_product(compressed(image, "again_i2d.fits.gz"))
    assert (entry.suffix, entry.target, entry.filter) == ("i2d", "NGC 1068", "F444W")


def test_what_a_header_does_not_say_its_name_does(tmp_path):
    path = mosaic(tmp_path)
    for name, program, observation in (
        ("jw02783-o002_t001_miri_i2d.fits", "02783", "002"),
        ("jw02783-c1012_t001_miri_i2d.fits", "02783", "c1012"),
        ("jw02783004001_02101_00001_mirimage_i2d.fits", "02783", "004"),
        ("mine_i2d.fits", "", ""),
    ):
        renamed = path.rename(tmp_path / name)
        with fits.open(renamed, mode="update") as hdus:
            for keyword in ("PROGRAM", "OBSERVTN"):
                hdus[0].header.remove(keyword, ignore_missing=True)
        path = renamed
        entry = list_product(path)
        assert (entry.program, entry.observation) == (program, observation)


def test_facts_of_a_table(tmp_path):
    entry = list_product(catalog(tmp_path))
    assert (entry.suffix, entry.pipeline_version) == ("cat", "3.0.0")


def test_a_broken_product_is_listed_with_what_is_wrong(tmp_path):
    path = tmp_path / "jw01234-o001_t001_nircam_x1d.fits"
    path.write_bytes(b"SIMPLE  = nothing")
    entry = list_product(path)
    assert (entry.suffix, entry.program) == ("x1d", "01234")
    assert entry.problem.startswith(path.name)
    with pytest.raises(UnreadableProductError, match="No such file"):
        list_product(tmp_path / "gone_i2d.fits")
    (tmp_path / "other.fits").write_bytes(fits.PrimaryHDU().header.tostring().encode())
    with pytest.raises(UnknownProductError):
        list_product(tmp_path / "other.fits")


def test_keywords_are_read_as_astropy_reads_them(tmp_path):
    header = fits.Header()
    header["LONG"] = "a very long value, " * 8 + "with a & and the 'end'"
    header["QUOTED"] = "Barnard's star / nothing"
    header["SPACED"] = "ends   "
    header["NUMBER"], header["TRUTH"], header["EMPTY"] = 4, True, ""
    header["LAST"] = "it"
    path = tmp_path / "cards.fits"
    fits.PrimaryHDU(header=header).writeto(path)
    wanted = ("LONG", "QUOTED", "SPACED", "EMPTY", "LAST", "NUMBER", "TRUTH", "ABSENT")
    said = read_primary_texts(path, wanted)
    stored = fits.getheader(path)
    texts = wanted[:5]
    assert {name: said[name] for name in texts} == {name: stored[name].rstrip() for name in texts}
    assert (said["NUMBER"], said["TRUTH"], "ABSENT" in said) == ("4", "T", False)
    broken = path.read_bytes().replace(b"'it      '", b"'it       ")
    path.write_bytes(broken)
    with pytest.raises(UnreadableProductError, match="the value of LAST cannot be read"):
        read_primary_texts(path, wanted)


@pytest.mark.parametrize("key", BUILDERS, ids="-".join)
def test_every_type_is_listed_as_it_is_identified(key, built):
    path = built(*key)
    assert list_product(path).suffix == identify(path).suffix


# ---- folders ----


def names(listed):
    return [product.name for product in listed.products]


def test_a_folder_is_searched_to_the_bottom(tmp_path):
    deep = tmp_path / "mastDownload" / "JWST" / "a" / "b" / "c" / "d" / "e"
    deep.mkdir(parents=True)
    image, table = mosaic(deep), catalog(tmp_path)
    (tmp_path / ".hidden_i2d.fits").write_bytes(image.read_bytes())
    (hidden := tmp_path / ".cache").mkdir()
    mosaic(hidden)
    (tmp_path / "notes.txt").write_text("F444W")
    (tmp_path / "setup.json").write_text("{}")
    listed = ProductList([tmp_path], None).finish()
    assert sorted(names(listed)) == sorted([image.name, table.name])
    assert listed.n_others == 2


def test_links_in_circles_come_to_an_end_and_files_are_listed_once(tmp_path):
    image = mosaic(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "also_i2d.fits").symlink_to(image)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    assert len(ProductList([tmp_path, tmp_path, image], None).finish().products) == 1


def test_a_folder_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    (tmp_path / "theirs").mkdir()
    image = mosaic(tmp_path)
    listed = os.scandir

    def scandir(path="."):
        if str(path).endswith("theirs"):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = ProductList([tmp_path], None).finish()
    assert names(found) == [image.name]
    assert found.unread == [f"{tmp_path / 'theirs'}: cannot be read (Permission denied)"]
    with pytest.raises(UnreadableProductError, match="Permission denied"):
        ProductList([tmp_path / "theirs"], None).finish()
    with pytest.raises(UnreadableProductError, match="nowhere: no such file or folder"):
        ProductList([tmp_path / "nowhere"], None)


def test_a_file_that_goes_while_the_folder_is_listed_is_left_out(tmp_path):
    image, table = mosaic(tmp_path), catalog(tmp_path)
    listed = ProductList([tmp_path], None)
    steps = listed.steps()
    next(steps)  # the folder has been looked through
    image.unlink()
    assert list(steps)[-1][1] == 2
    assert names(listed) == [table.name]


def test_what_was_asked_for_and_goes_before_it_is_listed_is_told(tmp_path):
    for path in (mosaic(tmp_path), tmp_path / "folder"):
        path.mkdir(exist_ok=True) if path.name == "folder" else None
        listed = ProductList([path], None)
        path.rmdir() if path.is_dir() else path.unlink()
        with pytest.raises(UnreadableProductError, match=f"{path.name}: cannot be read"):
            listed.finish()
    with pytest.raises(UnreadableProductError, match="no such file or folder"):
        ProductList(["~nobody-of-this-name/data"])


@pytest.fixture
def read(monkeypatch):
    """The names of the files that are read."""
    files = []
    original = list_product
    monkeypatch.setattr(
        product_list, "list_product", lambda path: files.append(path.name) or original(path)
    )
    return files


def test_what_was_listed_is_not_read_again(tmp_path, cache, read):
    (folder := tmp_path / "data").mkdir()
    image, table = mosaic(folder), catalog(folder)
    (folder / "other.json").write_text("{}")
    first = ProductList([folder], cache).finish()
    assert sorted(read) == sorted([image.name, table.name, "other.json"])
    read.clear()
    again = ProductList([folder], cache).finish()
    assert (read, again.products, again.n_others) == ([], first.products, first.n_others)
    with fits.open(image, mode="update") as hdus:
        hdus[0].header["TARGNAME"] = "ANOTHER"
    os.utime(image, ns=(1, 1))
    assert [p.target for p in ProductList([folder], cache).finish().products if p.target] == [
        "ANOTHER"
    ]
    assert read == [image.name]


def test_what_was_listed_through_a_link_has_its_own_path_without_it(tmp_path, cache):
    (folder := tmp_path / "data").mkdir()
    image = mosaic(folder)
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    for place in ("link", "data", "link"):
        [product] = ProductList([tmp_path / place], cache).finish().products
        assert product.path == tmp_path / place / image.name


def test_names_and_times_that_cannot_be_kept_are_listed_all_the_same(tmp_path, cache, read):
    (folder := tmp_path / "data").mkdir()
    image = mosaic(folder)
    stamp = list_product(image)
    late = FileStamp(str(image), stamp.size, 2**63)
    foreign = FileStamp(str(image) + "\udcff", stamp.size, stamp.mtime_ns)  # bytes, not UTF-8
    cache.keep([(late, stamp), (foreign, stamp)])
    assert cache.below(str(folder)) == {}
    ProductList([folder], cache).finish()
    assert len(cache.below(str(folder))) == 1


def test_what_was_read_before_a_listing_was_stopped_is_kept(tmp_path, cache, read):
    (folder := tmp_path / "data").mkdir()
    mosaic(folder), catalog(folder)
    steps = ProductList([folder], cache).steps()
    next(steps), next(steps)
    steps.close()
    [first] = read
    ProductList([folder], cache).finish()
    assert len(read) == 2 and read[1] != first


def test_folders_with_names_alike_are_told_apart(tmp_path, cache, read):
    for name in ("run", "run2"):
        (tmp_path / name).mkdir()
        mosaic(tmp_path / name)
        ProductList([tmp_path / name], cache).finish()
    assert len(cache.below(str(tmp_path / "run"))) == 1
    assert len(cache.below(str(tmp_path))) == 2


@pytest.mark.parametrize("damage", ["text", "other table", "other version"])
def test_a_damaged_cache_is_made_anew(tmp_path, cache, damage, read):
    (folder := tmp_path / "data").mkdir()
    mosaic(folder)
    ProductList([folder], cache).finish()
    if damage == "text":
        cache.path.write_text("no database at all, but long enough to be taken for one" * 20)
    else:
        with sqlite3.connect(cache.path) as store:
            store.execute("DROP TABLE products")
            if damage == "other version":
                store.execute("PRAGMA user_version = 99")
                store.execute("CREATE TABLE products (a, b)")
            else:
                store.execute("CREATE TABLE products (a)")
    listed = [len(ProductList([folder], cache).finish().products) for _ in range(2)]
    assert listed == [1, 1]
    if damage != "other table":  # which nobody but a person with a tool makes
        assert len(read) == 2


def test_without_a_place_to_keep_them_products_are_listed(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JDAVIZ_STAGE3_CACHE", str(tmp_path / "file" / "below"))
    assert cache_folder() == tmp_path / "file" / "below"
    (folder := tmp_path / "data").mkdir()
    mosaic(folder)
    assert len(ProductList([folder]).finish().products) == 1


@pytest.mark.skipif(not DATA.exists(), reason="the folder ../shared/data is not beside it")
def test_the_shared_data_are_listed():
    listed = ProductList([DATA], None).finish()
    assert {product.suffix for product in listed.products} >= {"i2d", "cat", "x1dints", "asn"}
    assert not [product.problem for product in listed.products if product.problem]
