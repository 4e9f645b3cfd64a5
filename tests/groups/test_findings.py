"""Known defects of products: found where they are, and not in good products."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import QTable
from make_spectra import combined, integrations, time_series
from make_tables import catalog, catalog_table, light_curve
from shared_data import DATA

import jdaviz_stage3 as stage3
from jdaviz_stage3 import cli
from jdaviz_stage3.demo import demo_folder
from jdaviz_stage3.groups.known_defects import GROUP_RULES, PRODUCT_RULES
from jdaviz_stage3.groups.versions import release_of

MOSAIC = next(demo_folder().glob("*_i2d.fits"))


def with_keywords(path, **keywords):
    with fits.open(path, mode="update") as hdus:
        hdus[0].header.update(keywords)
    return path


def rules(findings):
    return [finding.rule for finding in findings]


def test_nothing_is_wrong_with_the_demo_products():
    assert stage3.sanity(demo_folder()) == []


@pytest.mark.skipif(not DATA.is_dir(), reason="no products beside the checkout")
def test_what_is_wrong_with_the_products_at_hand_is_true():
    """Order 2 of the simulated SOSS curve is a sum between 0.85 and 2.8 µm, and nothing else is."""
    folders = sorted({path.parent for path in DATA.rglob("jw*") if path.is_file()})
    [found] = stage3.sanity(folders)
    assert found.rule == "white light of SOSS beyond order 1"
    [path] = found.paths
    with fits.open(str(path).replace("whtlt.ecsv", "x1dints.fits")) as hdus:
        table = next(h.data for h in hdus[1:] if h.header.get("SPORDER") == 2)
    curve = QTable.read(path)["whitelight_flux_order_2"].value
    assert not np.allclose(np.nansum(table["FLUX"], axis=1), curve, rtol=0.1)
    [blank] = [f for f in stage3.sanity(DATA / "real" / "jwst-image-maker", read_data=True)]
    assert blank.rule == "as it is read" and "no usable sample" in blank.text


@pytest.mark.parametrize("version, wrong", [("1.20.0", True), ("1.20.1", False), ("1.19.2", False)])
def test_catalogs_of_one_version_have_wrong_fluxes(tmp_path, version, wrong):
    path = catalog(tmp_path, catalog_table(jwst=version))
    found = stage3.sanity(path)
    assert bool(found) is wrong
    for finding in found:
        assert finding.by_reader and "9939" in finding.source and path.name in finding.text
        with pytest.warns(stage3.Stage3Warning) as caught:  # declared once
            stage3.read(path)
        assert [str(one.message) for one in caught] == [finding.text]
        assert rules(stage3.sanity(path, read_data=True)) == [finding.rule]


@pytest.mark.parametrize("version, wrong", [("1.14.1", True), ("1.15.0", False), ("", False)])
def test_errors_of_old_combined_spectra(tmp_path, version, wrong):
    path = with_keywords(combined(tmp_path), CAL_VER=version)
    assert rules(stage3.sanity([path])) == (
        ["errors of combined spectra before jwst 1.15.0"] if wrong else []
    )


def soss(folder, *, limited, version="3.0.0"):
    """Spectra of two orders, and a curve of sums over a part of the wavelengths or over all."""
    whole = integrations([1, 2, 3])
    parts = [(whole, {"spectral_order": order, "detector": "NIS"}) for order in (1, 2)]
    spectra = time_series(folder, parts, version=version)
    sums = whole["FLUX"][:, : 5 if limited else None].sum(axis=1)
    columns = {"MJD_UTC": whole["MJD-AVG"]} | {f"whitelight_flux_order_{n}": sums for n in (1, 2)}
    curve = light_curve(folder, columns)
    return spectra, curve.rename(str(spectra).replace("x1dints.fits", "whtlt.ecsv"))


@pytest.mark.parametrize(
    "limited, version, wrong",
    [
        (True, "3.0.0", True),
        (False, "3.0.0", False),
        (True, "1.19.1", False),
        (True, "3.0.1", False),
    ],
)
def test_sums_of_soss_beyond_order_1(tmp_path, limited, version, wrong):
    spectra, curve = soss(tmp_path, limited=limited, version=version)
    assert [f.paths for f in stage3.sanity(tmp_path)] == ([(curve,)] if wrong else [])
    assert len(stage3.sanity([curve])) == wrong  # what is beside it is looked at all the same
    spectra.unlink()
    assert stage3.sanity(curve) == []  # then nothing tells


def test_steps_that_failed_and_exposures_of_several_versions(tmp_path):
    path = with_keywords(shutil.copy(MOSAIC, tmp_path), S_TWKREG="FAILED")
    with fits.open(path, mode="update") as hdus:
        table = hdus["HDRTAB"]
        versions = np.array(["1.9.6", *["3.0.0"] * (len(table.data) - 1)])
        kept = [c for c in table.columns if c.name != "CAL_VER"]
        columns = [*kept, fits.Column("CAL_VER", "10A", array=versions)]
        hdus["HDRTAB"] = fits.BinTableHDU.from_columns(columns, name="HDRTAB")
    failed, mixed = stage3.sanity(path)
    assert "tweakreg did not succeed" in failed.text
    assert "versions of the pipeline (1.9.6, 3.0.0)" in mixed.text


def reduction(folder, name="jw09997-o001_t001_nircam_clear-f444w", **versions):
    """Copies of demo products, each of the version given for it."""
    paths = {}
    for suffix, version in versions.items():
        [source] = demo_folder().glob(f"*o001_t001*_{suffix}.*")
        paths[suffix] = Path(shutil.copy(source, folder / f"{name}_{suffix}{source.suffix}"))
        if suffix == "cat":
            text = paths[suffix].read_text()
            paths[suffix].write_text(text.replace("jwst: 3.0.0", f"jwst: {version}"))
        else:
            with_keywords(paths[suffix], CAL_VER=version)
    return paths


def test_products_of_several_reductions(tmp_path):
    paths = reduction(tmp_path, i2d="3.0.0", segm="2.0.1", cat="3.0.0")
    labels, versions = stage3.sanity(tmp_path)
    assert labels.rule == "labels of another build"
    assert "3.0.0 (cat)" in labels.text and "2.0.1 (segm)" in labels.text
    assert "taken apart" in labels.text  # blended sources, from 3.0.0 on
    assert set(labels.paths) == {paths["segm"], paths["cat"]}
    assert set(versions.paths) == {paths["segm"], paths["i2d"]}  # the catalog was named above
    with_keywords(paths["segm"], CAL_VER="3.0.0")
    assert stage3.sanity(tmp_path) == []
    with_keywords(paths["segm"], CRDS_CTX="jwst_1100.pmap")
    [contexts] = stage3.sanity(tmp_path)
    assert "jwst_1100.pmap (segm), jwst_1464.pmap (i2d)" in contexts.text
    # products of another observation may be of another version
    other = reduction(tmp_path, "jw09997-o002_t001_nircam_clear-f444w", i2d="2.0.0")
    assert stage3.sanity([paths["i2d"], other["i2d"]]) == []
    # as may those of one observation in two folders: who compares two reductions has these
    (tmp_path / "old").mkdir()
    old = reduction(tmp_path / "old", i2d="2.0.0")
    assert stage3.sanity([paths["i2d"], old["i2d"]]) == []


def test_old_builds_that_both_do_not_deblend(tmp_path):
    reduction(tmp_path, segm="1.9.0", cat="1.20.1")
    [labels] = stage3.sanity(tmp_path)
    assert "taken apart" not in labels.text


def test_files_that_are_none_are_left_out(tmp_path):
    (tmp_path / "notes_i2d.fits").write_text("nothing")
    assert stage3.sanity([tmp_path / "notes_i2d.fits"]) == []
    with pytest.raises(stage3.UnreadableProductError, match="gone"):
        stage3.sanity(tmp_path / "gone")


def test_info_lists_findings(tmp_path, capsys):
    path = catalog(tmp_path, catalog_table(jwst="1.20.0"))
    assert cli.main(["info", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "1 known defect:" in printed and printed.count("not in Jy") == 1 and "9939" in printed
    cli.main(["info", "--json", str(path)])
    [row] = json.loads(capsys.readouterr().out)
    [finding] = row["findings"]
    assert finding["rule"] == "catalog fluxes of jwst 1.20.0" and finding["paths"] == [str(path)]


def test_every_rule_has_its_source_and_name():
    table = [*PRODUCT_RULES, *GROUP_RULES]
    assert len({rule.name for rule in table}) == len(table)
    assert all(rule.source for rule in table)


@pytest.mark.parametrize(
    "text, numbers",
    [("1.20.0", (1, 20, 0)), ("3.0.0.dev12+g1a2", (3, 0, 0)), ("2.1", (2, 1, 0)), ("x", None)],
)
def test_versions_as_numbers(text, numbers):
    assert release_of(text) == numbers


def test_of_what_is_loaded_only_the_same_observation_is_read_and_once(tmp_path, monkeypatch):
    """With each of a hundred files that are loaded one by one, all before it would be read anew."""
    from jdaviz_stage3.groups import findings

    files = []
    for name in ("jw09997-o001_t001_miri_a", "jw09997-o002_t001_miri_b"):
        for suffix in ("x1d", "c1d"):
            path = tmp_path / f"{name}_{suffix}.fits"
            shutil.copy(MOSAIC, path)
            files.append(path)
    read = []
    stock = findings.provenance
    monkeypatch.setattr(findings, "provenance", lambda path: read.append(path) or stock(path))
    for _ in range(3):
        findings.findings_of_groups(files, files[:1])
    assert read == files[:2]
    os.utime(files[0], ns=(1, 1))
    findings.findings_of_groups(files, files[:1])
    assert read == [*files[:2], files[0]]
