"""Interferometric observables in the generalised app."""

import jdaviz
import numpy as np
import pytest
from make_interferometry import binary, fringe_parameters, oifits

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import as_read, data_of, glue_viewer, shown_in
from jdaviz_stage3.readers.interferometry import read_interferometry

KINDS = ("ami-oi", "psf-ami-oi", "aminorm-oi")


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ami")
    sky = binary(120, 60, 0.1)
    return {kind: oifits(kind, folder, sky=sky if kind[0] == "a" else None) for kind in KINDS}


@pytest.fixture(scope="module")
def loaded(paths):
    app = jdaviz.new_app()
    return app, stage3.load(*paths.values(), app=app)


def test_target_reference_and_normalised_share_two_viewers(loaded):
    app, labels = loaded
    assert list(app.viewers) == ["Squared visibility", "Closure phase"]
    for name in app.viewers:
        shown = [label for label in labels if f"[{name.lower()}]" in label]
        assert len(shown) == 3
        assert all(shown_in(app, label) == [glue_viewer(app, name)] for label in shown)


def test_values_against_baselines(loaded, paths):
    app, labels = loaded
    observables = read_interferometry(paths["ami-oi"])
    [label] = [label for label in labels if " ami-oi [squared" in label]
    table = app.get_data(label)
    np.testing.assert_allclose(table["vis2"], observables.vis2["value"])
    np.testing.assert_allclose(table["baseline"].value, observables.vis2["baseline"].value)
    viewer = glue_viewer(app, "Squared visibility")
    points = viewer.points_of(data_of(app, label))
    np.testing.assert_allclose(points.error, observables.vis2["error"])
    assert viewer.figure.axes[0].label == "Baseline (m)"
    assert viewer.figure.axes[1].label == "Squared visibility"
    assert as_read(data_of(app, label)).n_integrations == 1


def test_closure_phases_are_in_degrees(loaded):
    app, _ = loaded
    viewer = glue_viewer(app, "Closure phase")
    assert viewer.figure.axes[0].label == "Longest baseline (m)"
    assert viewer.figure.axes[1].label == "Closure phase (deg)"


def test_legend_names_the_files_in_their_colours(loaded):
    app, _ = loaded
    legend = glue_viewer(app, "Squared visibility").legend
    assert legend == {
        "ami-oi AB DOR": "#0072b2", "psf-ami-oi AB DOR": "#e69f00",
        "aminorm-oi AB DOR": "#009e73",
    }  # fmt: skip


def test_read_out_names_the_stations(loaded, paths):
    app, _ = loaded
    row = read_interferometry(paths["ami-oi"]).vis2[4]
    viewer = glue_viewer(app, "Squared visibility")
    readout = app._app.session.application._tools["g-coords-info"]
    place = {"x": row["baseline"].value, "y": float(row["value"])}
    readout._viewer_mouse_event(viewer, {"event": "mousemove", "domain": place})
    assert readout.row1a_text == row["stations"] and readout.row1a_title == "Stations"
    assert "±" in readout.row1b_text and readout.row2_title == "Baseline"


def test_integrations_are_points_of_their_own(tmp_path):
    app = jdaviz.new_app()
    labels = stage3.load(oifits("amimulti-oi", tmp_path, n_int=6), app=app)
    table = app.get_data(labels[0])
    assert len(table) == 21 * 6 and list(table["integration"][:7]) == [1, 2, 3, 4, 5, 6, 1]


def test_coverage_has_conjugates(paths):
    app = jdaviz.new_app()
    [label] = stage3.load(paths["ami-oi"], app=app, observables=["u–v coverage"])
    table = app.get_data(label)
    assert len(table) == 42
    np.testing.assert_allclose(table["u"][21:], -table["u"][:21])
    np.testing.assert_allclose(table["v"][21:], -table["v"][:21])


def test_before_jwst_1_14_there_are_no_baselines(tmp_path):
    app = jdaviz.new_app()
    with pytest.warns(stage3.Stage3Warning, match="without u, v"):
        labels = stage3.load(fringe_parameters("ami", tmp_path), app=app)
    assert list(app.viewers) == ["Squared visibility by number", "Closure phase by number"]
    assert list(app.get_data(labels[0])["number"][:3]) == [1, 2, 3]


def test_no_such_observable(paths):
    with pytest.raises(stage3.Stage3Error, match="amplitude"):
        stage3.load(paths["ami-oi"], app=jdaviz.new_app(), observables=["amplitude"])
