"""Files that were damaged, cut, or made to harm: one clear line, no time or memory lost."""

import gzip
import os
import resource
import traceback
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hostile_files import look_at, mutate, use
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make_products import BUILDERS, compressed, mosaic
from make_spectra import old_time_series, two_slits

from jdaviz_stage3.errors import Stage3Error, UnreadableProductError
from jdaviz_stage3.fits_structure import read_structure
from jdaviz_stage3.products import identify
from jdaviz_stage3.readers import read
from jdaviz_stage3.summary import summarize

IGNORE = pytest.mark.filterwarnings("ignore")  # of damaged files, by whoever notices


@IGNORE
@pytest.mark.parametrize("key", BUILDERS, ids="-".join)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(1, 10**6))
def test_damage(key, built, tmp_path, seed):
    """Recognising, describing and reading end, with an error of ours or none."""
    genuine = built(*key)
    path = tmp_path / f"{seed}" / genuine.name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(mutate(genuine.name, genuine.read_bytes(), seed))
    use(path)
    path.unlink()


def with_card(path: Path, keyword: str, value: str, extension: str = "SCI") -> Path:
    """Write over the first card of a keyword after the EXTNAME of an extension, or before it."""
    content = bytearray(path.read_bytes())
    end = content.index(f"EXTNAME = '{extension}".encode())
    start = content.rindex(b"XTENSION", 0, end)
    place = content.index(f"{keyword:8}=".encode(), start)
    card = f"{keyword:8}= {value}"[:80] if value else ""
    content[place : place + 80] = card.ljust(80).encode()
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("keyword", "value", "words"),
    [
        ("NAXIS1", "'forty'", r"NAXIS1 = 'forty', expected a whole number"),
        ("NAXIS1", "-1", "NAXIS1 = -1, expected a whole number"),
        ("NAXIS1", "40.5", "NAXIS1 = 40.5, expected a whole number"),
        ("NAXIS1", "", "has no NAXIS1"),
        ("NAXIS", "1000", "NAXIS = 1000, expected a whole number from 0 to 999"),
        ("NAXIS", "3", "has no NAXIS3"),
        ("BITPIX", "12", "BITPIX = 12, expected one of 8, 16"),
        ("GCOUNT", "T", "GCOUNT = T, expected a whole number"),
        ("PCOUNT", "-5", "PCOUNT = -5"),
        ("NAXIS2", "999999999", r"truncated \(\d+ bytes, but SCI ends at \d+\)"),
        ("NAXIS2", "9" * 30, "NAXIS2 = 9{30}, expected a whole number"),
    ],
)  # fmt: skip
def test_image_header_that_cannot_be(tmp_path, keyword, value, words):
    path = with_card(mosaic(tmp_path), keyword, value)
    with pytest.raises(UnreadableProductError, match=words) as caught:
        read(path)
    assert path.name in str(caught.value)
    assert "download it again" in str(caught.value)
    assert summarize(path).problem == str(caught.value)
    assert identify(path).suffix == "i2d"  # the primary header is whole


@pytest.mark.parametrize(
    ("keyword", "value", "words"),
    [
        ("TFIELDS", "999999999", "TFIELDS = 999999999, expected a whole number from 0 to 999"),
        ("TFIELDS", "17", r"rows have \d+ bytes, but its columns \(TFORM\) have \d+"),
        ("TFIELDS", "30", "has no TFORM"),
        ("TFORM2", "'1000000D'", r"rows have \d+ bytes, but its columns \(TFORM\) have \d+"),
        ("TFORM2", "'what'", "TFORM2 = 'what', expected a format such as '1D'"),
        ("TFORM2", "7", "TFORM2 = 7, expected a format"),
        ("TTYPE2", "", "has no TTYPE2, expected the name of a column"),
        ("TTYPE2", "7", "TTYPE2 = 7, expected the name of a column"),
        ("NAXIS1", "0", "rows have 0 bytes"),
    ],
)  # fmt: skip
def test_table_header_that_cannot_be(tmp_path, keyword, value, words):
    path = with_card(two_slits(tmp_path), keyword, value, "EXTRACT1D")
    with pytest.raises(UnreadableProductError, match=words):
        read(path)


def test_structure_is_that_of_astropy(built):
    for key in BUILDERS:
        path = built(*key)
        if ".fits" not in path.name:
            continue
        structure = read_structure(path)
        assert structure.truncated == ""
        with fits.open(path) as hdus:
            assert [e.name for e in structure.extensions] == [hdu.name for hdu in hdus]
            for extension, hdu in zip(structure.extensions, hdus, strict=True):
                assert extension.end == hdu.fileinfo()["datLoc"] + hdu.size


@pytest.mark.parametrize("pack", [False, True])
def test_no_file_stays_open(tmp_path, pack, monkeypatch):
    """On Windows it could not be replaced, and a server would run out of them."""
    path = mosaic(tmp_path)
    if pack:
        path = compressed(path, f"{path.name}.gz")
    opened, builtin = [], open

    def noted(*args, **kwargs):
        opened.append(builtin(*args, **kwargs))
        return opened[-1]

    monkeypatch.setattr("builtins.open", noted)
    read_structure(path)
    assert opened and all(file.closed for file in opened)


@pytest.mark.parametrize("plane", ["ERR", "CON", "WHT"])
def test_a_mosaic_that_is_cut_in_a_header_is_not_read_without_what_follows(tmp_path, plane):
    """astropy ends the file at a header that does not end, as if there were no errors."""
    path = mosaic(tmp_path)
    with fits.open(path) as hdus:
        cut = hdus[plane].fileinfo()["hdrLoc"] + 500
    os.truncate(path, cut)
    with pytest.raises(UnreadableProductError, match="truncated in the header after "):
        read(path)
    assert "truncated in the header" in summarize(path).problem


def test_a_file_that_lost_its_padding_is_read(tmp_path):
    path = mosaic(tmp_path)
    with fits.open(path, mode="update") as hdus:
        del hdus["ASDF"]
    with fits.open(path) as hdus:
        end = hdus[-1].fileinfo()["datLoc"] + hdus[-1].size
    assert end % 2880
    os.truncate(path, end)
    assert read(path).shape == (30, 40)


def limited(path: Path, megabytes: int = 500) -> str:
    """What a process that may take so much memory beyond what it has says of a file."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about threads: those of numpy, which expect it
        pid = os.fork()
    if pid == 0:
        try:
            with open(writing, "w", encoding="utf-8") as pipe:
                pipe.write(_said_with(path, megabytes))
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        said = pipe.read()
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return said


def _said_with(path: Path, megabytes: int) -> str:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + megabytes * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = [summarize(path).problem]
        try:
            read(path)
        except Stage3Error as err:
            said.append(str(err))
    return "\n".join(said)


needs_proc = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc here")


@needs_proc
@pytest.mark.parametrize("where", ["after the file", "in an array"])
def test_gzip_bomb(tmp_path, where):
    """A few MB that would expand to many GB are told from what they say, not by expanding them."""
    path = mosaic(tmp_path)
    zeros = gzip.compress(bytes(100_000_000), mtime=0) * 50
    if where == "in an array":
        with_card(path, "NAXIS2", "2000000000", "SCI")
    packed = path.with_suffix(".fits.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()) + zeros)
    first, second = limited(packed).splitlines()
    assert first == second
    expected = {"after the file": "much that is no FITS", "in an array": "would expand to"}[where]
    assert expected in first
    assert first.startswith(packed.name)


@needs_proc
@pytest.mark.parametrize("depth", [1000, 100_000, 5_000_000])
@pytest.mark.parametrize("start", ['{"products": ', '{"a": '])
def test_association_nested_too_deep(tmp_path, depth, start):
    path = tmp_path / "deep_asn.json"
    path.write_text(start + "[" * depth)
    assert "not a JWST association" in limited(path)


def test_header_line_without_an_end(tmp_path):
    path = tmp_path / "long_cat.ecsv"
    path.write_bytes(b"# %ECSV 1.0\n#" + b"x" * 30_000_000)
    with pytest.raises(UnreadableProductError, match="not followed by column names"):
        identify(path)


# ---- files that change while they are in use ----


def test_spectra_of_a_file_that_was_written_anew_are_refused(tmp_path):
    path = two_slits(tmp_path)
    sequence = read(path)
    part = sequence[:1]
    look_at(sequence)
    with fits.open(path) as hdus:
        hdus["EXTRACT1D", 1].data["FLUX"] *= 2
        hdus.writeto(path, overwrite=True)
    for spectra in (sequence, part):
        with pytest.raises(UnreadableProductError, match="was written anew since it was opened"):
            spectra[0]
    assert np.isfinite(read(path)[0].flux.value).any()


def test_spectra_of_a_file_that_was_cut_since(tmp_path):
    path = two_slits(tmp_path)
    sequence = read(path)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(Stage3Error, match="truncated|written anew"):
        sequence[0]


def test_a_file_that_is_cut_while_it_is_read_is_no_end_of_the_process(tmp_path):
    """Of a memory map, it would be: SIGBUS, and all that a server holds is gone."""
    from jdaviz_stage3.readers.extensions import open_product

    path = mosaic(tmp_path)
    with pytest.raises(UnreadableProductError, match="cannot be read as FITS"):
        with open_product(path) as hdus:
            os.truncate(path, 3 * 2880)
            hdus["SCI"].data.sum()


@pytest.mark.parametrize("mistake", [KeyError, TypeError, AttributeError, IndexError, RuntimeError])
def test_a_mistake_of_ours_is_not_taken_for_damage(tmp_path, mistake):
    from jdaviz_stage3.readers.extensions import open_product

    with pytest.raises(mistake, match="^'?ours'?$"):
        with open_product(mosaic(tmp_path)):
            raise mistake("ours")


@pytest.mark.parametrize("look", [
    lambda hdus: hdus["NOWHERE"], lambda hdus: hdus[99], lambda hdus: hdus[0].header["NOTHING"],
    lambda hdus: np.zeros(3) + np.zeros(4),
], ids=["KeyError", "IndexError", "a keyword", "shapes"])  # fmt: skip
def test_what_astropy_does_not_find_is_damage(tmp_path, look):
    from jdaviz_stage3.readers.extensions import open_product

    path = mosaic(tmp_path)
    with pytest.raises(UnreadableProductError, match=f"{path.name}: cannot be read as FITS"):
        with open_product(path) as hdus:
            look(hdus)


def test_an_integration_whose_columns_are_vectors(tmp_path):
    path = with_card(old_time_series(tmp_path), "TFORM2", "'2E'", "EXTRACT1D")
    with pytest.raises(UnreadableProductError, match="FLUX of EXTRACT1D 1 should have one value"):
        read(path)


def test_a_mosaic_whose_extension_is_no_image(tmp_path):
    path = mosaic(tmp_path)
    content = path.read_bytes()
    place = content.index(b"XTENSION= 'IMAGE   '")
    path.write_bytes(content[:place] + b"XTENSION= 'IMAG    '" + content[place + 20 :])
    with pytest.raises(UnreadableProductError, match=path.name):
        read(path)


def test_too_little_memory_is_no_damage(tmp_path):
    from jdaviz_stage3.readers.extensions import open_product

    with pytest.raises(UnreadableProductError, match="not enough memory to read it .*300 GiB"):
        with open_product(mosaic(tmp_path)):
            raise MemoryError("Unable to allocate 300 GiB")
