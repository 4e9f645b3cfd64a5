"""Every order of loading: the same read-outs, no error, and units that can be changed."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from fresh_apps import new_app
from make_products import mosaic, segmentation
from make_spectra import combined, extracted, integrations, smooth_spectrum, time_series
from make_tables import catalog, white_light
from snackbars import snackbar_texts
from specutils import Spectrum

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import glue_viewer, shown_in

KINDS = ("i2d", "cat", "segm", "c1d", "x1d", "x1dints", "s2d", "whtlt")
N = len(KINDS)
# Williams' square: in its rows each product comes right after each other one once.
_FIRST = [0 if k == 0 else (k + 1) // 2 if k % 2 else N - k // 2 for k in range(N)]
ORDERS = [[KINDS[(place + row) % N] for place in _FIRST] for row in range(N)]
PIXEL = 12, 9  # x, y


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("products")
    point = {"source_type": "POINT", "source_id": 1}
    return {
        "i2d": mosaic(folder),
        "cat": catalog(folder),
        "segm": segmentation(folder),
        "c1d": combined(folder),
        "x1d": extracted(folder, [(smooth_spectrum(), point)]),
        "x1dints": time_series(
            folder, [(integrations(range(1, 7), n_wave=12), {"spectral_order": 1})]
        ),
        "whtlt": white_light(folder),
    }


def load(app, kind, files):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind != "s2d":
            return stage3.load(files[kind], app=app)
        values = np.arange(200.0).reshape(10, 20) * u.MJy / u.sr  # jdaviz's own
        spectrum = Spectrum(flux=values, spectral_axis=np.linspace(1, 2, 20) * u.um)
        app.load(spectrum, format="2D Spectrum", data_label="s2d", auto_extract=False)
        return ["s2d"]


def move_the_mouse(app):
    """Over the middle of every viewer; gives the texts of the read-out by viewer."""
    info = app._app.session.application._tools["g-coords-info"]
    texts = {}
    for label in app.viewers:
        viewer = glue_viewer(app, label)
        if getattr(viewer.state, "x_min", None) is None:
            continue  # tables
        place = {"x": (viewer.state.x_min + viewer.state.x_max) / 2, "y": 1.0}
        if label == "Image":
            place = dict(zip("xy", PIXEL, strict=True))
        info._viewer_mouse_event(viewer, {"event": "mousemove", "domain": place})
        texts[label] = info.as_text(), dict(info.as_dict())
    return texts


def test_the_orders_hold_every_pair():
    pairs = {pair for order in ORDERS for pair in zip(order, order[1:], strict=False)}
    assert len(pairs) == N * (N - 1)


@pytest.mark.forked
@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_order(order, files):
    app = new_app()
    image = stage3.read(files["i2d"])
    expected = image.data[PIXEL[::-1]]
    sky = image.wcs.pixel_to_world(*PIXEL)
    labels = {}
    for kind in order:
        labels[kind] = load(app, kind, files)
        assert labels[kind]
        assert all(shown_in(app, label) for label in labels[kind]), kind
        found = move_the_mouse(app)
        if "i2d" in labels:
            text, facts = found["Image"]
            assert facts["data_label"] == labels["i2d"][0]
            assert f"Value {expected:+10.5e} MJy / sr" in text[0]
            assert facts["value"] == pytest.approx(expected)
            assert facts["value:unit"] == "MJy / sr"
            assert facts["world_ra"] == pytest.approx(sky.ra.deg)
            assert facts["world_dec"] == pytest.approx(sky.dec.deg)
        [viewer] = {v.reference: v for k in ("c1d", "x1d") for label in labels.get(k, [])
                    for v in shown_in(app, label)}.values() or [None]  # fmt: skip
        if viewer is not None:
            assert viewer.state.y_display_unit == "Jy"
            assert found[viewer.reference][1]["value:unit"] == "Jy"
    for unit in ("mJy", "Jy"):
        app.plugins["Unit Conversion"].flux_unit = unit
        found = move_the_mouse(app)
        assert f"Value {expected:+10.5e} MJy / sr" in found["Image"][0][0]
        assert viewer.state.y_display_unit == unit


@pytest.mark.forked
def test_an_image_that_is_not_ours_is_read_out_as_jdaviz_does(files):
    from astropy.nddata import CCDData

    app = new_app()
    load(app, "i2d", files)
    load(app, "x1d", files)
    data = CCDData(np.full((30, 40), 2.0), unit="MJy/sr")
    app.load(data, format="Image", data_label="theirs")
    text, facts = move_the_mouse(app)["Image"]
    assert facts["data_label"].startswith("theirs")
    assert facts["value:unit"] == "Jy / sr"
    assert facts["value"] == 2e6


@pytest.mark.forked
@pytest.mark.parametrize("first", ["POINT", "EXTENDED"])
def test_what_was_loaded_before_does_not_choose_between_flux_and_surface_brightness(
    first, tmp_path
):
    """The file's own rule does; what does not fit on the axis is said."""
    second = {"POINT": "EXTENDED", "EXTENDED": "POINT"}[first]
    files = {}
    for kind in (first, second):
        (tmp_path / kind).mkdir()
        header = {"source_type": kind, "source_id": 1}
        files[kind] = extracted(tmp_path / kind, [(smooth_spectrum(), header)])
    app = new_app()
    [label] = stage3.load(files[first], app=app)
    unit = {"POINT": u.Jy, "EXTENDED": u.MJy / u.sr}[first]
    assert app.datasets[label].get_data().flux.unit == unit
    assert label.endswith("surface brightness") == (first == "EXTENDED")
    with pytest.raises(stage3.Stage3Error, match="one flux axis") as caught:
        stage3.load(files[second], app=app)
    if second == "EXTENDED":
        assert "SURF_BRIGHT is shown (the source type is EXTENDED)" in str(caught.value)
    assert list(app.datasets) == [label]
    quantity = {"POINT": "flux", "EXTENDED": "surface brightness"}[first]
    [other] = stage3.load(files[second], app=app, quantity=quantity)
    assert app.datasets[other].get_data().flux.unit == unit


@pytest.mark.forked
@pytest.mark.parametrize(
    ("types", "columns", "said"),
    [
        (["EXTENDED"], {}, "SURF_BRIGHT is shown (the source type is EXTENDED)"),
        (["POINT", "EXTENDED"], {}, "FLUX is shown (there are point sources among them)"),
        (["EXTENDED"], {"SURF_BRIGHT": np.zeros(50)},
         "FLUX is shown (SURF_BRIGHT holds no values)"),
        (["POINT"], {"FLUX": np.zeros(50)}, "SURF_BRIGHT is shown (FLUX holds no values)"),
        (["POINT"], {}, ""),
    ],
)  # fmt: skip
def test_a_message_says_which_is_shown_and_why(tmp_path, types, columns, said):
    spectra = [
        (smooth_spectrum() | columns, {"source_type": kind, "source_id": number})
        for number, kind in enumerate(types, 1)
    ]
    app = new_app()
    texts = snackbar_texts(app)
    stage3.load(extracted(tmp_path, spectra), app=app)
    found = [text for text in texts if "is shown (" in text]
    assert [text.split(": ", 1)[1] for text in found] == ([said] if said else [])


@pytest.mark.forked
def test_spectra_of_one_file_are_of_one_kind(tmp_path):
    """Also where only one of them has values in the column that its type asks for."""
    blank = smooth_spectrum() | {"FLUX": np.zeros(50)}
    spectra = [
        (smooth_spectrum(), {"source_type": "POINT", "source_id": 1}),
        (blank, {"source_type": "POINT", "source_id": 2}),
    ]
    app = new_app()
    with pytest.warns(stage3.Stage3Warning, match="no usable sample"):
        labels = stage3.load(extracted(tmp_path, spectra), app=app)
    assert {app.datasets[label].get_data().flux.unit for label in labels} == {u.Jy}


@pytest.mark.forked
def test_surface_brightness_that_not_all_have_is_said(tmp_path):
    """It was asked for; the flux comes in its stead, of all of them."""
    spectra = [(smooth_spectrum(), {"source_type": "POINT", "source_id": i}) for i in (1, 2)]
    path = extracted(tmp_path, spectra)
    with fits.open(path) as hdus:
        hdus["EXTRACT1D", 2].columns.del_col("SURF_BRIGHT")
        hdus.writeto(path, overwrite=True)
    app = new_app()
    texts = snackbar_texts(app)
    labels = stage3.load(path, app=app, quantity="surface brightness")
    assert {app.datasets[label].get_data().flux.unit for label in labels} == {u.Jy}
    assert any("FLUX is shown (not all of the spectra have SURF_BRIGHT)" in t for t in texts)
