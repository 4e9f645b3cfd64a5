"""What plugins have made is made again by the script of a session, each by its own methods."""

import numpy as np
import pytest
from astropy import units as u
from fresh_apps import new_app
from glue.core.roi import CircularROI
from make_coronagraphs import combined, subtracted
from make_fields import IDS, ROOT, catalog, slitless
from make_interferometry import binary, oifits
from make_products import mosaic, mosaic_arrays
from make_slits import Slit, extracted_slits, single_slit
from make_stacks import stack
from sessions import restored

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import data_of, open_panels, shown_in

pytestmark = pytest.mark.filterwarnings("ignore::jdaviz_stage3.Stage3Warning")


def same_again(app, folder, tmp_path):
    """The app that the script makes, which is like this one, with the same numbers in its data."""
    from app_states import assert_same_state

    other, text = restored(app, folder, tmp_path)
    assert "Not restored" not in text
    assert_same_state(app, other)
    for data in app._app.data_collection:
        there = data_of(other, data.label)
        for component in data.main_components:
            if data.get_kind(component) == "numerical":
                np.testing.assert_array_equal(
                    np.asarray(data[component]), np.asarray(there[component.label]), component.label
                )
    return other, text


@pytest.mark.forked
def test_coronagraphy(tmp_path):
    app = new_app()
    stage3.load(subtracted(tmp_path), combined(tmp_path), app=app)
    plg = app.plugins["Coronagraphy"]
    plg.dataset = next(choice for choice in plg.dataset.choices if choice.endswith("psfsub"))
    plg.sigma, plg.noise = 3.0, "mad" if "mad" in plg.noise.choices else plg.noise.choices[-1]
    plg.snr_map()
    plg.star_flux = 0.5
    plg.inject((31.0, 48.0), 1e-3)
    plg.sigma = 4.0
    other, text = same_again(app, tmp_path, tmp_path)
    assert text.count("plg.snr_map()") == text.count("plg.inject(") == 1
    assert other.plugins["Coronagraphy"].sigma == 4


@pytest.mark.forked
def test_interferometry(tmp_path):
    app = new_app()
    root = "jw09997-o001_t001_niriss_f380m-nrm-sub80"
    sky = binary(110.0, -75.0, 0.08)
    stage3.load(
        oifits("ami-oi", tmp_path, sky=sky, root=root),
        oifits("psf-ami-oi", tmp_path, seed=9, root=root, target="CAL"),
        oifits("amimulti-oi", tmp_path, sky=sky, n_int=12, noise=0.01, root=root),
        app=app,
    )
    plg = app.plugins["Interferometry"]

    def named(end):
        return next(name for name in plg.dataset.choices if name.endswith(f" {end}"))

    plg.dataset, plg.reference = named("ami-oi"), named("psf-ami-oi")
    plg.calibrate()
    plg.dataset = named("amimulti-oi")
    plg.last_integration = 10
    plg.average()
    plg.mark("A2-A3")
    plg.series()  # of what is marked, which it is no more then
    plg.mark()
    _, text = same_again(app, tmp_path, tmp_path)
    for method in ("calibrate", "average", "series"):
        assert text.count(f"plg.{method}(") == 1, method


@pytest.mark.forked
def test_image_stack(tmp_path):
    app = new_app()
    [label] = stage3.load(stack(tmp_path, "psfsub"), app=app)
    [viewer] = shown_in(app, label)
    plg = app.plugins["Image Stack"]
    plg.frame = 3
    plg.pixel_series(2, 4)
    edit = app._app.session.edit_subset_mode
    edit.edit_subset = None
    viewer.apply_roi(CircularROI(3.2, 3.1, 1.6))
    plg.region = "Subset 1"
    plg.region_series()
    plg._obj.clicked = (3.0, 3.0)
    plg.drift()
    other, text = same_again(app, tmp_path, tmp_path)
    assert "plg.drift(3, 3)" in text
    assert text.count("plg.pixel_series(") == text.count("plg.region_series(") == 1
    there = other.plugins["Image Stack"]
    assert (there.frame, there.region.selected) == (3, "Subset 1")
    np.testing.assert_array_equal(there._obj.data().picture, plg._obj.data().picture)


@pytest.mark.forked
def test_pipeline_extraction(tmp_path):
    app = new_app()
    slit = Slit(n_rows=25, n_wave=120, row=11.3)
    paths = single_slit(tmp_path, slit), extracted_slits(tmp_path, [slit], width=7, factor=0.8)
    stage3.load(*paths, app=app)
    plg = app.plugins["Pipeline Extraction"]
    plg.extract()
    _, text = same_again(app, tmp_path, tmp_path)
    assert text.count("plg.extract()") == 1


@pytest.mark.forked
def test_compare_reductions(tmp_path):
    app = new_app()
    arrays = mosaic_arrays()
    for name, factor in (("old", 1), ("new", 1.25)):
        (tmp_path / name).mkdir()
        mosaic(tmp_path / name, arrays | {"data": arrays["data"] * np.float32(factor)})
        stage3.load(tmp_path / name, app=app)
    plg = app.plugins["Compare Reductions"]
    plg.first = plg.first.choices[0]
    plg.radius = 0.3
    plg.compare()
    plg.add_results()
    other, text = same_again(app, tmp_path, tmp_path)
    assert text.count("plg.add_results()") == 1
    assert other.plugins["Compare Reductions"].radius == pytest.approx(u.Quantity(plg.radius).value)


@pytest.mark.forked
def test_inspected_sources_are_in_their_own_file(tmp_path):
    """The plugin loads nothing; its viewer is no part of a session, what is loaded beside is."""
    field = tmp_path / "field"
    field.mkdir()
    catalog(field, (*IDS, 12))
    image = mosaic(field).rename(field / f"{ROOT}_i2d.fits")
    slitless(field)
    app = new_app()
    stage3.load(image, app=app)
    plg = app.plugins["Inspect Sources"]
    plg.find_sources(field, tmp_path / "inspection.ecsv")
    plg.select(IDS[0])
    assert "Source" in app.viewers
    other, text = restored(app, tmp_path, tmp_path)
    assert "stage3-source-viewer" not in text and "Inspect Sources" not in text
    assert set(other.viewers) == {"Image"}


@pytest.mark.forked
def test_open_panels(tmp_path):
    app = new_app()
    arrays = mosaic_arrays()
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        mosaic(tmp_path / name, arrays)
    stage3.load(tmp_path, app=app)
    assert "session.open_panels" not in stage3.session.to_python(app, tmp_path)
    for label in ("Stage 3 Products", "Compare Reductions"):
        app.plugins[label].open_in_tray(scroll_to=False)
    other, text = same_again(app, tmp_path, tmp_path)
    assert open_panels(other) == open_panels(app) == ("Stage 3 Products", "Compare Reductions")
    assert "session.open_panels(" in text
