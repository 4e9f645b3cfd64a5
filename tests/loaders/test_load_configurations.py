"""Imviz and Specviz: what they show, and what the error says about what they cannot."""

import shutil
import warnings

import pytest
from fresh_apps import new_app
from make_associations import associate
from make_products import BUILDERS

import jdaviz_stage3 as stage3
from jdaviz_stage3.products import product_type

KEYS = sorted(key for key in BUILDERS if product_type(key[0]).importer)


# An app that has loaded them all is slow: each test has its own copies of these two.
pytestmark = pytest.mark.forked


@pytest.fixture(scope="module")
def helpers(built):
    """An Imviz with an image, which catalogs need, and a Specviz."""
    apps = {kind: new_app(kind) for kind in ("imviz", "specviz")}
    stage3.load(built("i2d", "ImageModel"), app=apps["imviz"])
    return apps


def test_of_an_association_what_the_app_can_show(built, helpers, tmp_path):
    for suffix, model in (("s2d", "SlitModel"), ("c1d", "CombinedSpecModel")):
        shutil.copy(built(suffix, model), tmp_path / f"jw1-o1_demo_{suffix}.fits")
    path = associate(tmp_path, {"jw1-o1_demo": []}, kind="spec3")
    with pytest.warns(stage3.Stage3Warning, match="left out: 1 s2d"):
        labels = stage3.load(path, app=helpers["specviz"])
    assert all(label.startswith("jw1-o1_demo c1d") for label in labels) and labels
    with pytest.raises(stage3.UnknownProductError, match="nothing of it can be opened in this"):
        stage3.load(path, app=helpers["imviz"])


@pytest.mark.forked("imviz")
def test_a_catalog_alone_in_imviz_says_to_load_its_image(built):
    viz = new_app("imviz")
    with pytest.raises(stage3.UnsupportedProductError, match="load its i2d first"):
        stage3.load(built("cat", "current"), app=viz)
    stage3.load(built("i2d", "ImageModel"), built("cat", "current"), app=viz)


@pytest.mark.parametrize("configuration", ["imviz", "specviz"])
@pytest.mark.parametrize("key", KEYS, ids="-".join)
def test_a_product_loads_or_the_error_names_where_it_would(key, configuration, built, helpers):
    viz, kind = helpers[configuration], product_type(key[0])
    labels = [data.label for data in viz._app.data_collection]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)
        if configuration in kind.configurations:
            options = {"quantity": "flux"} if key[0] in ("x1d", "c1d") else {}
            new = stage3.load(built(*key), app=viz, **options)
            assert new
            assert set(new) <= {data.label for data in viz._app.data_collection}
            return
        with pytest.raises(stage3.UnsupportedProductError, match="generalised app"):
            stage3.load(built(*key), app=viz)
        with pytest.raises(stage3.UnsupportedProductError, match="generalised app"):
            viz.load(str(built(*key)))
    assert [data.label for data in viz._app.data_collection] == labels


@pytest.mark.parametrize("configuration", ["imviz", "specviz"])
def test_attaching_twice_changes_nothing(configuration, helpers):
    viz = helpers[configuration]
    stage3.attach(viz)
    tray = [item["name"] for item in viz._app.state.tray_items]
    assert stage3.attach(viz) is viz
    assert [item["name"] for item in viz._app.state.tray_items] == tray
    assert len(set(tray)) == len(tray)
