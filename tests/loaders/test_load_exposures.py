"""Exposures in an app: flags, positions over the mosaic, and what is left out of folders."""

import numpy as np
import pytest
from astropy.io import fits
from fresh_apps import new_app
from make_exposures import exposure_arrays, field, slit_exposures
from snackbars import snackbar_texts

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import glue_viewer

# An app is the slower the more it has held: each test has a copy of its own.
pytestmark = pytest.mark.forked


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A mosaic with two of its exposures, aligned by WCS."""
    mosaic, exposures = field(tmp_path_factory.mktemp("field"))
    app = new_app()
    labels = stage3.load(mosaic, *exposures[:2], app=app, align_by="WCS")
    return app, labels, exposures


def test_science_and_flags_are_loaded(loaded):
    app, labels, _ = loaded
    assert [label.partition(" ")[2] for label in labels] == ["i2d", "crf", "crf[DQ]"] + [
        "crf", "crf[DQ]"
    ]  # fmt: skip
    arrays = exposure_arrays(seed=1)
    np.testing.assert_array_equal(app.datasets[labels[1]].get_data().data, arrays["data"])


def test_flags_keep_all_their_bits(loaded):
    """In 32 bits the flag of bit 31 would hide that of bit 0."""
    app, labels, _ = loaded
    flags = app.datasets[labels[2]].get_data().data
    expected = exposure_arrays(seed=1)["dq"].astype(float)
    expected[expected == 0] = np.nan
    np.testing.assert_array_equal(flags, expected)


def test_data_quality_takes_the_flags(loaded):
    app, labels, _ = loaded
    plugin = app.plugins["Data Quality"]
    plugin.science_layer = labels[3]
    assert plugin.dq_layer == labels[4]
    decoded = {frozenset(flag["decomposed"]) for flag in plugin.decoded_flags}
    assert decoded == {frozenset({0, 4}), frozenset({1}), frozenset({0, 31})}


def read_out(app, path, label, column, row):
    """What is said of a pixel of an exposure, shown alone, at its place on the sky."""
    viewer = glue_viewer(app, "Image")
    for layer in viewer.state.layers:
        if "orientation" not in layer.layer.label:
            layer.visible = layer.layer.label == label
    sky = stage3.read(path).wcs.pixel_to_world(column, row)
    x, y = viewer.state.reference_data.coords.world_to_pixel(sky)
    info = app._app.session.application._tools["g-coords-info"]
    place = {"x": float(x), "y": float(y)}
    info._viewer_mouse_event(viewer, {"event": "mousemove", "domain": place})
    assert info.as_dict()["data_label"] == label
    return info.as_text()[0]


@pytest.mark.parametrize("number", [0, 1])
def test_flags_under_the_cursor_are_those_of_the_image(number, loaded):
    """Whichever image is chosen in Data Quality, and at the place on the sky."""
    app, labels, exposures = loaded
    app.plugins["Data Quality"].science_layer = labels[1]
    path, label = exposures[number], labels[1 + 2 * number]
    arrays = exposure_arrays(seed=number + 1)
    text = read_out(app, path, label, 11, 10)
    assert f"{arrays['data'][10, 11]:+10.5e} MJy / sr (SATURATED)" in text
    assert "(DO_NOT_USE, OUTLIER)" in read_out(app, path, label, 7, 5)
    text = read_out(app, path, label, 20, 12)
    assert text.endswith(f"{arrays['data'][12, 20]:+10.5e} MJy / sr")


def test_folder_without_its_exposures(tmp_path):
    mosaic, exposures = field(tmp_path / "field")
    app = new_app()
    with pytest.warns(stage3.Stage3Warning, match=r"left out what is not part of .* \(3 crf\)"):
        labels = stage3.load(tmp_path / "field", app=app)
    assert len(labels) == 1
    mosaic.unlink()
    labels = stage3.load(tmp_path / "field", app=app)
    assert len(labels) == 6


# ---- slits ----


@pytest.fixture(scope="module", params=["MultiExposureModel", "MultiSlitModel"])
def slits(request, tmp_path_factory):
    path = slit_exposures(request.param, "cal", tmp_path_factory.mktemp("slits"))
    return new_app(), path


def test_the_first_slit_unless_asked(slits):
    app, path = slits
    snackbar_texts(app).clear()
    labels = stage3.load(path, app=app)
    part = "cal source 1 S200A1 exposure 1"
    assert [label.partition(" ")[2] for label in labels] == [part, f"{part}[DQ]"]
    assert any("1 of 3 slits loaded" in text for text in snackbar_texts(app))
    assert np.nanmax(app.datasets[labels[0]].get_data().data) == 1


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"slit": "S200A2"}, ["S200A2", "S200A2[DQ]"]),
        ({"exposure": 2}, ["S200A1 exposure 2", "S200A1 exposure 2[DQ]"]),
        (
            {"extension": "source 1 S200A1 exposure 2: WAVELENGTH"},
            ["S200A1 exposure 2[WAVELENGTH]"],
        ),
    ],
)
def test_slits_by_their_addresses(slits, options, parts):
    app, path = slits
    labels = stage3.load(path, app=app, **options)
    assert [label.partition(" cal source 1 ")[2] for label in labels] == parts


def test_slits_of_two_files_of_one_name(tmp_path):
    """The second does not take the place of the first."""
    app = new_app()
    labels = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        path = slit_exposures("MultiSlitModel", "cal", tmp_path / folder)
        labels += stage3.load(path, app=app)
    assert len(set(labels)) == 4 and set(labels) <= set(app.datasets)


def test_a_slit_that_there_is_not(slits):
    app, path = slits
    before = list(app.datasets)
    with pytest.raises(stage3.Stage3Error, match="no slit with slit = S400A1"):
        stage3.load(path, app=app, slit="S400A1")
    assert list(app.datasets) == before


def test_a_mosaic_has_no_slits(tmp_path, built):
    app = new_app()
    with pytest.raises(stage3.Stage3Error, match="has no slits to choose by slit"):
        stage3.load(built("i2d", "ImageModel"), app=app, slit="S400A1")
    assert len(app.datasets) == 0


def test_of_a_mosaic_the_first_image_alone(tmp_path, built):
    """Beside it extensions without a name, or of the same one, which people have added."""
    path = tmp_path / built("i2d", "ImageModel").name
    with fits.open(built("i2d", "ImageModel")) as hdus:
        hdus.append(fits.ImageHDU(np.ones((3, 4), "f4")))
        hdus.append(fits.ImageHDU(np.ones((3, 4), "f4"), name="SCI"))
        hdus.writeto(path)
    app = new_app()
    assert [label.partition(" ")[2] for label in stage3.load(path, app=app)] == ["i2d"]
