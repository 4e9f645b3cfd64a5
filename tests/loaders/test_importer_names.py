"""The class names of our importers are an interface: jdaviz keeps them in the meta of data.

It looks for ``'ImageImporter'`` and ``'CatalogImporter'`` to align images, to link catalogs and to
read them out, for ``'Spectrum3DImporter'`` to slice cubes; jdaviz 5.1 cross-matches and links rows
by them. A class of ours under another name loads without an error, and none of that works.
"""

import inspect
import re

import jdaviz  # noqa: F401  (registers ours)
import pytest
from jdaviz import app as jdaviz_app
from jdaviz.configs.imviz.plugins.coords_info import coords_info
from jdaviz.configs.imviz.plugins.orientation import orientation
from jdaviz.core.registries import loader_importer_registry

from jdaviz_stage3.loaders.resolvers import OUR_FORMATS

# Format: class name. Some are of viewers of our own; jdaviz knows nothing like them.
NAMES = {
    "JWST image": "ImageImporter",
    "JWST source catalog": "CatalogImporter",
    "JWST image stack": "ImageImporter",
    "JWST interferometry": "InterferometryImporter",
    "JWST spectral cube": "Spectrum3DImporter",
    "JWST spectra": "SpectrumImporter",
    "JWST 2-D spectrum": "Spectrum2DImporter",
    "JWST spectral time series": "TimeSeriesImporter",
    "JWST light curve": "LightCurveImporter",
}


def test_names():
    members = loader_importer_registry.members
    assert {name: members[name].__name__ for name in OUR_FORMATS} == NAMES


@pytest.mark.parametrize("name", ["ImageImporter", "CatalogImporter"])
def test_jdaviz_goes_by_the_name(name):
    """If this fails, jdaviz has found another way, and the names are free."""
    sources = [inspect.getsource(module) for module in (jdaviz_app, coords_info, orientation)]
    assert any(re.search(rf"_importer.*'{name}'", source) for source in sources)
