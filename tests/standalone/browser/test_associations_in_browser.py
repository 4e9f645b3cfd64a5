"""Associations, and the products that belong to them, as a person sees them."""

import pytest
from selenium.webdriver.common.keys import Keys

from jdaviz_stage3.demo import demo_products

pytestmark = pytest.mark.browser


def test_two_associations_open_and_the_rest_is_loaded_from_the_tree(start_server, start_browser):
    folder = demo_products()[0].parent
    paths = [
        str(path) for mode in ("image3", "tso3") for path in folder.glob(f"*_{mode}_*_asn.json")
    ]
    page = start_browser()
    page.open(start_server("open", *paths).url)
    names = ("Image", "Dynamic spectrum order 1", "Light curve")
    page.wait_for(lambda: all(page.box(name) for name in names), "the viewers of the products")
    page.wait_for(lambda: page.picture("Image").std() > 20, "the mosaic")
    # what is there and was not opened is said
    page.wait_for(lambda: "left out: 2 crf" in page.find("body")[0].text, "the warning")
    page.screenshot("associations")

    page.open_plugin("Stage 3 Products")
    page.wait_for(lambda: len(rows(page, "file")) == 9, "the products of both")
    assert rows(page, "mode") == ["Imaging", "Time series"]
    loaded = [row for row in page.find(".stage3-tree-file") if "loaded" in row.text]
    assert len(loaded) == 5
    assert "0 of 4 exposures that it is made from are here" in rows(page, "missing")
    search = page.field("Search")
    search.send_keys("crf")
    page.wait_for(lambda: len(rows(page, "file")) == 2, "the exposures alone")
    name = page.find(".stage3-tree-file button.stage3-tree-name")[0]
    name.click()
    page.wait_for(lambda: page.find(".stage3-thumbnail img"), "a picture of the exposure")
    page.wait_for(lambda: "jwst_1464.pmap" in page.find(".stage3-made")[0].text, "how it was made")
    box = page.find(".stage3-tree-file input")[0]
    box.send_keys(Keys.SPACE)  # by the keyboard
    page.press("Load 1")
    page.wait_for(lambda: "loaded" in page.find(".stage3-tree-file")[0].text, "that it is loaded")
    page.screenshot("products")
    assert page.complaints() == []


def rows(page, kind):
    """What the rows of a kind are called."""
    return [e.text.split("\n")[0] for e in page.find(f".stage3-tree-{kind}")]
