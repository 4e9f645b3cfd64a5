"""Products in the generalised app: what is loaded, under which labels, and what is shown."""

import contextlib
import warnings

import astropy.units as u
import jdaviz
import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from fresh_apps import new_app
from glue.config import colormaps
from jdaviz.core.registries import loader_importer_registry, loader_parser_registry
from make_products import BUILDERS, mosaic
from make_tables import catalog, catalog_table

import jdaviz_stage3 as stage3
from jdaviz_stage3.loaders.asked_options import chosen_options
from jdaviz_stage3.products import PRODUCT_TYPES

pytestmark = pytest.mark.forked  # each with an app of its own

LOADABLE = sorted(key for key in BUILDERS if stage3.products.product_type(key[0]).importer)
NAMES = ("mine_cat.fits", "mine_cat.parquet")
NOT_YET = sorted(key for key in BUILDERS if not stage3.products.product_type(key[0]).can_load)


@pytest.fixture
def app():
    return new_app()


def viewer_of(app, label):
    """The glue viewers that show a data entry."""
    from jdaviz_stage3.jdaviz_compat import shown_in

    return shown_in(app, label)


def data_of(app, label):
    return app._app.data_collection[label]


def load_quietly(*paths, **options):
    """Load, with our warnings allowed: some builders make what one should be warned of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)
        return stage3.load(*paths, **options)


class Imports:
    """The importers that were called, each with what it was to do then."""

    def __init__(self, monkeypatch, importer, runs):
        self.found = []
        cls = loader_importer_registry.members[importer]
        run = cls.__call__

        def noted(one):
            viewers = one.viewer.selected, one.viewer.create_new.selected
            self.found.append(
                (one.product.path, one.data_label_value, chosen_options(one), viewers)
            )
            return run(one) if runs else []

        monkeypatch.setattr(cls, "__call__", noted)


@pytest.mark.parametrize("key", LOADABLE, ids="-".join)
def test_every_type_and_generation_loads_and_is_shown(key, built, app, monkeypatch):
    """And a bare ``load`` of jdaviz, and the file picker, find one format: it calls the same."""
    path = built(*key)
    importer = stage3.identify(path).importer
    loader = app.loaders["file"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)
        loader.filepath = str(path)
        assert loader.format.choices == [importer]
        loader.filepath = ""
        with monkeypatch.context() as patch:
            by_jdaviz = Imports(patch, importer, runs=False)
            app.load(str(path))
    assert len(app._app.data_collection) == 0
    by_us = Imports(monkeypatch, importer, runs=True)
    labels = load_quietly(path, app=app)
    assert labels
    root, suffix = stage3.products.product_root(path), key[0]
    for label in labels:
        assert label.startswith(f"{root} {suffix}")
        assert "index" not in label
        assert viewer_of(app, label)
    assert len(by_us.found) == 1
    assert by_jdaviz.found == by_us.found


@pytest.mark.parametrize("key", NOT_YET, ids="-".join)
def test_a_type_without_loader_is_named_in_the_error(key, built, app):
    before = list(app.datasets)
    with pytest.raises(stage3.UnsupportedProductError, match=rf"{key[0]} product .*cannot show"):
        stage3.load(built(*key), app=app)
    assert list(app.datasets) == before


def test_the_table_and_the_importers_agree():
    importers = {row.importer for row in PRODUCT_TYPES if row.importer}
    assert importers <= set(loader_importer_registry.members)
    assert {name for name in loader_importer_registry.members if "JWST" in name} == importers


ONE_OF_EACH = {stage3.products.product_type(key[0]).importer: key for key in LOADABLE}


@pytest.mark.parametrize("key", ONE_OF_EACH.values(), ids="-".join)
def test_a_bare_jdaviz_load_adds_the_data(key, built, app):
    """One of each importer: that it calls the importer for all, the test above says."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)
        app.load(str(built(*key)))
    assert len(app._app.data_collection) > 0


@pytest.fixture
def tried(monkeypatch):
    """The parsers of jdaviz that were asked about an input."""
    found = []
    for name, parser in loader_parser_registry.members.items():

        def noted(one, app, given, name=name, made=parser.__init__):
            found.append(name)
            made(one, app, given)

        monkeypatch.setattr(parser, "__init__", noted)
    return found


def test_for_a_product_no_other_format_is_looked_for(built, app, tried):
    """Each other parser reads a file in its own way: seconds, where it is large."""
    loader = app.loaders["file"]
    loader.filepath = str(built("c1d", "CombinedSpecModel"))
    assert loader.format.choices == ["JWST spectra"]
    assert loader._obj.target.choices == ["Any", "1D Spectrum"]
    assert set(tried) == {"JWST Stage 3"}
    loader.filepath = str(built("asn", "json"))
    assert len(set(tried)) > 3, "of other files it is as before"
    loader.filepath = str(built("i2d", "ImageModel"))
    assert loader.format.choices == ["JWST image"]


def test_an_explicit_format_stays_jdavizs_own(built, app):
    app.load(str(built("i2d", "ImageModel")), format="Image")
    assert [label for label in app.datasets if "[SCI" in label]


def test_mosaic_has_unit_wcs_and_the_planes_asked_for(built, app):
    path = built("i2d", "ImageModel")
    labels = stage3.load(path, app=app, extension=["SCI", "ERR", "WHT"])
    root = stage3.products.product_root(path)
    assert labels == [f"{root} i2d", f"{root} i2d[ERR]", f"{root} i2d[WHT]"]
    with fits.open(path) as hdus:
        expected = hdus["SCI"].data
        wcs = WCS(hdus["SCI"].header, naxis=2)
        error = hdus["ERR"].data
    data = data_of(app, labels[0])
    np.testing.assert_array_equal(data["data"], expected)
    assert data.get_component("data").units == "MJy / sr"
    np.testing.assert_array_equal(data_of(app, labels[1])["err"], error)
    x, y = np.array([0.0, 12.5, 39.0]), np.array([3.0, 29.0, 0.5])
    np.testing.assert_allclose(
        data.coords.pixel_to_world_values(x, y), wcs.all_pix2world(x, y, 0), rtol=1e-12
    )


def test_catalog_has_all_columns_and_lies_on_its_image(built, app):
    image, catalog = built("i2d", "ImageModel"), built("cat", "current")
    labels = stage3.load(catalog, image, app=app)
    assert labels[0].endswith("i2d"), "images are loaded before their catalogs"
    table = stage3.read(catalog)
    data = data_of(app, labels[1])
    names = {component.label for component in data.components}
    for name in table.colnames:
        if hasattr(table[name], "ra"):
            parts = {"RA", "Dec"} if name == "sky_centroid" else {f"{name}.ra", f"{name}.dec"}
            assert parts <= names
        else:
            assert name in names
    np.testing.assert_array_equal(data["ID"], table["label"])
    np.testing.assert_allclose(data["RA"], table["sky_centroid"].ra.deg)
    assert data.get_component("aper_total_flux").units == "Jy"
    [viewer] = viewer_of(app, labels[1])
    assert viewer in viewer_of(app, labels[0])


@pytest.mark.parametrize("align_by", ["Pixels", "WCS"])
def test_sources_are_drawn_at_their_pixels(align_by, app):
    """Marks of the native catalog layer, through the viewer's own attributes."""
    from jdaviz_stage3.demo import demo_products

    image, _, catalog = demo_products()[:3]
    labels = stage3.load(image, catalog, app=app)
    app.plugins["Orientation"].align_by = align_by
    table = stage3.read(catalog)
    [viewer] = viewer_of(app, labels[1])
    layer = next(layer for layer in viewer.layers if layer.layer.label == labels[1])
    data = data_of(app, labels[1])
    state = viewer.state
    x, y = (data[attribute] for attribute in (state.x_att, state.y_att))
    if align_by == "Pixels":
        expected = table["xcentroid"], table["ycentroid"]
    else:
        reference = state.reference_data.coords
        expected = reference.world_to_pixel(table["sky_centroid"])
    np.testing.assert_allclose(x, expected[0], atol=0.1)
    np.testing.assert_allclose(y, expected[1], atol=0.1)
    assert layer.visible


def test_segmentation_keeps_its_labels_and_shows_the_image_through(built, app):
    image, segments = built("i2d", "ImageModel"), built("segm", "SegmentationMapModel")
    labels = stage3.load(image, segments, app=app)
    data = data_of(app, labels[1])
    with fits.open(segments) as hdus:
        np.testing.assert_array_equal(data["data"], hdus["SCI"].data)
    [viewer] = viewer_of(app, labels[1])
    state = next(s for s in viewer.state.layers if s.layer.label == labels[1])
    assert state.cmap(0.0)[3] == 0, "no source: clear"
    assert 0 < state.alpha < 1


def test_only_who_loads_a_segmentation_map_finds_its_colors_in_the_menus(built, app, monkeypatch):
    names = [name for name, _ in colormaps.members if name != "Segments"]
    stock = [member for member in colormaps.members if member[0] in names]
    monkeypatch.setattr(colormaps, "_members", stock)
    stage3.load(built("i2d", "ImageModel"), app=app)
    options = app.plugins["Plot Options"]
    assert options.image_colormap.choices == [name for name, _ in colormaps.members] == names
    for _ in range(2):
        [label] = stage3.load(built("segm", "SegmentationMapModel"), app=app)
        assert [name for name, _ in colormaps.members] == [*names, "Segments"]
    options.layer = label
    assert options.image_colormap.text == "Segments"
    assert "Segments" in options._obj.cmap_samples


def test_spectra_are_chosen_by_source(built, app):
    path = built("x1d", "WFSSMultiSpecModel")
    sequence = stage3.read(path)
    wanted = sequence.entries[1].source_id
    labels = stage3.load(path, app=app, source_id=wanted)
    assert len(labels) == sum(entry.source_id == wanted for entry in sequence.entries)
    for label, spectrum in zip(labels, sequence.select(source_id=wanted), strict=True):
        data = data_of(app, label)
        assert f"source {wanted}" in label
        assert data.meta["source_id"] == wanted
        good = ~spectrum.mask
        np.testing.assert_array_equal(data["flux"][good], spectrum.flux.value[good])
        assert np.isnan(data["flux"][~good]).all(), "flagged samples are gaps"
        np.testing.assert_array_equal(data["mask"], spectrum.mask)
        np.testing.assert_array_equal(data["uncertainty"][good], spectrum.uncertainty.array[good])


def test_of_many_spectra_the_first_source_is_loaded(app):

    from jdaviz_stage3.demo import demo_products

    path = next(p for p in demo_products() if "_c1d" in p.name)
    assert len(stage3.read(path)) > 8
    [label] = stage3.load(path, app=app)
    assert label.endswith(f"source {stage3.read(path).entries[0].source_id}")


def test_flux_axis_is_in_the_unit_of_the_spectrum_also_after_an_image(built, app):
    """jdaviz makes MJy of the first image's MJy/sr the unit of all spectra."""
    stage3.load(built("i2d", "ImageModel"), app=app)
    [label] = stage3.load(built("c1d", "CombinedSpecModel"), app=app)
    [viewer] = viewer_of(app, label)
    flux = data_of(app, label)["flux"]
    assert viewer.state.y_display_unit == "Jy"
    assert "Jy" in viewer.figure.axes[1].label
    assert viewer.state.y_min <= np.nanmedian(flux) <= viewer.state.y_max


def test_surface_brightness_is_not_drawn_on_a_flux_axis(built, app):
    path = built("x1d", "WFSSMultiSpecModel")
    stage3.load(path, app=app, quantity="flux")
    before = list(app.datasets)
    with pytest.raises(stage3.Stage3Error, match="one flux axis"):
        stage3.load(path, app=app, quantity="surface brightness")
    assert list(app.datasets) == before


def test_time_series_is_a_dynamic_spectrum_and_its_median(built, app):
    path = built("x1dints", "TSOMultiSpecModel")
    trace = stage3.read(path).traces[0]
    labels = load_quietly(path, app=app)
    dynamic = data_of(app, labels[0])
    expected = np.where(trace.mask(), np.nan, trace.flux.value)
    keep = np.isfinite(np.atleast_2d(trace.wavelength.value)).all(axis=0)
    np.testing.assert_array_equal(dynamic["flux"], expected[:, keep])
    median = next(label for label in labels if label == f"{labels[0]} (median)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # channels without any good sample
        np.testing.assert_allclose(
            data_of(app, median)["flux"], np.nanmedian(expected[:, keep], axis=0), rtol=1e-12
        )


def test_median_of_a_time_series_is_the_median_with_its_standard_error():
    """Against a Monte Carlo of Gaussian noise."""
    from specutils import Spectrum

    from jdaviz_stage3.loaders.time_series import median_spectrum

    rng = np.random.default_rng(5)
    noise = rng.normal(3, 0.2, (400, 300))
    spectrum = Spectrum(
        flux=noise * u.Jy, spectral_axis=np.linspace(1, 2, 300) * u.um, spectral_axis_index=1
    )
    median = median_spectrum(spectrum)
    np.testing.assert_allclose(median.flux.value, np.median(noise, axis=0), rtol=1e-12)
    found = np.std(median.flux.value)  # scatter of 300 medians about the truth
    assert np.median(median.uncertainty.array) == pytest.approx(found, rel=0.15)


def test_light_curve_axis_says_the_time_system(built, app):
    path = built("whtlt", "3.0")
    labels = load_quietly(path, app=app)
    series = stage3.read(path)
    data = data_of(app, labels[0])
    [viewer] = viewer_of(app, labels[0])
    zero = data.meta["light_curve"]["zero"]
    assert viewer.figure.axes[0].label == f"BJD_TDB − {zero:.0f} (d)"
    assert "Jy" in viewer.figure.axes[1].label
    np.testing.assert_allclose(data["time"] + zero, series["time"].jd, rtol=0, atol=1e-9)
    assert 0 <= data["time"].min() < 1


def test_two_files_of_one_name_get_distinct_labels(built, tmp_path, app):
    path = built("c1d", "CombinedSpecModel")
    other = tmp_path / path.name
    other.write_bytes(path.read_bytes())
    first, second = stage3.load(path, app=app), stage3.load(other, app=app)
    assert not set(first) & set(second)
    assert set(first + second) <= set(app.datasets)


def test_a_folder_is_loaded_in_order_and_the_rest_left_alone(built, tmp_path, app):
    for key in (("cat", "current"), ("i2d", "ImageModel"), ("asn", "json")):
        source = built(*key)
        (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / "notes.txt").write_text("seeing was good")
    labels = stage3.load(tmp_path, app=app)
    assert [label.rsplit(" ", 1)[1] for label in labels] == ["i2d", "cat"]


def test_an_unknown_option_is_an_error_that_lists_those_there_are(built, app):
    with pytest.raises(stage3.Stage3Error, match="source_id"):
        stage3.load(built("x1d", "WFSSMultiSpecModel"), app=app, sourceid=3)


def test_a_catalog_loaded_before_its_image_can_be_laid_on_it(built, app):
    catalog, image = built("cat", "current"), built("i2d", "ImageModel")
    [label] = stage3.load(catalog, app=app)
    stage3.load(image, app=app)
    app.viewers["Image"].data_menu.add_data(label)
    assert "Image" in [viewer.reference for viewer in viewer_of(app, label)]


def test_show_takes_a_height(monkeypatch):
    """jdaviz 5.0.5 alone raises AttributeError for it with ipyvue 1.13."""
    app = jdaviz.gca()
    with contextlib.suppress(RuntimeError):  # jdaviz shows nothing outside a notebook
        stage3.show(height="400px")
    assert app._app.layout.height == "400px"


def test_more_viewers_than_browsers_draw_are_said(app, tmp_path, monkeypatch):
    monkeypatch.setattr("jdaviz_stage3.loaders.several._MOST_FIGURES", 1)
    path = mosaic(tmp_path)
    stage3.load(path, app=app)  # no warning: it would be an error
    with pytest.warns(stage3.Stage3Warning, match="2 viewers are open: browsers draw about 16"):
        stage3.load(path, app=app, viewer="Beside")
    assert any("2 viewers" in one["text"] for one in app.plugins["Logger"].history)


def test_catalogs_as_fits_tables_and_parquet(app, tmp_path):
    table = catalog_table(5)
    expected = catalog(tmp_path, table)
    table.meta = {}
    for name in NAMES:
        table.write(tmp_path / name)
    labels = [stage3.load(tmp_path / name, app=app)[0] for name in (expected.name, *NAMES)]
    first, *others = (data_of(app, label) for label in labels)
    for other in others:
        assert [c.label for c in other.main_components] == [c.label for c in first.main_components]
        for one, same in zip(first.main_components, other.main_components, strict=True):
            np.testing.assert_array_equal(first[one], other[same])
            assert first.get_component(one).units == other.get_component(same).units
    assert all(viewer_of(app, label) for label in labels)
