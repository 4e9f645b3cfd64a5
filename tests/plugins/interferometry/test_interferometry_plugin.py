"""The Interferometry plugin: what is marked, calibrated, searched, averaged and written."""

import jdaviz
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable
from make_interferometry import MAS, WAVELENGTH, binary, fringe_parameters, oifits
from snackbars import snackbar_texts

import jdaviz_stage3 as stage3
from jdaviz_stage3 import analysis
from jdaviz_stage3.jdaviz_compat import data_of, glue_viewer, remove_data
from jdaviz_stage3.readers import read_interferometry
from jdaviz_stage3.viewers.keys import keyboard

EAST, NORTH, RATIO = 110.0, -75.0, 0.08
ROOT = "jw09997-o00{}_t001_niriss_f380m-nrm-sub80"
TARGET, REFERENCE, MULTI = "ami-oi", "psf-ami-oi", "amimulti-oi"
PLOTS = ["Squared visibility", "Closure phase", "Visibility phase", "u–v coverage"]


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder, sky = tmp_path_factory.mktemp("ami"), binary(EAST, NORTH, RATIO)
    return {
        TARGET: oifits(TARGET, folder, sky=sky, root=ROOT.format(1)),
        REFERENCE: oifits(REFERENCE, folder, seed=9, root=ROOT.format(1), target="CAL"),
        MULTI: oifits(MULTI, folder, sky=sky, n_int=12, noise=0.01, root=ROOT.format(1)),
    }


@pytest.fixture(scope="module")
def shared_app(paths):
    app = jdaviz.new_app()
    stage3.load(*paths.values(), app=app)
    snackbar_texts(app)  # from now on
    return app


@pytest.fixture(scope="module")
def loaded(shared_app):
    return list(shared_app.plugins["Interferometry"].dataset.choices)


@pytest.fixture
def plugin(shared_app, loaded):
    plugin = shared_app.plugins["Interferometry"]
    plugin.keep_active = True
    plugin.dataset = name_of(plugin, TARGET)
    plugin.reference = name_of(plugin, REFERENCE)
    plugin.n_positions = 40
    yield plugin
    plugin.mark()
    plugin.plots, plugin.x_axis, plugin.vis2_errors = PLOTS[:2], "m", "as in the file"
    kept = tuple(f"{name} [" for name in loaded)
    labels = [data.label for data in shared_app._app.data_collection]
    remove_data(shared_app, [label for label in labels if not label.startswith(kept)])
    plugin.model, plugin.extent, plugin.clip_sigma = "none", "", 3.0
    plugin.first_integration, plugin.last_integration, plugin.sigma = 1, "", 5.0
    plugin.flux_ratio, plugin.use_vis2, plugin.min_ratio = 0.01, False, 0.0
    plugin.keep_active = False


def name_of(plugin, end):
    [found] = [name for name in plugin.dataset.choices if name.endswith(f" {end}")]
    return found


def marks(plugin, title):
    [found] = [m for v, m in plugin._obj._marks.items() if v.reference == title]
    return found._marks


def click(app, title, x, y):
    viewer = glue_viewer(app, title)
    event = {"event": "click", "domain": {"x": x, "y": y}}
    viewer._on_mouse_interaction(viewer.figure.interaction, event, None)


def seen(mark):
    return sorted(zip(np.round(mark.x, 6), np.round(mark.y, 6), strict=True))


def test_products_are_offered_where_they_belong(plugin):
    assert [name.partition(" ")[2] for name in plugin.dataset.choices] == [TARGET, REFERENCE, MULTI]
    assert plugin.by_integration.choices == [name_of(plugin, MULTI)]
    assert name_of(plugin, MULTI) not in plugin.reference.choices
    assert plugin._obj._proposed["reference"] == name_of(plugin, REFERENCE)
    assert plugin._obj.about_text == "AB DOR: F380M, 3.800 μm, 7 holes."


def test_plots_come_and_go(plugin, shared_app):
    assert plugin.plots.selected == PLOTS[:2]
    plugin.plots = PLOTS
    assert set(shared_app.viewers) >= set(PLOTS)
    phases = glue_viewer(shared_app, "Visibility phase").state.layers
    assert len(phases) == 3
    coverage = glue_viewer(shared_app, "u–v coverage")
    assert coverage.scales["x"].reverse and coverage.state.x_min == -coverage.state.x_max
    plugin.plots = PLOTS[1:3]
    assert (
        "Squared visibility" not in shared_app.viewers and "u–v coverage" not in shared_app.viewers
    )
    plugin.plots = PLOTS[:2]
    assert len(glue_viewer(shared_app, "Squared visibility").state.layers) == 3, "it came back"
    shared_app._app.vue_destroy_viewer_item("Closure phase")
    assert plugin.plots.selected == PLOTS[:1], "closed by hand"


@pytest.mark.parametrize(
    ("axis", "factor"), [("Mλ", 1e-6 / WAVELENGTH), ("1/arcsec", 1e3 * MAS / WAVELENGTH)]
)
def test_baselines_as_spatial_frequencies(plugin, shared_app, paths, axis, factor):
    plugin.plots = [PLOTS[0], PLOTS[3]]
    plugin.x_axis = axis
    found = read_interferometry(paths[TARGET])
    data = data_of(shared_app, f"{name_of(plugin, TARGET)} [squared visibility]")
    viewer = glue_viewer(shared_app, PLOTS[0])
    points = viewer.points_of(data)
    np.testing.assert_allclose(points.x, found.vis2["baseline"].value * factor, rtol=1e-6)
    np.testing.assert_allclose(points.error, found.vis2["error"])
    assert viewer.figure.axes[0].label == f"Spatial frequency ({axis})"
    assert viewer.describe_point(data, 4)["time"] == (
        "Spatial frequency", f"{points.x[4]:.6g} {axis}",
    )  # fmt: skip
    coverage = glue_viewer(shared_app, PLOTS[3])
    data = data_of(shared_app, f"{name_of(plugin, TARGET)} [u–v coverage]")
    points = coverage.points_of(data)
    np.testing.assert_allclose(points.x[:21], found.vis2["u"].value * factor, rtol=1e-6)
    np.testing.assert_allclose(points.y[21:], -found.vis2["v"].value * factor, rtol=1e-6)
    assert [a.label for a in coverage.figure.axes[:2]] == [f"u ({axis})", f"v ({axis})"]


def test_a_click_marks_the_baseline_in_all_plots(plugin, shared_app, paths):
    plugin.plots = PLOTS
    target, reference = (read_interferometry(paths[name]) for name in (TARGET, REFERENCE))
    row = 4
    at = target.vis2["baseline"][row].value
    click(shared_app, PLOTS[0], at, target.vis2["value"][row])
    assert plugin.marked == target.vis2["stations"][row] == "A1-A6"
    ring = seen(marks(plugin, PLOTS[0])["same"])
    multi = read_interferometry(paths[MULTI]).vis2["value"][row]
    expected = [target.vis2["value"][row], reference.vis2["value"][row], *multi]
    assert ring == sorted((round(at, 6), round(float(y), 6)) for y in expected)
    uv = {(round(s * target.vis2["u"][row].value, 6), round(s * target.vis2["v"][row].value, 6))
          for s in (1, -1)}  # fmt: skip
    assert set(seen(marks(plugin, PLOTS[3])["same"])) == uv, "and its conjugate"
    triangles = [s for s in target.closure_phase["stations"] if {"A1", "A6"} < set(s.split("-"))]
    assert len(marks(plugin, PLOTS[1])["related"].x) == len(triangles) * 14
    said = {row["name"]: row["value"] for row in plugin._obj.marked_rows}
    value, error = target.vis2["value"][row], target.vis2["error"][row]
    told, _, told_error = said["V², ami-oi AB DOR"].partition(" ± ")
    assert float(told) == pytest.approx(value, abs=error)
    assert float(told_error) == pytest.approx(error, rel=0.05)
    click(shared_app, PLOTS[0], at, target.vis2["value"][row])
    assert plugin.marked == "" and not marks(plugin, PLOTS[0]), "once more, and nothing is"


def test_keys_go_from_one_to_the_next_and_what_is_hidden_has_no_rings(plugin, shared_app):
    def press(key):
        keyboard(shared_app).press(key, PLOTS[1])

    press("ArrowRight")
    assert plugin.marked == "A1-A2"
    press("ArrowLeft")
    assert plugin.marked == "A6-A7"
    plugin.mark("A1-A2-A7")
    press("ArrowRight")
    assert plugin.marked == "A1-A3-A4"
    layer = glue_viewer(shared_app, PLOTS[1]).state.layers[0]
    layer.visible = False
    assert len(marks(plugin, PLOTS[1])["same"].x) == 13
    layer.visible = True
    assert len(marks(plugin, PLOTS[1])["same"].x) == 14
    press("Escape")
    assert plugin.marked == "" and "same" not in marks(plugin, PLOTS[1])


def test_a_triangle_marks_its_sides(plugin, paths):
    plugin.plots = PLOTS
    plugin.mark("A7-A1-A3")  # in whatever order
    assert len(marks(plugin, PLOTS[1])["same"].x) == 14
    assert len(marks(plugin, PLOTS[0])["related"].x) == 3 * 14
    assert len(marks(plugin, PLOTS[3])["related"].x) == 6 * 3
    assert "same" not in marks(plugin, PLOTS[0])
    with pytest.raises(stage3.Stage3Error, match="no product has 'B1-B2'"):
        plugin.mark("B1-B2")
    assert plugin.marked == "A7-A1-A3"
    plugin.keep_active = False
    assert not plugin._obj._marks, "nothing is drawn while it is closed"
    plugin.keep_active = True


def test_calibration_is_a_product_of_its_own(plugin, shared_app, paths):
    found = plugin.calibrate()
    by_hand = analysis.calibrate(*(read_interferometry(paths[n]) for n in (TARGET, REFERENCE)))
    np.testing.assert_allclose(found.vis2["value"], by_hand.vis2["value"])
    assert "calibrated with" in plugin.dataset.selected
    legend = glue_viewer(shared_app, PLOTS[1]).legend
    assert "calibrated AB DOR" in legend and len(set(legend.values())) == 4
    plugin.search()
    best = found_rows(plugin)
    assert best["ΔRA cos Dec"] == pytest.approx(EAST, abs=1)
    assert best["ΔDec"] == pytest.approx(NORTH, abs=1)
    before = len(shared_app._app.data_collection)
    with pytest.raises(stage3.Stage3Error, match="is normalised already"):
        plugin.calibrate()
    plugin.dataset = name_of(plugin, TARGET)
    plugin.calibrate()
    assert len(shared_app._app.data_collection) == before, "in place of the former"


def found_rows(plugin):
    return {row["name"]: float(row["value"].split()[0]) for row in plugin._obj.found_rows}


@pytest.mark.parametrize("change", [{"filter": "F480M"}, {"holes": True}])
def test_a_reference_that_does_not_fit_is_refused_in_words(plugin, shared_app, tmp_path, change):
    other = {} if "holes" in change else change
    path = oifits(REFERENCE, tmp_path, root=ROOT.format(7), **other)
    if "holes" in change:
        with fits.open(path, mode="update") as hdus:
            for name in ("OI_VIS2", "OI_VIS", "OI_T3", "OI_Q4"):
                hdus[name].data["STA_INDEX"] = hdus[name].data["STA_INDEX"] % 7 + 1
    stage3.load(path, app=shared_app)
    [plugin.reference] = [name for name in plugin.reference.choices if "o007" in name]
    before = [data.label for data in shared_app._app.data_collection]
    plugin._obj.vue_act("calibrate")
    said = snackbar_texts(shared_app)[-1]
    assert ("F480M" in said and "F380M" in said) or "not of the same" in said
    assert [data.label for data in shared_app._app.data_collection] == before
    plugin.reference = "none"
    with pytest.raises(stage3.Stage3Error, match="no product is chosen"):
        plugin.calibrate()


def test_the_search_is_that_of_analysis_and_its_results_go_with_the_settings(plugin, paths):
    plugin.use_vis2, plugin.extent, plugin.n_positions = True, 250, 30
    found = plugin.search()
    by_hand = analysis.binary_search(
        read_interferometry(paths[TARGET]), extent=250 * u.mas, n=30, vis2=True
    )
    assert found.best == by_hand.best and found.significance > 20
    rows = found_rows(plugin)
    for name, words in (("separation", "Separation"), ("contrast", "Contrast"),
                        ("position_angle", "Position angle, east of north")):  # fmt: skip
        value, error = (getattr(found.best[n], "value", found.best[n])
                        for n in (name, f"{name}_error"))  # fmt: skip
        assert rows[words] == pytest.approx(value, abs=error)
    expected = np.degrees(np.arctan2(EAST, NORTH)) % 360
    assert rows["Position angle, east of north"] == pytest.approx(expected, abs=0.5)
    assert plugin._obj.map_widget and plugin._obj.percent_done == 100
    assert plugin._obj._map._best.x[0] == pytest.approx(EAST, abs=1)
    assert not plugin._obj.limits_widget, "there is a companion"
    plugin.min_ratio = 0.01
    assert not plugin._obj.found_rows and not plugin._obj.map_widget


def test_without_a_companion_there_are_limits(plugin):
    plugin.dataset = name_of(plugin, REFERENCE)
    found = plugin.search()
    assert found.significance < 5 and "No detection" in plugin._obj.found_text
    limits = plugin.detection_limits()
    assert plugin._obj.limits_widget
    drawn = plugin._obj._limits._curves[0]
    known = np.isfinite(limits["contrast"].value)
    np.testing.assert_allclose(drawn.y, limits["contrast"].value[known])
    np.testing.assert_allclose(drawn.x, limits["separation"].value[known])


def test_models_are_drawn_over_the_data(plugin, shared_app, paths):
    plugin.plots, plugin.model, plugin.x_axis = PLOTS, "point", "Mλ"
    assert np.allclose(marks(plugin, PLOTS[0])["line"].y, 1)
    assert np.allclose(marks(plugin, PLOTS[1])["line"].y, 0)
    plugin.model, plugin.diameter = "disc", 40.0
    x, y = (marks(plugin, PLOTS[0])["line"].x, marks(plugin, PLOTS[0])["line"].y)
    from scipy.special import j1

    argument = np.pi * 40 * MAS * x[1:] * 1e6
    np.testing.assert_allclose(y[1:], (2 * j1(argument) / argument) ** 2, rtol=1e-6)
    plugin.model, plugin.east, plugin.north, plugin.flux_ratio = "binary", EAST, NORTH, RATIO
    drawn, found = marks(plugin, PLOTS[1])["model"], read_interferometry(paths[TARGET])
    np.testing.assert_allclose(drawn.y, found.closure_phase["phase"].value, atol=1)
    frequency = found.closure_phase["spatial_frequency"].value * 1e-6
    np.testing.assert_allclose(drawn.x, frequency)
    assert "line" not in marks(plugin, PLOTS[0]) and not marks(plugin, PLOTS[3])
    chi2 = float(plugin._obj.model_text.split()[2])
    assert 0.3 < chi2 < 2.5, "what it was made of"
    plugin.flux_ratio = float("nan")
    assert "flux_ratio is nan, expected a number above 0" in plugin.problem
    assert "model" not in marks(plugin, PLOTS[1])
    plugin.flux_ratio = RATIO
    assert plugin.problem == ""
    with pytest.raises(stage3.Stage3Error, match="no companion was found yet"):
        plugin.use_fit()
    plugin.search()
    plugin.use_fit()
    assert plugin.east == pytest.approx(EAST, abs=1)


def test_errors_of_vis2_from_the_amplitudes(plugin, shared_app, paths):
    label = f"{name_of(plugin, TARGET)} [squared visibility]"
    found = read_interferometry(paths[TARGET])
    plugin.vis2_errors = "from amplitudes"
    expected = 2 * found.visibility["amplitude"] * found.visibility["amplitude_error"]
    viewer = glue_viewer(shared_app, PLOTS[0])
    np.testing.assert_allclose(viewer.points_of(data_of(shared_app, label)).error, expected)
    np.testing.assert_allclose(plugin.observables().vis2["error"], expected)
    assert "vis2_errors_from_amplitudes(target)" in (plugin.calibrate(), plugin.to_python())[1]
    plugin.vis2_errors = "as in the file"
    np.testing.assert_allclose(
        viewer.points_of(data_of(shared_app, label)).error, found.vis2["error"]
    )


def test_series_and_average(plugin, shared_app, paths):
    multi = read_interferometry(paths[MULTI])
    plugin.clip_sigma, plugin.first_integration, plugin.last_integration = 2.0, 2, 11
    with pytest.raises(stage3.Stage3Error, match="click on a point first"):
        plugin.series()
    plugin.mark("A2-A3")
    series = plugin.series()
    row = list(multi.vis2["stations"]).index("A2-A3")
    by_hand = analysis.integration_series(multi, "vis2", row, sigma=2.0, start=1, stop=11)
    np.testing.assert_array_equal(series["value"], by_hand["value"])
    viewer = glue_viewer(shared_app, "V² against integration")
    points = viewer.points_of(viewer.state.layers[0].layer)
    assert np.array_equal(points.flagged, by_hand["left_out"]) and points.flagged[[0, 11]].all()
    assert viewer.state.y_min < points.y.min() and viewer.state.y_max > points.y.max()
    assert f"of {by_hand.meta['n_used']} of 12 integrations" in plugin._obj.series_text
    click(shared_app, PLOTS[1], multi.closure_phase["longest_baseline"][3].value,
          multi.closure_phase["phase"][3, 5].value)  # fmt: skip
    labels = [data.label for data in shared_app._app.data_collection]
    assert [x for x in labels if "by integration" in x] == [
        f"{name_of(plugin, MULTI)} {plugin.marked} by integration"
    ], "the former is gone"
    averaged = plugin.average()
    by_hand = analysis.average_integrations(multi, sigma=2.0, start=1, stop=11)
    np.testing.assert_array_equal(averaged.closure_phase["phase"], by_hand.closure_phase["phase"])
    assert plugin.dataset.selected.endswith("amimulti-oi averaged")
    found = plugin.search()
    assert found.best["east"].value == pytest.approx(EAST, abs=3)
    plugin.first_integration = 50
    plugin._obj.vue_act("average")
    assert "50" in snackbar_texts(shared_app)[-1]


def test_files(plugin, tmp_path, paths):
    plugin.calibrate()
    path = plugin.export(tmp_path / "calibrated.fits")
    back = read_interferometry(path)
    np.testing.assert_allclose(back.vis2["value"], plugin.observables().vis2["value"])
    obj = plugin._obj
    obj.export_name = str(tmp_path / "table")
    obj.vue_save_file("closure_phase")
    table = QTable.read(tmp_path / "table.ecsv")
    assert table["phase"].unit == u.deg and len(table) == 35
    obj.vue_save_file("vis2")
    assert "is there already" in obj.export_error
    with pytest.raises(stage3.Stage3Error, match="search first"):
        plugin.export_companion(tmp_path / "companion.ecsv")
    found = plugin.search()
    row = QTable.read(plugin.export_companion(tmp_path / "companion.ecsv"))
    assert row["separation"][0].value == pytest.approx(found.best["separation"].value)
    assert row.meta["assumptions"] == list(found.assumptions)


def test_python_runs_as_it_is_pasted(plugin):
    plugin.calibrate()
    plugin.extent, plugin.n_positions, plugin.model = 260, 24, "binary"
    found, names = plugin.search(), {}
    exec(plugin.to_python(), names)
    assert names["found"].best == found.best
    assert names["limits"]["separation"][-1] == 260 * u.mas
    assert set(names["model"]) == {"vis2", "visibility", "closure_phase"}


def test_odd_products_are_told_in_words(plugin, shared_app, tmp_path):
    one = oifits(TARGET, tmp_path, sky=binary(EAST, NORTH, RATIO), root=ROOT.format(4))
    with fits.open(one) as hdus:
        hdus["OI_T3"].data = hdus["OI_T3"].data[:1]
        hdus.writeto(one, overwrite=True)
    flagged = oifits(TARGET, tmp_path, root=ROOT.format(5))
    with fits.open(flagged, mode="update") as hdus:
        for name in ("OI_T3", "OI_VIS2"):
            hdus[name].data["FLAG"][:] = True
    missing = oifits(TARGET, tmp_path, root=ROOT.format(6))
    with fits.open(missing, mode="update") as hdus:
        hdus["OI_VIS2"].data["VIS2DATA"][:5] = np.nan
        hdus["OI_T3"].data["T3PHI"][:] = np.nan
    with pytest.warns(stage3.Stage3Warning):
        stage3.load(
            one, flagged, missing, fringe_parameters("ami", tmp_path), app=shared_app,
            observables=["Closure phase"],
        )  # fmt: skip
    choose = {n: next(c for c in plugin.dataset.choices if f"o00{n}" in c) for n in "456"}
    plugin.model = "binary"
    plugin.dataset = choose["4"]
    plugin.search()
    assert "Its place cannot be told" in plugin._obj.found_text
    assert not plugin._obj.found_rows, "errors of what cannot be told would mislead"
    for number, said in (("5", "all closure phases are flagged"), ("6", "are flagged")):
        plugin.dataset = choose[number]
        plugin._obj.vue_act("search")
        assert said in snackbar_texts(shared_app)[-1]
        assert plugin._obj.percent_done == 100
    [old] = [name for name in plugin.dataset.choices if name.endswith(" ami")]
    assert not marks(plugin, "Closure phase by number"), "no baselines, so no model"
    plugin.dataset = old
    for action in ("search", "detection_limits"):
        plugin._obj.vue_act(action)
        assert old.partition(" ")[0] in snackbar_texts(shared_app)[-1]
    plugin.n_positions, plugin.dataset = 1, name_of(plugin, REFERENCE)
    plugin._obj.vue_act("search")
    assert "n_positions is 1, expected a number above 1" in snackbar_texts(shared_app)[-1]
    plugin.n_positions, plugin.extent = 10, -5
    plugin._obj.vue_act("search")
    assert "extent is -5" in snackbar_texts(shared_app)[-1]


def test_products_that_are_removed_while_they_are_chosen(plugin, shared_app, tmp_path):
    path = oifits(TARGET, tmp_path, root=ROOT.format(3), seed=8)
    labels = stage3.load(path, app=shared_app)
    [plugin.dataset] = [name for name in plugin.dataset.choices if "o003" in name]
    chosen = plugin.dataset.selected
    plugin.model = "point"
    plugin.mark("A1-A2")
    plugin.search()
    rings = len(marks(plugin, PLOTS[0])["same"].x)
    remove_data(shared_app, labels[:1])
    assert plugin.dataset.selected == chosen, "its closure phases are still there"
    assert len(marks(plugin, PLOTS[0])["same"].x) == rings - 1
    remove_data(shared_app, labels[1:])
    assert plugin.dataset.selected == name_of(plugin, TARGET)
    path = oifits("aminorm-oi", tmp_path, root=ROOT.format(8))
    normalised = stage3.load(path, app=shared_app, observables=["Closure phase"])
    assert plugin.dataset.selected.endswith("aminorm-oi"), "proposed where nothing was chosen"
    remove_data(shared_app, normalised)
    assert not plugin._obj.found_rows, "what was found was of another one"
