"""Apps with one time series, and the plugin in them as it begins."""

import pytest
import white_light_tools as tools

import jdaviz_stage3 as stage3


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tools.write(tmp_path_factory.mktemp("x1dints"))


@pytest.fixture(scope="module")
def traces(path):
    return stage3.read(path).traces


@pytest.fixture(scope="module", params=tools.CONFIGURATIONS)
def app(request, path):
    return tools.app_with(request.param, path)


@pytest.fixture(scope="module")
def generalised(path):
    """For what does not depend on the kind of app."""
    return tools.app_with("deconfigged", path)


@pytest.fixture
def plg(app):
    yield from tools.clean(app)


@pytest.fixture
def one(generalised):
    yield from tools.clean(generalised)
