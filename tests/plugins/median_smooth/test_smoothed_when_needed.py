"""How often the plugin smooths: what it has not chosen, and a closed panel, cost nothing."""

import pytest
from astropy import units as u
from fresh_apps import new_app
from make_products import mosaic
from make_spectra import extracted, integrations, smooth_spectrum, time_series
from specutils import SpectralRegion

import jdaviz_stage3 as stage3
from jdaviz_stage3.plugins.median_smooth import median_smooth

pytestmark = pytest.mark.forked


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("products")
    return {
        "i2d": mosaic(folder),
        "x1d": extracted(folder, [(smooth_spectrum(), {"source_id": 1})]),
        "x1dints": time_series(
            folder, [(integrations(range(1, 7), n_wave=12), {"spectral_order": 1})]
        ),
    }


@pytest.fixture
def smoothed(monkeypatch):
    """What was smoothed, one entry each time."""
    done = []
    smooth = median_smooth.smooth_spectrum

    def noted(spectrum, *arguments, **keywords):
        done.append(spectrum)
        return smooth(spectrum, *arguments, **keywords)

    monkeypatch.setattr(median_smooth, "smooth_spectrum", noted)
    return done


@pytest.mark.parametrize("first", ["x1d", "x1dints"])
def test_while_it_is_closed_a_spectrum_is_smoothed_once_as_it_is_chosen(first, files, smoothed):
    """Which says whether the settings suit it."""
    app = new_app()
    stage3.load(files[first], app=app)
    assert len(smoothed) == 1
    stage3.load(files["i2d"], files["x1d"], app=app)
    app.plugins["Unit Conversion"].flux_unit = "mJy"
    assert len(smoothed) == 1


def test_while_it_is_open_only_what_is_chosen_counts(files, smoothed):
    app = new_app()
    [first] = stage3.load(files["x1d"], app=app)
    app.plugins["Median Smooth"].keep_active = True
    smoothed.clear()
    stage3.load(files["i2d"], app=app)
    assert smoothed == []
    [other] = stage3.load(files["x1d"], app=app)
    app._app.remove_data_from_viewer("1D Spectrum", other)
    assert smoothed == []
    app._app.remove_data_from_viewer("1D Spectrum", first)
    assert smoothed


def test_only_the_subset_that_is_chosen_counts(files, smoothed):
    app = new_app()
    stage3.load(files["x1d"], app=app)
    plg = app.plugins["Median Smooth"]
    plg.keep_active = True
    subsets = app.plugins["Subset Tools"]
    subsets.import_region(SpectralRegion(2.2 * u.um, 2.6 * u.um))
    smoothed.clear()
    subsets.update_subset("Subset 1", lo=2.3, hi=2.5)
    assert smoothed == []
    plg.spectral_subset = "Subset 1"
    smoothed.clear()
    subsets.update_subset("Subset 1", lo=2.35, hi=2.5)
    assert smoothed
    plg.keep_active = False
    subsets.update_subset("Subset 1", lo=9.0, hi=9.5)
    assert "lies in the chosen region; choose another" in plg.problem
    app._app.data_collection.remove_subset_group(app._app.data_collection.subset_groups[0])
    assert plg.problem == ""
