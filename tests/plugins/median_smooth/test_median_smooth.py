"""The Median Smooth plugin through its API, in the generalised app and in Specviz."""

import warnings
from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import StdDevUncertainty
from fresh_apps import new_app
from make_spectra import extracted, smooth_spectrum
from other_thread import in_a_thread
from python_code import run_python
from specutils import SpectralRegion, Spectrum

import jdaviz_stage3 as stage3
from jdaviz_stage3 import analysis
from jdaviz_stage3.analysis import boxcar_smooth, gaussian_smooth, median_smooth, savgol_smooth
from jdaviz_stage3.demo import demo_products
from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.jdaviz_compat import (
    create_viewer,
    remove_data,
    remove_viewers,
    shown_in,
    viewer_labels,
)
from jdaviz_stage3.origin import ORIGIN, origin_of
from jdaviz_stage3.plugins.median_smooth.export import write_spectrum
from jdaviz_stage3.plugins.median_smooth.spectra import spectrum_as_read

NAME = "Median Smooth"
CONFIGURATIONS = ("deconfigged", "specviz")
ORANGE, PURPLE = "#c75d2c", "#7b1fa2"
DO_NOT_USE, SATURATED, NOT_FINITE = (10, 11, 50), (60, 61, 62), (100, 101, 102)
N = 200
DEFAULTS = {
    "method": "Median", "width_unit": "pix", "width": 11, "edge": "shrink", "polyorder": 2,
    "dq_bits": ["DO_NOT_USE"], "fill": True, "spectral_subset": "Entire Spectrum",
    "show_preview": True, "show_residual": False, "show_results": True, "keep_active": False,
}  # fmt: skip


def columns(order):
    """An order with noise, a jump, outliers that are flagged, and samples that are not finite."""
    found = smooth_spectrum(N, 1 + order, 3 + order)
    random = np.random.default_rng(order)
    found["FLUX"] = found["FLUX"] + random.normal(0, 1e-4, N) + order
    found["FLUX_ERROR"] = random.uniform(0.5e-4, 2e-4, N)
    found["FLUX"][[*DO_NOT_USE, *SATURATED]] *= 1000
    found["DQ"][list(DO_NOT_USE)] = 1
    found["DQ"][list(SATURATED)] = 2
    found["FLUX"][list(NOT_FINITE)] = np.nan
    return found


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """An x1d of two orders."""
    spectra = [(columns(order), {"spectral_order": order, "source_id": 1}) for order in (1, 2)]
    return extracted(tmp_path_factory.mktemp("x1d"), spectra)


def demo(suffix):
    return next(path for path in demo_products() if f"_{suffix}." in path.name)


@pytest.fixture(scope="module", params=CONFIGURATIONS)
def app(request, path):
    app = new_app(request.param)
    app.orders = stage3.load(path, app=app)
    return app


@pytest.fixture
def plg(app):
    """The plugin as it is at first; the results of the test before are removed."""
    plg = app.plugins[NAME]
    clean(app, plg, app.orders)
    yield plg
    clean(app, plg, app.orders)


def clean(app, plg, labels):
    plg.keep_active = False
    remove_data(app, [data.label for data in collection(app) if data.label not in labels])
    for name, value in DEFAULTS.items():
        setattr(plg, name, value)
    plg.dataset = labels[:1]


def collection(app):
    return app._app.data_collection


def labels_of(app):
    return [data.label for data in collection(app)]


def marks(app, *colors):
    """The lines of these colours that are drawn in the figures of an app, by viewer and colour."""
    found = {}
    for viewer in app._app._viewer_store.values():
        for mark in getattr(getattr(viewer, "figure", None), "marks", ()):
            colors_of = getattr(mark, "colors", None) or [None]
            if mark.visible and colors_of[0] in (colors or (ORANGE, PURPLE)):
                found.setdefault((viewer.reference, colors_of[0]), []).append(mark)
    return found


def line(app, color=ORANGE):
    """The only line of a colour."""
    [[mark]] = marks(app, color).values()
    return mark


def read(path, order=1):
    return stage3.read(path)[order - 1]


def excluded(spectrum, bits):
    return ~np.isfinite(spectrum.flux.value) | ((spectrum.meta["dq"] & bits) != 0)


def moving_median(flux, bad, width):
    """The medians of shrinking windows of what is not bad, one by one."""
    half, out = width // 2, np.full(flux.size, np.nan)
    for i in range(flux.size):
        near = slice(max(0, i - half), i + half + 1)
        if not bad[near].all():
            out[i] = np.median(flux[near][~bad[near]])
    return out


def same(result, expected):
    np.testing.assert_array_equal(u.Quantity(result).value, u.Quantity(expected).value)


# ---- where it is, and how it starts ----


@pytest.mark.forked("imviz")
def test_it_is_not_in_imviz():
    assert NAME not in new_app("imviz").plugins


def test_it_starts_on_the_first_spectrum(app, plg):
    assert plg.dataset.selected == app.orders[:1]
    assert plg.dataset.choices == app.orders
    assert plg.problem == ""
    for name, value in DEFAULTS.items():
        found = getattr(plg, name)
        assert getattr(found, "selected", found) == value


@pytest.mark.forked
def test_without_a_spectrum_it_says_so():
    app = new_app()
    assert NAME not in app.plugins  # jdaviz lists what can be used
    plg = app._app.get_tray_item_from_name("stage3-median-smooth")
    assert plg.irrelevant_msg == "No spectrum is loaded."
    with pytest.raises(Stage3Error, match="no spectrum is chosen"):
        plg.smooth()
    plg.vue_smooth()
    assert "no spectrum is chosen" in plg.problem
    plg.vue_save_file()
    plg.vue_show_python()
    stage3.load(demo("i2d"), demo("cat"), app=app)  # are none
    assert NAME not in app.plugins
    [label] = stage3.load(demo("c1d"), app=app)
    assert app.plugins[NAME].dataset.selected == [label]
    assert app.plugins[NAME].problem == ""


def test_attaching_twice_is_harmless(app, plg):
    stage3.attach(stage3.attach(app))
    assert [item["label"] for item in app._app.state.tray_items].count(NAME) == 1
    assert app.plugins[NAME]._obj is plg._obj
    plg.keep_active = True
    assert len(marks(app, ORANGE)) == 1


# ---- what the controls do ----


def test_the_result_is_that_of_the_array_function(app, plg, path):
    spectrum = read(path)
    options = {"mask": excluded(spectrum, 1), "uncertainty": spectrum.uncertainty.array * u.Jy}
    flux, wavelength = spectrum.flux, spectrum.spectral_axis
    cases = [
        ({}, median_smooth(flux, 11, **options)),
        ({"width": 5}, median_smooth(flux, 5, **options)),
        ({"edge": "nan"}, median_smooth(flux, 5, edge="nan", **options)),
        ({"edge": "reflect"}, median_smooth(flux, 5, edge="reflect", **options)),
        ({"edge": "zero"}, median_smooth(flux, 5, edge="zero", **options)),
        ({"edge": "shrink", "method": "Boxcar"}, boxcar_smooth(flux, 5, **options)),
        ({"method": "Gaussian", "width": 1.7}, gaussian_smooth(flux, 1.7, **options)),
        ({"method": "Savitzky-Golay", "width": 9}, savgol_smooth(flux, 9, 2, **options)),
        ({"polyorder": 4}, savgol_smooth(flux, 9, 4, **options)),
        ({"method": "Median", "width": 60, "width_unit": "nm"},
         median_smooth(flux, 60 * u.nm, wavelength=wavelength, **options)),
        ({"width": 0.07, "width_unit": "um"},
         median_smooth(flux, 70 * u.nm, wavelength=wavelength, **options)),
        ({"width": 800, "width_unit": "Angstrom"},
         median_smooth(flux, 80 * u.nm, wavelength=wavelength, **options)),
    ]  # fmt: skip
    for settings, expected in cases:
        for name, value in settings.items():
            setattr(plg, name, value)
        assert plg.problem == ""
        result = plg.smooth(add_data=False)
        same(result.flux, expected.flux)
        same(result.uncertainty.array, expected.uncertainty)
    assert labels_of(app) == app.orders


@pytest.mark.parametrize(
    "bits, value",
    [([], 0), (["DO_NOT_USE"], 1), (["SATURATED"], 2), (["DO_NOT_USE", "SATURATED"], 3)],
    ids=str,
)
def test_flags_exclude_samples(plg, path, bits, value):
    spectrum = read(path)
    flux, bad = spectrum.flux.value, excluded(spectrum, value)
    assert bad.sum() == 3 + 3 * len(bits)
    plg.dq_bits = bits
    plg.width = 5
    result = plg.smooth(add_data=False)
    same(result.flux, moving_median(flux, bad, 5))
    same(result.mask, bad)
    assert result.meta["smoothing"]["excluded"] == ("+".join(bits) or "not finite")
    plg.fill = False
    same(plg.smooth(add_data=False).flux, np.where(bad, np.nan, moving_median(flux, bad, 5)))


@pytest.mark.forked
def test_a_flag_that_leaves_nothing_is_named(tmp_path):
    dead = columns(1) | {"DQ": np.full(N, 1 | 4, "u4")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that nothing is usable
        app = new_app()
        stage3.load(extracted(tmp_path, [(dead, {"spectral_order": 1})]), app=app)
    plg = app.plugins[NAME]
    plg.keep_active = True
    assert "no sample is left" in plg.problem and "DO_NOT_USE" in plg.problem
    assert "exclude fewer flags" in plg.problem
    with pytest.raises(Stage3Error, match="no sample is left"):
        plg.smooth()
    plg.dq_bits = []
    assert plg.problem == ""
    assert np.isfinite(plg.smooth().flux.value).all()


def test_results_are_shown_where_the_input_is_unless_told_otherwise(app, plg):
    plg.smooth()
    new = labels_of(app)[-1]
    assert shown_in(app, new) == shown_in(app, app.orders[0]) != []
    plg.show_results = False
    plg.smooth()
    assert labels_of(app)[-1] == new
    assert shown_in(app, new) == []


# ---- problems ----

WIDTHS = [
    (4, "odd and positive.*try 5"),
    (0, "odd and positive"),
    (-3, "odd and positive"),
    (2.5, "odd integer"),
    (201, "wider than the spectrum, which has 200; the widest is 199"),
    (10**9 + 1, "wider than the spectrum"),
    (np.nan, "width is nan"),
    (np.inf, "width is inf"),
    ("", "width is empty; give a number"),
    (None, "width is empty; give a number"),
]


@pytest.mark.parametrize("width, words", WIDTHS)
def test_a_bad_width_is_a_line_of_text(app, plg, width, words):
    plg.keep_active = True
    plg.width = width
    with pytest.raises(Stage3Error, match=words):
        plg.smooth()
    assert app.orders[0] in plg.problem or width in ("", None)
    assert "\n" not in plg.problem
    with pytest.raises(Stage3Error) as caught:
        plg.smooth()
    assert str(caught.value) == plg.problem
    assert marks(app) == {}
    plg._obj.vue_smooth()  # the button
    plg._obj.vue_save_file()
    plg._obj.vue_show_python()
    assert plg._obj.export_error == plg.problem
    assert labels_of(app) == app.orders
    plg.width = 7
    assert plg.problem == ""
    assert len(marks(app)) == 1


def test_the_problem_is_there_while_the_plugin_is_closed(plg):
    plg.width = 4
    assert "try 5" in plg.problem


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"width": 0.001, "width_unit": "nm"}, "smaller than a pixel everywhere"),
        ({"width": 9, "width_unit": "um"}, "wider than the spectrum"),
        ({"width": 60, "width_unit": "nm", "edge": "zero"}, "use 'shrink' or 'nan'"),
        ({"method": "Gaussian", "width": 0}, "positive"),
        ({"method": "Gaussian", "width": 500}, "wider than the spectrum"),
        ({"method": "Savitzky-Golay", "width": 5, "polyorder": 5}, "order of at most 4"),
        ({"method": "Savitzky-Golay", "polyorder": -1}, "polyorder is -1"),
    ],
    ids=str,
)
def test_other_problems(app, plg, settings, words):
    plg.keep_active = True
    for name, value in settings.items():
        setattr(plg, name, value)
    with pytest.raises(Stage3Error, match=words) as caught:
        plg.smooth()
    assert str(caught.value) == plg.problem
    assert marks(app) == {}


def test_a_bad_choice_leaves_the_one_that_was(plg):
    for name, value in (("method", "Mean"), ("edge", "wrap"), ("width_unit", "kg"),
                        ("dq_bits", ["NO_SUCH_FLAG"]), ("dataset", ["none"])):  # fmt: skip
        before = getattr(plg, name).selected
        with pytest.raises(ValueError):
            setattr(plg, name, value)
        assert getattr(plg, name).selected == before


# ---- preview ----


def test_the_preview_is_there_only_while_the_plugin_is_active(app, plg):
    assert marks(app) == {}
    plg.keep_active = True
    [viewer] = shown_in(app, app.orders[0])
    assert [name for name, _ in marks(app)] == [viewer.reference]
    assert labels_of(app) == app.orders
    plg.show_residual = True
    assert len(marks(app)) == 2
    plg.show_preview = False
    assert [color for _, color in marks(app)] == [PURPLE]
    plg.show_residual = False
    assert marks(app) == {}
    plg.show_preview = True
    plg.keep_active = False
    assert marks(app) == {}
    assert labels_of(app) == app.orders
    with plg.as_active():
        assert len(marks(app)) == 1
    assert marks(app) == {}
    assert plg._obj._preview._lines == {}


def test_a_preview_that_is_wanted_again_while_it_goes_is_drawn(app, plg, monkeypatch):
    """After a stall jdaviz's thread finds the panel closed, and the ping that opens it comes."""
    plg.keep_active = True
    [before] = preview_lines(plg)
    remove = plg._obj._preview._remove

    def remove_and_be_opened(keys):
        remove(keys)
        if not plg.keep_active:
            in_a_thread(lambda: setattr(plg, "keep_active", True))

    monkeypatch.setattr(plg._obj._preview, "_remove", remove_and_be_opened)
    in_a_thread(lambda: setattr(plg, "keep_active", False))
    monkeypatch.undo()
    [line] = preview_lines(plg)
    same(line.y, before.y)


def test_what_changes_while_results_are_added_is_drawn_afterwards(app, plg, monkeypatch):
    """Results are not hidden by a preview; what another thread has changed is seen."""
    plg.keep_active = True
    plg.smooth()
    assert preview_lines(plg) == []
    add = plg._obj._add

    def add_and_be_changed(*arguments):
        add(*arguments)
        in_a_thread(lambda: setattr(plg, "width", 5))

    monkeypatch.setattr(plg._obj, "_add", add_and_be_changed)
    plg.smooth()
    monkeypatch.undo()
    [line] = preview_lines(plg)
    same(line.y, plg.smooth(add_data=False).flux.value)


def preview_lines(plg):
    return [line for line in plg._obj._preview._lines.values() if line.visible]


def test_the_preview_is_what_smooth_gives(app, plg, path):
    plg.keep_active = True
    plg.show_residual = True
    spectrum = read(path)
    for width in (3, 11, 31):
        plg.width = width
        result = plg.smooth(add_data=False)
        given = np.isfinite(result.flux)
        at = np.isfinite(line(app).y)
        same(line(app).x[at], result.spectral_axis[given])
        same(line(app).y[at], result.flux[given])
        residual = (spectrum.flux - result.flux).value
        good = ~excluded(spectrum, 1)
        drawn = line(app, PURPLE)
        at = np.isin(drawn.x, spectrum.spectral_axis.value[good])
        same(drawn.x[at], spectrum.spectral_axis[good])
        same(drawn.y[at], residual[good])


def test_the_residual_of_excluded_samples_is_not_drawn(app, plg, path):
    """They are not drawn of the data either."""
    plg.keep_active = True
    plg.show_residual = True
    bad = read(path).spectral_axis.value[list(DO_NOT_USE)]
    drawn = line(app, PURPLE)
    assert not np.isfinite(drawn.y[np.isin(drawn.x, bad)]).any()


def test_the_preview_is_not_drawn_across_what_is_left_out(app, plg, path):
    """Without filling the result has gaps there, and so must what is shown of it."""
    plg.keep_active = True
    plg.fill = False
    wavelength = read(path).spectral_axis.value
    drawn = line(app)
    between = (drawn.x > wavelength[99]) & (drawn.x < wavelength[103])
    assert between.any() and np.isnan(drawn.y[between]).all()


def test_the_residual_is_brought_into_view(app, plg):
    [viewer] = shown_in(app, app.orders[0])
    low = viewer.state.y_min
    plg.keep_active = True
    plg.dq_bits = ["DO_NOT_USE", "SATURATED"]
    viewer.state.y_min = 0.5
    plg.show_residual = True
    assert viewer.state.y_min < 0
    viewer.state.y_min = low


def test_the_scatter_of_the_residual_is_told(plg, path):
    plg.keep_active = True
    spectrum = read(path)
    result = plg.smooth(add_data=False)
    good = ~excluded(spectrum, 1)
    residual = (spectrum.flux - result.flux).value[good]
    scatter = 1.4826 * np.median(np.abs(residual - np.median(residual)))
    stated = np.median(spectrum.uncertainty.array[good])
    assert f"{scatter:.3g} Jy" in plg._obj.noise_text
    assert f"uncertainty {stated:.3g}" in plg._obj.noise_text


def test_the_preview_follows_the_units(app, plg):
    plg.keep_active = True
    plg.show_residual = True
    result = plg.smooth(add_data=False)
    units = app.plugins["Unit Conversion"]
    before = units.spectral_unit.selected, units.flux_unit.selected
    try:
        for x, y in (("Angstrom", "MJy"), ("Hz", "erg / (Angstrom s cm2)")):
            units.spectral_unit = x
            units.flux_unit = y
            drawn = line(app)
            expected = result.spectral_axis.to_value(x, u.spectral())
            np.testing.assert_allclose(drawn.x, expected, rtol=1e-12)
            expected = result.flux.to_value(y, u.spectral_density(u.Quantity(result.spectral_axis)))
            np.testing.assert_allclose(drawn.y, expected, rtol=1e-12)
            [viewer] = shown_in(app, app.orders[0])
            assert viewer.state.x_display_unit == x
            assert viewer.state.y_display_unit == y
    finally:
        units.spectral_unit, units.flux_unit = before
    same(line(app).x, result.spectral_axis)
    same(line(app).y, result.flux)


def test_results_made_in_other_units_are_the_same(app, plg):
    """What is smoothed is the data, not what the viewer makes of it."""
    result = plg.smooth(add_data=False)
    units = app.plugins["Unit Conversion"]
    before = units.spectral_unit.selected, units.flux_unit.selected
    try:
        units.spectral_unit, units.flux_unit = "Angstrom", "MJy"
        same(plg.smooth().flux, result.flux)
        assert plg.smooth().flux.unit == u.Jy
    finally:
        units.spectral_unit, units.flux_unit = before


def test_each_of_several_spectra_has_its_line(app, plg):
    plg.keep_active = True
    plg.dataset = app.orders
    [lines] = marks(app, ORANGE).values()
    results = plg.smooth(add_data=False)
    assert len(lines) == len(results) == 2
    for drawn, result in zip(lines, results, strict=True):
        same(drawn.y, result.flux)


# ---- results ----


def test_a_result_is_a_data_entry_with_its_provenance(app, plg, path):
    data = collection(app)[app.orders[0]]
    stored = {c.label: np.array(data[c]) for c in data.main_components}
    plg.width = 7
    result = plg.smooth()
    assert isinstance(result, Spectrum)
    label = f"{app.orders[0]} (median 7 px)"
    assert labels_of(app) == [*app.orders, label]
    new = collection(app)[label]
    same(new["flux"], result.flux)
    note = new.meta["smoothing"]
    assert note["method"] == "median"
    assert note["width"] == "7 px"
    assert note["edge"] == "shrink"
    assert note["input"] == app.orders[0]
    assert note["excluded"] == "DO_NOT_USE"
    assert note["package"] == f"jdaviz_stage3 {version('jdaviz_stage3')}"
    assert new.meta["plugin"] == NAME
    assert new.meta["order"] == 1
    got = app.datasets[label].get_data()
    same(got.flux, result.flux)
    assert got.flux.unit == u.Jy
    same(got.uncertainty.array, result.uncertainty.array)
    # the input is as it was
    for name, values in stored.items():
        same(data[name], values)
    assert "smoothing" not in data.meta and "plugin" not in data.meta
    same(origin_of(data).source.flux, read(path).flux)


def test_a_result_is_replaced_by_its_like_and_is_no_input(app, plg):
    first = plg.smooth()
    n_marks = len(shown_in(app, app.orders[0])[0].figure.marks)
    second = plg.smooth()
    assert len(labels_of(app)) == 3
    same(first.flux, second.flux)
    assert len(shown_in(app, app.orders[0])[0].figure.marks) == n_marks
    assert plg.dataset.choices == app.orders
    assert plg.dataset.selected == app.orders[:1]
    plg.edge = "zero"
    plg.smooth()
    assert len(labels_of(app)) == 3
    assert collection(app)[2].meta["smoothing"]["edge"] == "zero"


@pytest.mark.parametrize(
    "settings, name",
    [
        ({"width": 21}, "median 21 px"),
        ({"method": "Boxcar", "width": 5}, "boxcar 5 px"),
        ({"method": "Gaussian", "width": 2.5}, "gaussian σ 2.5 px"),
        ({"method": "Savitzky-Golay"}, "savgol 11 px, order 2"),
        ({"width": 60, "width_unit": "nm"}, "median 60 nm"),
    ],
    ids=str,
)
def test_labels_say_what_was_done(app, plg, settings, name):
    for key, value in settings.items():
        setattr(plg, key, value)
    label = f"{app.orders[0]} ({name})"
    assert plg._obj.result_text == f"Will be added as {label}"
    plg.smooth()
    assert labels_of(app)[-1] == label
    assert plg._obj.result_text.startswith(f"Added as {label}.")
    # jdaviz takes a panel for closed when the browser is busy, and then for open again
    plg.keep_active = True
    assert marks(app) == {} and plg._obj.result_text.startswith("Added as")
    plg.edge = "shrink" if plg.edge.selected != "shrink" else "reflect"
    assert plg._obj.result_text == f"Will be added as {label} (replaces what is there)"


def test_several_are_smoothed_each_by_itself(app, plg, path):
    plg.dataset = "*order*"
    assert plg.dataset.selected == app.orders
    plg.width = 5
    results = plg.smooth()
    assert isinstance(results, list)
    for order, result in zip((1, 2), results, strict=True):
        spectrum = read(path, order)
        same(result.flux, moving_median(spectrum.flux.value, excluded(spectrum, 1), 5))
    assert labels_of(app)[2:] == [f"{label} (median 5 px)" for label in app.orders]


def test_if_one_of_several_fails_none_is_added(app, plg):
    short = Spectrum(np.arange(5.0) * u.Jy, spectral_axis=np.arange(2, 7) * u.um)
    app.load(short, format="1D Spectrum", data_label="short")
    plg.keep_active = True
    plg.dataset = [app.orders[0], "short"]
    assert plg.problem.startswith("short: width is 11 pixels, wider than the spectrum")
    with pytest.raises(Stage3Error, match="short: width is 11 pixels"):
        plg.smooth()
    assert len(labels_of(app)) == 3
    assert marks(app) == {}


# ---- a part of the spectrum ----


@pytest.fixture
def subset(path):
    """An app of its own with a subset; one cannot be taken away without a trace."""
    app = new_app()
    [label, _] = stage3.load(path, app=app)
    app.plugins["Subset Tools"].import_region(SpectralRegion(2.2 * u.um, 2.6 * u.um))
    return app, app.plugins[NAME], label


@pytest.mark.forked
def test_only_a_subset_is_smoothed(subset, path):
    app, plg, label = subset
    plg.keep_active = True
    plg.show_residual = True
    plg.width = 5
    assert plg.spectral_subset.choices == ["Entire Spectrum", "Subset 1"]
    plg.spectral_subset = "Subset 1"
    assert plg.problem == ""
    spectrum = read(path)
    inside = (spectrum.spectral_axis.value >= 2.2) & (spectrum.spectral_axis.value <= 2.6)
    flux, bad = spectrum.flux.value[inside], excluded(spectrum, 1)[inside]
    expected = moving_median(flux, bad, 5)
    same(line(app).x, spectrum.spectral_axis[inside])
    same(line(app).y, expected)
    same(line(app, PURPLE).y[~bad], (flux - expected)[~bad])
    result = plg.smooth()
    same(result.flux, expected)
    same(result.spectral_axis, spectrum.spectral_axis[inside])
    scope = run_python(plg.to_python(), app)
    same(scope["smoothed"].flux, expected)
    # it follows the subset
    app.plugins["Subset Tools"].update_subset("Subset 1", lo=2.3, hi=2.5)
    assert line(app).x[[0, -1]] == pytest.approx([2.3, 2.5], abs=0.01)


@pytest.mark.forked
def test_a_subset_holds_in_other_units(subset):
    app, plg, _ = subset
    plg.spectral_subset = "Subset 1"
    before = plg.smooth(add_data=False)
    app.plugins["Unit Conversion"].spectral_unit = "Angstrom"
    same(plg.smooth(add_data=False).spectral_axis, before.spectral_axis)


@pytest.mark.forked
def test_a_subset_of_two_parts_is_smoothed_part_by_part(subset, path):
    app, plg, _ = subset
    wavelength = read(path).spectral_axis.value
    hole = slice(120, 123)  # pixels
    region = SpectralRegion([(wavelength[80] * u.um, wavelength[119] * u.um),
                             (wavelength[123] * u.um, wavelength[150] * u.um)])  # fmt: skip
    app.plugins["Subset Tools"].import_region(region, combination_mode=["new", "or"])
    plg.spectral_subset = "Subset 2"
    plg.width = 5
    result = plg.smooth()
    spectrum = read(path)
    parts = [slice(80, 120), slice(123, 151)]
    bad = excluded(spectrum, 1)
    expected = [moving_median(spectrum.flux.value[p], bad[p], 5) for p in parts]
    assert not np.isin(wavelength[hole], result.spectral_axis.value).any()
    same(result.flux, np.concatenate(expected))


@pytest.mark.forked
def test_a_subset_without_a_pixel_of_the_spectrum(subset):
    app, plg, label = subset
    plg.keep_active = True
    app.plugins["Subset Tools"].import_region(SpectralRegion(4.5 * u.um, 4.7 * u.um))
    plg.spectral_subset = "Subset 2"
    assert label in plg.problem and "lies in the chosen region; choose another" in plg.problem
    plg.spectral_subset = "Entire Spectrum"
    assert plg.problem == ""


# ---- two dimensions ----


@pytest.fixture(scope="module")
def dynamic_app():
    app = new_app()
    app.orders = stage3.load(demo("x1dints"), app=app)
    return app


@pytest.fixture
def dynamic(dynamic_app):
    app, plg = dynamic_app, dynamic_app.plugins[NAME]
    clean(app, plg, app.orders)
    return app, plg, *app.orders


def test_a_dynamic_spectrum_is_smoothed_along_wavelength(dynamic):
    app, plg, label, median = dynamic
    assert plg.dataset.choices == [label, median]
    plg.dataset = [label]
    plg.width = 5
    plg.keep_active = True
    assert plg.problem == "" and marks(app) == {}
    data = collection(app)[label]
    flux = np.array(data["flux"])
    result = plg.smooth()
    assert result.flux.shape == flux.shape
    for row in (0, 40, len(flux) - 1):
        same(result.flux[row], moving_median(flux[row], ~np.isfinite(flux[row]), 5))
    same(data["flux"], flux)
    new = labels_of(app)[-1]
    assert new == f"{label} (median 5 px)"
    [viewer] = shown_in(app, new)
    assert type(viewer) is type(shown_in(app, label)[0])
    assert [layer.layer.label for layer in viewer.layers] == [new]
    before = viewer_labels(app)
    plg.smooth()
    assert viewer_labels(app) == before
    assert plg.dataset.choices == [label, median]


def wavelengths_in(viewer):
    """What the axis of a dynamic-spectrum viewer is drawn from."""
    axis = viewer.state.wavelength_axis_of(viewer.state.reference_data)
    return axis.values * u.Unit(axis.unit)


@pytest.mark.forked
def test_the_axes_of_a_part_of_a_dynamic_spectrum_are_its_own():
    app = new_app()
    [label, _] = stage3.load(demo("x1dints"), app=app)
    plg = app.plugins[NAME]
    plg.dataset = [label]
    plg.smooth()
    [viewer] = shown_in(app, labels_of(app)[-1])
    same(wavelengths_in(viewer), wavelengths_in(shown_in(app, label)[0]))
    app.plugins["Subset Tools"].import_region(SpectralRegion(7 * u.um, 9 * u.um))
    plg.spectral_subset = "Subset 1"
    result = plg.smooth()
    assert 10 < result.flux.shape[1] < 200
    [viewer] = shown_in(app, labels_of(app)[-1])
    same(wavelengths_in(viewer), result.spectral_axis)


@pytest.mark.forked
def test_each_of_several_dynamic_spectra_is_shown(built):
    app = new_app()
    labels = stage3.load(built("x1dints", "TSOMultiSpecModel"), app=app)
    plg = app.plugins[NAME]
    plg.width = 3
    plg.dataset = [label for label in labels if "median" not in label]
    assert len(plg.smooth()) == 2
    new = [label for label in labels_of(app) if label not in labels]
    for label in new:
        layers = [layer for viewer in shown_in(app, label) for layer in viewer.state.layers]
        assert [layer.visible for layer in layers if layer.layer.label == label] == [True]


def test_a_bad_width_of_a_dynamic_spectrum_is_a_problem(dynamic):
    _, plg, label, _ = dynamic
    plg.dataset = [label]
    plg.keep_active = True
    plg.width = 4
    assert "try 5" in plg.problem


def test_flags_of_a_dynamic_spectrum(dynamic):
    """Their flags are not kept with the data, and loading has blanked what is excluded."""
    app, plg, label, _ = dynamic
    plg.dataset = [label]
    plg.dq_bits = []
    blank = ~np.isfinite(np.array(collection(app)[label]["flux"]))
    same(plg.smooth(add_data=False).mask, blank)


def test_the_median_of_a_dynamic_spectrum_has_a_preview_in_its_viewer(dynamic):
    app, plg, label, median = dynamic
    plg.dataset = [label, median]
    plg.keep_active = True
    [(name, _)] = marks(app, ORANGE)
    assert name == shown_in(app, median)[0].reference


def test_a_dynamic_spectrum_is_exported(dynamic, tmp_path):
    _, plg, label, _ = dynamic
    plg.dataset = [label]
    result = plg.smooth(add_data=False)
    path = plg.export(tmp_path / "two.fits")
    back = Spectrum.read(path, format="tabular-fits")
    same(back.flux, result.flux)
    same(back.spectral_axis, result.spectral_axis)


# ---- export, and Python code ----


@pytest.mark.parametrize("settings", [{}, {"fill": False}, {"method": "Savitzky-Golay"}], ids=str)
def test_specutils_reads_back_what_is_exported(plg, tmp_path, settings):
    for name, value in settings.items():
        setattr(plg, name, value)
    result = plg.smooth(add_data=False)
    path = plg.export(tmp_path / "smoothed.fits")
    assert path == tmp_path / "smoothed.fits"
    back = Spectrum.read(path, format="tabular-fits")
    same(back.flux, result.flux)
    assert back.flux.unit == result.flux.unit
    same(back.spectral_axis, result.spectral_axis)
    assert back.spectral_axis.unit == result.spectral_axis.unit
    assert isinstance(back.uncertainty, StdDevUncertainty)
    same(back.uncertainty.array, result.uncertainty.array)
    same(back.mask, result.mask)
    header = back.meta["header"]
    assert header["SMMETHOD"] == result.meta["smoothing"]["method"]
    assert header["SMWIDTH"] == "11 px"
    assert header["SMEXCL"] == "DO_NOT_USE"
    assert header["SMINPUT"] == result.meta["smoothing"]["input"]


def test_a_file_is_replaced_only_if_asked(app, plg, tmp_path):
    path = plg.export(str(tmp_path / "a.fits"))
    with pytest.raises(Stage3Error, match="is there already; give another name, or overwrite"):
        plg.export(path)
    plg.width = 3
    plg.export(path, overwrite=True)
    back = Spectrum.read(path, format="tabular-fits")
    same(back.flux, plg.smooth(add_data=False).flux)
    with pytest.raises(Stage3Error, match="cannot be written"):
        plg.export(tmp_path / "no such folder" / "a.fits")
    plg.dataset = app.orders
    assert plg.export(path) == tmp_path / "a_1.fits"
    assert {p.name for p in tmp_path.iterdir()} == {"a.fits", "a_1.fits", "a_2.fits"}
    assert labels_of(app) == app.orders


@pytest.mark.parametrize(
    "name", ["/no/such/folder/x", "~nosuchuser/x", "a" * 300, "a\0b", "/proc/x"]
)
def test_files_that_cannot_be_written(app, plg, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for chosen in (app.orders[:1], app.orders):
        plg.dataset = chosen
        with pytest.raises(Stage3Error, match="cannot be written"):
            plg.export(name)
        plg._obj.export_name = name
        plg._obj.vue_save_file()
        assert "cannot be written" in plg._obj.export_error and not plg._obj.export_done
    assert list(tmp_path.iterdir()) == []
    plg._obj.export_name = plg._obj.export_error = ""


def test_several_files_are_saved_together_or_not_at_all(app, plg, tmp_path):
    plg.dataset = app.orders
    (tmp_path / "a_2.fits").write_text("mine")
    with pytest.raises(Stage3Error, match="a_2.fits: is there already"):
        plg.export(tmp_path / "a.fits")
    assert {path.name for path in tmp_path.iterdir()} == {"a_2.fits"}
    assert (tmp_path / "a_2.fits").read_text() == "mine"


def test_the_save_button(app, plg, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    obj = plg._obj
    obj.export_name = ""
    obj.vue_save_file()
    [made] = tmp_path.iterdir()
    assert made.name == f"{app.orders[0]} (median 11 px).fits".replace(" ", "_").replace(
        "(", "").replace(")", "")  # fmt: skip
    assert obj.export_done == f"Saved {made}" and not obj.export_error
    obj.vue_save_file()
    assert "is there already" in obj.export_error and not obj.export_done
    obj.export_overwrite = True
    obj.vue_save_file()
    assert obj.export_done and not obj.export_error
    obj.export_name = "mine"
    obj.vue_save_file()
    assert (tmp_path / "mine.fits").exists()
    obj.export_name, obj.export_overwrite = "no such folder/x", False
    obj.vue_save_file()
    assert "cannot be written" in obj.export_error
    obj.export_name = ""


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"width": 0.06, "width_unit": "um"},
        {"method": "Savitzky-Golay", "polyorder": 3, "edge": "nearest"},
        {"method": "Gaussian", "width": 2.5, "fill": False},
        {"dq_bits": ["DO_NOT_USE", "SATURATED"]},
        {"dq_bits": []},
    ],
    ids=str,
)
def test_the_python_code_gives_the_same(app, plg, settings):
    for name, value in settings.items():
        setattr(plg, name, value)
    plg.dataset = app.orders
    expected = plg.smooth(add_data=False)
    code = plg.to_python()
    for name in settings:  # in whatever state it is run
        setattr(plg, name, DEFAULTS[name])
    plg.dataset = app.orders[1:]
    scope = run_python(code, app)
    assert len(scope["smoothed"]) == 2
    for found, result in zip(scope["smoothed"], expected, strict=True):
        same(found.flux, result.flux)
    plg._obj.vue_show_python()
    assert plg._obj.python_code == plg.to_python()


def test_the_python_code_sets_everything_that_matters(app, plg):
    """Also what is as it is at first, for it may be run where it is not."""
    code = plg.to_python()
    expected = plg.smooth(add_data=False)
    plg.fill = False
    scope = run_python(code, app)
    same(scope["smoothed"].flux, expected.flux)


# ---- what is taken away meanwhile ----


@pytest.mark.forked("deconfigged", "specviz")
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_data_and_viewers_are_removed_while_previewing(configuration, path):
    app = new_app(configuration)
    first, second = stage3.load(path, app=app)
    plg = app.plugins[NAME]
    plg.keep_active = True
    plg.dataset = [first, second]
    assert len(marks(app, ORANGE)) == 1
    remove_data(app, [first])
    assert plg.dataset.selected == [second]
    assert plg.problem == ""
    assert len(plg._obj._preview._lines) == 1
    plg.smooth()
    remove_data(app, [second])
    assert plg.dataset.selected == []
    assert marks(app) == {}
    assert plg.problem == ""
    with pytest.raises(Stage3Error, match="no spectrum is chosen"):
        plg.smooth()


@pytest.mark.forked
def test_a_viewer_is_removed_and_another_made_while_previewing(path):
    app = new_app()
    [label, other] = stage3.load(path, app=app)
    plg = app.plugins[NAME]
    plg.keep_active = True
    remove_viewers(app, viewer_labels(app))
    assert plg._obj._preview._lines == {}
    plg.width = 5
    plg.smooth()
    assert plg.problem == ""
    assert viewer_labels(app) == []
    name = create_viewer(app, "spectrum-1d-viewer", "new")
    assert marks(app) == {}
    app._app.add_data_to_viewer(name, other)
    assert marks(app) == {}  # shows another
    app._app.add_data_to_viewer(name, label)
    assert [viewer for viewer, _ in marks(app)] == [name]
    app._app.remove_data_from_viewer(name, label)
    assert marks(app) == {}


# ---- spectra that jdaviz itself has loaded ----


@pytest.fixture(scope="module", params=CONFIGURATIONS)
def stock(request):
    app = new_app(request.param)
    flux = np.repeat([1.0, 5.0], 50)
    flux[[20, 70]] = np.nan, 1e6
    spectrum = Spectrum(
        flux * u.Unit("erg / (s cm2 um)"),
        spectral_axis=np.linspace(1, 3, 100) * u.um,
        uncertainty=StdDevUncertainty(np.full(100, 0.5)),
        mask=np.isin(np.arange(100), (20, 70)),
    )
    app.load(spectrum, format="1D Spectrum", data_label="Größe a/b")
    return app, app.plugins[NAME], spectrum


def test_a_stock_spectrum_is_smoothed(stock):
    app, plg, spectrum = stock
    plg.keep_active = True
    plg.width = 5
    assert plg.dataset.selected == ["Größe a/b"]
    assert plg.problem == ""
    assert len(marks(app, ORANGE)) == 1
    result = plg.smooth()
    assert result.flux.unit == spectrum.flux.unit
    assert np.isfinite(result.flux.value).all()
    assert np.isfinite(result.uncertainty.array).all()
    assert labels_of(app) == ["Größe a/b", "Größe a/b (median 5 px)"]


def test_the_mask_of_a_stock_spectrum_counts(stock):
    _, plg, spectrum = stock
    plg.width = 5
    plg.method = "Boxcar"
    result = plg.smooth(add_data=False)
    plg.method = "Median"
    same(result.flux, boxcar_smooth(spectrum.flux, 5, mask=spectrum.mask))
    same(result.mask, spectrum.mask)


def test_a_stock_spectrum_is_exported_whatever_its_name(stock, tmp_path, monkeypatch):
    _, plg, _ = stock
    result = plg.smooth(add_data=False)
    back = Spectrum.read(plg.export(tmp_path / "a.fits"), format="tabular-fits")
    same(back.flux, result.flux)
    monkeypatch.chdir(tmp_path)
    plg._obj.vue_save_file()
    assert plg._obj.export_error == ""


def test_the_result_holds_nothing_private_of_its_input(stock):
    app, plg, _ = stock
    result = plg.smooth(add_data=False)
    private = {"_native_data_cls", "_importer", "_data_hash"}  # jdaviz's, of the input
    assert private.isdisjoint(result.meta)


@pytest.mark.forked("specviz")
def test_line_analysis_works_on_a_filled_result_of_a_spectrum_with_gaps():
    wavelength = np.linspace(1, 3, 400)
    flux = 1 + 5 * np.exp(-0.5 * ((wavelength - 2) / 0.05) ** 2)
    flux = flux + np.random.default_rng(1).normal(0, 0.02, 400)
    flux[[50, 51, 52, 200, 300]] = np.nan
    app = new_app("specviz")
    spectrum = Spectrum(
        flux * u.Jy, spectral_axis=wavelength * u.um,
        uncertainty=StdDevUncertainty(np.full(400, 0.02)),
    )  # fmt: skip
    app.load(spectrum, format="1D Spectrum", data_label="line")
    app.plugins[NAME].width = 5
    app.plugins[NAME].smooth()
    app.plugins["Subset Tools"].import_region(SpectralRegion(1.7 * u.um, 2.3 * u.um))
    analysis = app.plugins["Line Analysis"]
    analysis.keep_active = True
    analysis.spectral_subset = "Subset 1"
    found = {}
    for label in ("line", "line (median 5 px)"):
        analysis.dataset = label
        found[label] = {row["function"]: row["result"] for row in analysis.get_results()}
    assert set(found["line"].values()) == {""}  # which is why filling is the default
    smoothed = {name: float(value) for name, value in found["line (median 5 px)"].items()}
    assert np.isfinite(list(smoothed.values())).all()
    assert smoothed["Gaussian FWHM"] == pytest.approx(2.3548 * 0.05, rel=0.1)  # um
    assert smoothed["Centroid"] == pytest.approx(2, abs=0.01)


# ---- what is smoothed is what is there ----


@pytest.mark.forked
def test_meta_that_was_handed_on_does_not_count(path):
    """jdaviz's plugins and users copy meta: what they made of a spectrum is what is smoothed."""
    app = new_app()
    [label, *_] = stage3.load(path, app=app)
    spectrum = app.get_data(label)
    twice = Spectrum(
        flux=2 * spectrum.flux, spectral_axis=spectrum.spectral_axis, meta=dict(spectrum.meta)
    )
    app.load(twice, format="1D Spectrum", data_label="twice")
    plg = app.plugins[NAME]
    plg.width = 5
    plg.dataset = [label]
    once = plg.smooth()
    plg.dataset = ["twice"]
    result = plg.smooth()
    good = np.isfinite(result.flux.value) & np.isfinite(once.flux.value)
    assert good.sum() > 10
    np.testing.assert_allclose(result.flux.value[good], 2 * once.flux.value[good], rtol=1e-6)
    assert "DO_NOT_USE" not in result.meta["smoothing"]["excluded"]
    assert "DO_NOT_USE" in once.meta["smoothing"]["excluded"]


@pytest.mark.forked
def test_dragging_the_width_leaves_nothing_behind(path):
    app = new_app()
    stage3.load(path, app=app)
    plg = app.plugins[NAME]
    plg.keep_active = True
    plg.show_residual = True
    plg.width = 3

    def listeners():
        return len(list(app._app.hub._subscriptions))

    before, lines = listeners(), set(plg._obj._preview._lines.values())
    for width in range(5, 25, 2):
        plg.width = width
    assert listeners() == before
    assert set(plg._obj._preview._lines.values()) == lines
    plg.keep_active = False
    assert listeners() == before - len(lines)


@pytest.mark.forked
def test_flags_that_loading_excluded_stay_excluded(path):
    app = new_app()
    [label, *_] = stage3.load(path, app=app, dq_bits=["DO_NOT_USE", "SATURATED"])
    plg = app.plugins[NAME]
    assert plg.dq_bits.selected == ["DO_NOT_USE", "SATURATED"]
    assert plg.smooth().meta["smoothing"]["excluded"] == "DO_NOT_USE+SATURATED"
    plg.dq_bits = ["DO_NOT_USE"]
    [other, *_] = stage3.load(path, app=app, dq_bits=["HOT"])
    plg.dataset = [other]
    assert plg.dq_bits.selected == ["DO_NOT_USE"]  # as it was chosen


def test_surface_brightness_is_read_back_as_the_header_says(tmp_path):
    unit = u.MJy / u.sr
    spectrum = Spectrum(
        flux=np.arange(9.0) * unit,
        spectral_axis=np.linspace(5, 6, 9) * u.um,
        uncertainty=StdDevUncertainty(np.ones(9) * unit),
        mask=np.zeros(9, bool),
    )
    smoothed = analysis.smooth_spectrum(spectrum, "boxcar", 3)
    write_spectrum(smoothed, tmp_path / "a.fits")
    comment = "".join(fits.getheader(tmp_path / "a.fits")["COMMENT"])
    call = comment[comment.index("Spectrum.read") :]
    again = eval(call, {"Spectrum": Spectrum, "path": tmp_path / "a.fits"})
    same(again.flux, smoothed.flux)
    assert again.flux.unit == unit
    same(again.uncertainty.array, smoothed.uncertainty.array)


@pytest.fixture(scope="module")
def entry(path):
    """A data entry (glue) of a spectrum, and its components as they were loaded."""
    app = new_app()
    [label, *_] = stage3.load(path, app=app)
    data = collection(app)[label]
    return app, data, {c.label: np.array(data[c]) for c in data.main_components}


# One sample that was read, is finite and is not flagged: what is changed there is seen.
SEEN = 140


@pytest.mark.parametrize(
    "component, values",
    [
        ("flux", lambda old: 2 * old), ("flux", lambda old: np.nextafter(old, 9)),
        ("flux", lambda old: np.nan), ("uncertainty", lambda old: 3 * old),
        ("uncertainty", lambda old: np.nan), ("mask", lambda old: 1 - old),
    ],
    ids=["flux", "flux, a bit", "flux blanked", "uncertainty", "uncertainty blanked", "mask"],
)  # fmt: skip
def test_a_single_sample_that_is_changed_counts(entry, component, values):
    app, data, stored = entry
    plg = app.plugins[NAME]
    assert spectrum_as_read(data) is origin_of(data).source
    assert SEEN not in {*DO_NOT_USE, *SATURATED, *NOT_FINITE}
    assert np.isfinite(stored["flux"][SEEN]) and not stored["mask"][SEEN]
    new = stored[component].copy()
    new[SEEN] = values(new[SEEN])
    assert not np.array_equal(new, stored[component], equal_nan=True)
    data.update_components({data.id[component]: new})
    try:
        assert spectrum_as_read(data) is None
        plg.dataset, plg.width = [data.label], 3
        result = plg.smooth(add_data=False)
        now = {name: np.array(data[name]) for name in stored}
        bad = ~np.isfinite(now["flux"]) | (now["mask"] != 0)
        same(result.flux, np.where(bad, result.flux.value, moving_median(now["flux"], bad, 3)))
        assert "DO_NOT_USE" not in result.meta["smoothing"]["excluded"]
    finally:
        data.update_components({data.id[component]: stored[component]})
    assert spectrum_as_read(data) is origin_of(data).source


def test_what_loading_blanked_and_was_filled_counts(entry):
    _, data, stored = entry
    blank = np.flatnonzero(~np.isfinite(stored["flux"]))[0]
    for component in ("flux", "uncertainty"):
        new = stored[component].copy()
        new[blank] = 1.0
        data.update_components({data.id[component]: new})
        try:
            assert spectrum_as_read(data) is None
        finally:
            data.update_components({data.id[component]: stored[component]})


def test_another_unit_or_axis_is_another_spectrum(entry):
    _, data, _ = entry
    flux = data.get_component("flux")
    before = flux.units
    try:
        flux.units = "mJy"
        assert spectrum_as_read(data) is None
    finally:
        flux.units = before
    origin = origin_of(data)
    kept = origin.source
    shifted = kept.spectral_axis.value.copy()
    shifted[SEEN] *= 1 + 1e-12
    uncertain = {"uncertainty": None}
    for changes in ({"spectral_axis": shifted * kept.spectral_axis.unit}, uncertain):
        parts = {
            "flux": kept.flux, "spectral_axis": kept.spectral_axis, "mask": kept.mask,
            "uncertainty": kept.uncertainty,
        } | changes  # fmt: skip
        try:
            data.meta[ORIGIN] = replace(origin, source=Spectrum(**parts))
            assert spectrum_as_read(data) is None
        finally:
            data.meta[ORIGIN] = origin
    assert spectrum_as_read(data) is kept


@pytest.mark.forked
@pytest.mark.parametrize("change", ["blank", "uncertainty", "mask"])
def test_what_the_user_has_changed_counts(path, change):
    app = new_app()
    [label, *_] = stage3.load(path, app=app)
    spectrum = app.get_data(label)
    flux, mask = spectrum.flux.copy(), ~np.isfinite(spectrum.flux.value)
    sigma = np.array(spectrum.uncertainty.array)
    middle = SEEN
    assert np.isfinite(flux[middle]) and not mask[middle]
    if change == "blank":
        flux[middle] = np.nan
    elif change == "uncertainty":
        sigma = 3 * sigma
    else:
        mask[middle] = True
    changed = Spectrum(
        flux=flux, spectral_axis=spectrum.spectral_axis, mask=mask, meta=dict(spectrum.meta),
        uncertainty=StdDevUncertainty(sigma * flux.unit),
    )  # fmt: skip
    app.load(changed, format="1D Spectrum", data_label="changed")
    plg = app.plugins[NAME]
    plg.dataset, plg.width = ["changed"], 3
    result = plg.smooth()
    expected = analysis.smooth_spectrum(changed, "median", 3, mask=mask | ~np.isfinite(flux.value))
    same(result.flux, expected.flux)
    same(result.uncertainty.array, expected.uncertainty.array)
