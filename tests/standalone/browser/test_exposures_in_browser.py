"""From a click in a mosaic to an exposure over it, as a person sees it."""

import time

import numpy as np
import pytest

from jdaviz_stage3.demo import demo_products

pytestmark = pytest.mark.browser

ORANGE = (255, 176, 0)


def test_a_click_lists_exposures_and_loads_them(start_server, start_browser):
    [mosaic] = [str(path) for path in demo_products() if path.name.endswith("_i2d.fits")]
    page = start_browser()
    page.open(start_server("open", mosaic).url)
    page.open_plugin("Exposures")

    def outlined():
        near = np.abs(page.picture("Image") - ORANGE).sum(axis=-1) < 90
        return near.sum() if near.size else 0

    left, top, right, bottom = page.wait_for(lambda: page.box("Image"), "the image")
    page.wait_for(lambda: page.picture("Image").size, "its picture")
    page.wait_for(lambda: "4 exposures" in page.find(".jdaviz")[0].text, "the list")

    def clicked():  # again, where the page is so slow that the plugin has been taken for closed
        page.point_at((left + right) / 2, (top + bottom) / 2, click=True)
        time.sleep(2)
        return len(page.find(".stage3-exposures tr")) == 4

    page.wait_for(clicked, "its rows")
    page.wait_for(outlined, "the outlines")
    ticked = page.find(".stage3-exposures input:checked")
    assert len(ticked) == 2  # the files of the other two are not there
    page.press("Load ticked")
    page.wait_for(lambda: page.find(".stage3-exposures")[0].text.count("loaded") == 2, "loading")
    page.wait_for(outlined, "the outlines in the new frame")
    page.screenshot("exposures")
    found = page.complaints()
    assert found == [], "\n".join(t[:900] for t in found)
