"""Associations, opened by the command, as a person sees them."""

import pytest

from jdaviz_stage3.demo import demo_products

pytestmark = pytest.mark.browser


def test_two_associations_open_as_their_products(start_server, start_browser):
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
    assert page.complaints() == []
