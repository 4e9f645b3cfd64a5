"""The Coronagraphy plugin: what is drawn, measured and added."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import QTable
from fresh_apps import new_app
from make_coronagraphs import (
    AREA,
    COMPANION,
    SCALE,
    STAR,
    combined,
    frames,
    point_source,
    subtracted,
)
from make_products import mosaic
from snackbars import snackbar_texts

import jdaviz_stage3 as stage3
from jdaviz_stage3 import analysis
from jdaviz_stage3.jdaviz_compat import glue_viewer, image_viewers, images_in

STACK, MOSAIC = "psfsub", "i2d"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("coronagraph")


@pytest.fixture(scope="module")
def shared_app(folder):
    app = new_app()
    stage3.load(subtracted(folder), combined(folder), app=app)
    return app


@pytest.fixture
def plugin(shared_app):
    plugin = shared_app.plugins["Coronagraphy"]
    plugin.keep_active = True
    plugin.dataset = label(plugin, STACK)
    yield plugin
    plugin.keep_active = False
    for name in [name for name in shared_app.datasets if name.endswith(("cance", "companion"))]:
        shared_app._app.data_item_remove(name)
    plugin.center = plugin.fwhm = plugin.star_flux = plugin.companions = plugin.position = ""
    plugin.sigma, plugin.throughput, plugin.contrast = 5.0, 1.0, 1e-5
    plugin.combine, plugin.noise, plugin.second = "median", "std", "nothing"
    plugin.psf = "none"
    plugin.column, plugin.circles, plugin.click, plugin.show_marks = (
        "contrast", "none", "nothing", True,
    )  # fmt: skip
    plugin._obj._injected.clear()
    shared_app.plugins["Orientation"].align_by = "Pixels"


def label(plugin, end):
    [found] = [choice for choice in plugin.dataset.choices if choice.endswith(end)]
    return found


def marks(plugin):
    [found] = plugin._obj._marks.values()
    return found._marks


def median():
    data = frames().astype(float)
    data[0, 5, 7] = np.nan
    return np.nanmedian(data, axis=0)


def curve_of(image, **options):
    fwhm = analysis.diffraction_fwhm(4.44 * u.um)
    return analysis.contrast_curve(
        image * u.MJy / u.sr, center=STAR, fwhm=fwhm, pixel_scale=SCALE * u.arcsec / u.pix,
        pixel_area=AREA * u.sr, lambda_over_d=analysis.lambda_over_d(4.44 * u.um), **options,
    )  # fmt: skip


def same(first, second):
    assert first.colnames == second.colnames
    for name in first.colnames:
        one, other = u.Quantity(first[name]), u.Quantity(second[name])
        np.testing.assert_allclose(one.value, other.to_value(one.unit), rtol=1e-5, err_msg=name)


def test_it_says_where_the_star_is_and_what_hides_it(plugin):
    assert "TARG_RA and TARG_DEC through the WCS" in plugin.position_text
    assert "x = 31.00, y = 30.00" in plugin.position_text
    assert 'inner working angle 0.63"' in plugin._obj.mask_text
    assert "1.029 λ/D" in plugin._obj.fwhm_text and plugin._obj.is_stack
    plugin.dataset = label(plugin, MOSAIC)
    assert not plugin._obj.is_stack


def test_star_mask_and_compass_are_drawn_where_they_are(plugin):
    drawn = marks(plugin)
    assert (drawn["star"].x[0], drawn["star"].y[0]) == pytest.approx(STAR, abs=1e-6)
    radius = np.hypot(drawn["mask"].x - STAR[0], drawn["mask"].y - STAR[1])
    assert radius == pytest.approx(0.63 / SCALE, rel=1e-3)
    north, east = zip(drawn["letters"].x, drawn["letters"].y, strict=True)
    assert list(drawn["letters"].text) == ["N", "E"]
    assert north[1] > STAR[1] + 5 and north[0] == pytest.approx(STAR[0], abs=0.01)
    assert east[0] < STAR[0] - 5 and east[1] == pytest.approx(STAR[1], abs=0.01)
    plugin.circles = "every arcsec"
    radius = np.hypot(marks(plugin)["circles"].x - STAR[0], marks(plugin)["circles"].y - STAR[1])
    radius = radius.reshape(-1, 121)[:, 0]
    assert radius == pytest.approx(np.arange(1, len(radius) + 1) / SCALE, rel=1e-3)
    plugin.circles, plugin.show_marks = "none", False
    assert not marks(plugin)
    plugin.show_marks = True
    plugin.keep_active = False
    assert not plugin._obj._marks


def test_marks_lie_on_the_star_when_aligned_by_wcs(plugin, shared_app):
    shared_app.plugins["Orientation"].align_by = "WCS"
    viewer = next(iter(plugin._obj._marks))
    reference = viewer.state.reference_data
    sky = SkyCoord(53.16, -27.79, unit="deg")
    expected = [float(axis) for axis in reference.coords.world_to_pixel(sky)]
    drawn = marks(plugin)
    assert [drawn["star"].x[0], drawn["star"].y[0]] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("combine", "image"),
    [
        ("median", median),
        ("mean", lambda: np.nanmean(np.where(frames() == frames()[0, 5, 7], np.nan, frames()), 0)),
        ("frame shown", lambda: np.where(frames()[0] == frames()[0, 5, 7], np.nan, frames()[0])),
    ],
)
def test_the_curve_is_that_of_the_library(plugin, combine, image):
    plugin.combine, plugin.star_flux, plugin.sigma = combine, 2.0, 4.0
    plugin.companions, plugin.throughput = "46.3, 25.2", 0.8
    same(
        plugin.contrast_curve(),
        curve_of(image(), star_flux=2 * u.Jy, sigma=4, throughput=0.8, companions=[COMPANION]),
    )
    assert "with throughput" in plugin.curve_text and plugin._obj.plot_widget


def test_a_curve_of_a_mosaic_and_of_two(plugin):
    plugin.star_flux = 2.0
    plugin.second = label(plugin, MOSAIC)
    first = plugin.contrast_curve()
    both = plugin.comparison()
    second = curve_of(frames(seed=9).mean(0).astype(float), star_flux=2 * u.Jy)
    np.testing.assert_allclose(both["first"].value, first["contrast"], rtol=1e-6)
    known = np.isfinite(both["second"])
    np.testing.assert_allclose(both["second"].value[known], second["contrast"][known], rtol=1e-5)
    lines = [mark for mark in plugin._obj._plot.figure.marks if type(mark).__name__ == "Lines"]
    assert len(lines) == 3  # two curves, and the inner working angle
    assert lines[2].x[0] == pytest.approx(0.63)
    texts = [mark.text[0] for mark in plugin._obj._plot.figure.marks if hasattr(mark, "text")]
    assert texts == ["annular noise, no throughput"]
    assert [curve["name"][-6:] for curve in plugin._obj.curve_names] == ["psfsub", "nd i2d"]


def test_the_star_may_be_an_image(plugin, shared_app, tmp_path):
    """Beside the mask, in a stack of its own."""
    star = np.array([point_source(25.4, 33.2, 5e4)] * 2).astype("f4")
    [name] = stage3.load(
        subtracted(tmp_path, "calints", data=star, name="jw09997005001_02_1_nrcalong_calints.fits"),
        app=shared_app,
    )
    plugin.dataset = label(plugin, STACK)
    plugin.psf = name
    curve = plugin.contrast_curve()
    same(curve, curve_of(median(), star_psf=star[1] * u.MJy / u.sr))
    namespace = {}
    exec(plugin.to_python(), namespace)
    same(namespace["curve"], curve)
    found = plugin.inject((31.0, 48.0), 1e-3, add_data=False)
    image, _ = plugin._obj._measurement().with_companion((31.0, 48.0), 1e-3)
    added = image.value - median()
    np.testing.assert_allclose(np.nanmax(added), 50, rtol=0.02)
    assert found["significance"] > 5
    shared_app._app.data_item_remove(name)


def test_without_the_flux_of_the_star_there_is_flux_density(plugin):
    curve = plugin.contrast_curve()
    assert np.isnan(curve["contrast"]).all()
    assert "Without the star's flux" in plugin.curve_text
    assert plugin._obj._plot.figure.axes[1].label == "Flux density of a companion (Jy)"
    plugin.star_flux, plugin.star_unit = 8.0, "mag(AB)"
    same(plugin.contrast_curve(), curve_of(median(), star_flux=8 * u.ABmag))
    plugin.star_unit = "Jy"


def test_a_curve_of_other_settings_is_not_left_beside_them(plugin):
    plugin.star_flux = 2.0
    plugin.contrast_curve()
    for column, words in (("magnitude", "Magnitudes"), ("flux", "Flux density"), ("contrast", "C")):
        plugin.column = column
        assert plugin._obj._plot.figure.axes[1].label.startswith(words)
    plugin.star_flux = 3.0
    assert plugin._obj.plot_widget == plugin.curve_text == ""
    plugin.combine = "frame shown"
    plugin.contrast_curve()
    assert "Of the frames: integration 1 of 5" in plugin.curve_text


def test_python_gives_the_same_curve(plugin):
    plugin.star_flux, plugin.companions, plugin.noise = 3.0, "46.3, 25.2", "mad"
    for name in (STACK, MOSAIC):
        plugin.dataset = label(plugin, name)
        for combine in ("median", "sigma-clipped mean", "frame shown"):
            plugin.combine = combine
            namespace = {}
            exec(plugin.to_python(), namespace)
            same(plugin.contrast_curve(), namespace["curve"])


def test_a_file_holds_the_curve(plugin, tmp_path):
    path = plugin.export(tmp_path / "curve.ecsv")
    same(QTable.read(path, format="ascii.ecsv"), plugin.contrast_curve())
    with pytest.raises(stage3.Stage3Error, match="is there already"):
        plugin.export(path)


def test_a_map_of_significance_comes_to_the_image(plugin, shared_app):
    found = plugin.snr_map()
    y, x = np.unravel_index(np.nanargmax(found.significance), found.snr.shape)
    # its wings are in the noise of the pixel that it is on, less in that of the next
    assert np.hypot(x - COMPANION[0], y - COMPANION[1]) < 1
    assert f"x = {x}, y = {y}" in plugin._obj.snr_text
    name = f"{plugin.dataset.selected} significance"
    data = next(d for d in shared_app._app.data_collection if d.label == name)
    np.testing.assert_allclose(data["DATA"], found.significance, rtol=1e-5)
    viewer = next(iter(plugin._obj._marks))
    assert name in [layer.layer.label for layer in viewer.layers]
    others = [v for v in image_viewers(shared_app._app) if v is not viewer]
    assert all(name not in [layer.layer.label for layer in v.layers] for v in others)
    assert name not in plugin.dataset.choices  # there is no contrast curve of it
    plugin.snr_map()  # in its place
    assert [d.label for d in shared_app._app.data_collection].count(name) == 1


def test_a_companion_is_injected_and_measured(plugin, shared_app):
    plugin.star_flux = 2.0
    curve = plugin.contrast_curve()
    place = (31.0, 48.0)
    at = 18 * SCALE
    limit = float(np.interp(at, curve["separation"].value, curve["contrast"]))
    found = plugin.inject(place, 3 * limit)
    assert found["separation"] == pytest.approx(at, rel=1e-4)
    assert found["significance"] > 5
    weak = plugin.inject(place, limit / 20, add_data=False)
    assert weak["significance"] < 5
    name = f"{plugin.dataset.selected} + companion"
    data = next(d for d in shared_app._app.data_collection if d.label == name)
    added = np.asarray(data["DATA"]) - median()
    assert np.unravel_index(np.nanargmax(added), added.shape) == (48, 31)
    total = np.nansum(added) * AREA * 1e6  # Jy; its Gaussian holds half in one FWHM
    fraction = analysis.contrast_curve(median(), center=STAR, fwhm=0.14498 / SCALE).meta
    inside = 3 * limit * 2.0 * fraction["aperture_fraction"]
    assert total == pytest.approx(inside / 0.46, rel=0.05)
    assert "throughput 1" in plugin.injected_text
    plugin.dataset = name
    assert "injected" in marks(plugin)


def test_an_injected_companion_needs_a_star_and_a_place(plugin):
    with pytest.raises(stage3.Stage3Error, match="give the star's flux"):
        plugin.inject((40, 40))
    plugin.star_flux = 2.0
    with pytest.raises(stage3.Stage3Error, match="no position"):
        plugin.inject()
    with pytest.raises(stage3.Stage3Error, match="outside of"):
        plugin.inject((400, 40))
    with pytest.raises(stage3.Stage3Error, match="contrast is -1"):
        plugin.inject((40, 40), -1)
    sky = plugin._obj.chosen_image().wcs.pixel_to_world(40, 44)
    assert plugin.inject(sky, add_data=False)["y"] == pytest.approx(44, abs=1e-4)
    text = sky.to_string("hmsdms", precision=4)
    assert plugin.inject(text, add_data=False)["x"] == pytest.approx(40, abs=0.01)


def test_clicks_mark_and_inject(plugin):
    viewer, canvas = next(iter(plugin._obj._marks.items()))
    event = {"event": "click", "domain": {"x": 46.3, "y": 25.2}}
    canvas._clicked(event)
    assert plugin.companions == "" and "known" not in marks(plugin)
    plugin.click = "known companion"
    canvas._clicked(event)
    canvas._clicked({"event": "click", "domain": {"x": 10.0, "y": 12.0}})
    assert plugin.companions == "46.30, 25.20; 10.00, 12.00"
    assert list(marks(plugin)["known"].x) == [46.3, 10.0]
    plugin.click, plugin.star_flux = "injected companion", 2.0
    canvas._clicked({"event": "click", "domain": {"x": 31.0, "y": 50.0}})
    assert plugin.position == "31.00, 50.00" and "σ" in plugin.injected_text


def test_all_viewers_show_the_star_in_the_middle_at_one_scale(plugin, shared_app):
    plugin.center_on_target(2.0)
    filled = [viewer for viewer in image_viewers(shared_app._app) if images_in(viewer)]
    assert len(filled) == 2
    for viewer in filled:
        state = viewer.state
        assert (state.x_min + state.x_max) / 2 == pytest.approx(STAR[0], abs=0.01)
        assert (state.y_min + state.y_max) / 2 == pytest.approx(STAR[1], abs=0.01)
        shorter = min(state.x_max - state.x_min, state.y_max - state.y_min)
        assert shorter == pytest.approx(2.0 / SCALE, rel=0.01)
    with pytest.raises(stage3.Stage3Error, match="view_width"):
        plugin.center_on_target(-1)


def test_positions_stay_on_the_sky_when_another_image_is_chosen(plugin, shared_app, tmp_path):
    path = combined(tmp_path, "jw09993-o001_t001_nircam_f444w-maskrnd_i2d.fits")
    with fits.open(path, mode="update") as hdus:  # half a pixel's scale, turned by 90 degrees
        header = hdus["SCI"].header
        header.update(PC1_1=0.0, PC1_2=1.0, PC2_1=1.0, PC2_2=0.0, CRPIX1=33.0, CRPIX2=33.0)
        header["CDELT1"] = header["CDELT2"] = SCALE / 3600 / 2
    [other] = stage3.load(path, app=shared_app)
    sky = "1:00:00 2:00:00"
    plugin.center, plugin.companions = "31.04, 30.02", f"46.3, 25.2; {sky}"
    wcs = [
        shared_app._app.data_collection[name].coords for name in (plugin.dataset.selected, other)
    ]
    plugin.dataset = other
    companion, kept = plugin.companions.split("; ")
    for written, former in ((plugin.center, (31.04, 30.02)), (companion, (46.3, 25.2))):
        x, y = map(float, written.split(","))
        there = wcs[1].pixel_to_world(x, y)
        assert there.separation(wcs[0].pixel_to_world(*former)).arcsec < 0.01 * SCALE
    assert kept == sky
    plugin.dataset = label(plugin, STACK)
    first = plugin.companions.split("; ")[0]
    assert [float(axis) for axis in first.split(",")] == pytest.approx([46.3, 25.2], abs=0.01)
    plugin.companions = "46.312, 25.2"
    plugin.dataset = [c for c in plugin.dataset.choices if c.endswith(MOSAIC) and c != other][0]
    assert plugin.companions == "46.312, 25.2"  # on the same pixels
    shared_app._app.data_item_remove(other)


def test_python_reads_the_flags_and_segments_that_were_chosen(plugin, shared_app, tmp_path):
    for number in (1, 2):
        part = f"jw09992001001_04101_00001-seg{number:03d}_nrcalong_psfsub.fits"
        subtracted(tmp_path, name=part, data=frames(seed=number), first=5 * number - 4)
    name = "jw09992001001_04101_00001-seg001_nrcalong_psfsub.fits"
    for options in ({"dq_bits": 0}, {"segments": "all"}):
        [loaded] = stage3.load(tmp_path / name, app=shared_app, **options)
        plugin.dataset, plugin.combine, plugin.star_flux = loaded, "mean", 2.0
        namespace = {}
        exec(plugin.to_python(), namespace)
        same(plugin.contrast_curve(), namespace["curve"])
        shared_app._app.data_item_remove(loaded)


def test_bad_settings_are_told_and_change_nothing(plugin, shared_app):
    for name, value in (("companions", "here"), ("center", "1, 2, 3")):
        setattr(plugin, name, value)
        assert "expected x, y in pixels" in plugin.problem
        with pytest.raises(stage3.Stage3Error, match="expected x, y"):
            plugin.contrast_curve()
        setattr(plugin, name, "")
    assert plugin.problem == ""
    plugin.center = "20, 22"
    assert list(marks(plugin)["star"].x) == [20.0] and "as given" in plugin.position_text
    plugin.center = ""
    texts = snackbar_texts(shared_app)
    plugin.star_flux = -3.0
    plugin._obj.vue_contrast_curve()
    assert "above zero" in texts[-1]
    with pytest.raises(stage3.Stage3Error, match="no second image"):
        plugin.comparison()
    with pytest.raises(stage3.Stage3Error, match="choose a psfalign"):
        plugin._obj.align_offsets()


@pytest.mark.forked
def test_stacks_without_wcs_or_filter_say_what_is_missing(folder, tmp_path):
    app = new_app()
    with pytest.warns(stage3.Stage3Warning):
        stage3.load(subtracted(tmp_path, wcs=False), app=app)
    plugin = app.plugins["Coronagraphy"]
    assert "no celestial WCS" in plugin.position_text
    plugin.keep_active = True
    drawn = {key for key in marks(plugin)}
    assert drawn == {"star"}  # neither angle nor north are known
    for method in (plugin.contrast_curve, plugin.snr_map, plugin.center_on_target):
        with pytest.raises(stage3.Stage3Error, match="has no WCS"):
            method()


@pytest.mark.forked
def test_shifts_of_the_reference_frames(tmp_path):
    rows, columns = np.indices((40, 42))

    def star(x, y):
        return 100 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 30).astype("f4")

    before = np.array([star(20.4, 19.2), star(19.5, 20.0), star(20.0, 20.6)])
    after = np.array([star(20.0, 20.0)] * 3)
    app = new_app()
    paths = [
        subtracted(tmp_path, name, data=data)
        for name, data in (("psfstack", before), ("psfalign", after))
    ]
    stage3.load(*paths, app=app)
    plugin = app.plugins["Coronagraphy"]
    plugin.dataset = label(plugin, "psfalign")
    assert "shifted the frames onto the target" in plugin.position_text
    table = plugin.align_offsets()
    np.testing.assert_allclose(table["dx"].value, [-0.4, 0.5, 0.0], atol=0.02)
    np.testing.assert_allclose(table["dy"].value, [0.8, 0.0, -0.6], atol=0.02)
    assert "3 frames were shifted" in plugin._obj.alignment_text


@pytest.mark.forked
def test_it_is_not_offered_where_there_is_no_mask(tmp_path):
    app = new_app()
    stage3.load(mosaic(tmp_path), app=app)
    assert "Coronagraphy" not in app.plugins
    stage3.load(combined(tmp_path, "another_i2d.fits"), app=app)
    plugin = app.plugins["Coronagraphy"]
    assert len(plugin.dataset.choices) == 1
    app._app.data_item_remove(plugin.dataset.selected)
    assert not plugin._obj.dataset_items and plugin._obj.position_text == ""
    assert glue_viewer(app, "Image") is not None
