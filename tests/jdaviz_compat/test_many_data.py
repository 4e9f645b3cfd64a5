"""Many spectra in one app: the same as few, in menus, links, subsets, units and plugins."""

import warnings
from collections import Counter

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable
from fresh_apps import new_app
from glue.core.units import find_unit_choices
from glue_jupyter.bqplot.profile.layer_artist import BqplotProfileLayerArtist
from glue_jupyter.widgets.layer_options import LayerOptionsWidget
from jdaviz.core.marks import SpectralLine
from jdaviz.core.template_mixin import DatasetSelect, LayerSelect
from link_tools import check_links
from make_spectra import extracted, smooth_spectrum
from specutils import SpectralRegion, Spectrum

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import (
    adding_data,
    data_of,
    glue_viewer,
    many_data,
    remove_data,
    shown_in,
)
from jdaviz_stage3.jdaviz_compat.links import QuickLinkManager
from jdaviz_stage3.loaders import flux_levels

MANY = 15
LAST = MANY - 1  # what is looked at
VIEWER = "1D Spectrum"


def columns(number: int) -> dict:
    """A spectrum with a range and fluxes of its own, and a flagged sample."""
    found = smooth_spectrum(60 + number, 1 + 0.01 * number, 3 - 0.01 * number)
    found["FLUX"] = found["FLUX"] * (1 + number) + 0.1
    found["DQ"][7] = 1
    return found


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    made = []
    for number in range(MANY):
        header = {"source_id": number + 1, "source_type": "POINT", "slit_name": f"S{number}"}
        made.append(
            extracted(
                tmp_path_factory.mktemp(f"x1d{number}"),
                [(columns(number), header)],
                suffix=f"s{number:05d}_x1d",
            )  # fmt: skip
        )
    return made


@pytest.fixture(scope="module")
def many(paths):
    """An app with all of them, half loaded at once and the others one after another."""
    app = new_app()
    labels = stage3.load(*paths[: MANY // 2], app=app)
    for path in paths[MANY // 2 :]:
        labels += stage3.load(path, app=app)
    assert len(labels) == MANY
    return app, labels


@pytest.fixture(scope="module")
def alone(paths):
    """An app with the last one."""
    app = new_app()
    [label] = stage3.load(paths[LAST], app=app)
    return app, label


def menus_of(app) -> list:
    """All menus of data and of layers that an app has: of plugins, viewers, loaders."""
    subscribers = list(app._app.hub._subscriptions)
    return [menu for menu in subscribers if isinstance(menu, (DatasetSelect, LayerSelect))]


def contents(app) -> list[tuple]:
    return [
        (type(menu.plugin).__name__, menu._plugin_traitlets["items"], menu.items, menu.selected)
        for menu in menus_of(app)
    ]


def mark_of(app, label):
    [artist] = [a for a in glue_viewer(app, VIEWER).layers if a.layer.label == label]
    return artist.line_mark


def test_menus_hold_what_they_would_hold(many):
    app, labels = many
    before = contents(app)
    assert len(before) > 25
    assert sum(len(items) >= MANY for _, _, items, _ in before) > 10, "it is about these"
    for menu in menus_of(app):
        menu._update_items()
    assert contents(app) == before


def test_all_are_linked_as_glue_links_them(many):
    app, _ = many
    collection = app._app.data_collection
    check_links(collection)
    first, last = collection[0], collection[-1]
    cid = first.world_component_ids[0]
    assert np.allclose(last[cid], np.linspace(*columns(LAST)["WAVELENGTH"][[0, -1]], 60 + LAST))


def test_all_are_drawn_as_they_are(many):
    app, labels = many
    for number, label in enumerate(labels):
        found, mark = columns(number), mark_of(app, label)
        flux = np.where(found["DQ"] == 1, np.nan, found["FLUX"])
        assert np.allclose(mark.x, found["WAVELENGTH"])
        assert np.allclose(mark.y, flux, equal_nan=True)


@pytest.fixture(scope="module")
def with_subset(many, alone):
    """Both apps with a subset, which was moved after it was made."""
    for app, _ in (many, alone):
        tools = app.plugins["Subset Tools"]
        tools.import_region(SpectralRegion(1.3 * u.um, 1.5 * u.um))
        tools.update_subset("Subset 1", lo=1.6, hi=2.2)
    return many, alone


def test_a_subset_selects_the_same_samples(with_subset):
    (app, labels), (other, label) = with_subset
    for number in (0, MANY // 2, LAST):
        group = app._app.data_collection.subset_groups[0]
        [subset] = [s for s in group.subsets if s.data.label == labels[number]]
        wave = columns(number)["WAVELENGTH"]
        assert np.array_equal(subset.to_mask(), (wave >= 1.6) & (wave <= 2.2))
    ours = app.get_data(labels[LAST], spectral_subset="Subset 1")
    theirs = other.get_data(label, spectral_subset="Subset 1")
    assert np.array_equal(ours.mask, theirs.mask)
    assert np.array_equal(ours.flux.value, theirs.flux.value, equal_nan=True)


def test_statistics_of_a_subset_are_those_of_one_spectrum_alone(with_subset):
    (app, labels), (other, label) = with_subset
    found = columns(LAST)
    inside = (found["WAVELENGTH"] >= 1.6) & (found["WAVELENGTH"] <= 2.2)
    analysed = []
    for one, of in ((app, labels[LAST]), (other, label)):
        data, [group] = data_of(one, of), one._app.data_collection.subset_groups
        flux = data.find_component_id("flux")
        mean = data.compute_statistic("mean", flux, subset_state=group.subset_state)
        assert mean == pytest.approx(found["FLUX"][inside].mean(), rel=1e-12)
        analysis = one.plugins["Line Analysis"]
        analysis.dataset, analysis.spectral_subset = of, "Subset 1"
        with analysis.as_active():
            analysed.append({r["function"]: r["result"] for r in analysis.get_results()})
    assert analysed[0] == analysed[1] and "Line Flux" in analysed[0]


def test_menus_know_the_subset(with_subset):
    (app, _), _ = with_subset
    before = contents(app)
    layers = [items for _, name, items, _ in before if name == "layer_items"]
    assert any("Subset 1" in [item["label"] for item in items] for items in layers)
    for menu in menus_of(app):
        menu._update_items()
    assert contents(app) == before


def test_units_are_converted_by_number(many):
    app, labels = many
    units = app.plugins["Unit Conversion"]
    found, mark = columns(LAST), mark_of(app, labels[LAST])
    wavelength = found["WAVELENGTH"] * u.um
    flux = np.where(found["DQ"] == 1, np.nan, found["FLUX"]) * u.Jy
    flam = u.erg / u.s / u.cm**2 / u.AA
    try:
        units.flux_unit = str(flam)
        expected = flux.to_value(flam, u.spectral_density(wavelength))
        assert np.allclose(mark.y, expected, rtol=1e-6, atol=0, equal_nan=True)
        units.spectral_unit = "Angstrom"
        assert np.allclose(mark.x, wavelength.to_value(u.AA))
        assert np.allclose(mark.y, expected, rtol=1e-6, atol=0, equal_nan=True)
    finally:
        units.spectral_unit = "um"
        units.flux_unit = "Jy"
    assert np.allclose(mark.y, flux.value, equal_nan=True)


def test_the_units_offered_are_those_of_glue(many):
    app, labels = many
    layers = glue_viewer(app, VIEWER).state.layers
    asked = [
        (layer.layer, layer.attribute, layer.layer.get_component(layer.attribute).units)
        for layer in layers
        if layer.layer.label in labels
    ]
    assert set(many_data._unit_choices(asked)) == set(find_unit_choices(asked))
    assert len(asked) == MANY and "Jy" in many_data._unit_choices(asked)


def test_plugins_work_on_the_last(many, alone):
    results = []
    for app, label in ((many[0], many[1][LAST]), alone):
        made = []
        smooth = app.plugins["Gaussian Smooth"]
        smooth.dataset, smooth.stddev = label, 2
        made.append(smooth.smooth(add_data=False))
        median = app.plugins["Median Smooth"]
        median.dataset, median.width = label, 5
        made.append(median.smooth(add_data=False))
        fit = app.plugins["Model Fitting"]
        fit.dataset = label
        fit.create_model_component("Linear1D", "L")
        fit.add_results.label = "fitted"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model, spectrum = fit.calculate_fit(add_data=False)
        made.append(spectrum)
        results.append([made, model.slope.value])
    for ours, theirs in zip(results[0][0], results[1][0], strict=True):
        assert np.allclose(ours.flux.value, theirs.flux.value, equal_nan=True)
    assert results[0][1] == pytest.approx(results[1][1])


def test_a_line_list_is_drawn_once(many):
    app, _ = many
    lines = QTable({"linename": ["H2", "Br gamma"], "rest": [2.1218, 2.1661] * u.um})
    app.plugins["Line Lists"]._obj.import_line_list(lines)
    marks = glue_viewer(app, VIEWER).figure.marks
    drawn = sorted(float(mark.x[0]) for mark in marks if isinstance(mark, SpectralLine))
    assert drawn == pytest.approx([2.1218, 2.1661], rel=1e-6)


def test_a_setting_of_the_viewer_that_changes_how_it_is_drawn(many, monkeypatch):
    """The short way of `_update_profile` leads to glue's where anything that is drawn changes."""
    app, labels = many
    drawn = []
    glue_viewer(app, VIEWER).state.x_min = 1.1  # nobody is drawn by it
    original = BqplotProfileLayerArtist._calculate_profile
    monkeypatch.setattr(
        BqplotProfileLayerArtist,
        "_calculate_profile",
        lambda self, **kwargs: drawn.append(self.layer.label) or original(self, **kwargs),
    )
    glue_viewer(app, VIEWER).state.x_min = 1.2
    assert drawn == []
    [state] = [s for s in glue_viewer(app, VIEWER).state.layers if s.layer.label == labels[3]]
    state.as_steps = True
    assert set(drawn) == {labels[3]}
    state.color = "#123456"
    assert mark_of(app, labels[3]).colors == ["#123456"]
    state.as_steps = False


def test_data_of_others_beside_them(many):
    """jdaviz's own spectra in the same app are linked, and drawn again where that matters."""
    app, _ = many
    wave = np.linspace(1, 2, 30)
    app.load(
        Spectrum(flux=np.ones(30) * u.Jy, spectral_axis=wave * u.um),
        format="1D Spectrum", data_label="theirs", viewer=VIEWER,
    )  # fmt: skip
    check_links(app._app.data_collection)
    assert np.allclose(mark_of(app, "theirs").x, wave)
    assert "theirs" in app.plugins["Gaussian Smooth"].dataset.choices


def test_what_is_removed_leaves_menus_and_links(many):
    app, labels = many
    app.load(
        Spectrum(flux=np.ones(9) * u.Jy, spectral_axis=np.linspace(1, 2, 9) * u.um),
        format="1D Spectrum", data_label="gone", viewer=VIEWER,
    )  # fmt: skip
    app._app.data_item_remove("gone")
    assert data_of(app, "gone") is None and not shown_in(app, "gone")
    assert not any("gone" in menu.choices for menu in menus_of(app))
    check_links(app._app.data_collection)


@pytest.mark.forked
def test_layers_are_numbered_at_once(many, monkeypatch):
    """As one goes or a subset comes, a viewer's menu is filled a few times, not for each layer."""
    app, labels = many
    menu = glue_viewer(app, VIEWER).data_menu._obj
    filled, stock = [], LayerSelect._layer_to_dict

    def count(self, label):
        filled.append(label)
        return stock(self, label)

    monkeypatch.setattr(LayerSelect, "_layer_to_dict", count)
    for change in (
        lambda: remove_data(app, labels[:1]),
        lambda: app.plugins["Subset Tools"].import_region(SpectralRegion(1.2 * u.um, 1.4 * u.um)),
    ):
        filled.clear()
        change()
        for label in menu.layer.choices:
            assert filled.count(label) <= 8
        order = [item["label"] for item in menu.layer_items]
        places = {layer.layer.label: layer.zorder for layer in menu._viewer.layers}
        assert [places[label] for label in order] == list(range(len(order), 0, -1))
        selected = menu.layer.selected
        assert menu.dm_layer_selected == [order.index(label) for label in selected]
        before = contents(app)
        for each in menus_of(app):
            each._update_items()
        assert contents(app) == before


@pytest.mark.forked
def test_what_one_more_costs_is_counted(many, paths, monkeypatch):
    """Links are followed once, layers listed once, a flux level found once for each spectrum."""
    app, labels = many
    done = Counter()
    for owner, name in (
        (QuickLinkManager, "_update"),
        (LayerOptionsWidget, "layer_data"),
        (flux_levels, "_median"),
    ):
        stock = getattr(owner, name)

        def counted(*args, _name=name, _stock=stock):
            done[_name] += 1
            return _stock(*args)

        monkeypatch.setattr(owner, name, counted)
    stage3.load(paths[0], app=app, data_label="one more")
    done.clear()
    stage3.load(paths[0], app=app, data_label="and one")
    n = len(glue_viewer(app, VIEWER).layers)
    assert done["_update"] == 1
    assert n <= done["layer_data"] <= 2 * n, "for each layer, and for its panel"
    assert done["_median"] == 2, "of what comes, and of the last as it is shown"
    assert glue_viewer(app, VIEWER).layer_options.layers[-1]["label"].startswith("and one")
    check_links(app._app.data_collection)


@pytest.mark.forked
def test_layers_that_go_take_their_states_along(many):
    app, labels = many
    viewer = glue_viewer(app, VIEWER)
    viewer._layer_artist_container.remove(viewer.layers[2])
    assert {id(s.layer) for s in viewer.state.layers} == {id(a.layer) for a in viewer.layers}


@pytest.mark.forked
def test_data_get_into_a_viewer_that_is_made_for_them(paths):
    app = new_app()
    stage3.load(*paths[: many_data.FEW + 1], app=app, viewer=[])
    assert not app.viewers
    with adding_data(app):
        [label] = stage3.load(paths[LAST], app=app)
    assert list(app.viewers) == [VIEWER]
    assert app.viewers[VIEWER].data_menu.data_labels_loaded == [label]
    menu = app.viewers[VIEWER].data_menu._obj.dataset
    assert len(menu.choices) == many_data.FEW + 1, "the others can be added"


@pytest.mark.forked
def test_menus_are_filled_where_something_is_raised(paths):
    app = new_app()
    labels = stage3.load(*paths[: many_data.FEW], app=app)
    with pytest.raises(ZeroDivisionError), adding_data(app):
        [label] = stage3.load(paths[LAST], app=app)
        assert label not in app.plugins["Gaussian Smooth"].dataset.choices, "it waits"
        raise ZeroDivisionError
    assert app.plugins["Gaussian Smooth"].dataset.choices == [*labels, label]


@pytest.mark.forked
def test_a_plugin_that_is_made_for_one_task_can_be_used_at_once(many, paths):
    """As for the spectrum of a subset that is drawn in a cube, whose own menus are asked next."""
    app, labels = many
    smooth = app.plugins["Gaussian Smooth"]._obj
    with adding_data(app):
        with adding_data(app):
            made = smooth.new()
            assert made.dataset.choices == smooth.dataset.choices != []
            made.dataset.selected = labels[LAST]
        [label] = stage3.load(paths[0], app=app, data_label="more")
        assert label not in made.dataset.choices, "it waits as the others"
    assert label in made.dataset.choices == smooth.dataset.choices


def test_plugins_of_glue_are_those_that_are_installed():
    from importlib.metadata import entry_points

    from glue import _plugin_helpers

    for _ in range(2):
        assert list(_plugin_helpers.iter_plugin_entry_points()) == list(
            entry_points(group="glue.plugins")
        )
