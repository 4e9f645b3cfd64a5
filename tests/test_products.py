"""Recognising a product: every type, layout and state in which files come; and refusing."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from make_products import BUILDERS, compressed, image_of, mosaic
from make_spectra import save
from schemas_once import datamodels

from jdaviz_stage3.errors import Stage3Error, UnknownProductError, UnreadableProductError
from jdaviz_stage3.fits_structure import read_primary_header
from jdaviz_stage3.products import (
    PRODUCT_TYPES,
    ecsv_header,
    has_suffix,
    identify,
    product_root,
    product_type,
)

ALL = list(BUILDERS)
FITS = [key for key in ALL if product_type(key[0]).container == "fits"]

# Products that share their data model with others, but hold extensions that those do not.
TOLD_BY_EXTENSIONS = [
    ("i2d", "ImageModel"), ("x1d", "MultiSpecModel"), ("x1dints", "MultiSpecModel"),
]  # fmt: skip


def renamed(path: Path, folder: Path, name: str, **keywords) -> Path:
    """A copy with another name and, for each keyword, another value (None: without it)."""
    copy = Path(shutil.copy(path, folder / name))
    for keyword, value in keywords.items():
        with fits.open(copy, mode="update") as hdus:
            if value is None:
                hdus[0].header.remove(keyword, ignore_missing=True)
            else:
                hdus[0].header[keyword] = value
    return copy


# ---- the table ----


@pytest.mark.parametrize("row", PRODUCT_TYPES, ids=lambda row: row.suffix)
def test_every_product_type_has_a_builder_for_each_data_model(row):
    generations = {generation for suffix, generation in BUILDERS if suffix == row.suffix}
    assert generations
    assert set(row.datamodels) <= generations


def test_suffixes_are_unique():
    suffixes = [row.suffix for row in PRODUCT_TYPES]
    assert len(set(suffixes)) == len(suffixes)


@pytest.mark.parametrize("row", PRODUCT_TYPES, ids=lambda row: row.suffix)
def test_a_row_is_complete(row):
    assert row.name and row.description and row.pipelines
    assert row.container in ("fits", "ecsv", "json")
    assert bool(row.viewer) == bool(row.configurations) == row.can_load
    # an association is shown as the products that it names
    assert bool(row.importer) == (row.can_load and row.container != "json")
    assert not row.importer or row.reader, "what can be shown can be read"
    if row.reader:
        module, function = row.reader.split(":")
        source = Path(product_type.__code__.co_filename).parent / "readers" / f"{module}.py"
        assert f"def {function}(" in source.read_text()


def test_product_type_lists_the_known_ones():
    assert product_type("i2d").suffix == "i2d"
    with pytest.raises(UnknownProductError, match="'rate'.*x1dints"):
        product_type("rate")


# ---- recognising ----


@pytest.mark.parametrize(("suffix", "generation"), ALL)
def test_identify(built, suffix, generation):
    path = built(suffix, generation)
    assert identify(path) is product_type(suffix)
    assert identify(str(path)) is product_type(suffix)


@pytest.mark.parametrize("ending", [".fits", ".fits.gz"])
@pytest.mark.parametrize(("suffix", "generation"), FITS)
def test_identify_compressed(built, tmp_path, suffix, generation, ending):
    """Archives serve gzip data both as .fits.gz and, without saying so, as .fits."""
    path = compressed(built(suffix, generation), f"jw09997_packed_{suffix}{ending}")
    assert path.read_bytes()[:2] == b"\x1f\x8b"
    assert identify(path).suffix == suffix


@pytest.mark.parametrize(("suffix", "generation"), FITS)
def test_identify_renamed_by_the_name_in_its_header(built, tmp_path, suffix, generation):
    path = renamed(built(suffix, generation), tmp_path, "from-maria.fits")
    assert identify(path).suffix == suffix


@pytest.mark.parametrize("name", ["from-maria", "from-maria.tmp"])
def test_identify_without_any_file_type(built, tmp_path, name):
    assert identify(renamed(built("i2d", "ImageModel"), tmp_path, name)).suffix == "i2d"
    copy = shutil.copy(built("cat", "current"), tmp_path / name)
    assert identify(copy).suffix == "cat"


@pytest.mark.parametrize(("suffix", "generation"), FITS)
def test_identify_renamed_by_its_content(built, tmp_path, suffix, generation):
    """Without any name: the data model where it says enough, else the extensions, else an error."""
    path = renamed(built(suffix, generation), tmp_path, "from-maria.fits", FILENAME=None)
    sharing = [row for row in PRODUCT_TYPES if generation in row.datamodels]
    named_only = suffix == "crf"  # a Stage 2 cal of an IFU has the same model
    if (len(sharing) == 1 and not named_only) or (suffix, generation) in TOLD_BY_EXTENSIONS:
        assert identify(path).suffix == suffix
    else:
        with pytest.raises(UnknownProductError, match="from-maria.fits.*rename it"):
            identify(path)


@pytest.mark.parametrize(("suffix", "generation"), FITS)
def test_identify_without_data_model_or_version(built, tmp_path, suffix, generation):
    path = renamed(
        built(suffix, generation), tmp_path, f"jw01_t001_{suffix}.fits",
        DATAMODL=None, CAL_VER=None, FILENAME=None,
    )  # fmt: skip
    assert identify(path).suffix == suffix


@pytest.mark.parametrize("key", [*TOLD_BY_EXTENSIONS, ("x1dints", "TSOMultiSpecModel")])
def test_identify_by_extensions_alone(built, tmp_path, key):
    path = renamed(built(*key), tmp_path, "from-maria.fits", DATAMODL=None, FILENAME=None)
    assert identify(path).suffix == key[0]


def test_content_beats_the_file_name(built, tmp_path):
    """Somebody's name for a mosaic does not make it a spectrum."""
    path = renamed(built("i2d", "ImageModel"), tmp_path, "a_x1d.fits", FILENAME="b_c1d.fits")
    assert identify(path).suffix == "i2d"


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("JW01_NIRCAM_I2D.FITS", "i2d"), ("jw01_nircam_i2d (1).fits", "i2d"),
     ("jw01_nircam_i2d_v2.fits", "i2d"), ("jw01_i2d_crf.fits", "crf")],
)  # fmt: skip
def test_identify_names_as_people_write_them(tmp_path, name, suffix):
    path = image_of("ImageModel", "unnamed", (4, 5), tmp_path)
    assert identify(renamed(path, tmp_path, name)).suffix == suffix


def test_a_reference_star_is_not_taken_for_the_target(built, tmp_path):
    path = renamed(built("ami-oi", "AmiOIModel"), tmp_path, "jw01_psf-ami-oi.fits")
    assert identify(path).suffix == "psf-ami-oi"


def test_identify_looks_again_when_the_file_changes(built, tmp_path):
    path = renamed(built("i2d", "ImageModel"), tmp_path, "download.fits")
    assert identify(path).suffix == "i2d"
    shutil.copy(built("x1d", "MultiSpecModel"), path)
    assert identify(path).suffix == "x1d"


@pytest.mark.parametrize(
    ("name", "root"),
    [
        ("jw02783-o002_t001_miri_p750l-slitlessprism_x1dints.fits.gz",
         "jw02783-o002_t001_miri_p750l-slitlessprism"),
        ("jw01345-o001_t021_nircam_clear-f444w_cat.ecsv", "jw01345-o001_t021_nircam_clear-f444w"),
        ("somewhere/jw01_a_psf-ami-oi.fits", "jw01_a"),
        ("notes.fits", "notes"),
    ],
)  # fmt: skip
def test_product_root(name, root):
    assert product_root(name) == root


COPIES = [
    "{0}_{1} (1).{2}", "{0}_{1}(1).{2}", "{0}_{1} (12).{2}", "{0}_{1} copy.{2}",
    "{0}_{1} copy 2.{2}", "{0}_{1} - Copy.{2}", "{0}_{1} - Copy (3).{2}", "{0}_{1} (copy).{2}",
    "{0}_{1} (another copy).{2}", "{0}_{1} (3rd copy).{2}", "Copy of {0}_{1}.{2}",
    "Copy (2) of {0}_{1}.{2}", "{0}_{1}-2.{2}", "{0}_{1}.{2}.1", "{0}_{1}.{2} (1).gz",
    "{0}_{1}.{2}(1).gz", "{0}_{1}.{2}.gz.2", "{0}_{1}_copy.{2}", "{0}_{1} (1) (2).{2}",
]  # fmt: skip


@pytest.mark.parametrize("pattern", COPIES)
def test_a_copy_belongs_to_the_same_observation(pattern):
    root = "jw02783-o002_t001_miri_p750l-slitlessprism"
    for suffix, ending in (("cat", "ecsv"), ("i2d", "fits"), ("psf-ami-oi", "fits")):
        name = pattern.format(root, suffix, ending)
        assert product_root(name) == root, name
        assert has_suffix(name), name


@pytest.mark.parametrize(
    ("name", "root"),
    [
        ("galaxy-2.fits", "galaxy-2"), ("galaxy (1).fits", "galaxy (1)"),
        ("field_cat_v4.ecsv", "field_v4"), ("field-2_cat.ecsv", "field-2"),
        ("starfield_74_combined_cat_v4 (1).ecsv", "starfield_74_combined_v4"),
        ("jw01_t001-1_x1d-ints.fits", "jw01_t001-1_x1d-ints"),
    ],
)  # fmt: skip
def test_what_tells_observations_apart_stays(name, root):
    assert product_root(name) == root


def test_root_is_common_to_the_products_of_one_observation(built):
    roots = {product_root(built(*key)) for key in ALL if key[0] != "asn"}
    assert len(roots) == 1


def test_ecsv_header(built):
    path = built("cat", "current")
    columns, yaml = ecsv_header(path)
    rows = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    assert columns == rows[0].split()
    assert {"sky_centroid.ra", "sky_centroid.dec"} <= set(columns)
    assert "name: label" in yaml and "#" not in yaml[:1]


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_read_primary_header(built, tmp_path, ending):
    path = built("i2d", "ImageModel")
    path = compressed(path, "copy_i2d.fits.gz") if ending else path
    assert read_primary_header(path)["CAL_VER"] == "3.0.0"


# ---- refusing ----


def _hubble(folder):
    header = fits.Header({"TELESCOP": "HST"})
    fits.PrimaryHDU(header=header).writeto(folder / "icab01_i2d.fits")
    return folder / "icab01_i2d.fits"


def _no_telescope(folder):
    fits.PrimaryHDU().writeto(folder / "a_i2d.fits")
    return folder / "a_i2d.fits"


def _stage_2(folder):
    return image_of("ImageModel", "rate", (4, 5), folder)


def _stage_1(folder):
    model = datamodels.CubeModel((2, 4, 5))
    return save(model, folder / "jw01_nrs1_rateints.fits")


def _reference_file(folder):
    return save(datamodels.GainModel((4, 5)), folder / "jwst_nircam_gain_0001.fits")


def _other_ecsv(folder):
    Table({"id": [1], "ra": [2.0]}).write(folder / "a_cat.ecsv", format="ascii.ecsv")
    return folder / "a_cat.ecsv"


def _write(name, content):
    def write(folder):
        (folder / name).write_bytes(content)
        return folder / name

    return write


def _cut(name, size):
    """The start of a mosaic, cut off."""

    def cut(folder):
        whole = BUILDERS["i2d", "ImageModel"](folder)
        (folder / name).write_bytes(whole.read_bytes()[:size])
        return folder / name

    return cut


def _cut_gzip(folder):
    whole = compressed(BUILDERS["i2d", "ImageModel"](folder), "whole.gz")
    (folder / "cut_i2d.fits").write_bytes(whole.read_bytes()[:200])
    return folder / "cut_i2d.fits"


def _damage(packed, name, start):
    """Bytes changed on the way, which only the decompressor notices."""
    content = bytearray(packed.read_bytes())
    content[start : start + 30] = b"\xff" * 30
    packed.with_name(name).write_bytes(content)
    return packed.with_name(name)


def _damaged_gzip(folder):
    packed = compressed(BUILDERS["i2d", "ImageModel"](folder), "whole.gz")
    return _damage(packed, "damaged_i2d.fits", 60)


def _damaged_gzip_renamed(folder):
    """Only the extensions can tell what it is, and the first one's array is damaged."""
    counts = np.random.default_rng(5).integers(0, 50, (400, 400)).astype("f4")
    whole = mosaic(folder, {"data": counts, "con": np.ones((1, 400, 400), "i4")})
    bare = renamed(whole, folder, "bare.fits", FILENAME=None)
    return _damage(compressed(bare, "whole.gz"), "from-maria.fits", 80_000)


def _missing(folder):
    return folder / "not_there_i2d.fits"


def _below_a_file(folder):
    (folder / "file").write_text("x")
    return folder / "file" / "a_i2d.fits"


REFUSED = {
    "hubble": (_hubble, UnknownProductError, "TELESCOP = 'HST'"),
    "no TELESCOP": (_no_telescope, UnknownProductError, "no TELESCOP"),
    "stage 2 image": (_stage_2, UnknownProductError, "ImageModel"),
    "stage 1 cube": (_stage_1, UnknownProductError, "CubeModel"),
    "reference file": (_reference_file, UnknownProductError, "GainModel"),
    "other ECSV": (_other_ecsv, UnknownProductError, "columns: id, ra"),
    "ECSV, header only": (_write("a_cat.ecsv", b"# %ECSV 1.0\n# ---\n"), UnreadableProductError,
                          "column names"),
    "other JSON": (_write("a_asn.json", b'{"a": 1}'), UnknownProductError, "no list of products"),
    "broken JSON": (_write("a_asn.json", b'{"products": ['), UnknownProductError, "association"),
    "text named FITS": (_write("a_i2d.fits", b"404 Not Found\n"), UnreadableProductError,
                        "not; download it again"),
    "text": (_write("notes.txt", b"shopping\n"), UnknownProductError, "neither FITS"),
    "binary": (_write("a.bin", bytes(range(256))), UnknownProductError, "neither FITS"),
    "empty": (_write("a_i2d.fits", b""), UnreadableProductError, "empty"),
    "gzip, not FITS": (_write("a_i2d.fits.gz", b"\x1f\x8b" + b"no" * 40), UnreadableProductError,
                       "compressed data are damaged"),
    "cut in the header": (_cut("cut_i2d.fits", 500), UnreadableProductError, "header"),
    "cut gzip": (_cut_gzip, UnreadableProductError, "header cannot be read"),
    "damaged gzip, renamed": (_damaged_gzip_renamed, UnreadableProductError,
                              "compressed data are damaged"),
    "damaged gzip": (_damaged_gzip, UnreadableProductError, "compressed data are damaged"),
    "directory": (lambda folder: folder, UnreadableProductError, "directory"),
    "missing": (_missing, UnreadableProductError, "is the path right"),
    "below a file": (_below_a_file, UnreadableProductError, "is the path right"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::astropy.utils.exceptions.AstropyWarning")  # on damage
@pytest.mark.parametrize("case", REFUSED)
def test_identify_refuses(tmp_path, case):
    make, error, words = REFUSED[case]
    path = make(tmp_path)
    with pytest.raises(error) as caught:
        identify(path)
    message = str(caught.value)
    assert path.name in message
    assert words in message
    assert "\n" not in message


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file"
)
def test_identify_a_file_that_may_not_be_read(built, tmp_path):
    path = renamed(built("i2d", "ImageModel"), tmp_path, "private_i2d.fits")
    path.chmod(0)
    with pytest.raises(UnreadableProductError, match="private_i2d.fits.*cannot be read"):
        identify(path)


def test_every_refusal_is_a_value_error():
    """So that code which knows nothing of this package catches it as what it is."""
    assert issubclass(Stage3Error, ValueError)
    assert issubclass(UnknownProductError, Stage3Error)
    assert issubclass(UnreadableProductError, Stage3Error)
