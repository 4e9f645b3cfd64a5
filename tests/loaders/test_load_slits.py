"""Loading rectified 2-D spectra into an app: which slits, where, and what bad files leave."""

import re

import jdaviz
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from fresh_apps import new_app
from glue.core.roi import CircularROI
from make_cubes import cube
from make_slits import Slit, extracted_slits, lrs_slit, many_slits, single_slit, slits_of_sizes
from snackbars import snackbar_texts
from specutils import SpectralRegion

import jdaviz_stage3 as stage3
from jdaviz_stage3.errors import Stage3Warning
from jdaviz_stage3.jdaviz_compat import (
    application,
    as_read,
    data_labels,
    data_of,
    shown_in,
    viewer_labels,
)
from jdaviz_stage3.origin import origin_of
from jdaviz_stage3.readers.spectral_image import SpectralImage

pytestmark = pytest.mark.forked  # each with an app of its own

LRS = Slit(name="", source_id=None, order=None, unit="MJy/sr", low=13.9, high=4.0, level=20.0)


@pytest.fixture
def app():
    app = new_app()
    snackbar_texts(app)
    return app


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    return many_slits(tmp_path_factory.mktemp("three"))


def readout(app, viewer, x, y):
    tool = application(app).session.application._tools["g-coords-info"]
    tool._viewer_mouse_event(viewer, {"event": "mousemove", "domain": {"x": x, "y": y}})
    return tool


def test_each_slit_in_a_viewer_of_its_own(app, three):
    labels = stage3.load(three, app=app)
    root = "jw09997-o001_t001_nircam_clear-f444w"
    assert labels == [f"{root} s2d order 1 source {n}" for n in (10, 11, 12)]
    names = [f"2-D spectrum order 1 source {n}" for n in (10, 11, 12)]
    assert viewer_labels(app) == names
    for label, name, made in zip(labels, names, slits_of_sizes(), strict=True):
        assert [viewer.reference for viewer in shown_in(app, label)] == [name]
        data = data_of(app, label)
        assert data.shape == (made.n_rows, made.n_wave)
        flux = np.asarray(data["flux"])
        assert np.isnan(flux[0, :3]).all() and np.isnan(data["uncertainty"][0, :3]).all()
        np.testing.assert_allclose(flux[1:], made.flux()[1:], rtol=1e-6)
        assert data.get_component("flux").units == "MJy / sr"
        origin = origin_of(data)
        assert (origin.suffix, origin.part) == ("s2d", f"order 1 source {made.source_id}")
        assert isinstance(as_read(data), SpectralImage)
        assert as_read(data).array("WHT").shape == data.shape
        assert data.meta["_importer"] == "Spectrum2DImporter"


@pytest.mark.parametrize(
    ("options", "sources"),
    [({"source_id": [12, 10]}, [10, 12]), ({"slit": "S2"}, [11]),
     ({"spectra": ["order 1 source 12"]}, [12])],
)  # fmt: skip
def test_which_slits(app, three, options, sources):
    labels = stage3.load(three, app=app, **options)
    assert [data_of(app, label).meta["source_id"] for label in labels] == sources


def test_many_slits_and_no_choice(app, tmp_path):
    """Those of the first source; a message says how many there are."""
    made = [
        Slit(n_rows=4, n_wave=6, name=f"S{k}", source_id=20 + k // 2, with_wcs=False,
             with_wavelength=True)
        for k in range(9)
    ]  # fmt: skip
    labels = stage3.load(many_slits(tmp_path, made), app=app)
    assert [data_of(app, label).meta["slit"] for label in labels] == ["S0", "S1"]
    assert snackbar_texts(app)[-1].endswith(
        "2 of 9 2-D spectra loaded; choose others in the loader or with load(…, source_id=…)"
    )


def test_the_loaders_form(app, three):
    loader = app.loaders["file"]
    loader.filepath = str(three)
    assert list(loader.format.choices) == ["JWST 2-D spectrum"]
    loader.importer.spectra.selected = ["order 1 source 11"]
    loader.load()
    assert [label.split()[-1] for label in data_labels(app)] == ["11"]


def test_read_out_in_its_own_unit_with_the_offset(app, tmp_path):
    paths = lrs_slit(tmp_path, LRS), extracted_slits(tmp_path, [LRS], dispersion_axis=2)
    label = stage3.load(*paths[::-1], app=app)[0]
    [viewer] = shown_in(app, label)
    found = readout(app, viewer, 7.0, 3.0)
    value, wavelength, offset = found.as_text()
    assert value.startswith("Pixel x=")
    assert value.endswith(f" Value {LRS.flux()[3, 7]:+10.5e} MJy / sr")
    assert wavelength == f"Wave {LRS.wavelengths()[7]:10.5e} um"
    assert offset == 'Offset -0.220" from the planned source position'
    assert found.as_dict()["offset"] == pytest.approx(-0.22)


def test_flux_density_of_pixels(app, tmp_path):
    """So that what jdaviz extracts can be shown with the pipeline's spectrum."""
    paths = lrs_slit(tmp_path, LRS), extracted_slits(tmp_path, [LRS], dispersion_axis=2, width=3)
    labels = stage3.load(*paths, app=app, quantity="flux")
    assert data_of(app, labels[0]).get_component("flux").units == "MJy"
    extraction = app.plugins["2D Spectral Extraction"]
    extraction.trace_type, extraction.trace_pixel = "Flat", 5.2
    extraction.ext_dataset, extraction.ext_width = labels[0], 3
    extracted = extraction.export_extract_spectrum(add_data=True)
    pipeline = as_read(data_of(app, labels[1]))
    np.testing.assert_allclose(
        extracted.flux.to_value("Jy"), pipeline.flux.to_value("Jy"), rtol=1e-5
    )
    np.testing.assert_allclose(extracted.spectral_axis.to_value("um"), LRS.wavelengths())
    [viewer] = shown_in(app, labels[1])
    assert len(viewer.state.layers) == 2
    y = [layer.line_mark.y for layer in viewer.layers]
    np.testing.assert_allclose(y[0], y[1], rtol=1e-5)


def test_jdaviz_profile_across_the_dispersion(app, tmp_path):
    made = Slit(n_rows=14, n_wave=50)
    stage3.load(single_slit(tmp_path, made), app=app)
    plugin = app.plugins["Cross Dispersion Profile"]
    plugin.pixel = 20
    plugin.measure_cross_dispersion_profile()
    np.testing.assert_allclose(plugin.profile.to_value("MJy"), made.flux()[:, 20], rtol=1e-5)
    assert plugin._obj.wav == pytest.approx(made.wavelengths()[20])


def test_a_subset_of_wavelengths_is_one_of_columns(app, tmp_path):
    from astropy import units as u
    from specutils import SpectralRegion

    made = Slit(n_rows=14, n_wave=50)
    labels = stage3.load(single_slit(tmp_path, made), extracted_slits(tmp_path, [made]), app=app)
    low, high = made.wavelengths()[[10, 20]] * u.um
    tools = app.plugins["Subset Tools"]
    tools.import_region(SpectralRegion(low, high))
    [group] = application(app).data_collection.subset_groups
    masks = {subset.data.label: subset.to_mask() for subset in group.subsets}
    assert masks[labels[0]].sum() == 11 * 14 and masks[labels[0]][:, 10:21].all()
    assert masks[labels[1]].sum() == 11
    application(app).data_collection.remove_subset_group(group)


def test_twice_is_two(app, tmp_path):
    path = single_slit(tmp_path)
    first, second = stage3.load(path, app=app)[0], stage3.load(path, app=app)[0]
    assert second == f"{first} (1)"


# ---- bad files ----


def changed(path, change):
    with fits.open(path, mode="update") as hdus:
        change(hdus)
    return path


def no_wavelengths(hdus):
    hdus["SCI"].header["CTYPE1"] = "WAVE-TAB"
    hdus[-1].name = "OTHER"  # the ASDF


def shuffled(hdus):
    hdus[-1].name = "OTHER"
    rng = np.random.default_rng(1)
    image = np.broadcast_to(rng.permutation(np.linspace(1, 2, 40)), (12, 40)).astype("f4")
    hdus.append(fits.ImageHDU(image, name="WAVELENGTH", ver=1))


def four_axes(hdus):
    hdus["SCI"].data = np.zeros((2, 2, 12, 40), "f4")


def empty_slit(hdus):
    hdus["SCI"].data = np.zeros((0, 40), "f4")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (no_wavelengths, "no wavelengths .*WAVE-TAB points to column '' of , which is not in the"),
        (shuffled, "the wavelengths are not in order along the dispersion"),
        (four_axes, r"is not a 2-D image \(shape 2 × 2 × 12 × 40\)"),
        (empty_slit, "SCI has no pixels; nothing to show"),
    ],
)
def test_bad_files_leave_nothing(app, tmp_path, change, message):
    kept = stage3.load(single_slit(tmp_path, name="jw09997-o005_t001_nirspec_s2d.fits"), app=app)
    viewers = viewer_labels(app)
    path = changed(single_slit(tmp_path), change)
    with pytest.raises(stage3.Stage3Error, match=message) as caught:
        stage3.load(path, app=app)
    assert "\n" not in str(caught.value)
    assert data_labels(app) == kept and viewer_labels(app) == viewers
    assert path.name in snackbar_texts(app)[-1]


def test_of_several_slits_a_bad_one_leaves_nothing(app, tmp_path):
    """Whole or not at all."""
    made = slits_of_sizes(3)
    made[1].with_wcs = made[1].with_wavelength = False
    path = many_slits(tmp_path, made)
    with pytest.raises(stage3.Stage3Error, match="source 11 S2: no wavelengths"):
        stage3.load(path, app=app)
    assert data_labels(app) == [] and viewer_labels(app) == []
    assert len(stage3.load(path, app=app, source_id=[10, 12])) == 2


def test_imviz_and_specviz_say_where_it_opens(tmp_path):
    with pytest.warns(DeprecationWarning):
        specviz = jdaviz.Specviz()
    with pytest.raises(stage3.UnsupportedProductError, match="Specviz cannot show s2d products"):
        stage3.load(single_slit(tmp_path), app=specviz)


def test_data_with_subsets_are_removed_and_units_change_afterwards(app, tmp_path):
    slit = Slit(low=4.9, high=5.7, unit="MJy/sr", level=20)
    image, table = single_slit(tmp_path, slit), extracted_slits(tmp_path, [slit])
    cube_label, total = stage3.load(cube(tmp_path), app=app)
    image_label, table_label = stage3.load(image, table, app=app)
    inner = application(app)
    collection = inner.data_collection
    [viewer] = shown_in(app, cube_label)
    viewer.apply_roi(CircularROI(5, 4, 2))
    subsets = app.plugins["Subset Tools"]
    subsets.import_region(SpectralRegion(5 * u.um, 5.3 * u.um), combination_mode="new")
    circle, interval = (group.label for group in collection.subset_groups[-2:])
    [spectrum] = shown_in(app, table_label)
    wanted = {label: range_of(app, label, interval) for label in (total, image_label, table_label)}
    assert all(mask.any() and not mask.all() for mask in wanted.values())

    inner.data_item_remove(cube_label)
    assert [group.label for group in collection.subset_groups][-1:] == [interval]
    text = f".*{circle}: drawn on .* s3d, removed with it"
    assert any(re.fullmatch(text, said) for said in snackbar_texts(app))
    inner.data_item_remove(total)
    for label in (image_label, table_label):
        np.testing.assert_array_equal(range_of(app, label, interval), wanted[label])
    inner.data_item_remove(image_label)
    np.testing.assert_array_equal(range_of(app, table_label, interval), wanted[table_label])

    units = app.plugins["Unit Conversion"]  # the 2-D viewer is empty now
    units.flux_unit = "mJy"
    assert spectrum.state.y_display_unit == "mJy" and units.sb_unit == "mJy / sr"
    units.flux_unit = "Jy"
    inner.data_item_remove(table_label)
    assert interval not in [group.label for group in collection.subset_groups]
    assert not data_labels(app)


def range_of(app, label, interval):
    """Where data are in the range of wavelengths."""
    [mask] = [s.to_mask() for s in data_of(app, label).subsets if s.label == interval]
    return mask


def test_slits_without_a_profile_come_and_go(app, tmp_path):
    """In no unit of flux, or without a finite value, beside what is in Jy."""
    good = stage3.load(cube(tmp_path), app=app)
    slits = [Slit(name=f"S{n}", source_id=n, unit="DN/s") for n in (1, 2)]
    labels = stage3.load(many_slits(tmp_path, slits, name="jw09997-o002_s2d.fits"), app=app)
    path = many_slits(tmp_path, name="jw09997-o003_s2d.fits")
    with fits.open(path, mode="update") as hdus:
        for hdu in hdus:
            if hdu.name == "SCI":
                hdu.data[:] = np.nan
    with pytest.warns(Stage3Warning, match="no usable pixel"):
        labels += stage3.load(path, app=app)
    assert data_labels(app) == [*good, *labels]
    plugin = app.plugins["Cross Dispersion Profile"]
    plugin.dataset = labels[0]
    assert plugin.measure_cross_dispersion_profile() is None
    assert "no cross-dispersion profile (Could not convert DN / s to Jy" in snackbar_texts(app)[-1]
    for label in labels:
        application(app).data_item_remove(label)
    assert data_labels(app) == good
