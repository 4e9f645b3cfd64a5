"""The views of stacks that STScI's pipeline notebooks draw by hand: coronagraphy, imaging in time.

Each in three lines of code or fewer, with at least what theirs shows.
"""

import numpy as np
import pytest
from make_products import mosaic
from make_stacks import SHAPE, stack, stack_arrays
from short_views import run_view

from jdaviz_stage3.jdaviz_compat import glue_viewer, shown_in
from jdaviz_stage3.viewers.picture_title import show_picture_title

pytestmark = pytest.mark.forked  # each in an app of its own

VIEWS = {
    "NIRCam coronagraphy: a psfsub frame beside the i2d": """
stage3.load(i2d, psfsub, app=app, align_by="WCS")
app.plugins["Image Stack"].frame = 2
""",
    "MIRI coronagraphy: the mean of the psfsub frames": """
stage3.load(psfsub, app=app)
app.plugins["Image Stack"].picture = "mean"
""",
    "Imaging in time: a star beside its photometry": """
stage3.load(crfints, phot, app=app)
app.plugins["Image Stack"].pixel_series(10, 8)
""",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory, built):
    folder = tmp_path_factory.mktemp("views")
    return {
        "i2d": mosaic(folder), "psfsub": stack(folder, "psfsub"),
        "crfints": stack(folder, "crfints"), "phot": built("phot", "3.0"),
    }  # fmt: skip


def test_psfsub_beside_i2d(files):
    app = run_view(VIEWS["NIRCam coronagraphy: a psfsub frame beside the i2d"], **files)
    viewer = glue_viewer(app, "psfsub stack")
    assert show_picture_title(viewer).text.startswith("integration 2 of 12")
    [i2d] = [label for label in app.datasets if label.endswith("i2d")]
    assert [v.reference for v in shown_in(app, i2d)] == ["Image"]


def test_mean_of_psfsub(files):
    app = run_view(VIEWS["MIRI coronagraphy: the mean of the psfsub frames"], **files)
    arrays = stack_arrays()
    good = np.where(arrays["dq"][:, 5, 5] & 1, np.nan, arrays["data"][:, 5, 5])
    [label] = app.datasets
    assert app.get_data(label).data[5, 5] == pytest.approx(np.nanmean(good), rel=1e-6)


def test_pixel_beside_photometry(files):
    app = run_view(VIEWS["Imaging in time: a star beside its photometry"], **files)
    assert {"crfints stack", "Light curve", "Light curves"} <= set(app.viewers)
    [pixel] = [label for label in app.datasets if "pixel (10, 8)" in label]
    assert len(app.get_data(pixel)) == SHAPE[0]
