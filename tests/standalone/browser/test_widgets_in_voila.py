"""The widgets of single products as a page of Voilà: each is drawn, and selections go together."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from widget_pages import NAME, inked, served, write_notebook

from jdaviz_stage3.demo import demo_products

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_spec("voila") is None, reason="voila is not installed"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Of a page with all kinds of widgets."""
    folder = tmp_path_factory.mktemp("voila")
    write_notebook(folder)
    with served(folder, "voila", [NAME, "--Voila.ip=127.0.0.1"], "voila/static/") as address:
        yield address


def test_each_widget_is_drawn_and_a_source_is_selected_in_all(address, start_browser):
    page = start_browser()
    page.driver.get(address)
    page.wait_for(lambda: len(page.find("table tbody tr")) >= 10, "the rows of the table")
    page.wait_for(lambda: len(page.find(".bqplot")) == 4, "the figures")
    page.wait_for(lambda: min(inked(page)) > 20, "what is drawn in each")
    titles = " ".join(e.text for e in page.find("b"))
    for path in demo_products():
        if "_segm" not in path.name:
            assert path.name in titles
    # no scroll bars: figures are as wide as their cells
    boxes = "return [...document.querySelectorAll('.widget-vbox')]"
    bars = page.driver.execute_script(f"{boxes}.map(e => e.offsetHeight - e.clientHeight)")
    assert len(bars) >= 5 and max(bars) < 5
    box = page.find("table tbody tr .v-simple-checkbox")[0]
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
    page.driver.execute_script("arguments[0].click()", box)
    page.wait_for(lambda: "Source 1" in page.find("body")[0].text, "the source beside the image")
    page.screenshot("voila")
