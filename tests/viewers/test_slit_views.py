"""The views of slits that STScI's pipeline notebooks draw by hand: fixed slit, MOS, LRS slit.

Each in three lines of code or fewer, with at least what theirs shows: the 2-D spectrum above the
extracted one, on a wavelength axis, the source and the extraction marked.
"""

import numpy as np
import pytest
from bqplot import Lines
from make_slits import Slit, extracted_slits, lrs_slit, many_slits, single_slit, slits_of_sizes
from short_views import run_view

from jdaviz_stage3.jdaviz_compat import application, as_read, data_of, glue_viewer, viewer_labels

pytestmark = pytest.mark.forked  # each in an app of its own

VIEWS = {
    "fixed slit, each nod": """
stage3.load(folder, app=app)
""",
    "MOS, by source": """
stage3.load(s2d, x1d, app=app, source_id=11)
""",
    "LRS slit": """
stage3.load(s2d, x1d, app=app, quantity="flux")
ratio = app.plugins["Pipeline Extraction"].compare()
""",
}


def check_pair(app, image, spectrum, slit, width):
    """What a viewer of a 2-D spectrum and the one below it show of a slit."""
    upper, lower = glue_viewer(app, image), glue_viewer(app, spectrum)
    [data] = [layer.layer.data for layer in upper.state.layers]
    ratio = np.asarray(data["flux"]) / slit.flux()
    assert np.isnan(ratio[0, :3]).all()  # which no exposure has covered
    np.testing.assert_allclose(ratio[1:], ratio[5, 5], rtol=1e-5)
    wavelength = slit.wavelengths()
    axis = upper.figure.axes[0]
    assert axis.label == lower.figure.axes[0].label == "Wavelength [um]"
    inside = [pixel for pixel in axis.tick_values if 0 <= pixel <= slit.n_wave - 1]
    shown = [float(axis.tick_labels[pixel]) for pixel in inside]
    order = np.argsort(wavelength)
    np.testing.assert_allclose(inside, np.interp(shown, wavelength[order], order), atol=0.01)
    upper.state.x_min, upper.state.x_max = 5, 15
    assert sorted([lower.state.x_min, lower.state.x_max]) == pytest.approx(
        sorted(wavelength[[5, 15]])
    )
    orange = [m for m in upper.figure.marks if type(m) is Lines and m.colors == ["#ff9100"]]
    window, source = sorted(orange, key=lambda mark: mark.line_style, reverse=True)
    assert np.ptp(window.y) == pytest.approx(width) and np.mean(source.y) == pytest.approx(slit.row)
    return lower


def columns(item):
    """The columns of a layout, each as the labels of the viewers in each of its parts."""
    parts = [[viewer["reference"] for viewer in part["viewers"]] for part in item["children"]]
    own = [parts] if item["container"] == "gl-col" else []
    return own + [found for child in item["children"] for found in columns(child)]


def above(app, images, spectra):
    """Whether viewers are the tabs of the cell above that of others."""
    layout = application(app).state.stack_items
    return [images, spectra] in [found for item in layout for found in columns(item)]


def test_fixed_slit(tmp_path):
    nods = [Slit(row=4.2), Slit(row=7.4)]
    for number, slit in enumerate(nods, 1):
        root = f"jw09997-o{number:03}_s00004_nirspec_f170lp-g235m"
        single_slit(tmp_path, slit, name=f"{root}_s2d.fits")
        extracted_slits(tmp_path, [slit], name=f"{root}_x1d.fits")
    app = run_view(VIEWS["fixed slit, each nod"], folder=tmp_path)
    first, second = (label for label in viewer_labels(app) if label.startswith("2-D"))
    assert above(app, [first, second], ["1D Spectrum"])
    for image, slit in ((first, nods[0]), (second, nods[1])):
        lower = check_pair(app, image, "1D Spectrum", slit, 5)
    assert len(lower.state.layers) == 2  # both nods in one plot


def test_multi_object(tmp_path):
    slits = slits_of_sizes(3)
    paths = {"s2d": many_slits(tmp_path, slits), "x1d": extracted_slits(tmp_path, slits)}
    app = run_view(VIEWS["MOS, by source"], **paths)
    assert above(app, ["2-D spectrum order 1 source 11"], ["1D Spectrum"])
    lower = check_pair(app, "2-D spectrum order 1 source 11", "1D Spectrum", slits[1], 5)
    [layer] = lower.state.layers
    assert layer.layer.meta["source_id"] == 11


def test_lrs_slit(tmp_path):
    slit = Slit(name="", source_id=None, order=None, unit="MJy/sr", low=13.9, high=4.0, level=20.0)
    paths = {
        "s2d": lrs_slit(tmp_path, slit),
        "x1d": extracted_slits(tmp_path, [slit], dispersion_axis=2),
    }
    app = run_view(VIEWS["LRS slit"], **paths)
    lower = check_pair(app, "2-D spectrum", "1D Spectrum", slit, 5)
    spectrum = as_read(data_of(app, lower.state.layers[0].layer.label))
    assert spectrum.flux.unit == "Jy"
    assert "median 1, scatter" in app.plugins["Pipeline Extraction"].ratio_text
