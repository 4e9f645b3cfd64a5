"""The plugin Stage 3 Products: listing, ticking, loading, how products were made."""

import os

import jdaviz
import pytest
from emptied_apps import emptied
from make_associations import associate
from make_products import mosaic, segmentation
from make_spectra import extracted_single
from make_tables import catalog, catalog_table
from snackbars import snackbar_texts

import jdaviz_stage3 as stage3
from jdaviz_stage3.plugins.offered_folders import OfferedFolders
from jdaviz_stage3.plugins.products import products as module
from jdaviz_stage3.plugins.products import tell_of_folders


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    top = tmp_path_factory.mktemp("mastDownload")
    for name in ("image", "spectrum"):
        (top / name).mkdir()
    mosaic(top / "image"), segmentation(top / "image"), catalog(top / "image")
    spectrum = extracted_single(top / "spectrum")
    spectrum.rename(spectrum.with_name("jw09997-o002_t001_nirspec_x1d.fits"))
    (top / "spectrum" / "jw01234-o001_t001_broken_x1d.fits").write_bytes(b"SIMPLE  = nothing")
    (top / "notes.txt").write_text("F444W")
    return top


@pytest.fixture(scope="module")
def shared_app():
    return jdaviz.new_app()


@pytest.fixture
def app(shared_app):
    yield shared_app
    plugin = shared_app.plugins["Stage 3 Products"]._obj
    plugin._folders = OfferedFolders(plugin, "Stage 3 Products")
    plugin._pending = ""
    plugin.search, plugin.shown.selected, plugin.folder = "", "all", ""
    emptied(shared_app)


@pytest.fixture
def plg(app):
    plugin = app.plugins["Stage 3 Products"]
    plugin._obj.keep_active = True
    yield plugin
    plugin._obj.keep_active = False


def names(plg, **values):
    rows = [row for row in plg._obj.rows if row["kind"] == "file"]
    return sorted(r["title"] for r in rows if all(r[k] == v for k, v in values.items()))


def test_list_tick_and_load(plg, app, folder):
    groups = plg.list_products(folder)
    assert [group.kind for group in groups] == ["image3", "spec3", "spec3"]
    assert len(plg.products) == 5
    assert plg._obj.summary_text.startswith("5 products (")
    assert "1 cannot be read. 1 other file." in plg._obj.summary_text
    image = next(group for group in groups if group.kind == "image3").products[0].name
    ticked = plg.tick_first_view(image)
    assert len(ticked) == 3
    labels = plg.load()
    assert len(labels) == 3 == len(app.datasets)
    assert names(plg, loaded=True) == sorted(p.rpartition("/")[2] for p in ticked)
    assert plg.load() == [], "what is loaded is left as it is"
    plg.shown = "not loaded"
    assert names(plg) == sorted(p.name for p in plg.products if "spectrum" in str(p.path))
    code = plg.to_python()
    emptied(app)
    exec(code, {})
    assert len(jdaviz.gca().datasets) == 3


def test_what_is_not_listed_is_refused_and_nothing_is_loaded(plg, app, folder):
    plg.list_products(folder / "image")
    with pytest.raises(stage3.Stage3Error, match="x1d.fits is not among what is listed"):
        plg.load([plg.products[0].name, "other_x1d.fits"])
    with pytest.raises(stage3.Stage3Error, match="nothing is ticked"):
        plg.load()
    with pytest.raises(stage3.Stage3Error, match="no group of the name 'nothing'"):
        plg.tick_first_view("nothing")
    said = snackbar_texts(app)
    plg._obj.ticked = ["/etc/passwd"]
    plg._obj.vue_load_ticked()
    assert "/etc/passwd is not among what is listed" in said[-1]
    assert list(app.datasets) == []


def test_a_folder_that_is_not_there_is_said(plg, folder):
    plg.list_products(folder)
    with pytest.raises(stage3.Stage3Error, match="nowhere: no such file or folder"):
        plg.list_products(folder / "nowhere")
    assert "nowhere: no such file" in plg.problem
    assert len(plg.products) == 5, "what was listed stays"
    plg._obj.folder = " "
    plg._obj.vue_list()
    assert plg.problem == "Stage 3 Products: no folder is given; type its path"
    plg.list_products(folder)
    assert plg.problem == ""


def test_a_name_of_two_reductions_is_not_guessed(plg, tmp_path):
    for run in ("first", "second"):
        (tmp_path / run).mkdir()
        image = mosaic(tmp_path / run)
    plg.list_products(tmp_path)
    with pytest.raises(stage3.Stage3Error, match="2 files of the name .*_i2d.fits; give the path"):
        plg.provenance(image.name)
    assert image.name in plg.provenance(image).colnames


def test_what_cannot_be_read_any_more_is_said_and_what_was_listed_stays(
    plg, folder, tmp_path, monkeypatch
):
    plg.list_products(folder)
    asn = tmp_path / "jw01234-o001_image3_00001_asn.json"
    asn.write_text('{"asn_type": "image3", "products": [{"name": "a", "members": []}]}')

    def scandir(path="."):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", scandir)
    for path in (tmp_path, asn):
        plg._obj.folder = str(path)
        plg._obj.vue_list()
        assert "Permission denied" in plg.problem and not plg._obj.listing
        assert len(plg.products) == 5


def test_the_panel_lists_in_parts_and_is_stopped(plg, folder, monkeypatch):
    monkeypatch.setattr(module, "_PART", 0)  # each part ends after one file
    obj = plg._obj
    monkeypatch.setattr(obj, "_go_on", lambda part=0: type(obj)._go_on(obj, 0))
    obj.folder = str(folder)
    obj.vue_list()
    seen = [obj.answered]
    while obj.listing:
        obj.vue_go_on()
        seen.append(obj.answered)
    assert len(seen) > 4 and obj.total == 5
    assert len(plg.products) == 5
    obj.folder = str(folder / "image")
    obj.vue_list()
    obj.vue_go_on()
    obj.vue_cancel()
    assert (obj.listing, obj.summary_text) == (False, "Stopped after 0 of 3 files.") or (
        obj.summary_text.startswith("Stopped after")
    )
    assert len(plg.products) == 5, "the last listing that was finished stays"
    obj.vue_go_on()
    assert not obj.listing


def test_what_load_was_given_is_listed_when_the_panel_opens(app, folder):
    plugin = app.plugins["Stage 3 Products"]
    stage3.load(folder / "image", app=app)
    assert plugin._obj.folder == str(folder / "image")
    plugin._obj.keep_active = True
    assert len(plugin.products) == 3
    assert len(names(plugin, loaded=True)) == 3
    plugin._obj.keep_active = False


def test_on_another_machine_only_what_it_was_opened_with_is_listed(plg, app, folder):
    obj = plg._obj
    obj._folders.may_choose = False
    tell_of_folders(app, [folder / "image"])
    assert len(plg.products) == 3
    obj.folder = str(folder)  # by the browser
    obj.vue_list()
    assert plg.problem == "Stage 3 Products: this app lists only the folders it was opened with"
    assert len(plg.products) == 3
    obj.folder = str(folder / "image")
    obj.vue_list()
    assert plg.problem == ""


def test_an_association_lists_what_belongs_to_it(plg, folder, tmp_path):
    image = mosaic(tmp_path)
    extracted_single(tmp_path).rename(tmp_path / "jw09997-o002_t001_nirspec_x1d.fits")
    path = associate(tmp_path, {image.name.removesuffix("_i2d.fits"): []})
    [group] = plg.list_products(path)
    assert group.path == path
    assert sorted(p.name for p in plg.products) == sorted([image.name, path.name])


def test_how_products_were_made(plg, folder):
    plg.list_products(folder)
    obj = plg._obj
    image, segm = (next(p for p in plg.products if p.suffix == s) for s in ("i2d", "segm"))
    obj.vue_choose(str(image.path))
    assert obj.picture.startswith("data:image/png;base64,") and obj.picture_text == "the image"
    assert obj.made_columns == [image.name]
    made = {row["name"]: row["values"] for row in obj.made_rows}
    assert made["pipeline_version"] == [stage3.provenance(image.path).pipeline_version]
    plg.ticked = [str(image.path), str(segm.path)]
    obj.vue_compare()
    assert obj.made_columns == [image.name, segm.name]
    [row] = [row for row in obj.made_rows if row["name"] == "suffix"]
    assert (row["values"], row["differs"]) == (["i2d", "segm"], True)
    table = plg.provenance()
    assert table.colnames == ["section", "name", "differs", image.name, segm.name]
    broken = next(p for p in plg.products if p.problem)
    obj.vue_choose(str(broken.path))
    assert broken.name in obj.picture_text and broken.name in obj.made_text
    obj.vue_choose("/etc/passwd")
    assert obj.chosen == str(broken.path)


def test_what_is_known_to_be_wrong_is_shown(plg, tmp_path):
    table = catalog_table(jwst="1.20.0")
    path = catalog(tmp_path, table)
    plg.list_products(tmp_path)
    [finding] = stage3.sanity(path)
    assert plg.findings([path.name]) == [finding]
    plg._obj.vue_choose(str(path))
    assert plg._obj.finding_texts == [{"text": finding.text, "source": finding.source}]


def test_rows_open_close_and_grow(plg, folder):
    plg.list_products(folder)
    obj = plg._obj
    count = len(obj.rows)
    obj.vue_toggle(obj.rows[0]["key"])
    assert len(obj.rows) < count
    obj.vue_toggle(obj.rows[0]["key"])
    assert len(obj.rows) == count
    [key] = [row["key"] for row in obj.rows if row["kind"] == "group" and "i2d" in row["detail"]]
    obj.vue_tick_group(key)
    assert len(plg.ticked) == 3
    assert [row["ticked"] for row in obj.rows if row["key"] == key] == [True]
    obj.vue_tick_group(key)
    assert plg.ticked == []
    plg.search = "segm"
    assert len(names(plg)) == 1
