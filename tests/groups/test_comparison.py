"""Two reductions of one product: headers, and the numbers of each type of product."""

import json
import shutil

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from make_cubes import cube, cube_arrays
from make_exposures import exposure
from make_products import BUILDERS, mosaic, mosaic_arrays
from make_spectra import integrations, one_hdu_an_integration, time_series
from make_tables import catalog, catalog_table, light_curve

import jdaviz_stage3 as stage3
from jdaviz_stage3 import cli
from jdaviz_stage3.groups import comparison
from jdaviz_stage3.groups.comparison import compared_types

#: All that is compared, and some of the others.
COPIED = [key for key in sorted(BUILDERS) if key[0] in (*compared_types(), "asn", "segm", "ami-oi")]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new")


def mosaics(folders):
    old = mosaic_arrays()
    new = old | {"data": old["data"] + np.float32(0.01)}
    paths = mosaic(folders[0], old, version="2.0.0"), mosaic(folders[1], new)
    for path, step in zip(paths, ("SKIPPED", "COMPLETE"), strict=True):
        with fits.open(path, mode="update") as hdus:
            hdus[0].header.update(
                S_SKYMAT=step, FILTER="F444W", EFFEXPTM=10.0 + (step == "SKIPPED")
            )
    return paths


def test_headers_and_pixels_of_mosaics(folders, tmp_path):
    old, new = mosaics(folders)
    made = stage3.compare(old, new)
    assert made.suffix == "i2d" and list(made.parts) == ["SCI"]
    [row] = made.table
    assert row["median"] == pytest.approx(-0.01, rel=1e-4) and row["unit"] == "MJy / sr"
    assert row["n"] == 30 * 40 - 15
    headers = {row["name"]: (row["first"], row["second"]) for row in made.headers}
    assert headers["pipeline_version"] == ("2.0.0", fits.getheader(new)["CAL_VER"])
    assert headers["skymatch"] == ("SKIPPED", "COMPLETE")
    assert headers["EFFEXPTM"] == ("11.0", "10.0")
    assert not {"FILTER", "DATE", "created", "FILENAME", "S_SKYMAT"} & set(headers)
    text = made.to_json(tmp_path / "made.json")
    assert json.loads(text) == made.as_dict() == json.loads((tmp_path / "made.json").read_text())
    with pytest.raises(stage3.Stage3Error, match="is there already"):
        made.to_json(tmp_path / "made.json")
    assert str(folders[0]) in repr(made) and "SCI" in repr(made)  # both have one name


@pytest.mark.filterwarnings("ignore:.*the background is not subtracted")
@pytest.mark.parametrize("key", COPIED)
def test_a_copy_does_not_differ(built, tmp_path, key):
    path = built(*key)
    copy = shutil.copy(path, tmp_path)
    if key[0] == "asn":
        with pytest.raises(stage3.Stage3Error, match="compare their products"):
            stage3.compare(path, copy)
        return
    made = stage3.compare(path, copy)
    assert len(made.headers) == 0
    slits = key[0] in ("crf", "cal") and key[1].startswith("Multi")
    assert bool(made.parts) == (key[0] in compared_types() and not slits)
    for row in made.table:
        assert row["n"] and row["median"] == 0
        assert row["sigma"] == 0 or row["n"] == 1


def test_spectra_are_those_of_the_same_source(tmp_path, built):
    path = built("x1d", "WFSSMultiSpecModel")
    made = stage3.compare(path, shutil.copy(path, tmp_path), source_id=2)
    assert made.parts and all("source 2" in name for name in made.parts)
    few = stage3.compare(path, tmp_path / path.name, at_most=1)
    assert len(few.parts) == 1 and "the first 1 of" in few.notes[0]
    other = shutil.copy(path, tmp_path / "other_x1d.fits")
    with fits.open(other, mode="update") as hdus:
        for hdu in hdus:
            if hdu.name == "EXTRACT1D":
                hdu.data["SOURCE_ID"] += 1000
    with pytest.raises(stage3.Stage3Error, match="no spectrum of the same source"):
        stage3.compare(path, other)


def test_time_series_of_two_layouts(tmp_path):
    """The same integrations as jwst 3.0 and as 1.17 write them."""
    columns = integrations([1, 2, 3, 4])
    header = {"spectral_order": 1, "detector": "NIS"}
    (tmp_path / "old").mkdir()
    new = time_series(tmp_path, [(columns, header)])
    old = one_hdu_an_integration(tmp_path / "old", columns | {"FLUX": columns["FLUX"] * 1.01})
    [row] = stage3.compare(new, old).table
    assert row["median_ratio"] == pytest.approx(1 / 1.01) and row["n"] == 4


def test_columns_of_old_light_curves_are_paired_in_order(tmp_path):
    days = 60000 + np.arange(6) / 500
    flux = np.linspace(1.0, 0.99, 6)
    (tmp_path / "old").mkdir()
    new = light_curve(tmp_path, {"MJD_UTC": days} | {
        f"whitelight_flux_order_{n}": n * flux * u.Jy for n in (1, 2)
    })  # fmt: skip
    old = light_curve(
        tmp_path / "old",
        {"MJD": np.tile(days, 2), "whitelight_flux": np.concatenate([flux, 2.1 * flux])},
    )
    made = stage3.compare(new, old)
    assert list(made.table["part"]) == ["whitelight_flux_order_1", "whitelight_flux_order_2"]
    assert "order of the files" in made.notes[0]
    assert made.parts["whitelight_flux_order_2"].normalized
    np.testing.assert_allclose(made.table["median"], 0, atol=1e-12)


def test_bad_input(folders, tmp_path, built):
    old, _ = mosaics(folders)
    with pytest.raises(stage3.Stage3Error, match="compared with itself"):
        stage3.compare(old, old)
    link = tmp_path / "link_i2d.fits"
    link.symlink_to(old)
    with pytest.raises(stage3.Stage3Error, match="compared with itself"):
        stage3.compare(link, old)
    with pytest.raises(stage3.UnreadableProductError, match="gone_i2d.fits"):
        stage3.compare(old, tmp_path / "gone_i2d.fits")
    with pytest.raises(stage3.Stage3Error, match="holds i2d .* holds cat .*only products of one"):
        stage3.compare(old, built("cat", "current"))
    with pytest.raises(stage3.UnknownProductError):
        stage3.compare(__file__, old)
    blank = mosaic_arrays()
    blank["data"] = blank["data"] * np.nan
    with (
        pytest.warns(stage3.Stage3Warning, match="no finite pixel"),
        pytest.raises(stage3.Stage3Error, match="blank_i2d.fits: the images have no usable pixel"),
    ):
        stage3.compare(old, mosaic(tmp_path, blank, name="blank_i2d.fits"))
    with pytest.raises(stage3.Stage3Error, match="12 × 8 × 10 and 12 × 8 × 9"):
        stage3.compare(
            cube(tmp_path, name="a_s3d.fits"),
            cube(tmp_path, cube_arrays(shape=(8, 9)), name="b_s3d.fits"),
        )
    table = catalog_table()
    table.remove_column("sky_centroid")
    (tmp_path / "other").mkdir()
    with pytest.raises(stage3.Stage3Error, match="no positions on the sky"):
        stage3.compare(catalog(tmp_path, table), catalog(tmp_path / "other"))


def test_the_command(folders, capsys):
    old, new = mosaics(folders)
    assert cli.main(["info", "--compare", str(old), str(new)]) == 0
    printed = capsys.readouterr().out
    assert "step: skymatch" in printed and "SKIPPED | COMPLETE" in printed
    assert "-0.01" in printed and "share most of their noise" in printed
    assert cli.main(["info", "--compare", "--json", str(old), str(new)]) == 0
    assert json.loads(capsys.readouterr().out)["parts"][0]["part"] == "SCI"
    assert cli.main(["info", "--compare", str(old)]) == 2
    assert "takes two files, found 1" in capsys.readouterr().err
    assert cli.main(["info", "--compare", str(old), "gone.fits"]) == 2
    assert cli.main(["info", "--compare", str(old), __file__]) == 1
    assert "test_comparison.py" in capsys.readouterr().err


def test_exposures_are_compared_by_their_pixels(tmp_path):
    (tmp_path / "other").mkdir()
    made = stage3.compare(exposure(tmp_path), exposure(tmp_path / "other"))
    assert made.table["median"][0] == 0 and "detector pixels" in made.all_notes[0]


def test_what_libraries_make_of_broken_files_ends_in_words(folders, monkeypatch):
    def fails(*args):
        raise fits.VerifyError("Unparsable card (PIXAR_SR)")

    monkeypatch.setitem(comparison.COMPARED, "i2d", fails)
    with pytest.raises(stage3.UnreadableProductError, match=r"cannot be compared \(Unparsable"):
        stage3.compare(*mosaics(folders))
