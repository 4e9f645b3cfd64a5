"""The plugin Inspect Sources: what is shown, in which order, and what is kept of it."""

import gc
import io
import os
import shutil
from collections import Counter
from pathlib import Path

import make_exposures
import matplotlib.pyplot as plt
import numpy as np
import overlay_tools
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import Table
from fresh_apps import new_app
from ipywidgets.widgets.widget import _instances
from make_fields import IDS, ROOT, catalog, observed, slitless
from make_products import mosaic
from specutils.utils.wcs_utils import air_to_vac

import jdaviz_stage3 as stage3
from jdaviz_stage3.demo import demo_folder
from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.identity import IndexedSource, SourceProduct
from jdaviz_stage3.jdaviz_compat import remove_viewers
from jdaviz_stage3.plugins.inspect_sources.app_spectra import AppSpectra
from jdaviz_stage3.plugins.inspect_sources.stepping import stepped_through
from jdaviz_stage3.viewers.keys import keyboard
from jdaviz_stage3.viewers.spectral_lines import rest_lines

pytestmark = pytest.mark.filterwarnings("ignore::jdaviz_stage3.Stage3Warning")


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    """A mosaic, a catalog of four sources, and spectra of three of them."""
    folder = tmp_path_factory.mktemp("field")
    catalog(folder, (*IDS, 12))
    mosaic(folder).rename(folder / f"{ROOT}_i2d.fits")
    slitless(folder)
    slitless(folder, combined=True)
    return folder


@pytest.fixture(scope="module")
def sources(field):
    return stage3.index_sources(field)


def opened(field, tmp_path):
    app = new_app()
    plg = app.plugins["Inspect Sources"]
    plg.find_sources(field, tmp_path / "inspection.ecsv")
    return app, plg


def drawn(plg):
    """The panels of the source that is shown."""
    return plg._obj._shown.figures._shown


@pytest.mark.forked
def test_shows_what_there_is_of_each_source(field, tmp_path):
    app, plg = opened(field, tmp_path)
    assert plg._obj.summary_text.startswith("4 sources of") and plg.only == "with spectra"
    assert len(app._app.data_collection) == 0  # nothing is loaded
    for label in IDS:
        source = plg.select(label)
        assert source.label == label and plg._obj.label_text == str(label)
        [panel] = drawn(plg)
        with fits.open(next(field.glob("*c1d.fits"))) as hdus:
            rows = hdus["COMBINE1D"].data
            row = rows[rows["SOURCE_ID"] == label][0]
        length = row["N_ALONGDISP"]
        np.testing.assert_array_equal(panel._combined.y, row["FLUX"][:length])
        np.testing.assert_array_equal(panel._combined.x, row["WAVELENGTH"][:length])
        assert panel._spectra.y.shape[0] == 2 and panel._spectra.labels == [
            "exposure 1", "exposure 2",
        ]  # fmt: skip
    assert plg.select(12).products == () and drawn(plg) == []
    with pytest.raises(Stage3Error, match=r"no source 17 among the 4"):
        plg.select(17)
    assert plg.source.label == 12


@pytest.mark.forked
def test_steps_and_what_is_found(field, tmp_path):
    app, plg = opened(field, tmp_path)
    assert [plg.next().label for _ in range(3)] == [5, 9, 2]
    assert plg.previous().label == 9
    plg.redshift = 1.25
    plg.flag = 4
    plg.kind, plg.comment = "galaxy", "two lines"
    table = Table.read(tmp_path / "inspection.ecsv")
    assert list(table["label"]) == ["9"]
    assert tuple(table[0][["redshift", "flag", "kind", "comment"]]) == (
        1.25, 4, "galaxy", "two lines",
    )  # fmt: skip
    plg.next()
    assert (plg.redshift, plg.flag, plg.comment) == ("", "", "")  # the fields are those of source 2
    plg.only = "not looked at"
    assert [plg.next().label for _ in range(3)] == [5, 12, 2]
    plg.only = "looked at"
    assert plg.next().label == 9 and (plg.redshift, plg.flag) == (1.25, 4)
    plg.redshift = ""
    assert np.isnan(Table.read(tmp_path / "inspection.ecsv")["redshift"][0])
    # another app goes on where this one was
    again = new_app().plugins["Inspect Sources"]
    again.find_sources(field, tmp_path / "inspection.ecsv")
    assert again.table["comment"][0] == "two lines"


@pytest.mark.forked
def test_what_comes_late_is_of_the_source_that_was_shown(field, tmp_path):
    """A comment, or a key, that the page sends as the next source comes."""
    _, plg = opened(field, tmp_path)
    plg.next()
    plg._obj.vue_type_comment({"label": "2", "text": "of the first"})
    plg._obj.vue_set_flag({"label": "2", "flag": 8})
    assert (plg.source.label, plg.comment, plg.flag) == (5, "", "")
    [row] = plg.table
    assert (row["label"], row["comment"], row["flag"]) == ("2", "of the first", 8)
    plg._obj.vue_set_flag({"label": "gone", "flag": 8})
    assert len(plg.table) == 1


@pytest.mark.forked
def test_keys_over_the_source(field, tmp_path):
    app, plg = opened(field, tmp_path)
    plg._obj.keep_active = True
    viewer = plg._obj._shown.viewers[0].reference
    keys = keyboard(app)
    assert keys.bound[viewer]["ArrowRight"] == "next source"
    keys.press("ArrowRight", viewer)
    keys.press("7", viewer)
    assert (plg.source.label, plg.flag) == (5, 7)
    keys.press("7", viewer)  # again: taken back
    assert plg.flag == "" and plg._obj._inspections.of(5).flag == -1
    plg._obj.keep_active = False
    assert viewer not in keys.bound


@pytest.mark.forked
def test_lines_are_where_the_redshift_brings_them_and_follow_a_drag(field, tmp_path):
    _, plg = opened(field, tmp_path)
    plg.line_list = "SDSS-IV"  # in air, but for those below 2000 Å
    plg.redshift = 1.2
    [panel] = drawn(plg)
    halpha = air_to_vac(6562.8 * u.AA).to_value(u.um) * 2.2
    assert np.abs(panel._lines.x[:, 0] - halpha).min() < 2e-4
    low, high = panel.limits
    assert ((panel._lines.x >= low) & (panel._lines.x <= high)).all()
    before = plg.table
    # the line that was under the pointer goes along with it
    for event, at in (("dragstart", halpha), ("dragmove", 1.5), ("dragend", 1.6)):
        panel._mouse(None, {"event": event, "domain": {"x": at, "y": 0}}, None)
        if event == "dragmove":
            assert len(plg.table) == len(before)  # not yet written
    assert plg.redshift == pytest.approx(2.2 * 1.6 / halpha - 1, abs=1e-5)
    assert plg.table["redshift"][0] == plg.redshift
    # a click is no drag; without lines, or a redshift, nothing moves
    for event in ("dragstart", "dragend"):
        panel._mouse(None, {"event": event, "domain": {"x": 1.5, "y": 0}}, None)
    kept = plg.redshift
    plg.line_list = "none"
    for event, at in (("dragstart", 1.5), ("dragmove", 1.6), ("dragend", 1.6)):
        panel._mouse(None, {"event": event, "domain": {"x": at, "y": 0}}, None)
    assert plg.redshift == kept == plg.table["redshift"][0]
    assert panel._lines.x.size == 0


@pytest.mark.forked
def test_the_overlay_and_the_inspection_select_together(field, tmp_path):
    app, plg = opened(field, tmp_path)
    stage3.load(field / f"{ROOT}_i2d.fits", field / f"{ROOT}_cat.ecsv", app=app)
    overlay = app.plugins["Catalog Overlay"]
    overlay.select(9)
    assert plg.source.label == 9
    plg.select(5)
    assert overlay._obj.selected == [5]
    overlay.select([2, 9])  # several: the source that is shown stays
    assert plg.source.label == 5


@pytest.mark.forked
def test_exposures_are_read_and_drawn_when_they_are_asked_for(tmp_path, monkeypatch):
    """The demo's field has two; the slits of a mask lie in one file a source."""
    made = make_exposures.slit_exposures("MultiExposureModel", "cal", tmp_path)
    observed(made, "jw09997-o001_s000000001_nirspec_cal.fits", EXP_TYPE="NRS_MSASPEC",
             FILTER="CLEAR")  # fmt: skip
    app, plg = opened(demo_folder(), tmp_path)
    read = []
    for kind, name in ((IndexedSource, "exposure_cutout"), (SourceProduct, "image")):
        whole = getattr(kind, name)
        monkeypatch.setattr(kind, name, lambda *a, w=whole: read.append(a) or w(*a))
    figures = plg._obj._shown.figures._exposures
    plg.select(16)
    assert read == [] and figures._pictures_box.children == ()
    plg.exposures = True
    assert len(read) == len(figures._pictures_box.children) == 2
    titles = [each.figure.title for each in figures._pictures]
    assert titles == ["02101 00001 nrcblong", "02101 00002 nrcblong"]
    plg.size = ""  # while another is typed
    plg.next()
    assert len(figures._pictures) == 2 and plg.source.label == 21
    assert "plg.exposures = True" in plg.to_python()
    plg.exposures = False
    assert figures._pictures_box.children == ()
    plg.find_sources(tmp_path, tmp_path / "other.ecsv")
    plg.exposures = True
    figures = plg._obj._shown.figures._exposures
    assert [s.figure.title for s in figures._strips] == [
        "cal S200A1 exposure 1", "cal S200A1 exposure 2", "cal S200A2",
    ]  # fmt: skip
    picture = plt.imread(io.BytesIO(figures._strips[0]._picture.image.value))
    assert picture.shape[:2] == (6, 9)
    assert figures._pictures_box.children == ()


@pytest.mark.forked
def test_of_two_reductions_another_one_is_chosen(tmp_path):
    paths = {}
    for name, date in (("old", "2024-01-01"), ("new", "2026-01-01")):
        (tmp_path / name).mkdir()
        paths[name] = slitless(tmp_path / name)
        fits.setval(paths[name], "DATE", value=date)
        catalog(tmp_path / name)
    app = new_app()
    plg = app.plugins["Inspect Sources"]
    plg.find_sources(tmp_path)
    assert plg.reduction.choices == ["new", "old"] and plg.reduction == "new"
    assert "in 2 reductions, which are not shown together" in plg._obj.notes[0]
    assert drawn(plg)[0]._spectra.labels == ["exposure 1", "exposure 2"]
    plg.select(9)
    plg.flag = 4
    plg.reduction = "old"
    assert plg.source.label == 9 and {p.path for p in plg.source.products} == {paths["old"]}
    # its labels are its own
    assert plg.flag == "" and plg.saved_to.startswith(str(tmp_path / "old"))
    plg.flag = 7
    assert "plg.reduction = 'old'" in plg.to_python()
    # an inspection there that is none: the one that is shown stays
    mine = plg.saved_to.replace("old", "new")
    kept = Path(mine).read_text()
    Path(mine).write_text("not a table")
    plg.reduction = "new"
    assert "not a readable inspection" in plg.problem and plg.reduction == "old"
    assert plg.flag == 7
    Path(mine).write_text(kept)
    plg.reduction = "new"
    assert plg.flag == 4
    assert Table.read(plg.saved_to)["flag"][0] == 4
    plg.find_sources(tmp_path / "old")
    assert plg.reduction.choices == ["only one"] and plg.flag == ""


@pytest.mark.forked
def test_what_other_catalogs_have_at_the_place(field, tmp_path):
    """One beside the spectra, and the user's own table in the app; their labels are their own."""
    folder = tmp_path / "field"
    shutil.copytree(field, folder)
    catalog(folder, (71, 72, 73), name="jw09997-o001_t001_nircam_f115w_cat.ecsv")
    app, plg = opened(folder, tmp_path)
    [other] = plg.select(5).counterparts
    assert other.row["label"] == 72 and other.separation < 1e-3 * u.arcsec
    heading = plg._obj._shown.figures._heading
    assert "jw09997-o001_t001_nircam_f115w_cat.ecsv · source 72" in heading.value
    own = Table({"RA": [53.02, np.nan, 53.005], "Dec": [-27.8, -27.8, -27.79999]})
    own.write(tmp_path / "mine.ecsv")
    [label] = stage3.load(tmp_path / "mine.ecsv", app=app)
    [_, mine] = plg.source.counterparts
    assert mine.catalog == label and mine.separation.to_value(u.arcsec) == pytest.approx(0.036)
    assert f"{label} · row 3 · 0.04″ away" in heading.value
    assert len(plg.select(9).counterparts) == 1  # none of mine there
    plg.find_sources(folder, tmp_path / "inspection.ecsv", label=5)
    assert len(plg.source.counterparts) == 2
    app._app.data_item_remove(label)
    assert len(plg.source.counterparts) == 1 and "row 3" not in heading.value


@pytest.mark.forked
def test_wherever_a_source_is_clicked_it_is_shown(tmp_path):
    """Its symbol in the image, its segment, its row in the table, and what is checked there."""
    app, plg = opened(demo_folder(), tmp_path)
    paths = [
        *demo_folder().glob("jw09998-o001*_i2d.fits"),
        *demo_folder().glob("jw09998-o001*_cat*"),
    ]
    segments = next(demo_folder().glob("jw09998-o001*_segm.fits"))
    stage3.load(*paths, segments, app=app)
    overlay = app.plugins["Catalog Overlay"]
    pad = overlay_tools.canvas(overlay)
    rows, x, y = overlay_tools.drawn(overlay)
    labels = overlay._obj.current().sources.labels
    place = np.flatnonzero(labels[rows] == 16)[0]

    def click(at):
        pad._mouse({"event": "click", "domain": {"x": float(at[0]), "y": float(at[1])}})

    click((x[place], y[place]))
    assert plg.source.label == 16
    # as far from the middle of the segment as it goes, and from all symbols
    overlay_tools.zoom(overlay_tools.viewer(overlay), x[place], y[place], 20)
    map_ = fits.getdata(segments, "SCI")
    overlay.shape = "Marker"
    for label in (6, 21):
        pixels = np.argwhere(map_ == label)[:, ::-1]
        away = [np.hypot(*(np.stack([x, y], axis=1) - at).T).min() for at in pixels]
        far = pixels[int(np.argmax(away))]
        overlay_tools.zoom(overlay_tools.viewer(overlay), *far, 5)
        click(far)
        assert plg.source.label == label
    click((0, 0))
    assert plg.source.label == 21
    overlay.open_table()
    [table] = [
        v.widget_table for v in app._app._viewer_store.values() if hasattr(v, "widget_table")
    ]
    table.highlighted = int(np.flatnonzero(labels == 16)[0])
    assert plg.source.label == 16
    table.checked = [int(np.flatnonzero(labels == 6)[0])]
    assert plg.source.label == 6
    overlay.select(21)
    assert plg.source.label == 21
    plg.select(16)
    assert overlay.selected == [16] and table.checked == [int(np.flatnonzero(labels == 16)[0])]


@pytest.mark.forked
def test_only_what_passes_the_filters_of_the_overlay(field, tmp_path):
    app, plg = opened(field, tmp_path)
    plg.filtered = True
    assert "not loaded" in plg._obj.filter_text and plg._obj.n_shown == 3
    [label] = stage3.load(field / f"{ROOT}_cat.ecsv", app=app)
    assert plg._obj.filter_text == "4 of 4 pass its filters."
    overlay = app.plugins["Catalog Overlay"]
    overlay.add_filter("ID > 4")
    plg.only = "all"
    assert [plg.next().label for _ in range(4)] == [5, 9, 12, 5]
    plg.order_by, plg.descending = "aper_total_flux", True
    flux = plg.sources.catalog_table["aper_total_flux"].value[1:]
    expected = [(5, 9, 12)[k] for k in np.argsort(-flux)]
    plg.select(expected[0])
    assert [plg.next().label for _ in range(3)] == [*expected[1:], expected[0]]
    plg.flag = 1
    plg.only = "not looked at"  # and both
    assert [plg.next().label for _ in range(3)] == [*expected[1:], expected[1]]
    overlay.add_filter("ID > 400")
    with pytest.raises(Stage3Error, match="no source is not looked at and passes the filters"):
        plg.next()
    assert plg._obj.filter_text == "0 of 4 pass its filters."
    overlay.clear_filters()
    plg.only = "all"
    assert plg._obj.n_shown == 4
    overlay.add_filter("ID > 4")
    assert plg._obj.n_shown == 3
    plg.filtered = False
    assert plg._obj.n_shown == 4  # whatever the overlay shows
    overlay.clear_filters()
    assert plg._obj.filter_text == "4 of 4 pass its filters."  # before one asks for it
    overlay.add_filter("ID > 4")
    plg.filtered = True
    assert plg._obj.n_shown == 3
    app._app.data_item_remove(label)
    assert "not loaded" in plg._obj.filter_text and plg._obj.n_shown == 4
    assert "plg.filtered = True" in plg.to_python()


@pytest.mark.forked
def test_in_the_order_of_the_table_of_the_catalog(field, tmp_path):
    """As it is sorted in the page, whether the overlay is drawn or not."""
    app, plg = opened(field, tmp_path)
    plg.only, plg.order_by = "all", "table as sorted"
    assert "No table of the catalog is open" in plg._obj.order_text
    assert [plg.next().label for _ in range(4)] == [5, 9, 12, 2]
    stage3.load(field / f"{ROOT}_cat.ecsv", app=app)
    app.plugins["Catalog Overlay"].open_table()
    [table] = [
        v.widget_table for v in app._app._viewer_store.values() if hasattr(v, "widget_table")
    ]
    flux = plg.sources.catalog_table["aper_total_flux"].value
    expected = [plg.sources.labels[row] for row in np.argsort(flux)]
    assert expected != plg.sources.labels
    table.vue_sort_column("aper_total_flux")  # a click on the head of the column
    plg.select(expected[-1])
    assert [plg.next().label for _ in range(4)] == expected
    assert plg._obj.order_text == "" and plg._obj.place == 4
    table.vue_sort_column("aper_total_flux")  # and again: the largest first
    plg.descending = True  # of columns; the table's order is the table's
    assert [plg.next().label for _ in range(4)] == [*expected[-2::-1], expected[-1]]
    plg.only = "with spectra"
    assert [plg.next().label for _ in range(2)] == [one for one in expected if one != 12][-2::-1]
    assert "plg.order_by = 'table as sorted'" in plg.to_python()


@pytest.mark.forked
def test_a_spectrum_that_is_chosen_in_a_legend_shows_its_source(field, tmp_path):
    app, plg = opened(field, tmp_path)
    [path] = field.glob("*c1d.fits")
    labels = stage3.load(path, app=app)
    assert plg.source.label == 2  # loading chooses none
    menu = app.viewers["1D Spectrum"].data_menu
    for label, number in ((labels[2], 9), (labels[1], 5)):
        menu.layer.selected = [label]
        assert plg.source.label == number
    menu.layer.selected = labels[:2]  # several: the source that is shown stays
    menu.layer.selected = []
    assert plg.source.label == 5
    # a spectrum of no source, and one of a viewer that came later
    shutil.copy(path, tmp_path / "other_c1d.fits")
    other = stage3.load(tmp_path / "other_c1d.fits", app=app)
    for name in app.viewers:
        chosen = app.viewers[name].data_menu
        if other[0] in getattr(chosen, "data_labels_loaded", ()):
            chosen.layer.selected = [other[0]]
    assert plg.source.label == 5
    # a viewer that was closed, and another one of its name
    remove_viewers(app, ["1D Spectrum"])
    creator = app.new_viewers["1D Spectrum"]
    creator.viewer_label = "1D Spectrum"
    creator()
    again = app.viewers["1D Spectrum"].data_menu
    again.add_data(labels[2])
    again.layer.selected = [labels[2]]
    assert plg.source.label == 9


@pytest.mark.forked
def test_where_jdaviz_links_rows_the_catalog_gets_its_spectra(field, tmp_path, monkeypatch):
    """A stand-in for jdaviz 5.1, whose helper takes for each row the data of each viewer."""
    given = {}

    def set_viewer_data_columns(helper, data_label, viewer_data, column_prefix="Data: "):
        size = helper._app.data_collection[data_label].size
        assert all(len(rows) == size for rows in viewer_data.values())
        loaded = helper._app.data_collection.labels
        assert {one for rows in viewer_data.values() for row in rows for one in row} <= set(loaded)
        assert set(viewer_data) <= set(helper.viewers)
        given[data_label] = viewer_data

    app = new_app()
    plg = app.plugins["Inspect Sources"]
    [label] = stage3.load(field / f"{ROOT}_cat.ecsv", app=app)
    spectra = stage3.load(*field.glob("*c1d.fits"), app=app)
    plg.find_sources(field, tmp_path / "inspection.ecsv")
    assert given == {}  # jdaviz 5.0 has no such thing
    kind = type(app)
    monkeypatch.setattr(kind, "set_viewer_data_columns", set_viewer_data_columns, raising=False)
    plg.find_sources(field, tmp_path / "inspection.ecsv")
    # not the viewer of the sources, nor that of the table: none of them shows spectra
    assert len(app.viewers) > 1 and list(given[label]) == ["1D Spectrum"]
    rows = given[label]["1D Spectrum"]
    assert rows == [[spectra[0]], [spectra[1]], [spectra[2]], []]
    # an app of 5.1 has it from the start: what comes later is linked, too
    panel = plg._obj
    panel._spectra = AppSpectra(panel, panel._follow, panel._overlay.labels_of_catalog)
    panel._spectra.sources = panel.sources
    given.clear()
    [again] = stage3.load(*field.glob("*c1d.fits"), spectra=["order 1 source 5"], app=app)
    assert [row[-1:] for row in given[label]["1D Spectrum"]] == [
        [spectra[0]], [again], [spectra[2]], [],
    ]  # fmt: skip


@pytest.mark.forked
def test_nothing_is_lost_by_what_cannot_be_opened(field, tmp_path):
    _, plg = opened(field, tmp_path)
    plg.flag = 1
    (tmp_path / "empty").mkdir()
    plg.folder = str(tmp_path / "empty")
    plg._obj.vue_find()
    assert "no product with sources" in plg.problem
    assert plg.source.label == 2 and len(plg.sources) == 4
    (tmp_path / "other").mkdir()
    catalog(tmp_path / "other", (9, 2, 5))
    with pytest.raises(Stage3Error, match="an inspection of other sources"):
        plg.find_sources(tmp_path / "other", tmp_path / "inspection.ecsv")
    assert plg.source.label == 2 and plg.table["flag"][0] == 1
    plg.flag = 12  # cannot be
    assert "a whole number from 0 to 9" in plg.problem and plg.flag == 1
    # other sources, none of which has the label that is shown
    (tmp_path / "elsewhere").mkdir()
    catalog(tmp_path / "elsewhere", (31, 32))
    plg.find_sources(tmp_path / "elsewhere")
    assert plg.source.label == 31 and plg.flag == ""
    plg.find_sources(field, tmp_path / "inspection.ecsv")
    # what is typed is not taken out of the hands of who types it
    plg.comment = "two "
    assert plg.comment == "two " and plg.table["comment"][0] == "two"
    plg._obj.vue_set_flag({"label": "2", "flag": 5})
    assert plg._obj.saved_text == "Saved source 2"


@pytest.mark.forked
def test_a_served_app_lists_only_what_it_was_given(field, tmp_path):
    plg = new_app().plugins["Inspect Sources"]
    plg._obj._folders.may_choose = False
    plg.folder = str(field)
    plg._obj.vue_find()
    assert "lists only the folders it was opened with" in plg.problem
    before = set(field.iterdir())
    plg.find_sources(field)  # of the app itself
    plg.flag = 3
    assert plg.table["flag"][0] == 3 and plg.saved_to == ""
    assert "no file is written" in plg._obj.notes[-1] and set(field.iterdir()) == before
    # other sources, and these again: what was found is still there
    (tmp_path / "other").mkdir()
    catalog(tmp_path / "other", (31, 32))
    plg.find_sources(tmp_path / "other")
    assert len(plg.table) == 0
    plg.find_sources(field)
    assert plg.flag == 3 and len(plg.table) == 1


def test_orders(sources):
    class Looked:
        def __contains__(self, label):
            return label == 5

    def labels(*options):
        return [sources.labels[place] for place in stepped_through(sources, Looked(), *options)]

    assert labels("catalog", False, "all") == [2, 5, 9, 12]
    flux = sources.catalog_table["aper_total_flux"].value
    expected = [sources.labels[i] for i in sorted(range(4), key=lambda i: -flux[i])]
    assert labels("aper_total_flux", True, "all") == expected
    assert labels("catalog", False, "not looked at") == [2, 9, 12]
    assert labels("number of spectra", True, "all")[-1] == 12
    assert labels("catalog", False, "with spectra") == [2, 5, 9]
    # a catalog of the first three: what is in no catalog passes no filter of it
    assert labels("catalog", False, "all", np.array([True, False, True])) == [2, 9]


@pytest.mark.forked
def test_a_thousand_selections_leave_nothing_behind(monkeypatch, tmp_path):
    """Figures and marks are those of the first ones, and a picture's forerunner is closed."""
    app, plg = opened(demo_folder(), tmp_path)
    stage3.load(*demo_folder().glob("jw09998-o001*_cat.ecsv"), app=app)  # the overlay follows
    read, cut, kept = SourceProduct.spectrum, IndexedSource.cutout, {}

    def spectrum(product):
        key = product.path, product.table.extension, product.element
        return kept.setdefault(key, kept.get(key) or read(product))

    def cutout(source, size, mosaic):
        key = source.label, mosaic
        return kept.setdefault(key, kept.get(key) or cut(source, size, mosaic))

    def show_all(times):
        for _ in range(times):
            for label in (6, 16, 21):
                plg.select(label)
                assert len(plg._obj._shown.figures._pictures_box.children) == 1

    show_all(2)
    before = widgets_and_objects()
    show_all(4)  # reads each anew
    with monkeypatch.context() as patch:
        patch.setattr(SourceProduct, "spectrum", spectrum)
        patch.setattr(IndexedSource, "cutout", cutout)
        show_all(330)  # reading costs a third of it
    kept.clear()
    widgets, objects = widgets_and_objects()
    assert widgets - before[0] <= 2
    assert {
        name: n - before[1][name] for name, n in objects.items() if n > before[1][name] + 2
    } == {}


def widgets_and_objects():
    """How many widgets there are, and how many objects of each class of ours, bqplot and glue."""
    gc.collect()
    ours = ("jdaviz", "bqplot", "glue", "ipywidgets", "specutils", "astropy.io.fits")
    kinds = (type(each) for each in gc.get_objects())
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)
    return len(_instances), Counter(name for name in names if name.startswith(ours))


def test_lists_in_air_are_turned_into_vacuum():
    lines = rest_lines("SDSS-IV")
    nearest = np.abs(lines.wavelength - 0.6564).argmin()
    assert 0.65645 < lines.wavelength[nearest] < 0.65648  # Hα: 6562.8 Å in air, 6564.6 in vacuum
    vacuum = rest_lines("SDSS")
    assert np.all(np.diff(vacuum.wavelength) >= 0)
    with pytest.raises(Stage3Error, match="no line list 'none of them'"):
        rest_lines("none of them")


def test_the_file_is_not_written_where_the_package_is(monkeypatch, tmp_path):
    from jdaviz_stage3.identity import InspectionTable

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    kept = InspectionTable(stage3.index_sources(demo_folder()))
    assert tmp_path in kept.path.parents and os.path.basename(kept.path).startswith("jw09998-o001")
