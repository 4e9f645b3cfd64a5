"""The pages of a program, in a browser without a network and without a server."""

from __future__ import annotations

import pytest

import jdaviz_stage3 as stage3
from jdaviz_stage3.demo import demo_products

pytestmark = pytest.mark.browser


def test_the_index_is_searched_and_sorted_and_leads_to_the_pictures(start_browser, tmp_path):
    made = stage3.report(demo_products(), tmp_path / "site", workers=1)
    page = start_browser()
    page.driver.get(made.index.as_uri())

    def names():
        return [e.text for e in page.find("#products tbody tr:not([hidden]) td.name")]

    everything = names()
    assert len(everything) == made.made > 4
    page.find("#search")[0].send_keys("miri time")
    page.wait_for(lambda: 0 < len(names()) < len(everything), "the rows that are searched for")
    assert all("miri" in name for name in names())
    assert page.find("#count")[0].text == f"{len(names())} of {len(everything)}"
    page.find("#search")[0].clear()
    page.find("#search")[0].send_keys(" ")
    [by_name] = [e for e in page.find("th button") if e.text == "Product"]
    for order in (sorted(everything), sorted(everything, reverse=True)):
        by_name.click()
        assert names() == order
    [mosaic] = [e for e in page.find("td.name a") if "_i2d" in e.text]
    mosaic.click()
    page.wait_for(lambda: page.find("figure img"), "the page of the target")
    loaded = "return [...document.querySelectorAll('img')].every(e => e.naturalWidth > 0)"
    page.wait_for(lambda: page.driver.execute_script(loaded), "the pictures")
    page.driver.execute_script("scrollTo(0, 0)")
    page.screenshot("quick-look")
    assert page.complaints() == []
