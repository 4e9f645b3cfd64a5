"""Images that are shown whole stay so when their viewer gets another size."""

import numpy as np
import pytest
from fresh_apps import new_app
from make_products import mosaic

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import glue_viewer


def browser_tells(viewer, width, height):
    """What glue hears when a browser has drawn a viewer, or its size has changed."""
    now = "2026-01-01T00:00:00"
    view = {"width": width, "height": height, "focused_at": now, "resized_at": now}
    viewer._vl.view_data = {"view": view}


@pytest.mark.forked
def test_a_whole_image_stays_whole_where_the_viewer_gets_another_size(tmp_path, monkeypatch):
    app = new_app()
    clock = [0.0]
    monkeypatch.setattr("jdaviz_stage3.jdaviz_compat.figures.time.monotonic", lambda: clock[0])
    stage3.load(mosaic(tmp_path), app=app)  # 40 × 30 pixels
    viewer = glue_viewer(app, "Image")

    def spans():
        state = viewer.state
        return state.x_max - state.x_min, state.y_max - state.y_min

    browser_tells(viewer, 800, 600)
    assert spans() == pytest.approx((40, 30))
    clock[0] = 100.0  # long after
    browser_tells(viewer, 800, 300)
    assert spans() == pytest.approx((80, 30))
    browser_tells(viewer, 400, 600)
    assert spans() == pytest.approx((40, 60))
    viewer.state.x_min, viewer.state.x_max = 5, 25  # somebody zooms
    zoomed = spans()
    browser_tells(viewer, 800, 600)
    assert np.prod(spans()) == pytest.approx(np.prod(zoomed))
    viewer.state.reset_limits()
    browser_tells(viewer, 800, 300)
    assert spans() == pytest.approx((80, 30))
