"""What an association says, what of it is found, and what is never opened."""

import json
import os

import pytest
from make_associations import associate, touch
from shared_data import DATA

import jdaviz_stage3 as stage3
from jdaviz_stage3.groups import first_view
from jdaviz_stage3.products import LARGEST_ASSOCIATION
from jdaviz_stage3.readers.association import read_association

ROOT = "jw09997-o001_t001_nircam_clear-f444w"
CAL = "jw09997001001_02101_0000{}_nrcblong_cal.fits"


def names(paths):
    return [path.name for path in paths]


def only_product(path):
    [product] = stage3.read(path).products
    return product


def test_an_association_is_read(tmp_path):
    members = [(CAL.format(i), "science") for i in (1, 2)] + [("x_cat.ecsv", "SOURCECAT")]
    path = associate(
        tmp_path, {ROOT: members}, asn_rule="Asn_Lv3Image", target="t001", asn_pool="p.csv"
    )
    touch(tmp_path, CAL.format(2), f"{ROOT}_i2d.fits", f"{ROOT}_cat.ecsv", f"{ROOT}_i2d.jpg")
    touch(tmp_path, f"{ROOT}-sub64_i2d.fits", "notes.txt", f"{ROOT}_segm.fits.gz")
    group = stage3.read(path)
    assert (group.kind, group.rule, group.program) == ("image3", "Asn_Lv3Image", "09997")
    assert (group.target, group.number, group.pool) == ("t001", "o001", "p.csv")
    [product] = group.products
    assert [(m.name, m.exptype) for m in product.members] == [
        (CAL.format(1), "science"),
        (CAL.format(2), "science"),
        ("x_cat.ecsv", "sourcecat"),
    ]
    assert names(m.path for m in product.found) == [CAL.format(2)]
    assert [m.name for m in product.missing] == [CAL.format(1), "x_cat.ecsv"]
    assert {suffix: names(found) for suffix, found in product.files.items()} == {
        "i2d": [f"{ROOT}_i2d.fits"],
        "cat": [f"{ROOT}_cat.ecsv"],
        "segm": [f"{ROOT}_segm.fits.gz"],
    }
    assert group.refused == ()
    assert "1 of 3 members here" in repr(group)


@pytest.mark.parametrize(
    "product, file, found",
    [
        ("jw1-o1_{source_id}_nirspec_g395m", "jw1-o1_s000000007_nirspec_g395m_x1d.fits", True),
        ("jw1-o1_{source_id}_nirspec_g395m", "jw1-o1_b000000007_nirspec_g395m_x1d.fits", True),
        ("jw1-o1_{source_id}_nirspec_g395m", "jw1-o1_t001_nirspec_g395m_x1d.fits", False),
        ("jw1-o1_{source_id}_nirspec_g395m", "jw1-o1_s07_nirspec_g395m-x_x1d.fits", False),
        ("jw1-o1_{source_id}_f-{slit_name}-s", "jw1-o1_s00004_f-s1600a1-s_s2d.fits", True),
        ("jw1-o1_t001_nirspec_g395m", "jw1-o1_t001_nirspec_g395m_s000000007_x1d.fits", True),
        ("jw1-o1_t007_miri", "jw1-o1_t007_miri_ch1-short_x1d.fits", True),
        ("jw1-o1_t007_miri", "jw1-o1_t007_miri_ch1-2-3-4-shortmediumlong_x1d.fits", True),
        ("jw1-o1_t007_miri", "jw1-o1_t007_miri_f770w_x1d.fits", False),
        ("jw1-o1_t007_nirspec", "jw1-o1_t007_nirspec_g395h-f290lp_s3d.fits", True),
        ("jw1-o1_t007_nirspec", "jw1-o1_t007_nirspec_prism-clear_s3d.fits", True),
        ("jw1.o1+(t)", "jw1.o1+(t)_i2d.fits", True),
        ("combined.fits", "combined_i2d.fits", True),
    ],
)
def test_products_are_found_by_name(product, file, found, tmp_path):
    touch(tmp_path, file)
    files = only_product(associate(tmp_path, {product: []}, kind="spec3")).files
    assert bool(files) == found


def test_what_is_made_of_each_member_is_found_by_the_association_number(tmp_path):
    member = "jw09997007001_10102_00001-seg001_nrcalong_calints.fits"
    stem = member.removesuffix("_calints.fits")
    touch(tmp_path, member, f"{stem}_o001_psfsub.fits", f"{stem}_amilg.fits")
    touch(tmp_path, f"{stem}_c1001_psfsub.fits")  # of another association
    product = only_product(associate(tmp_path, {ROOT: [(member, "science")]}, kind="coron3"))
    assert {suffix: names(found) for suffix, found in product.exposure_files.items()} == {
        "psfsub": [f"{stem}_o001_psfsub.fits"],
        "amilg": [f"{stem}_amilg.fits"],
    }
    assert product.files == {}


def test_segments_of_an_exposure_are_one_series(tmp_path):
    files = [f"jw1_0410{e}_00001-seg00{s}_mirimage_calints.fits" for e in (3, 5) for s in (2, 1)]
    product = only_product(associate(tmp_path, {ROOT: [(f, "science") for f in files]}))
    assert {name: [m.segment for m in series] for name, series in product.exposures.items()} == {
        "jw1_04103_00001_mirimage": [1, 2],
        "jw1_04105_00001_mirimage": [1, 2],
    }


# ---- nothing is opened outside the folder ----


@pytest.mark.parametrize(
    "expname, words",
    [
        ("/data/a_cal.fits", "absolute path"),
        ("C:\\data\\a_cal.fits", "absolute path"),
        ("../a_cal.fits", "leads out of the folder"),
        ("sub/../../a_cal.fits", "leads out of the folder"),
        ("data/a_cal.fits", "in another folder"),
    ],
)
@pytest.mark.parametrize("beside", [True, False])
def test_paths_are_not_followed(expname, words, beside, tmp_path):
    folder = tmp_path / "here"
    (folder / "data").mkdir(parents=True)
    for outside in (tmp_path, folder / "data"):
        touch(outside, "a_cal.fits")
    if beside:
        touch(folder, "a_cal.fits")
    [member] = only_product(associate(folder, {ROOT: [(expname, "science")]})).members
    assert member.name == "a_cal.fits"
    assert words in member.refused
    assert member.path == (folder / "a_cal.fits" if beside else None)


@pytest.mark.parametrize("expname", ["..", "a/..", "/", "."])
def test_names_that_are_none(expname, tmp_path):
    [member] = only_product(associate(tmp_path, {ROOT: [(expname, "science")]})).members
    assert member.path is None
    assert "no name of a file" in member.refused


def test_a_path_in_the_same_folder_is_followed(tmp_path):
    touch(tmp_path, "a_cal.fits")
    [member] = only_product(associate(tmp_path, {ROOT: [("./a_cal.fits", "science")]})).members
    assert (member.path, member.refused) == (tmp_path / "a_cal.fits", "")


def test_links_are_followed_within_the_folder_only(tmp_path):
    folder = tmp_path / "here"
    (folder / "below").mkdir(parents=True)
    touch(tmp_path, "out_cal.fits", "out_i2d.fits")
    touch(folder / "below", "in_cal.fits")
    (folder / "a_cal.fits").symlink_to(tmp_path / "out_cal.fits")
    (folder / "b_cal.fits").symlink_to(folder / "below" / "in_cal.fits")
    (folder / "c_cal.fits").symlink_to(folder / "c_cal.fits")  # a circle
    (folder / f"{ROOT}_i2d.fits").symlink_to(tmp_path / "out_i2d.fits")
    members = [(f"{name}_cal.fits", "science") for name in "abc"]
    group = stage3.read(associate(folder, {ROOT: members}))
    assert names(m.path for m in group.products[0].found) == ["b_cal.fits"]
    assert group.products[0].files == {}
    assert len(group.refused) == 2
    assert all("a link out of the folder" in text for text in group.refused)


def test_a_folder_with_a_name_that_begins_alike_is_outside(tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "here2").mkdir()
    touch(tmp_path / "here2", "a_cal.fits")
    (tmp_path / "here" / "a_cal.fits").symlink_to(tmp_path / "here2" / "a_cal.fits")
    path = associate(tmp_path / "here", {ROOT: [("a_cal.fits", "science")]})
    assert only_product(path).found == ()


# ---- bad input ----


@pytest.mark.parametrize(
    "content, error, words",
    [
        ("seeing was good", stage3.UnknownProductError, "nor an association"),
        ('{"products": [', stage3.UnknownProductError, "not a JWST association"),
        ('{"products": ' + "[" * 100_000, stage3.UnknownProductError, "not a JWST association"),
        ('{"products": {}}', stage3.UnknownProductError, "no list of products"),
        ('{"products": []}', stage3.UnreadableProductError, "without a product"),
        ('{"products": [1, null, {"name": 3.5}]}', stage3.UnreadableProductError, "without a prod"),
        (
            '{"asn_type": "image2", "products": [{"name": "a"}]}',
            stage3.UnsupportedProductError,
            "Stage 2",
        ),
        (
            '{"asn_rule": "Asn_Lv2Spec", "products": [{"name": "a"}]}',
            stage3.UnsupportedProductError,
            "Stage 2",
        ),
    ],
)
def test_what_is_no_association_of_stage_3_is_refused(content, error, words, tmp_path):
    path = tmp_path / "jw00001_asn.json"
    path.write_text(content)
    with pytest.raises(error, match=words) as raised:
        stage3.read(path)
    assert str(raised.value).startswith(path.name)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 300


@pytest.mark.parametrize(
    "content, words",
    [
        (b'{"products": [', "no JSON"),
        (b'{"products": ' + b"[" * 100_000, "nested too deep"),
        (b'{"products": "\xff"}', "no text"),
    ],
)
def test_the_reader_says_what_is_wrong_with_the_text(content, words, tmp_path):
    path = tmp_path / "jw00001_asn.json"
    path.write_bytes(content)
    with pytest.raises(stage3.UnknownProductError, match=words):
        read_association(path)


def test_too_large_a_file_is_not_read(tmp_path):
    path = tmp_path / "jw00001_asn.json"
    path.write_text('{"products": [')
    os.truncate(path, LARGEST_ASSOCIATION + 1)  # a hole: nothing is written
    with pytest.raises(stage3.UnknownProductError, match="50 MB, expected less"):
        stage3.identify(path)
    with pytest.raises(stage3.UnreadableProductError, match="less than 50 MB"):
        read_association(path)


def test_odd_members_are_told_and_the_others_kept(tmp_path):
    path = tmp_path / "jw00001_asn.json"
    good = {"expname": "a_cal.fits", "exptype": "science"}
    products = [
        {"name": ROOT, "members": [good, good, 7, {"exptype": "science"}, {"expname": ["b"]}]},
        {"members": [good]},
        {"name": "other", "members": None},
    ]
    path.write_text(json.dumps({"asn_type": "image3", "products": products}))
    with pytest.warns(stage3.Stage3Warning, match="a_cal.fits is listed twice.*; and 3 more"):
        group = stage3.read(path)
    assert [product.name for product in group.products] == [ROOT, "other"]
    assert [member.name for member in group.members] == ["a_cal.fits"]


def test_a_file_may_be_science_and_background_of_two_products(tmp_path):
    path = associate(tmp_path, {"a": [("x_cal.fits", "science")], "b": [("x_cal.fits", "psf")]})
    group = stage3.read(path)
    assert len(group.products) == 2
    assert len(group.members) == 1


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not hold")
def test_a_file_that_may_not_be_read(tmp_path):
    path = associate(tmp_path, {ROOT: []})
    path.chmod(0)
    with pytest.raises(stage3.UnreadableProductError, match="cannot be read"):
        stage3.read(path)


def test_too_many_products(tmp_path):
    path = associate(tmp_path, {f"a{number}": [] for number in range(1001)})
    with pytest.raises(stage3.UnreadableProductError, match="1001 products, expected"):
        stage3.read(path)


# ---- the first view ----

VIEWS = {
    "image3": ("i2d segm cat", "crf psfstack"),
    "spec3": ("s2d x1d c1d", "cal crf"),
    "tso3": ("x1dints whtlt", "crfints"),
    "ami3": ("aminorm-oi", "ami-oi amilg"),
    "coron3": ("i2d psfsub", "psfstack psfalign crfints"),
    "": ("i2d s2d x1d cat", "crf crfints"),
}


@pytest.mark.parametrize("kind", VIEWS)
def test_the_first_view_of_each_mode(kind, tmp_path):
    shown, rest = (suffixes.split() for suffixes in VIEWS[kind])
    container = {"cat": "ecsv", "whtlt": "ecsv"}
    touch(tmp_path, *(f"{ROOT}_{s}.{container.get(s, 'fits')}" for s in shown + rest))
    view = first_view(stage3.read(associate(tmp_path, {ROOT: []}, kind=kind)))
    assert {path.name.split("_")[-1].split(".")[0] for path in view.paths} == set(shown)
    assert set(view.left_out) == set(rest)
    assert view.missing == ()


@pytest.mark.parametrize(
    "kind, name, there, missing",
    [
        ("image3", ROOT, "i2d.fits", ["segm (made by source_catalog)", "cat (made by source_"]),
        ("spec3", ROOT, "x1d.fits", ["s2d (made by resample_spec) or s3d (made by cube_build)"]),
        ("spec3", "jw1_t001_niriss_f150w-gr150r", "x1d.fits", []),  # slitless: no s2d is made
        ("tso3", ROOT, "phot.ecsv", []),
        ("tso3", ROOT, "x1dints.fits", ["whtlt (made by white_light)"]),
        ("coron3", ROOT, "i2d.fits", ["psfsub (made by klip)"]),
        ("ami3", ROOT, "ami-oi.fits", ["aminorm-oi (made by ami_normalize) or aminorm (made by"]),
    ],
)
def test_what_is_missing_of_the_view(kind, name, there, missing, tmp_path):
    touch(tmp_path, f"{name}_{there}")
    found = first_view(stage3.read(associate(tmp_path, {name: []}, kind=kind))).missing
    assert len(found) == len(missing)
    assert all(text.startswith(start) for text, start in zip(found, missing, strict=True))


@pytest.mark.parametrize("there, words", [((), "none of its products"), (("amilg",), "1 amilg")])
def test_a_view_of_nothing_is_an_error(there, words, tmp_path):
    touch(tmp_path, *(f"{ROOT}_{suffix}.fits" for suffix in there))
    with pytest.raises(stage3.UnknownProductError, match=words):
        first_view(stage3.read(associate(tmp_path, {ROOT: []}, kind="ami3")))


# ---- real and simulated ones ----


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data is not there")
@pytest.mark.filterwarnings("ignore:.*listed twice:jdaviz_stage3.Stage3Warning")
def test_associations_of_the_pipeline():
    """Every name and member of the file, counted anew from its JSON."""
    seen = 0
    for path in sorted(DATA.rglob("*.json")):
        content = json.loads(path.read_text())
        if content.get("asn_type") == "image2":
            with pytest.raises(stage3.UnsupportedProductError, match="Stage 2"):
                stage3.read(path)
            continue
        group = stage3.read(path)
        assert len(group.products) == len(content["products"])
        for product, entry in zip(group.products, content["products"], strict=True):
            assert product.name == entry["name"].removesuffix(".fits")
            listed = {os.path.basename(member["expname"]) for member in entry["members"]}
            assert {member.name for member in product.members} == listed
            assert len(product.members) == len(product.found) + len(product.missing)
        if "simulated" in path.parts:
            assert group.products[0].files, path.name
        seen += 1
    assert seen >= 8
