"""Interferometric observables in the generalised app."""

import numpy as np
import pytest
from astropy.io import fits
from fresh_apps import new_app
from make_interferometry import binary, fringe_fit, fringe_parameters, oifits

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
    app = new_app()
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
    # above the plot, not over the points
    labels = [axis.label.strip() for axis in glue_viewer(app, "Squared visibility").figure.axes[2:]]
    assert labels == [f"● {text}" for text in legend]


def test_read_out_names_the_stations(loaded, paths):
    app, _ = loaded
    row = read_interferometry(paths["ami-oi"]).vis2[4]
    viewer = glue_viewer(app, "Squared visibility")
    readout = app._app.session.application._tools["g-coords-info"]
    place = {"x": row["baseline"].value, "y": float(row["value"])}
    readout._viewer_mouse_event(viewer, {"event": "mousemove", "domain": place})
    assert readout.row1a_text == row["stations"] and readout.row1a_title == "Stations"
    assert "±" in readout.row1b_text and readout.row2_title == "Baseline"


@pytest.mark.forked
def test_integrations_are_points_of_their_own(tmp_path):
    app = new_app()
    labels = stage3.load(oifits("amimulti-oi", tmp_path, n_int=6), app=app)
    table = app.get_data(labels[0])
    assert len(table) == 21 * 6 and list(table["integration"][:7]) == [1, 2, 3, 4, 5, 6, 1]


@pytest.mark.forked
def test_coverage_has_conjugates(paths):
    app = new_app()
    [label] = stage3.load(paths["ami-oi"], app=app, observables=["u–v coverage"])
    table = app.get_data(label)
    assert len(table) == 42
    np.testing.assert_allclose(table["u"][21:], -table["u"][:21])
    np.testing.assert_allclose(table["v"][21:], -table["v"][:21])


@pytest.mark.forked
def test_before_jwst_1_14_there_are_no_baselines(tmp_path):
    app = new_app()
    with pytest.warns(stage3.Stage3Warning, match="without u, v"):
        labels = stage3.load(fringe_parameters("ami", tmp_path), app=app)
    assert list(app.viewers) == ["Squared visibility by number", "Closure phase by number"]
    assert list(app.get_data(labels[0])["number"][:3]) == [1, 2, 3]


@pytest.mark.forked
def test_no_such_observable(paths):
    with pytest.raises(stage3.Stage3Error, match="amplitude"):
        stage3.load(paths["ami-oi"], app=new_app(), observables=["amplitude"])


def drawn(app, viewer):
    return [layer.layer for layer in glue_viewer(app, viewer).state.layers]


def test_integrations_are_points_each(loaded, tmp_path):
    app, _ = loaded
    path = oifits("amimulti-oi", tmp_path, n_int=4, root="jw09997-o003_t001_niriss_f380m-nrm")
    stage3.load(path, app=app)
    data = drawn(app, "Squared visibility")[-1]
    points = glue_viewer(app, "Squared visibility").points_of(data)
    with fits.open(path) as hdus:
        assert np.array_equal(points.y.reshape(21, 4), hdus["OI_VIS2"].data["VIS2DATA"])
    facts = glue_viewer(app, "Squared visibility").describe_point(data, 6)
    assert facts["number"] == ("Stations", "A1-A3, integration 3")


def test_flagged_points_are_marked(loaded, tmp_path):
    app, _ = loaded
    path = oifits("ami-oi", tmp_path, root="jw09997-o002_t001_niriss_f380m-nrm-sub80")
    with fits.open(path, mode="update") as hdus:
        hdus["OI_VIS2"].data["FLAG"][4] = True
    stage3.load(path, app=app)
    viewer, data = glue_viewer(app, "Squared visibility"), drawn(app, "Squared visibility")[-1]
    assert np.flatnonzero(viewer.points_of(data).flagged).tolist() == [4]
    assert viewer.describe_point(data, 4)["flag"][0] == "Flagged"


def test_a_file_without_observables_leaves_nothing(loaded, tmp_path):
    app, _ = loaded
    path = oifits("ami-oi", tmp_path)
    with fits.open(path) as hdus:
        names = ("PRIMARY", "OI_TARGET", "OI_ARRAY")
        fits.HDUList([hdu for hdu in hdus if hdu.name in names]).writeto(path, overwrite=True)
    before = [data.label for data in app._app.data_collection], set(app.viewers)
    with pytest.raises(stage3.UnreadableProductError, match="no interferometric observables"):
        stage3.load(path, app=app)
    assert ([data.label for data in app._app.data_collection], set(app.viewers)) == before


@pytest.mark.filterwarnings("ignore:.*positions are in pixels only:jdaviz_stage3.Stage3Warning")
def test_fringe_fits_are_stacks(loaded, tmp_path):
    app, _ = loaded
    path = fringe_fit(tmp_path)
    [label] = stage3.load(path, app=app)
    [residual] = stage3.load(path, app=app, images="RESID")
    with fits.open(path) as hdus:
        for name, extension in ((label, "CTRD"), (residual, "RESID")):
            data = data_of(app, name)
            assert np.array_equal(data.picture, hdus[extension].data[0])
            data.show_frame((2,))
            assert np.array_equal(data.picture, hdus[extension].data[2])
    assert {label, residual} <= set(app.plugins["Image Stack"].stack.choices)
    assert stage3.read(path, extension="FIT").shape == (3, 9, 9)
    assert stage3.read(path).coefficients.shape == (3, 44)
    with pytest.raises(stage3.UnreadableProductError, match="no images 'SCI'"):
        stage3.read(path, extension="SCI")


@pytest.mark.forked
def test_legend_tells_exposures_of_one_star_apart(tmp_path):
    app = new_app()
    paths = [oifits("ami-oi", tmp_path, root=f"jw0999700{i}001_04101_00001_nis") for i in (1, 2)]
    labels = stage3.load(*paths, app=app)
    legend = glue_viewer(app, "Squared visibility").legend
    assert list(legend) == [label.partition(" [")[0] for label in labels if "squared" in label]
    assert len(set(legend.values())) == 2


@pytest.mark.forked
def test_of_very_many_points_those_are_drawn_that_can_be_told_apart(tmp_path):
    app = new_app()
    path = oifits("amimulti-oi", tmp_path, n_int=700, noise=0.02)
    with fits.open(path, mode="update") as hdus:
        hdus["OI_T3"].data["FLAG"][2] = True
    stage3.load(path, app=app)
    viewer = glue_viewer(app, "Closure phase")
    [artist] = [layer for layer in viewer.layers if layer.layer in drawn(app, "Closure phase")]
    points = viewer.points_of(artist.layer)
    n_drawn = len(artist.scatter_mark.x)
    assert len(points.x) == 35 * 700 and n_drawn < 7000
    assert artist.scatter_mark.y.max() == np.float32(points.y[points.good].max())
    assert 0 < len(artist.flag_mark.x) < 700
    middle = float(np.median(points.y[points.good]))
    viewer.state.y_min, viewer.state.y_max = middle - 0.5, middle + 0.5
    assert (np.abs(artist.scatter_mark.y - middle) < 0.51).all(), "what is in view now"
    in_view = points.good & (np.abs(points.y - middle) < 0.5)
    cells = np.stack([np.round(points.x, 3), np.floor((points.y - middle + 0.5) * 500)])[:, in_view]
    assert len(artist.scatter_mark.x) >= len(np.unique(cells, axis=1).T), "and all of it"
    viewer.reset_limits()
    assert len(artist.scatter_mark.x) == n_drawn
    artist.state.visible = False
    artist.state.visible = True
    assert len(artist.scatter_mark.x) == n_drawn
