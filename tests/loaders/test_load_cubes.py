"""Spectral cubes in the generalised app, and jdaviz's own plugins on them."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning
from fresh_apps import new_app
from make_cubes import CENTER, PIXEL_ARCSEC, cube, cube_arrays, extracted, mrs_cubes
from photutils.aperture import CircularAperture
from regions import CirclePixelRegion, PixCoord

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import cube_viewers_showing, glue_viewer, remove_data, shown_in
from jdaviz_stage3.readers.stored_array import StoredArray
from jdaviz_stage3.viewers.keys import keyboard

# An app is the slower the more it has held: each test has a copy of its own.
pytestmark = pytest.mark.forked

AREA = PIXEL_ARCSEC**2 * 2.3504e-11  # sr, as the pipeline computes it
JY = AREA * 1e6  # of a pixel in MJy/sr


@pytest.fixture(scope="module")
def arrays():
    return cube_arrays(np.geomspace(5, 7, 30), (16, 20))


@pytest.fixture(scope="module")
def loaded(arrays, tmp_path_factory):
    """An app with the cube, its labels, and how much was read for it."""
    app, box, read = new_app(), StoredArray._box, {}

    def counted(self, ends):
        size = np.prod([stop - start for start, stop in ends]) / self.size
        read[self.name] = read.get(self.name, 0) + size
        return box(self, ends)

    StoredArray._box = counted
    try:
        path = cube(tmp_path_factory.mktemp("cube"), arrays, table=True)
        labels = stage3.load(path, app=app)
    finally:
        StoredArray._box = box
    return app, labels, read


def spectrum_of(app, label):
    return app._app._jdaviz_helper.get_data(label)


def test_cube_and_sum_are_shown_each_in_its_viewer(loaded, arrays):
    app, labels, _ = loaded
    assert labels[1] == f"{labels[0]} (sum)"
    [viewer], [spectra] = (shown_in(app, label) for label in labels)
    assert type(viewer).__name__ == "CubevizImageView"
    assert cube_viewers_showing(app, labels[0]) == [viewer]
    total = spectrum_of(app, labels[1])
    assert total.flux.unit == u.Jy and spectra.state.y_display_unit == "Jy"
    np.testing.assert_allclose(
        total.flux.value, np.nansum(arrays.data, axis=(1, 2), dtype=float) * JY, rtol=1e-6
    )
    wanted = np.sqrt(np.nansum(arrays.err.astype(float) ** 2, axis=(1, 2))) * JY
    np.testing.assert_allclose(total.uncertainty.array, wanted, rtol=1e-6)
    np.testing.assert_array_equal(total.meta["n_pixels"], np.isfinite(arrays.data).sum(axis=(1, 2)))
    np.testing.assert_allclose(total.spectral_axis.to_value(u.um), arrays.wavelength, rtol=1e-6)


def test_plot_options_show_the_histogram_of_a_cube(loaded, arrays):
    """Of a sample: the samples of a cube stay in its file."""
    app, labels, _ = loaded
    options = app.plugins["Plot Options"]
    options.keep_active = True
    options.viewer = options.viewer.choices[0]
    shown = options._obj.stretch_histogram._app.data_collection["histogram"]["x"]
    assert np.isin(shown[np.isfinite(shown)], arrays.data).all() and len(shown) > 1000


def test_loading_reads_the_cube_once(loaded):
    # for the sum; what the limits of the colours are taken from comes on top
    _, _, read = loaded
    assert read["ERR"] == pytest.approx(1)
    assert read["SCI"] < 1 + 24 / 30 + 0.1


def test_the_slider_shows_each_plane(loaded, arrays):
    app, labels, _ = loaded
    [viewer] = shown_in(app, labels[0])
    slices = app.plugins["Spectral Slice"]
    for plane in (0, 17, 29):
        slices.value = float(arrays.wavelength[plane])
        assert viewer.slice == plane
        shown = viewer.layers[0].layer.compute_fixed_resolution_buffer(
            [viewer.slice, (0, 15, 16), (0, 19, 20)], target_cid=viewer.layers[0].layer.id["flux"]
        )
        np.testing.assert_array_equal(shown, arrays.data[plane])
    slices._obj.vue_play_next()
    assert viewer.slice == 0  # from the last on to the first


def test_the_read_out_is_in_the_unit_of_the_cube(loaded, arrays):
    app, labels, _ = loaded
    [viewer] = shown_in(app, labels[0])
    app.plugins["Spectral Slice"].value = float(arrays.wavelength[12])
    readout = app._app.session.application._tools["g-coords-info"]
    readout._viewer_mouse_event(viewer, {"event": "mousemove", "domain": {"x": 5.2, "y": 6.9}})
    text, world, _ = readout.as_text()
    assert text.endswith(f"Value {arrays.data[12, 7, 5]:+10.5e} MJy / sr")
    assert "(ICRS)" in world


def test_the_spectrum_under_the_cursor(loaded, arrays):
    app, labels, _ = loaded
    [viewer], [spectra] = (shown_in(app, label) for label in labels)
    tool = viewer.toolbar.tools["jdaviz:spectrumperspaxel"]
    tool.activate()
    try:
        for x, y in ((5, 6), (6, 6), (6, 7)):
            tool.on_mouse_move({"event": "mousemove", "domain": {"x": x + 0.3, "y": y - 0.4}})
            assert tool._mark.visible
            np.testing.assert_allclose(tool._mark.y, arrays.data[:, y, x] * JY, rtol=1e-5)
            np.testing.assert_allclose(tool._mark.x, arrays.wavelength, rtol=1e-6)
        tool.on_mouse_move({"event": "mousemove", "domain": {"x": 0, "y": 6}})  # no exposure there
        assert not tool._mark.visible
        tool.on_mouse_move({"event": "mousemove", "domain": {"x": 40, "y": 6}})
        assert not tool._mark.visible
    finally:
        tool.deactivate()


def test_spectral_extraction_of_a_circle(loaded, arrays):
    app, _, _ = loaded
    app.plugins["Subset Tools"].import_region(CirclePixelRegion(PixCoord(11, 8), 4))
    plugin = app.plugins["3D Spectral Extraction"]
    plugin.aperture.selected, plugin.aperture_method.selected = "Subset 1", "Exact"
    plugin.function.selected = "Sum"
    found = plugin.extract(add_data=False)
    weights = CircularAperture((11, 8), 4).to_mask(method="exact").to_image((16, 20))
    wanted = np.nansum(arrays.data * weights, axis=(1, 2), dtype=float) * JY
    np.testing.assert_allclose(found.flux.to_value(u.Jy), wanted, rtol=1e-5)
    assert np.all(found.uncertainty.array > 0)
    assert found.uncertainty.array.shape == arrays.wavelength.shape


@pytest.mark.parametrize("unit", ["Jy", "mJy", "MJy"])
def test_moment_maps_are_right_in_every_unit_of_flux(unit, loaded, arrays):
    app, labels, _ = loaded
    app.plugins["Unit Conversion"].flux_unit.selected = unit
    try:
        plugin = app.plugins["Moment Maps"]
        assert plugin.dataset.choices == labels[:1]
        plugin.n_moment = 0
        found = plugin.calculate_moment(add_data=False)
        # by hand: each sample times the width of its channel
        step = np.gradient(arrays.wavelength)
        wanted = np.sum(arrays.data * step[:, None, None], axis=0) * u.MJy / u.sr * u.um
        measured = (found.data * found.unit).to_value(wanted.unit)
        good = np.isfinite(wanted)
        assert 0.8 < np.median(measured[good] / wanted.value[good]) < 1.25
    finally:
        app.plugins["Unit Conversion"].flux_unit.selected = "Jy"


def test_a_moment_in_a_unit_per_wavelength_is_refused(loaded):
    app, _, _ = loaded
    units = app.plugins["Unit Conversion"]
    units.flux_unit.selected = "erg / (Angstrom s cm2)"
    try:
        app.plugins["Moment Maps"].n_moment = 0
        with pytest.raises(ValueError, match="choose another flux unit"):
            app.plugins["Moment Maps"].calculate_moment(add_data=False)
    finally:
        units.flux_unit.selected = "Jy"


def test_changing_the_unit_of_wavelengths_keeps_the_slice(loaded, arrays):
    app, labels, _ = loaded
    [viewer] = shown_in(app, labels[0])
    slices, units = app.plugins["Spectral Slice"], app.plugins["Unit Conversion"]
    slices.value = float(arrays.wavelength[9])
    units.spectral_unit.selected = "Angstrom"
    try:
        assert viewer.slice == 9
        assert slices.value == pytest.approx(arrays.wavelength[9] * 1e4)
    finally:
        units.spectral_unit.selected = "um"


def test_data_from_the_app_are_the_cube_with_excluded_samples_blank(loaded, arrays):
    app, labels, _ = loaded
    found = spectrum_of(app, labels[0])
    np.testing.assert_array_equal(found.flux.value, arrays.data)
    np.testing.assert_array_equal(found.uncertainty.array, arrays.err)
    assert found.spectral_axis_index == 0


def test_a_second_cube_of_the_target_has_no_viewer_of_its_own(loaded, tmp_path):
    app, labels, _ = loaded
    other = cube_arrays(np.linspace(6.9, 8, 25), (16, 20), seed=5)
    viewers = list(app.viewers)
    new = stage3.load(cube(tmp_path, other, name="jw09997-o001_t001_ch2-short_s3d.fits"), app=app)
    assert list(app.viewers) == viewers
    assert shown_in(app, new[0]) == [] and len(shown_in(app, new[1])) == 1
    plugin = app.plugins["3D Spectral Extraction"]
    plugin.dataset.selected = new[0]  # its uncertainties follow
    plugin.aperture.selected = "Entire Cube"
    found = plugin.extract(add_data=False)
    wanted = np.sqrt(np.nansum(other.err.astype(float) ** 2, axis=(1, 2))) * JY
    np.testing.assert_allclose(found.uncertainty.quantity.to_value(u.Jy), wanted, rtol=1e-4)
    plugin.dataset.selected = labels[0]


@pytest.mark.parametrize("damage", ["DQ of another shape", "no wavelengths", "no table"])
def test_a_bad_cube_changes_nothing(damage, loaded, tmp_path):
    app, labels, _ = loaded
    path = cube(tmp_path, cube_arrays(), name="jw09997-o001_t001_bad_s3d.fits", table=True)
    with fits.open(path) as hdus:
        if damage == "no table":
            del hdus["WCS-TABLE"]
        elif damage == "no wavelengths":
            del hdus["SCI"].header["CTYPE3"]
        else:
            hdus["DQ"].data = hdus["DQ"].data[:4]
        hdus.writeto(path, overwrite=True)
    before = list(app.datasets), list(app.viewers), len(shown_in(app, labels[0]))
    with pytest.raises(stage3.UnreadableProductError, match=path.name) as caught:
        stage3.load(path, app=app)
    assert "\n" not in str(caught.value)
    assert (list(app.datasets), list(app.viewers), len(shown_in(app, labels[0]))) == before


def test_a_cube_that_was_removed_leaves_its_viewer_to_the_next(tmp_path):
    app = new_app()
    path = cube(tmp_path, cube_arrays(), target=CENTER)
    labels = stage3.load(path, extracted(cube(tmp_path, cube_arrays()), tmp_path), app=app)
    remove_data(app, labels[:1])
    assert list(app.viewers) == ["3D Spectrum", "1D Spectrum"]
    again = stage3.load(path, app=app)
    assert list(app.viewers) == ["3D Spectrum", "1D Spectrum"]
    assert len(shown_in(app, again[0])) == 1
    assert app.plugins["Pipeline Extraction"].problem == ""


def drawn_wavelengths(viewer):
    """Where the spectra in a viewer are drawn, from first to last, by their label."""
    lines = {artist.layer.label: np.asarray(artist.line_mark.x) for artist in viewer.layers}
    return {label: (x[0], x[-1]) for label, x in lines.items()}


@pytest.mark.parametrize("spectra_first", [False, True], ids=["cubes first", "spectra first"])
def test_spectra_of_several_bands_are_drawn_at_their_own_wavelengths(spectra_first, tmp_path):
    """All of the same length: by their pixels they could be taken for each other."""
    cubes = mrs_cubes(tmp_path, 20, (2, 0))
    spectra = [extracted(path, tmp_path) for path in cubes]
    app = new_app()
    labels = []
    for paths in (spectra, cubes) if spectra_first else (cubes, spectra):
        labels += stage3.load(*paths, app=app)
    plugin = app.plugins["Pipeline Extraction"]  # jdaviz's own importer adds what it makes
    labels += [f'{label} (r = 0.5")' for label in plugin.dataset.choices]
    plugin.extract_bands()
    viewer = glue_viewer(app, "1D Spectrum")
    drawn = drawn_wavelengths(viewer)
    shown = [label for label in labels if label in drawn]
    assert len(shown) == 6
    for label in shown:
        axis = spectrum_of(app, label).spectral_axis.to_value(u.um)
        np.testing.assert_allclose(drawn[label], (axis[0], axis[-1]), rtol=1e-5, err_msg=label)
    if not spectra_first:  # which way glue takes is a matter of luck: there must be one only
        collection = app._app.data_collection
        pixels = {id(pixel) for data in collection for pixel in data.pixel_component_ids}
        ends = [end for link in collection.external_links for end in (*link.cids1, *link.cids2)]
        assert ends and not [end for end in ends if id(end) in pixels]


def test_a_large_cube_is_not_read_for_a_sum_that_nobody_asked_for(tmp_path, monkeypatch):
    from jdaviz_stage3.loaders import cube as module

    monkeypatch.setattr(module, "_MOST_SUMMED", 1000)
    arrays = cube_arrays(np.linspace(5, 6, 30), (17, 21))
    app = new_app()
    [label, part] = stage3.load(cube(tmp_path, arrays, target=(150.1, 2.2)), app=app)
    assert part == f"{label} (sum of 5 × 5 pixels)"
    # the target is in the middle of the field
    wanted = np.nansum(arrays.data[:, 6:11, 8:13], axis=(1, 2), dtype=float) * JY
    np.testing.assert_allclose(spectrum_of(app, part).flux.value, wanted, rtol=1e-6)
    assert glue_viewer(app, "3D Spectrum").slice_index == 0


def test_keys_go_from_slice_to_slice(loaded, arrays):
    app, labels, _ = loaded
    [viewer] = cube_viewers_showing(app, labels[0])
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        before = int(viewer.slice)
        keyboard(app).press(key, viewer.reference)
        assert int(viewer.slice) - before == (-1 if key == "ArrowLeft" else 1)
    for _ in range(len(arrays.data)):
        keyboard(app).press("ArrowLeft", viewer.reference)
    assert int(viewer.slice) == 0, "not beyond the first"


def test_gaussian_smooth(loaded, arrays):
    """Along the wavelengths, in each pixel; the cube in its file has uncertainties."""
    app, labels, _ = loaded
    plugin = app.plugins["Gaussian Smooth"]
    plugin.dataset, plugin.stddev = labels[0], 2
    with pytest.warns(AstropyUserWarning, match="contiguous region of NaN"):  # no exposure saw it
        smooth = plugin.smooth(add_data=False)
    values = arrays.data[:, 5, 6].astype(float)
    assert smooth.shape == arrays.data.shape and smooth.unit == u.MJy / u.sr
    offset = np.arange(len(values))
    weights = np.exp(-0.5 * ((offset[:, None] - offset) / 2) ** 2)
    inside = slice(9, -9)  # the kernel is cut at 8 samples, and beyond the ends are zeros
    weights[abs(offset[:, None] - offset) > 8] = 0
    wanted = (weights / weights.sum(axis=1, keepdims=True)) @ values
    np.testing.assert_allclose(smooth.flux.value[inside, 5, 6], wanted[inside], rtol=1e-4)


def test_a_unit_that_fits_has_no_more_is_said_once(tmp_path):
    path = cube(tmp_path)
    with fits.open(path, mode="update") as hdus:
        header = hdus["SCI"].header
        header["CUNIT3"] = "Angstrom"
        for name in ("CRVAL3", "CDELT3"):
            header[name] *= 1e4
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert stage3.load(path, app=new_app())
    said = [str(entry.message) for entry in caught if "Angstrom" in str(entry.message)]
    assert len(said) <= 1, said
