"""The windows of viewers: made once, and not at each look, as long as they are the same."""

from collections import Counter

import pytest
from fresh_apps import new_app
from ipywidgets.widgets.widget import _instances
from jdaviz.utils import suppress_widget_comms
from make_spectra import extracted, smooth_spectrum

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import glue_viewer

VIEWER = "1D Spectrum"


def files(folder, count):
    for number in range(count):
        place = folder / f"x1d{number}"
        place.mkdir()
        header = {"source_id": number + 1, "source_type": "POINT"}
        yield extracted(place, [(smooth_spectrum(40), header)], suffix=f"s{number:05d}_x1d")


def widgets() -> Counter:
    return Counter(type(widget).__name__ for widget in _instances.values())


@pytest.fixture
def app(tmp_path):
    app = new_app()
    stage3.load(*files(tmp_path, 2), app=app)
    return app


@pytest.mark.forked
def test_who_looks_makes_no_widgets(app, tmp_path):
    window = app.viewers[VIEWER]._obj
    before, told = widgets(), len(app._app.hub._subscriptions)
    for _ in range(3):
        assert app.viewers[VIEWER]._obj is window
        assert list(app.viewers) == [VIEWER]
    assert widgets() == before and len(app._app.hub._subscriptions) == told
    assert window.glue_viewer is glue_viewer(app, VIEWER)


@pytest.mark.forked
def test_a_load_makes_no_windows(app, tmp_path):
    app.viewers  # noqa: B018
    before = widgets()
    (tmp_path / "more").mkdir()
    stage3.load(*files(tmp_path / "more", 3), app=app)
    new = widgets() - before
    assert "PopoutButton" not in new and "JdavizViewerWindow" not in new
    assert new["LinesGL"] + new["Lines"] == 3, "of the spectra"


@pytest.mark.forked
def test_each_viewer_has_its_own_and_a_renamed_one_another(app):
    app.viewers[VIEWER].clone_viewer()
    one, other = (viewer._obj for viewer in app.viewers.values())
    assert one.glue_viewer is not other.glue_viewer
    app._app._update_viewer_reference_name(VIEWER, "mine", update_id=True)
    assert app.viewers["mine"]._obj.id == "mine"
    app._app.vue_destroy_viewer_item("mine")
    assert [viewer._obj for viewer in app.viewers.values()] == [other]


@pytest.mark.forked
def test_a_window_that_is_closed_or_has_other_tools_is_made_anew(app):
    window = app.viewers[VIEWER]._obj
    window.glue_viewer.initialize_toolbar()
    after = app.viewers[VIEWER]._obj
    assert after is not window
    assert after.toolbar_widget.endswith(window.glue_viewer.toolbar.model_id)
    after.close()
    assert app.viewers[VIEWER]._obj.comm is not None


@pytest.mark.forked
def test_a_window_that_the_page_does_not_hear_of_is_not_kept(tmp_path):
    app = new_app()
    stage3.load(*files(tmp_path, 1), app=app)
    vars(glue_viewer(app, VIEWER)).pop("_stage3_window", None)
    with suppress_widget_comms():
        unseen = app.viewers[VIEWER]._obj
    assert app.viewers[VIEWER]._obj is not unseen


@pytest.mark.forked
def test_the_first_viewer_of_imviz():
    app = new_app("imviz")
    before = widgets()
    windows = {id(app.default_viewer._obj) for _ in range(3)}
    assert len(windows) == 1 and (widgets() - before)["PopoutButton"] <= 1
    assert app.default_viewer._obj.glue_viewer is app._default_viewer
