"""Time series that stay in their file, as those of more than 128 MB do."""

import os

import numpy as np
import pytest
from fresh_apps import new_app
from glue.core.roi import RangeROI
from make_spectra import integrations, time_series
from specutils import Spectrum

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import as_read, data_of, shown_in
from jdaviz_stage3.readers import stored_series, trace_columns
from jdaviz_stage3.readers.spectral_trace import SpectralTrace
from jdaviz_stage3.viewers import dynamic_spectrum
from jdaviz_stage3.viewers.dynamic_spectrum import read_out_sample

N_INT, N_WAVE, ENOUGH = 90, 20, 12

pytestmark = pytest.mark.forked


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """An app with one file twice: in memory, and in the file; and what was read whole."""
    numbers = np.arange(1, N_INT + 1)
    rng = np.random.default_rng(0)
    flux = np.outer(1 + numbers / 1000, 1 + np.arange(N_WAVE)) + rng.normal(0, 0.1, (N_INT, N_WAVE))
    days = 60000 + numbers / 100 + (numbers > 20) * 0.1
    dq = np.where(rng.random(flux.shape) < 0.02, 1, 0)
    wavelength = np.linspace(2.8, 0.9, N_WAVE) ** 1.5
    wavelength[:2] = np.nan
    columns = integrations(numbers, N_WAVE, FLUX=flux, WAVELENGTH=wavelength, DQ=dq)
    columns |= {"MJD-AVG": days, "TDB-MID": days + 0.003}
    path = time_series(tmp_path_factory.mktemp("long"), [(columns, {"spectral_order": 1})])
    app = new_app()
    whole, read = SpectralTrace.usable_flux, []
    patch = pytest.MonkeyPatch()
    patch.setattr(trace_columns, "LONG_SERIES", 0)
    patch.setattr(stored_series, "ENOUGH_INTEGRATIONS", ENOUGH)
    patch.setattr(SpectralTrace, "usable_flux", lambda *args: read.append(args) or whole(*args))
    labels = stage3.load(path, app=app)  # the first one, for which jdaviz chooses its units
    patch.setattr(trace_columns, "LONG_SERIES", 2**24)
    labels = stage3.load(path, app=app) + labels
    read[:] = [args for args in read if args[0] is as_read(data_of(app, labels[2]))]
    yield app, labels, read
    patch.undo()


def state_of(app, label):
    [viewer] = shown_in(app, label)
    viewer.normalize_by("none")
    [state] = [s for s in viewer.state.layers if s.layer.label == label]
    return viewer, state


def test_loading_and_drawing_read_only_what_is_shown(both):
    app, labels, read = both
    pictures = []
    state_of(app, labels[0])[0].apply_roi(RangeROI("x", 1.5, 2.5))
    for label in (labels[0], labels[2]):
        viewer, state = state_of(app, label)
        x, y = (viewer.state.x_min, viewer.state.x_max), (viewer.state.y_min, viewer.state.y_max)
        pictures.append(state.get_sliced_data(bounds=[(*y, 37), (*x, 31)]))
        subset = next(s for s in viewer.state.layers if "Subset" in s.layer.label)
        pictures.append(subset.get_sliced_data(bounds=[(*y, 37), (*x, 31)]))
        assert 0 < pictures[-1].sum() < pictures[-1].size
    np.testing.assert_array_equal(pictures[0], pictures[2])
    np.testing.assert_array_equal(pictures[1], pictures[3])
    assert np.isnan(pictures[0]).any()
    assert not read


def test_what_is_of_some_integrations_says_so(both):
    app, labels, read = both
    assert labels[1] == f"{labels[2]} (median)"
    assert labels[3] == f"{labels[2]} (median of {ENOUGH} integrations)"
    [viewer] = shown_in(app, labels[2])
    state = next(s for s in viewer.state.layers if s.layer.label == labels[2])
    assert state.divided_by == f"median of {ENOUGH}"
    data = data_of(app, labels[2])
    sample = data_of(app, labels[0])["flux"][stored_series.spread_over(N_INT, ENOUGH)]
    median = np.nanmedian(sample, axis=0)
    np.testing.assert_array_equal(viewer.state.divisor_of(data, state.attribute), median)
    np.testing.assert_array_equal(data_of(app, labels[3])["flux"], median)
    assert data_of(app, labels[3]).meta["n_integrations"] == ENOUGH
    baseline = np.arange(N_INT) < ENOUGH
    viewer.normalize_by("baseline", baseline)
    assert state.divided_by == "baseline"
    mean = np.nanmean(data_of(app, labels[0])["flux"][:ENOUGH], axis=0)
    np.testing.assert_array_equal(viewer.state.divisor_of(data, state.attribute), mean)
    assert not read


def test_the_read_out_is_that_of_the_same_series_in_memory(both):
    app, labels, read = both
    found = []
    for label in (labels[0], labels[2]):
        viewer, _ = state_of(app, label)
        info = app._app.session.application._tools["g-coords-info"]
        read_out_sample(info, viewer, 2.0, (viewer.state.y_min + viewer.state.y_max) / 3)
        found.append([info.row1a_text, info.row1b_text, info.row2_text, info.row3_text])
    assert found[0] == found[1] and "Jy" in found[0][1]
    assert not read


def test_a_file_that_was_written_anew_is_said_once(both, monkeypatch, request):
    app, labels, _ = both
    viewer, state = state_of(app, labels[2])
    said = []
    monkeypatch.setattr(dynamic_spectrum, "show_message", lambda app, text: said.append(text))
    path = as_read(data_of(app, labels[2])).path
    written = path.stat().st_mtime_ns
    request.addfinalizer(lambda: os.utime(path, ns=(written, written)))
    os.utime(path, ns=(1, 1))
    bounds = [(viewer.state.y_min, viewer.state.y_max, 5), (viewer.state.x_min, 2.8, 4)]
    for _ in range(2):
        drawn = state.get_sliced_data(bounds=bounds)
        assert drawn.shape == (5, 4) and np.isnan(drawn).all()
    assert len(said) == 1 and path.name in said[0] and "written anew" in said[0]
    info = app._app.session.application._tools["g-coords-info"]
    read_out_sample(info, viewer, 2.0, (viewer.state.y_min + viewer.state.y_max) / 3)
    assert info.row1b_text == "excluded or missing"
    viewer.normalize_by("median", percentile=98.0)  # which no picture has asked for yet
    assert np.isnan(state.get_sliced_data(bounds=bounds)).all() and state.divided_by
    assert len(said) == 1


def test_data_that_are_asked_for_are_all_of_them(both):
    app, labels, read = both
    spectra = [app._app._jdaviz_helper.get_data(labels[i], cls=Spectrum) for i in (0, 2)]
    arrays = [data_of(app, labels[i]).get_object(Spectrum, statistic=None) for i in (0, 2)]
    assert not read, "before the values are asked for"
    for one, other in (spectra, arrays):
        assert one.shape == other.shape and one.unit == other.unit
        np.testing.assert_array_equal(one.flux.value, other.flux.value)
        np.testing.assert_array_equal(one.spectral_axis.value, other.spectral_axis.value)
    np.testing.assert_array_equal(data_of(app, labels[2])["flux"], arrays[0].flux.value)
    assert read
