"""What importers declare once is in their traits, their form, their API and the options of load."""

import warnings

import jdaviz
import pytest
from jdaviz.core.registries import loader_importer_registry

import jdaviz_stage3 as stage3
from jdaviz_stage3.loaders.importing import options_of

EXPECTED = {
    "JWST image": (
        "extension", "align_by", "parent", "data_label_as_prefix", "source_id", "slit", "exposure",
    ),
    "JWST source catalog": (),
    "JWST spectra": (
        "spectra", "source_id", "order", "exposure", "slit", "quantity", "dq_bits",
    ),
    "JWST spectral time series": ("spectra", "order", "detector", "dq_bits", "median_viewer"),
    "JWST light curve": ("column", "time_system"),
}  # fmt: skip


@pytest.fixture(scope="module")
def app():
    return jdaviz.new_app()


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_options_and_traits(name):
    assert options_of(name) == EXPECTED[name]
    importer = loader_importer_registry.members[name]
    for choice in importer.choices:
        for what in ("items", "selected"):
            trait = importer.class_traits(sync=True)[f"{choice.name}_{what}"]
            assert trait.this_class is importer


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        (("cat", "current"), []),
        (("x1d", "MultiSpecModel"), [("spectra", "Spectra", "2 spectra in the file; choose")]),
        (("x1dints", "TSOMultiSpecModel"), [("spectra", "Traces", "Spectral orders and")]),
        (("phot", "3.0"), [
            ("column", "Flux", "Column to show; by default the back"),
            ("time_system", "Time", "Times to show it against"),
        ]),
    ],
    ids=["cat", "x1d", "x1dints", "phot"],
)  # fmt: skip
def test_the_form_of_each(app, built, key, fields):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)
        loader = app.loaders["file"]
        loader.filepath = str(built(*key))
        importer = loader.importer
    inner = importer._obj
    assert [(f["name"], f["label"], f["hint"][: len(hint)])
            for f, (*_, hint) in zip(inner.form, fields, strict=True)] == fields  # fmt: skip
    for field in inner.form:
        name = field["name"]
        component = getattr(importer, name)
        labels = [item["label"] for item in getattr(inner, f"{name}_items")]
        assert labels == component.choices
        assert getattr(inner, f"{name}_selected") == component.selected
        first = [labels[0]] if field["several"] else labels[0]
        setattr(importer, name, first)
        assert component.selected == first
