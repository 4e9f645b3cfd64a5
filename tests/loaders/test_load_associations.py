"""An asn.json in the app: the natural first view of its mode, and what is said of the rest."""

import shutil
import warnings

import pytest
from astropy.io import fits
from emptied_apps import emptied
from fresh_apps import new_app
from make_associations import associate
from make_tables import catalog, catalog_table

import jdaviz_stage3 as stage3
from jdaviz_stage3 import cli

pytestmark = pytest.mark.forked  # each with an app of its own

#: For each mode the products beside the association: those shown, in load order, and the others.
MODES = {
    "image3": (
        [("i2d", "ImageModel"), ("segm", "SegmentationMapModel"), ("cat", "current")],
        [("crf", "ImageModel")],
    ),
    "spec3": (
        [("s2d", "SlitModel"), ("x1d", "SpecModel"), ("c1d", "CombinedSpecModel")],
        [("cal", "MultiSlitModel")],
    ),
    "tso3": ([("x1dints", "TSOMultiSpecModel"), ("whtlt", "3.0")], [("crfints", "CubeModel")]),
    "coron3": (
        [("psfsub", "CubeModel"), ("i2d", "ImageModel")],
        [("psfstack", "CubeModel"), ("amilg", "AmiLgFitModel")],
    ),
    "ami3": (
        [("aminorm-oi", "AmiOIModel")],
        [("ami-oi", "AmiOIModel"), ("amilg", "AmiLgFitModel")],
    ),
}


@pytest.fixture
def app():
    return new_app()


def group_of(built, folder, keys, **options):
    """An association, and copies of built products beside it, all under one name."""
    for key in keys:
        source = built(*key)
        ending = source.name[source.name.rindex(f"_{key[0]}") :]
        shutil.copy(source, folder / f"jw09997-o001_t001_demo{ending}")
    return associate(folder, {"jw09997-o001_t001_demo": []}, **options)


def suffixes(labels):
    found = [label.removeprefix("jw09997-o001_t001_demo ").split()[0] for label in labels]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("mode", MODES)
def test_the_first_view_of_each_mode_is_loaded(mode, built, tmp_path, app):
    shown, others = MODES[mode]
    path = group_of(built, tmp_path, shown + others, kind=mode)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        labels = stage3.load(path, app=app)
    assert set(suffixes(labels)) == {suffix for suffix, _ in shown}
    assert set(labels) <= set(app.datasets)
    [said] = [str(w.message) for w in caught if "left out" in str(w.message)]
    assert said.startswith(path.name)
    assert all(f"1 {suffix}" in said for suffix, _ in others)
    assert "not beside it" not in said


def test_what_is_missing_is_said(built, tmp_path, app):
    path = group_of(built, tmp_path, [("i2d", "ImageModel"), ("cat", "current")])
    with pytest.warns(stage3.Stage3Warning, match=r"not beside it: segm \(made by source_catalog"):
        assert suffixes(stage3.load(path, app=app)) == ["i2d", "cat"]


def test_an_association_and_its_products_are_loaded_once(built, tmp_path, app):
    path = group_of(built, tmp_path, MODES["image3"][0])
    mosaic = next(tmp_path.glob("*_i2d.fits"))
    labels = stage3.load(mosaic, path, tmp_path, app=app)
    assert suffixes(labels) == ["i2d", "segm", "cat"]
    assert len(labels) == 3


def test_a_link_out_of_the_folder_is_not_loaded(built, tmp_path, app):
    folder = tmp_path / "here"
    folder.mkdir()
    path = group_of(built, folder, [("i2d", "ImageModel"), ("cat", "current")])
    (folder / "jw09997-o001_t001_demo_segm.fits").symlink_to(built("segm", "SegmentationMapModel"))
    with pytest.warns(stage3.Stage3Warning, match="segm.fits: a link out of the folder"):
        assert suffixes(stage3.load(path, app=app)) == ["i2d", "cat"]


def test_a_broken_product_leaves_the_others(built, tmp_path, app):
    path = group_of(built, tmp_path, MODES["image3"][0])
    (tmp_path / "jw09997-o001_t001_demo_segm.fits").write_text("404 not found")
    with pytest.warns(stage3.Stage3Warning, match="the name says FITS.*left out"):
        assert suffixes(stage3.load(path, app=app)) == ["i2d", "cat"]


def test_what_cannot_be_loaded_of_an_association_changes_nothing(built, tmp_path, app):
    labels = stage3.load(built("c1d", "CombinedSpecModel"), app=app)
    for kind, words in (("image3", "none of its products"), ("image2", "Stage 2")):
        with pytest.raises(stage3.Stage3Error, match=words):
            stage3.load(associate(tmp_path, {"a": []}, kind=kind), app=app)
    assert list(app.datasets) == labels


def test_spectra_of_many_sources_are_limited(built, tmp_path, app):
    source = built("x1d", "SpecModel")
    for number in range(4):
        shutil.copy(source, tmp_path / f"jw1-o066_s{number:09d}_nirspec_g395m_x1d.fits")
    path = associate(tmp_path, {"jw1-o066_{source_id}_nirspec_g395m": []}, kind="spec3")
    with pytest.warns(stage3.Stage3Warning) as caught:
        labels = stage3.load(path, app=app, at_most=2)
    assert len(labels) == 2
    assert any("2 of 4 x1d files" in str(w.message) for w in caught)


def test_info_says_what_an_association_holds(built, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")  # so that the table is not cut
    path = group_of(built, tmp_path, [("i2d", "ImageModel")])
    assert cli.main(["info", str(path)]) == 0
    said = capsys.readouterr().out
    assert "1 product, 0 of 0 members here" in said
    assert "opens in the viewers of its products" in said
    associate(tmp_path, {"a": []}, kind="spec2", name=path.name)
    assert cli.main(["info", str(path)]) == 1
    assert "Stage 2" in capsys.readouterr().out


def test_known_defects_are_said_once(app, built, tmp_path):
    """Those that the reader warns of, those that only headers tell, and what does not fit."""
    path = catalog(tmp_path, catalog_table(jwst="1.20.0"))
    segm = path.with_name(path.name.replace("cat.ecsv", "segm.fits"))
    shutil.copy(built("segm", "SegmentationMapModel"), segm)
    with fits.open(segm, mode="update") as hdus:
        hdus[0].header.update(CAL_VER="3.0.0", S_SRCCAT="FAILED")
    with pytest.warns(stage3.Stage3Warning) as caught:
        stage3.load(segm, path, app=app)
    texts = [str(one.message) for one in caught if one.category is stage3.Stage3Warning]
    wanted = ("source_catalog did not succeed", "not in Jy", "labels of the catalog need not")
    assert [sum(words in text for text in texts) for words in wanted] == [1, 1, 1]
    assert len(texts) == 3
    history = " ".join(entry["text"] for entry in app.plugins["Logger"].history)
    assert all(words in history for words in wanted)
    # products that come one after another are held against those that are there
    emptied(app)
    with pytest.warns(stage3.Stage3Warning, match="not in Jy"):
        stage3.load(path, app=app)
    with pytest.warns(stage3.Stage3Warning) as caught:
        stage3.load(segm, app=app)
    assert sum("labels of the catalog need not" in str(one.message) for one in caught) == 1
