"""The Pipeline Extraction plugin in an app: what belongs together, what is drawn, what it finds."""

import os
import warnings
from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from bqplot import Lines
from fresh_apps import new_app
from make_slits import (
    SCALE,
    Slit,
    extracted_slits,
    lrs_slit,
    many_slits,
    single_slit,
    slits_of_sizes,
)
from shared_data import DATA

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import data_of, glue_viewer, remove_data, shown_in
from jdaviz_stage3.origin import origin_of

NAME = "Pipeline Extraction"
SLIT = Slit(n_rows=25, n_wave=120, row=11.3)
LRS = Slit(
    name="", source_id=None, order=None, unit="MJy/sr", low=13.9, high=4.0, level=20.0, n_rows=25,
    row=11.3,
)  # fmt: skip


def load(paths, **options):
    app = new_app()
    return app, stage3.load(*paths, app=app, **options)


def outlines(app, label, color="#ff9100"):
    """What is drawn in this colour over data: solid lines, and dashed ones."""
    [viewer] = shown_in(app, label)
    marks = [m for m in viewer.figure.marks if type(m) is Lines and m.colors == [color]]
    return [m for m in marks if m.line_style == "solid"], [
        m for m in marks if m.line_style == "dashed"
    ]


@pytest.fixture(scope="module")
def slit(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slit")
    paths = single_slit(folder, SLIT), extracted_slits(folder, [SLIT], width=7, factor=0.8)
    app, labels = load(paths)
    return app, labels, app.plugins[NAME]


@pytest.fixture(scope="module")
def lrs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lrs")
    paths = lrs_slit(folder, LRS), extracted_slits(folder, [LRS], width=6.4, dispersion_axis=2)
    app, labels = load(paths)
    return app, labels, app.plugins[NAME]


def test_the_window_is_drawn_at_once(slit):
    app, labels, plugin = slit
    assert plugin.dataset.selected == labels[0] and plugin.spectrum.selected == labels[1]
    assert plugin.problem == ""
    [window], [source] = outlines(app, labels[0])
    # 7 pixels around row 11.3: from edge to edge
    assert sorted(set(window.y)) == pytest.approx([11.3 - 3.5, 11.3 + 3.5])
    assert sorted(set(window.x)) == [-0.5, 119.5]
    assert list(source.y) == pytest.approx([11.3, 11.3])


def test_the_window_in_words(slit, lrs):
    assert slit[2].window_text == (
        "The pipeline summed 7 pixels along the slit, y = 8.3 to 14.3 (both inside; in the file "
        'y = 9.3 to 15.3, counted from 1): 0.7" wide, from -0.35" to +0.35", its middle 0" above '
        "the planned source position."
    )
    assert lrs[2].window_text.startswith(
        "The pipeline summed 6.4 pixels along the slit, y = 8.6 to 14 (both inside; in the file "
        'x = 9.6 to 15, counted from 1): 0.64" wide, from -0.32" to +0.32", '
    )


def test_the_window_of_a_transposed_spectrum(lrs):
    """The file has the slit along x, the viewer along y."""
    app, labels, plugin = lrs
    [window], [source] = outlines(app, labels[0])
    assert sorted(set(window.y)) == pytest.approx([11.3 - 3.2, 11.3 + 3.2])
    assert sorted(set(window.x)) == [-0.5, 39.5]
    assert source.y[0] == pytest.approx(11.3)


def test_it_can_be_switched_off_and_coloured(slit):
    app, labels, plugin = slit
    plugin.show_window = False
    assert outlines(app, labels[0]) == ([], [])
    assert plugin.window_text  # which is said all the same
    plugin.show_window = True
    plugin.color = "#0000ff"
    assert outlines(app, labels[0]) == ([], []) and len(outlines(app, labels[0], "#0000ff")[0]) == 1
    plugin.color = "#ff9100"
    assert len(outlines(app, labels[0])[0]) == 1


def test_compare(slit):
    """The builder's sum has a factor of 0.8, and is made pixel by pixel."""
    app, labels, plugin = slit
    found = plugin.compare()
    assert found.n_channels == 120
    np.testing.assert_allclose(found.ratio, 1.25, rtol=1e-6)
    assert (
        plugin.ratio_text.startswith("Sum / FLUX of the x1d: median 1.25, scatter ")
        and "120 channels. It need not be 1: " in plugin.ratio_text
    )
    [viewer] = shown_in(app, labels[1])
    [line] = [m for m in viewer.figure.marks if type(m) is Lines and m.colors == ["#c75d2c"]]
    np.testing.assert_allclose(line.x, SLIT.wavelengths())
    np.testing.assert_allclose(line.y, 1.25 * data_of(app, labels[1])["flux"], rtol=1e-6)
    plugin.show_sum = False
    plugin.compare()
    assert not any(type(m) is Lines and m.colors == ["#c75d2c"] for m in viewer.figure.marks)
    plugin.show_sum = True


def test_compare_by_the_solid_angle(lrs):
    _, _, plugin = lrs
    found = plugin.compare()
    np.testing.assert_allclose(found.ratio, 1, rtol=1e-5)
    total = plugin.extract(add_data=False)
    assert total.flux.unit == u.Jy
    area = (SCALE * 0.2 * u.arcsec**2).to_value(u.sr)
    rows = np.arange(25)
    weight = np.clip(np.minimum(rows + 0.5, 14.5) - np.maximum(rows - 0.5, 8.1), 0, 1)
    error = np.sqrt((weight[:, None] ** 2 * LRS.error() ** 2).sum(axis=0)) * area * 1e6
    np.testing.assert_allclose(total.uncertainty.array, error, rtol=1e-5)


def test_the_sum_is_added_to_the_app(slit):
    app, labels, plugin = slit
    total = plugin.extract()
    name = f"{labels[0]} (sum)"
    added = data_of(app, name)
    np.testing.assert_allclose(added["flux"], total.flux.value)
    assert [v.reference for v in shown_in(app, name)] == ["1D Spectrum"]
    assert plugin.dataset.selected == labels[0] and plugin.spectrum.selected == labels[1]
    plugin.extract()
    assert [data.label for data in app._app.data_collection].count(name) == 1
    remove_data(app, [name])


def test_what_was_made_of_the_data_is_not_the_pipelines(slit):
    app, labels, plugin = slit
    smooth = app.plugins["Median Smooth"]
    smooth.dataset = [labels[1]]
    smooth.smooth()
    made = smooth.result_text if hasattr(smooth, "result_text") else f"{labels[1]} (median 11 px)"
    assert plugin.dataset.choices == [labels[0]] and plugin.spectrum.choices == [labels[1]]
    remove_data(app, [made])


# ---- several slits ----


@pytest.fixture(scope="module")
def slits(tmp_path_factory):
    """Three slits, their x1d in another order, and one that has no x1d."""
    folder = tmp_path_factory.mktemp("slits")
    made = slits_of_sizes(3)
    paths = many_slits(folder, made), extracted_slits(folder, [made[2], made[0]], width=3)
    app, labels = load(paths, quantity="flux")
    return app, labels, made


def test_each_slit_finds_its_own(slits):
    app, labels, made = slits
    plugin = app.plugins[NAME]
    for k in (0, 2):
        plugin.dataset = labels[k]
        assert plugin.spectrum.selected == labels[{0: 4, 2: 3}[k]]
        [window], _ = outlines(app, labels[k])
        assert np.mean(sorted(set(window.y))) == pytest.approx(made[k].row)
        np.testing.assert_allclose(plugin.compare().median, 1, rtol=1e-5)
    # whatever is chosen
    assert len(outlines(app, labels[0])[0]) == 1


def test_a_slit_without_x1d(slits):
    app, labels, _ = slits
    plugin = app.plugins[NAME]
    plugin.dataset = labels[1]
    assert plugin.spectrum.selected == "" and plugin.window_text == ""
    assert plugin.problem == (
        f"{labels[1]}: the pipeline's spectrum of it (x1d) is not loaded; load it, too"
    )
    assert outlines(app, labels[1]) == ([], [])
    with pytest.raises(stage3.Stage3Error, match="is not loaded; load it, too"):
        plugin.compare()
    # another may be chosen by hand
    plugin.spectrum = labels[3]
    assert plugin.problem == "" and plugin.window_text
    assert len(outlines(app, labels[1])[0]) == 1
    plugin.dataset = labels[0]


@pytest.mark.parametrize(
    ("keyword", "values"), [("OBSERVTN", ("001", "077")), ("GRATING", ("G140H", "G395H"))]
)
def test_an_x1d_of_another_observation_is_not_taken(keyword, values, slits, tmp_path):
    """Whatever it is called: as where files of two downloads have one name."""
    app, labels, _ = slits
    slit = Slit(source_id=77)
    paths = single_slit(tmp_path, slit), extracted_slits(tmp_path, [slit])
    for path, value in zip(paths, values, strict=True):
        fits.setval(path, keyword, value=value)
    before = app.plugins[NAME].dataset.selected
    added = [label for path in paths for label in stage3.load(path, app=app, quantity="flux")]
    try:
        app.plugins[NAME].dataset = added[0]
        assert app.plugins[NAME].spectrum.selected == ""
        assert outlines(app, added[0]) == ([], [])
    finally:
        remove_data(app, added)
        app.plugins[NAME].dataset = before


@pytest.mark.forked
def test_data_come_and_go(tmp_path):
    first, second = SLIT, replace(SLIT, row=6.0)
    a = single_slit(tmp_path, first), extracted_slits(tmp_path, [first])
    b = (
        single_slit(tmp_path, second, name="jw09997-o002_t001_nirspec_s2d.fits"),
        extracted_slits(tmp_path, [second], name="jw09997-o002_t001_nirspec_x1d.fits"),
    )
    app, labels = load([a[0]])
    plugin = app.plugins[NAME]
    assert "is not loaded; load it, too" in plugin.problem
    labels += stage3.load(a[1], app=app)
    assert plugin.problem == "" and len(outlines(app, labels[0])[0]) == 1
    labels += stage3.load(*b, app=app)
    [window], _ = outlines(app, labels[2])
    assert np.mean(sorted(set(window.y))) == pytest.approx(6.0)
    remove_data(app, [labels[1]])
    assert outlines(app, labels[0]) == ([], []) and len(outlines(app, labels[2])[0]) == 1
    plugin.dataset = labels[2]
    assert plugin.spectrum.selected == labels[3]  # never that of another observation
    remove_data(app, [labels[2]])
    assert plugin.dataset.selected == labels[0]
    remove_data(app, [labels[0]])
    assert plugin.problem == "" and NAME not in app.plugins


# ---- what cannot be known ----


def changed(path, **keywords):
    with fits.open(path, mode="update") as hdus:
        for name, value in keywords.items():
            place = hdus[0] if name == "S_RESAMP" else hdus["EXTRACT1D"]
            place.header.remove(name, ignore_missing=True)
            if value is not None:
                place.header[name] = value
    return path


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """An app for pairs of files with something odd about them."""
    folder = tmp_path_factory.mktemp("odd")
    app, count = new_app(), 0

    def pair(slit=SLIT, build=single_slit, axis=1, **keywords):
        nonlocal count
        count += 1
        root = f"jw09997-o{count:03}_t001_nirspec"
        image = build(folder, slit, name=f"{root}_s2d.fits")
        spectrum = extracted_slits(folder, [slit], dispersion_axis=axis, name=f"{root}_x1d.fits")
        labels = stage3.load(image, changed(spectrum, **keywords), app=app)
        app.plugins[NAME].dataset = labels[0]
        return app, labels, app.plugins[NAME]

    return pair


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"EXTRYSTR": None, "EXTRYSTP": None}, "the x1d has no EXTRYSTR and EXTRYSTP, so its win"),
        ({"EXTRYSTR": 100.0, "EXTRYSTP": 104.0}, "is not in the 2-D spectrum, which has 25 pixels"),
        ({"S_RESAMP": "SKIPPED"}, r"was extracted before resampling \(S_RESAMP = SKIPPED\)"),
    ],
)
def test_windows_that_are_not_known(odd, keywords, message):
    app, labels, plugin = odd(**keywords)
    assert outlines(app, labels[0]) == ([], []) and plugin.window_text == ""
    with pytest.raises(stage3.Stage3Error, match=message):
        plugin.compare()
    assert "\n" not in plugin.problem and labels[1] in plugin.problem
    plugin._obj.vue_compare()  # as from the browser: said, not raised
    assert plugin.ratio_text == ""


def test_a_file_that_was_written_anew(odd):
    app, labels, plugin = odd()
    path = origin_of(data_of(app, labels[0])).path
    os.utime(path, ns=(1, 1))
    with pytest.raises(stage3.Stage3Error, match="was written anew since it was opened"):
        plugin.compare()


@pytest.mark.forked
def test_surface_brightness_is_the_mean(tmp_path):
    made = replace(LRS, source_type="EXTENDED")
    paths = lrs_slit(tmp_path, made), extracted_slits(tmp_path, [made], dispersion_axis=2)
    app, _ = load(paths)
    plugin = app.plugins[NAME]
    np.testing.assert_allclose(plugin.compare().ratio, 1, rtol=1e-5)
    assert plugin.ratio_text.startswith("Sum / SURF_BRIGHT of the x1d: median 1,")
    # of a point source in MJy there is none
    paths = [
        build(tmp_path, made, name=f"jw09997-o002_t001_nirspec_{suffix}.fits")
        for build, made, suffix in (
            (single_slit, SLIT, "s2d"), (extracted_slits, [SLIT], "x1d"),
        )
    ]  # fmt: skip
    plugin.dataset = stage3.load(*paths, app=app, quantity="surface brightness")[0]
    with pytest.raises(stage3.Stage3Error, match="a sum in MJy cannot be compared with .* MJy / s"):
        plugin.compare()


def test_the_panel_is_drawn_by_its_declaration(slit):
    _, _, plugin = slit
    assert {"dataset", "spectrum", "show_window", "color", "show_sum"} <= set(plugin._expose)
    assert "Show the window" in {c["label"] for c in plugin._obj.controls}


# ---- the pipeline's own ----


@pytest.mark.forked
@pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data is not there")
def test_the_sum_is_the_pipelines_own():
    """jwst 3.0.0 made the x1d, without an aperture correction: it is the sum over the box."""
    base = DATA / "simulated/spec3/jw09999-o011_t006_miri_p750l"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)
        app, labels = load([f"{base}_s2d.fits", f"{base}_x1d.fits"])
    plugin = app.plugins[NAME]
    found = plugin.compare()
    assert found.n_channels == 378
    np.testing.assert_allclose(found.ratio[np.isfinite(found.ratio)], 1, rtol=1e-6)
    total = plugin.extract(add_data=False)
    error = fits.getdata(f"{base}_x1d.fits", "EXTRACT1D")["FLUX_ERROR"]
    good = np.isfinite(total.flux.value)
    np.testing.assert_allclose(total.uncertainty.array[good], error[good], rtol=1e-5)
    [window], _ = outlines(app, labels[0])
    assert sorted(set(window.y)) == [27.0, 36.0]
    assert glue_viewer(app, "2-D spectrum") is not None
