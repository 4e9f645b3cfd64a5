"""How products were made, against what is written in their headers."""

import json
import subprocess
import sys

import numpy as np
import pytest
from astropy.io import fits
from shared_data import DATA

import jdaviz_stage3 as stage3
from jdaviz_stage3 import cli, demo
from jdaviz_stage3.groups.keywords import reference_types, step_names


@pytest.fixture(scope="module")
def mosaic():
    return next(path for path in demo.demo_products() if "_i2d" in path.name)


def changed(mosaic, folder, name="other_i2d.fits", **keywords):
    """A copy of the mosaic with other keywords."""
    path = folder / name
    with fits.open(mosaic) as hdus:
        for keyword, value in keywords.items():
            hdus[0].header[keyword] = value
        hdus.writeto(path)
    return path


def test_what_the_header_says(mosaic):
    made = stage3.provenance(mosaic)
    header = fits.getheader(mosaic)
    assert made.suffix == "i2d"
    assert made.pipeline_version == header["CAL_VER"]
    assert (made.crds_context, made.crds_version) == (header["CRDS_CTX"], header["CRDS_VER"])
    assert (made.program, made.pi, made.title) == tuple(
        header[key] for key in ("PROGRAM", "PI_NAME", "TITLE")
    )
    assert (made.created, made.observed) == (header["DATE"], header["DATE-OBS"])
    assert made.association == header["ASNTABLE"]
    assert made.steps["outlier_detection"] == header["S_OUTLIR"] == "COMPLETE"
    assert made.steps["tweakreg"] == header["S_TWKREG"] == "SKIPPED"
    assert len(made.steps) == sum(key.startswith("S_") for key in header)
    assert made.references == {"distortion": header["R_DISTOR"]}
    assert len(made.not_applicable) == sum(
        key.startswith("R_") and header[key] == "N/A" for key in header
    )
    assert made.exposures == tuple(fits.getdata(mosaic, "HDRTAB")["FILENAME"])
    assert made.mixed == {}


def test_keywords_are_those_of_the_data_models():
    """The schema that is read as text, against the data models themselves."""
    datamodels = pytest.importorskip("stdatamodels.jwst.datamodels")
    schema = datamodels.JwstDataModel().schema
    meta = schema["properties"]["meta"]["properties"]
    steps = meta["cal_step"]["properties"]
    assert step_names() == {entry["fits_keyword"]: name for name, entry in steps.items()}
    assert len(step_names()) > 60
    references = meta["ref_file"]["properties"]
    for keyword, name in reference_types().items():
        assert references[name]["properties"]["name"]["fits_keyword"] == keyword
    assert {"R_FLAT", "R_DISTOR", "R_PHOTOM"} <= set(reference_types())


def test_a_keyword_that_no_schema_has_keeps_its_name(mosaic, tmp_path):
    path = changed(mosaic, tmp_path, S_NEWSTP="COMPLETE", R_NEWREF="crds://new.fits", S_REGION="P")
    made = stage3.provenance(path)
    assert made.steps["S_NEWSTP"] == "COMPLETE"
    assert made.references["R_NEWREF"] == "crds://new.fits"
    assert "S_REGION" not in made.steps


def test_exposures_of_several_versions_are_told(mosaic, tmp_path):
    path = tmp_path / "mixed_i2d.fits"
    with fits.open(mosaic) as hdus:
        table = hdus["HDRTAB"]
        n_rows = len(table.data)
        versions = np.array(["1.20.0"] * (n_rows - 1) + ["3.0.0"])
        states = np.array(["COMPLETE"] + ["SKIPPED"] * (n_rows - 1))
        columns = [c for c in table.columns if c.name not in ("CAL_VER", "S_SKYMAT")]
        columns += [
            fits.Column("CAL_VER", "8A", array=versions),
            fits.Column("S_SKYMAT", "8A", array=states),
        ]
        hdus["HDRTAB"] = fits.BinTableHDU.from_columns(columns, name="HDRTAB")
        hdus.writeto(path)
    made = stage3.provenance(path)
    assert made.mixed == {
        "pipeline_version": ("1.20.0", "3.0.0"),
        "skymatch": ("COMPLETE", "SKIPPED"),
    }


def test_a_catalog_says_which_software_made_it():
    catalog = next(path for path in demo.demo_products() if "_cat" in path.name)
    made = stage3.provenance(catalog)
    assert made.pipeline_version == made.software["jwst"] == "3.0.0"
    assert made.created.startswith("2026-")
    assert made.steps == {} and made.exposures == ()


def test_a_light_curve_says_little():
    curve = next(path for path in demo.demo_products() if "_whtlt" in path.name)
    made = stage3.provenance(curve)
    assert (made.pipeline_version, made.instrument) == ("", "MIRI")


def test_json_holds_everything_and_writes_over_nothing(mosaic, tmp_path):
    made = stage3.provenance(mosaic)
    content = json.loads(made.to_json(tmp_path / "made.json"))
    assert content == json.loads((tmp_path / "made.json").read_text())
    assert content["steps"] == made.steps
    assert content["path"] == str(mosaic)
    assert content["exposures"] == list(made.exposures)
    with pytest.raises(stage3.Stage3Error, match="cannot be written"):
        made.to_json(tmp_path / "made.json")


# ---- comparison ----


def test_differences_come_first(mosaic, tmp_path):
    other = changed(
        mosaic,
        tmp_path,
        CAL_VER="1.20.0",
        S_TWKREG="COMPLETE",
        R_DISTOR="crds://x.asdf",
        SDP_VER="2",
    )
    table = stage3.compare_provenance([mosaic, other])
    assert table.colnames == ["section", "name", "differs", mosaic.name, other.name]
    n_different = int(table["differs"].sum())
    assert table["differs"][:n_different].all() and not table["differs"][n_different:].any()
    found = {row["name"]: (row[mosaic.name], row[other.name]) for row in table if row["differs"]}
    assert found == {
        "pipeline_version": ("3.0.0", "1.20.0"),
        "tweakreg": ("SKIPPED", "COMPLETE"),
        "distortion": ("jwst_nircam_distortion_demo.asdf", "crds://x.asdf"),
        "archive_version": ("", "2"),
    }
    assert table["name"][n_different - 1] == "archive_version"  # said by one of them only
    one, two = (stage3.provenance(path).rows() for path in (mosaic, other))
    assert len(table) == len({row[:2] for row in one + two})


def test_an_exposure_that_only_one_mosaic_has(mosaic, tmp_path):
    path = tmp_path / "fewer_i2d.fits"
    with fits.open(mosaic) as hdus:
        hdus["HDRTAB"].data = hdus["HDRTAB"].data[1:]
        hdus.writeto(path)
    table = stage3.compare_provenance([mosaic, path])
    [row] = table[(table["section"] == "exposure") & table["differs"]]
    assert row["name"] == stage3.provenance(mosaic).exposures[0]
    assert (row[mosaic.name], row[path.name]) == ("went in", "not in it")


def test_files_of_one_name_have_columns_of_their_own(mosaic, tmp_path):
    other = changed(mosaic, tmp_path, name=mosaic.name)
    table = stage3.compare_provenance([mosaic, other, mosaic])
    assert len(table.colnames) == len(set(table.colnames)) == 6
    assert not table["differs"].any()


@pytest.mark.parametrize("paths", [[], ["one"], "a_i2d.fits"])
def test_nothing_to_compare(paths, mosaic):
    with pytest.raises(stage3.Stage3Error, match="two or more"):
        stage3.compare_provenance([mosaic] if paths == ["one"] else paths)


# ---- bad input ----


def test_what_is_no_product_is_refused(tmp_path, built):
    text = tmp_path / "notes.txt"
    text.write_text("seeing was good")
    with pytest.raises(stage3.UnknownProductError):
        stage3.provenance(text)
    with pytest.raises(stage3.UnreadableProductError, match="is the path right"):
        stage3.provenance(tmp_path / "gone_i2d.fits")
    with pytest.raises(stage3.UnsupportedProductError, match="an association"):
        stage3.provenance(built("asn", "json"))


def test_a_hdrtab_that_is_no_table(mosaic, tmp_path):
    path = tmp_path / "odd_i2d.fits"
    with fits.open(mosaic) as hdus:
        hdus["HDRTAB"] = fits.ImageHDU(np.zeros((2, 2)), name="HDRTAB")
        hdus.writeto(path)
    with pytest.raises(stage3.UnreadableProductError, match="HDRTAB is no table"):
        stage3.provenance(path)


@pytest.mark.parametrize(
    "meta, version",
    [
        ("# meta: 7\n", ""),
        ("# meta: {version: 3, date: [1]}\n", ""),
        ("# meta: {version: {jwst: !python/object/apply:os.system ['exit 3']}}\n", "None"),
        ("# meta: !!omap [{version: {jwst: 2.0.0}}]\n", "2.0.0"),
    ],
)
def test_odd_meta_of_a_catalog(meta, version, tmp_path):
    path = tmp_path / "odd_cat.ecsv"
    column = "# - {name: aper_total_flux, datatype: float64}\n"
    path.write_text(f"# %ECSV 1.0\n# ---\n# datatype:\n{column}{meta}aper_total_flux\n1.0\n")
    assert stage3.provenance(path).pipeline_version == version


def test_meta_that_is_no_yaml(tmp_path):
    path = tmp_path / "odd_cat.ecsv"
    path.write_text("# %ECSV 1.0\n# ---\n# datatype: [{\naper_total_flux\n1.0\n")
    with pytest.raises(stage3.UnreadableProductError, match="header cannot be read"):
        stage3.provenance(path)


# ---- the command ----


def test_info_prints_how_a_product_was_made(mosaic, tmp_path, capsys):
    path = changed(mosaic, tmp_path, PI_NAME="Ada", CAL_VER="1.20.0")
    assert cli.main(["info", "--provenance", str(path)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("other_i2d.fits\n")
    for text in ("pipeline       1.20.0", "tweakreg           SKIPPED", "Exposures (4)", "PI "):
        assert text in said


def test_info_says_what_differs_between_several(mosaic, tmp_path, capsys):
    path = changed(mosaic, tmp_path, PI_NAME="Ada", CAL_VER="1.20.0")
    assert cli.main(["info", "--provenance", str(mosaic), str(path), str(mosaic)]) == 0
    head, *lines = capsys.readouterr().out.partition("What differs")[2].splitlines()
    same = len(stage3.provenance(mosaic).rows()) - 2
    assert head == f" (the same in all: {same})"
    assert lines == [
        "  product: pipeline",
        "    3.0.0: the other 2",
        "    1.20.0: other_i2d.fits",
        "  product: PI",
        "    Demo, Ada: the other 2",
        "    Ada: other_i2d.fits",
    ]


def test_info_of_a_folder_and_of_what_is_none(mosaic, tmp_path, capsys):
    folder = mosaic.parent
    assert cli.main(["info", "--provenance", "--json", str(folder)]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert mosaic.name in {row["path"].rsplit("/", 1)[-1] for row in rows}
    assert all(row["suffix"] != "asn" for row in rows)
    text = tmp_path / "text_i2d.fits"
    text.write_text("404 not found")
    assert cli.main(["info", "--provenance", str(text)]) == 1
    assert "the name says FITS" in capsys.readouterr().err
    assert cli.main(["info", "--provenance", str(tmp_path / "gone")]) == 2


def test_nothing_heavy_is_imported(mosaic):
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, jdaviz_stage3\n"
            "for path in sys.argv[1:]: jdaviz_stage3.provenance(path)\n"
            "print(*{name.split('.')[0] for name in sys.modules})",
            str(mosaic),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(result.stdout.split())
    assert not loaded & {"jdaviz", "glue", "jwst", "stdatamodels", "specutils", "gwcs"}


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data is not there")
def test_products_of_the_pipeline():
    """Every step and reference file in the header has a name, and is there once."""
    unknown = set()
    for path in sorted(DATA.rglob("*.fits*")):
        made = stage3.provenance(path)
        header = fits.getheader(path)
        assert made.pipeline_version == str(header.get("CAL_VER", ""))
        steps = [key for key in header if key.startswith("S_") and key != "S_REGION"]
        assert sorted(made.steps.values()) == sorted(header[key] for key in steps)
        unknown |= {name for name in made.steps if name.startswith("S_")}
    assert unknown == set()
