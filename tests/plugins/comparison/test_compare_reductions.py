"""The tray plugin that compares two reductions; all its tests in one app."""

import os

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable
from fresh_apps import new_app
from make_cubes import cube, cube_arrays
from make_products import mosaic, mosaic_arrays
from make_slits import single_slit
from make_spectra import combined, extracted, integrations, smooth_spectrum, time_series
from make_tables import catalog, catalog_table, light_curve
from snackbars import snackbar_texts

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import data_of, glue_viewer, shown_in

pytestmark = pytest.mark.filterwarnings("ignore:.*different versions of the pipeline")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return [tmp_path_factory.mktemp(name) for name in ("old", "new")]


@pytest.fixture(scope="module")
def app(folders):
    app = new_app()
    arrays = mosaic_arrays()
    brighter = arrays | {"data": arrays["data"] * np.float32(1.25)}
    paths = [mosaic(folders[0], arrays), mosaic(folders[1], brighter)]
    fits.setval(paths[0], "S_SKYMAT", value="SKIPPED")
    fits.setval(paths[1], "S_SKYMAT", value="COMPLETE")
    table = catalog_table(6)
    fainter = table[:5].copy()
    fainter["aper_total_abmag"] += 0.5
    paths += [catalog(folders[0], table), catalog(folders[1], fainter)]
    for folder, factor in zip(folders, (1.0, 1.25), strict=True):
        columns = smooth_spectrum()
        columns["FLUX"] = columns["FLUX"] * factor
        paths.append(extracted(folder, [(columns, {"source_id": 1, "source_type": "POINT"})]))
        series = integrations(np.arange(1, 9))
        series["FLUX"] = series["FLUX"] * factor
        paths.append(time_series(folder, [(series, {"spectral_order": 1, "detector": "NIS"})]))
        flux = np.array([3.0, 4.0, 5.0]) * factor * u.Jy
        days = 60000 + np.arange(3) / 100
        paths.append(
            light_curve(folder, {"MJD_UTC": days, "BJD_TDB": days, "whitelight_flux": flux})
        )
        paths.append(cube(folder, cube_arrays(seed=3 if factor == 1 else 4)))
    for path in paths:
        stage3.load(path, app=app, arrange=False)
    return app


@pytest.fixture
def plugin(app):
    return app.plugins["Compare Reductions"]


def choose(plugin, suffix):
    """Choose the two of a type; the second by itself."""
    labels = [label for label in plugin.first.choices if label.split()[1] == suffix]
    plugin.first = labels[0]
    assert (plugin.second.selected, plugin.problem) == (labels[1], "")
    return labels


def test_images(plugin, app, folders):
    labels = choose(plugin, "i2d")
    made = plugin.compare()
    data = mosaic_arrays()["data"]
    wanted = data - data * np.float32(1.25)
    np.testing.assert_allclose(made.differences.difference.value, wanted, atol=1e-6)
    panel = plugin._obj
    assert "1185 in both" in plugin.numbers_text and "median ratio 0.8" in plugin.numbers_text
    assert [["step", "skymatch", "SKIPPED", "COMPLETE"]] == panel.header_rows
    assert list(plugin.headers()["name"]) == ["skymatch"]
    [steps] = panel._plot.figure.marks
    assert steps.y[1:-1:2].sum() + 15 <= 1200 and panel.plot_widget
    assert "in the label" not in panel._plot.figure.axes[0].label
    assert panel._plot.figure.axes[0].label == "First − second (MJy/sr)"

    before = plugin.numbers_text
    added = plugin.add_results()
    assert added == [f"{labels[0]} − {labels[1]}", f"{labels[0]} ÷ {labels[1]}"]
    made = [data_of(app, label) for label in added]
    found = [data[data.main_components[0]] for data in made]
    np.testing.assert_allclose(found[0], wanted, atol=1e-6)
    np.testing.assert_allclose(found[1][np.isfinite(data)], 0.8, rtol=1e-5)
    assert [v.reference for v in shown_in(app, added[0])] == ["Difference"]
    assert plugin.numbers_text == before  # is still there
    assert not set(added) & set(plugin.first.choices)  # what was made is no product
    plugin.add_results()
    assert len([label for label in app.viewers if label.startswith("Difference")]) == 1


def test_images_blink_with_the_same_colours(plugin, app):
    labels = choose(plugin, "i2d")
    [viewer] = [v for v in shown_in(app, labels[0])]

    def layers():
        states = {state.layer.label: state for state in viewer.state.layers}
        return [states[label] for label in labels]

    for shown in (0, 1, 0):
        assert plugin.blink() == f"{labels[shown]} is shown."
        assert [state.visible for state in layers()] == [shown == 0, shown == 1]
    one, other = layers()
    assert (one.v_min, one.v_max, one.stretch) == (other.v_min, other.v_max, other.stretch)
    choose(plugin, "cat")
    with pytest.raises(stage3.Stage3Error, match="shown in no image viewer"):
        plugin.blink()


def test_catalogs(plugin, app):
    labels = choose(plugin, "cat")
    assert plugin._obj.kind == "cat"
    made = plugin.compare()
    assert len(made.matched) == 5 and list(made.only_first) == [5]
    assert "1 in the first only; 0 in the second only" in plugin.numbers_text
    assert "median difference -0.5" in plugin.numbers_text
    marks = plugin._obj._plot.figure.marks
    np.testing.assert_allclose(marks[-1].y, -0.5)
    assert plugin._obj._plot.figure.axes[0].label == "aper_total_abmag"
    plugin.plotted = "declination"
    assert plugin._obj._plot.figure.axes[1].label == "Δδ (mas)"
    np.testing.assert_allclose(plugin._obj._plot.figure.marks[-1].y, 0, atol=1e-3)
    plugin.plotted = "magnitude or flux"
    [label] = plugin.add_results()
    names = [component.label for component in data_of(app, label).main_components]
    assert {"RA", "DEC", "label_1", "difference", "separation"} <= set(names)
    plugin.column = "aper30_flux"
    assert plugin.numbers_text == ""  # was of another column
    assert plugin.compare().column == "aper30_flux"
    plugin.column = "nothing"
    with pytest.raises(stage3.Stage3Error, match="not in both"):
        plugin.compare()
    plugin.column = ""
    plugin.radius = 1e-9
    assert len(plugin.compare().matched) == 5  # copies: no distance at all
    with pytest.raises(stage3.Stage3Error, match="radius"):
        plugin.radius = -1.0
        plugin.compare()
    plugin.radius = 0.2
    assert labels[0] in plugin.first.choices


def test_spectra(plugin, app):
    labels = choose(plugin, "x1d")
    made = plugin.compare()
    flux = smooth_spectrum()["FLUX"]
    np.testing.assert_allclose(made.differences.difference.value, flux - 1.25 * flux, rtol=1e-6)
    assert "median ratio 0.8" in plugin.numbers_text
    [label] = plugin.add_results()
    np.testing.assert_allclose(data_of(app, label)["flux"], -0.25 * flux, rtol=1e-5)
    assert shown_in(app, label) == shown_in(app, labels[0])


def test_light_curves_and_time_series(plugin, app):
    choose(plugin, "whtlt")
    np.testing.assert_allclose(plugin.compare().differences.difference.value, [-0.75, -1, -1.25])
    assert plugin._obj._plot.figure.axes[0].label == "BJD_TDB − 2460000.5 (d)"
    [label] = plugin.add_results()
    np.testing.assert_allclose(data_of(app, label)["flux"], [-0.75, -1, -1.25])
    assert glue_viewer(app, "Differences of light curves") in shown_in(app, label)
    choose(plugin, "x1dints")
    sums = integrations(np.arange(1, 9))["FLUX"].sum(axis=1)
    found = plugin.compare().differences.difference.value
    np.testing.assert_allclose(found[np.isfinite(found)], -0.25 * sums, rtol=1e-6)


def test_2d_spectra(plugin, app, folders):
    for folder in folders:
        stage3.load(single_slit(folder), app=app, arrange=False)
    choose(plugin, "s2d")
    assert plugin.compare().differences.largest == 0 and plugin._obj.plot_widget
    [label] = plugin.add_results()
    assert data_of(app, label).ndim == 2


def test_cubes(plugin, app):
    choose(plugin, "s3d")
    made = plugin.compare()
    wanted = cube_arrays(seed=3).data - cube_arrays(seed=4).data
    np.testing.assert_allclose(
        made.channels["median"].value, np.nanmedian(wanted, axis=(1, 2)), rtol=1e-5
    )
    [label] = plugin.add_results()
    assert data_of(app, label).shape == (12,)


def test_files_and_python(plugin, tmp_path, capsys):
    choose(plugin, "i2d")
    path = plugin.export(tmp_path / "difference.ecsv")
    table = QTable.read(path)
    assert table.meta["n"] == 1185 and table.meta["first"].endswith("_i2d.fits")
    assert table["low"].unit == u.MJy / u.sr and table.meta["notes"]
    with pytest.raises(stage3.Stage3Error, match="is there already"):
        plugin.export(path)
    exec(plugin.to_python(), {})
    assert "skymatch" in capsys.readouterr().out
    choose(plugin, "cat")
    assert "radius=0.2 * u.arcsec" in plugin.to_python()
    exec(plugin.to_python(), {})
    plugin._obj.vue_show_python()
    assert plugin._obj.python_code == plugin.to_python()


def test_what_cannot_be_compared(plugin, app, folders):
    """Different types, one of its kind, a file that is another by now: in words, nothing lost."""
    labels = choose(plugin, "i2d")
    plugin.second = next(label for label in plugin.second.choices if " cat" in label)
    assert "of type i2d, the second of type cat" in plugin.problem
    for method in (plugin.compare, plugin.headers, plugin.add_results, plugin.blink,
                   plugin.to_python):  # fmt: skip
        with pytest.raises(stage3.Stage3Error, match="only products of one type"):
            method()
    texts = snackbar_texts(app)
    plugin._obj.vue_compare()
    assert "only products of one type" in texts[-1] and not plugin._obj.busy
    plugin.second = labels[0]
    assert "two reductions" in plugin.problem
    [only] = stage3.load(combined(folders[0]), app=app, arrange=False)
    plugin.first = only
    assert "of type c1d" in plugin.problem
    choose(plugin, "i2d")
    path = next(folders[1].glob("*_i2d.fits"))
    os.utime(path, (1e9, 1e9))
    with pytest.raises(stage3.Stage3Error, match="written anew since it was opened"):
        plugin.compare()
    plugin._obj.vue_compare()
    assert "written anew" in texts[-1]
