"""The pages of a program, in a browser without a network and without a server."""

from __future__ import annotations

import pytest

import jdaviz_stage3 as stage3
from jdaviz_stage3.demo import demo_products
from jdaviz_stage3.quicklook.entry import Entry
from jdaviz_stage3.quicklook.pages import write_pages

pytestmark = pytest.mark.browser


def test_the_index_is_searched_and_sorted_and_leads_to_the_pictures(start_browser, tmp_path):
    made = stage3.report(demo_products(), tmp_path / "site", workers=1)
    page = start_browser()
    page.driver.get(made.index.as_uri())

    def names():
        return [e.text for e in page.find("#products tbody tr td.name")]

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
    _see_many(page, tmp_path / "many")
    page.driver.get(made.index.as_uri())
    [mosaic] = [e for e in page.find("td.name a") if "_i2d" in e.text]
    mosaic.click()
    page.wait_for(lambda: page.find("figure img"), "the page of the target")
    loaded = "return [...document.querySelectorAll('img')].every(e => e.naturalWidth > 0)"
    page.wait_for(lambda: page.driver.execute_script(loaded), "the pictures")
    page.driver.execute_script("scrollTo(0, 0)")
    page.screenshot("quick-look")
    assert page.complaints() == []


def _see_many(page, site):
    """Of many products some hundred are on the page, and all are found."""
    facts = {"target": "M 1", "mode": "Imaging"}
    entries = [
        Entry(f"key-{n}", f"/data/{n}.fits", f"product {n}", "i2d", facts=facts) for n in range(450)
    ]
    site.mkdir()
    write_pages(site, entries, ["/data"], 0)
    page.driver.get((site / "index.html").as_uri())

    def names():
        return [e.text for e in page.find("#products tbody tr td.name")]

    assert page.find("#count")[0].text == "450 of 450, the first 200 are shown"
    page.find("#more")[0].click()
    page.find("#more")[0].click()
    assert len(names()) == 450 and not page.find("#more")[0].is_displayed()
    [by_name] = [e for e in page.find("th button") if e.text == "Product"]
    by_name.click()
    by_name.click()
    assert names()[0] == "product 449"
    page.find("#search")[0].send_keys("product 39")
    page.wait_for(lambda: len(names()) == 15, "those with 39")
    page.find("td.name a")[0].click()
    page.wait_for(lambda: page.find("h2"), "the page of the target")
    assert page.find("nav b")[0].text == "5"  # of 439
    page.find("nav a")[0].click()
    page.wait_for(lambda: page.find("nav b")[0].text == "1", "the first part")
    assert len(page.find("h2")) == 100
