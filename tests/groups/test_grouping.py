"""What belongs together in a folder, with and without associations."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_associations import associate
from make_products import mosaic, segmentation
from make_tables import catalog
from shared_data import DATA

import jdaviz_stage3 as stage3
from jdaviz_stage3.groups import ListedProduct, first_views, group_products, mode_of
from jdaviz_stage3.products import named_suffix

ASN = "jw01234-o001_20260101t000000_{}_00001_asn.json"


def entry(name, folder="/data", *, asn="", mode="", target="STAR", suffix=None):
    """What is known of a file, of its name and a few keywords."""
    asn = ASN.format(asn) if asn else ""
    suffix = named_suffix(name) if suffix is None else suffix
    return ListedProduct(
        Path(folder) / name, 1, 1, suffix, "01234", "001", target,
        exposure_type=mode, association=asn,
    )  # fmt: skip


def files_of(group):
    return sorted(
        path.name
        for product in group.products
        for paths in (*product.files.values(), *product.exposure_files.values())
        for path in paths
    )


def sorted_out(*entries):
    groups = group_products(list(entries))
    return [(group.kind, files_of(group)) for group in groups]


P = "jw01234-o001_t001"
E = "jw01234001001_02101_0000{}_nrcalong_o001"


def test_a_mosaic_its_catalog_and_its_exposures():
    names = [f"{P}_nircam_f444w_{s}" for s in ("i2d.fits", "segm.fits", "cat.ecsv")]
    crf = [E.format(n) + "_crf.fits" for n in (1, 2)]
    entries = [entry(name, asn="" if "cat" in name else "image3") for name in names]
    [group] = group_products(entries + [entry(name, asn="image3") for name in crf])
    assert (group.kind, group.target, group.program) == ("image3", "STAR", "01234")
    [product] = group.products
    assert product.name == f"{P}_nircam_f444w"
    assert sorted(product.files) == ["cat", "i2d", "segm"]
    assert [path.name for path in product.exposure_files["crf"]] == crf


def test_sources_of_one_file_each_are_one_group():
    names = [f"jw01234-o001_s{n:09d}_nirspec_f170lp_x1d.fits" for n in range(200)]
    [group] = group_products([entry(name) for name in names])
    assert len(group.products[0].files["x1d"]) == 200
    assert group.products[0].name == "jw01234-o001_{source_id}_nirspec_f170lp"


def test_bands_of_the_mrs_are_one_group_and_gratings_are_not():
    bands = [f"{P}_miri_ch{c}-{b}_s3d.fits" for c in range(1, 5) for b in ("short", "long")]
    gratings = [f"{P}_nirspec_{g}_s3d.fits" for g in ("g140h-f100lp", "g395h-f290lp")]
    found = sorted_out(*map(entry, bands + gratings))
    assert sorted(len(names) for _, names in found) == [1, 1, 8]


def test_two_reductions_of_a_product_are_two_groups():
    names = [f"{P}_nircam_f444w_{s}" for s in ("i2d.fits", "cat.ecsv")]
    entries = [entry(n, f"/data/{run}/{n[-8:]}") for run in ("first", "second") for n in names]
    groups = group_products(entries)
    assert [group.path.name for group in groups] == ["first", "second"]
    assert all(files_of(group) == sorted(names) for group in groups)


def test_an_association_of_a_common_name_ties_nothing_of_another_program_or_folder():
    def own(name, folder):
        return replace(entry(name, folder), program=name[2:7], association="image3_asn.json")

    groups = sorted_out(
        own("jw01234-o001_t001_nircam_f444w_i2d.fits", "/data/a"),
        own("jw05678-o001_t001_nircam_f444w_i2d.fits", "/data/a"),
        own("jw01234-o002_t002_nircam_f444w_i2d.fits", "/data/b"),
    )
    assert len(groups) == 3


def test_a_copy_beside_a_folder_of_the_rest_is_told_apart():
    name = f"{P}_nircam_f444w_i2d.fits"
    groups = group_products([entry(name), entry(name, "/data/old")])
    assert [str(group.path) for group in groups] == ["/data", "/data/old"]


@pytest.mark.parametrize(
    "name, mode, kind",
    [
        (f"{P}_nircam_i2d.fits", "NRC_IMAGE", "image3"),
        (f"{P}_nircam_i2d.fits", "NRC_CORON", "coron3"),
        (f"{P}_nircam_i2d.fits", "", "image3"),
        (f"{P}_miri_x1dints.fits", "MIR_LRS-SLITLESS", "tso3"),
        (f"{P}_miri_phot.ecsv", "", "tso3"),
        (f"{P}_niriss_x1d.fits", "NIS_WFSS", "spec3"),
        (E.format(1) + "_crf.fits", "NRC_IMAGE", "image3"),
        (E.format(1) + "_crf.fits", "MIR_MRS", "spec3"),
        (E.format(1) + "_crfints.fits", "NRC_CORON", "coron3"),
        (E.format(1) + "_crfints.fits", "NRC_TSIMAGE", "tso3"),
        (E.format(1) + "_amilg.fits", "NIS_AMI", "ami3"),
    ],
)
def test_the_mode_without_an_association(name, mode, kind):
    [group] = group_products([entry(name, mode=mode)])
    assert (group.kind, mode_of(group) != "Other") == (kind, True)


def test_exposures_of_stage_2_are_one_group_an_observation():
    entries = [entry(f"jw01234001001_02101_0000{n}_nrca1_i2d.fits", asn="image2") for n in (1, 2)]
    [group] = group_products(entries)
    assert group.products[0].name == "exposures of jw01234-o001"


def test_an_association_is_read_and_what_lies_elsewhere_joins_it(tmp_path):
    (elsewhere := tmp_path / "catalogs").mkdir()
    mosaic(tmp_path), segmentation(tmp_path)
    table = catalog(elsewhere)
    root = table.name.removesuffix("_cat.ecsv")
    members = [(f"jw09997001001_02101_0000{i}_nrcblong_cal.fits", "science") for i in (1, 2)]
    path = associate(tmp_path, {root: members})
    [group] = stage3.find_groups(tmp_path)
    assert (group.path, len(group.members)) == (path, 2)
    assert sorted(group.products[0].files) == ["cat", "i2d", "segm"]
    assert group.products[0].files["cat"] == (table,)


def test_of_associations_that_were_made_anew_the_last_is_kept(tmp_path):
    mosaic(tmp_path)
    root = mosaic(tmp_path).name.removesuffix("_i2d.fits")
    old = "jw09997-o001_20250401t000000_image3_00001_asn.json"
    associate(tmp_path, {root: [("a_cal.fits", "science")]}, name=old)
    path = associate(tmp_path, {root: [("a_cal.fits", "science"), ("b_cal.fits", "science")]})
    [group] = stage3.find_groups(tmp_path)
    assert group.path == path


def test_a_broken_association_loses_nothing(tmp_path):
    image = mosaic(tmp_path)
    (tmp_path / "jw09997-o001_image3_00001_asn.json").write_text('{"products": [{}]}')
    groups = stage3.find_groups(tmp_path)
    assert [image.name] in [files_of(group) for group in groups]


NAMES = st.sampled_from(
    [f"{P}_nircam_f444w_i2d.fits", f"{P}_nircam_f444w_cat.ecsv", f"{P}_miri_ch1-short_s3d.fits",
     E.format(1) + "_crf.fits", "mine_x1d.fits", "odd.fits", "jw1_i2d.fits", "a_asn.json"]
)  # fmt: skip
ENTRIES = st.builds(
    entry, NAMES, st.sampled_from(["/data", "/data/a", "/data/a/b", "/data/c"]),
    asn=st.sampled_from(["", "image3", "spec3", "image2"]),
)  # fmt: skip


@given(st.lists(ENTRIES, unique_by=lambda one: one.path))
def test_each_product_is_in_one_group_and_none_is_lost(entries):
    groups = group_products(entries)
    found = [
        path
        for group in groups
        for product in group.products
        for paths in (*product.files.values(), *product.exposure_files.values())
        for path in paths
    ]
    assert len(found) == len(set(found))
    assert set(found) >= {one.path for one in entries if one.suffix not in ("", "asn")}
    for group in groups:
        names = [path.name for p in group.products for ps in p.files.values() for path in ps]
        assert len(names) == len(set(names)), "two reductions in one group"


# ---- what of a folder is shown ----


def shown(*entries):
    view = first_views(group_products(list(entries)))
    return [path.name for path in view.paths], view.left_out


def test_the_first_view_of_each_group():
    paths, left_out = shown(
        entry(f"{P}_nircam_f444w_i2d.fits", asn="image3"),
        entry(E.format(1) + "_crf.fits", asn="image3"),
        entry("jw01234-o002_t001_miri_x1dints.fits"),
        entry("jw01234-o002_t001_miri_whtlt.ecsv"),
        entry("jw01234002001_03101_00001_mirimage_crfints.fits", mode="MIR_LRS-SLITLESS"),
    )
    assert paths == [
        f"{P}_nircam_f444w_i2d.fits",
        "jw01234-o002_t001_miri_x1dints.fits",
        "jw01234-o002_t001_miri_whtlt.ecsv",
    ]
    assert left_out == {"crf": 1, "crfints": 1}


def test_exposures_are_shown_where_there_is_nothing_else():
    names = [f"jw01234001001_02101_0000{n}_nrca1_i2d.fits" for n in (1, 2)]
    assert shown(*(entry(name, asn="image2") for name in names)) == (names, {})
    crf = E.format(1) + "_crf.fits"
    assert shown(entry(crf)) == ([crf], {})
    assert shown(*(entry(n, asn="image2") for n in names), entry(f"{P}_nircam_i2d.fits")) == (
        [f"{P}_nircam_i2d.fits"],
        {"i2d": 2},
    )


def test_what_has_no_first_view_is_shown_as_it_is():
    name = f"{P}_nircam_maskrnd_psfstack.fits"
    assert shown(entry(name)) == ([name], {})


@pytest.mark.skipif(not DATA.exists(), reason="the folder ../shared/data is not beside it")
def test_every_shared_file_is_shown_or_told_of():
    groups = stage3.find_groups(DATA)
    view = first_views(groups)
    all_files = [file for group in groups for file in files_of(group)]
    assert len(view.paths) + sum(view.left_out.values()) == len(all_files)
    kinds = {group.kind for group in groups}
    assert kinds >= {"image3", "spec3", "tso3", "coron3", "ami3"}
