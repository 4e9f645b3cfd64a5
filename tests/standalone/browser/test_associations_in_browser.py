"""Associations, and the products that belong to them, as a person sees them."""

import numpy as np
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


SESSION = """
import jdaviz_stage3 as stage3

def restore(app):
    with stage3.session.restoring(app, {folder!r}) as session:
        session.load({i2d!r})
        session.load({cat!r})
        with session.plugin("Catalog Overlay") as plg:
            plg.color = "#ff00ff"
        session.draw("Image", {label!r}, cmap="viridis", stretch="log", v_min=0.2, v_max=20)
        session.limits("Image", x=(150, 280), y=(150, 260))
"""


def test_a_session_is_shown_and_gives_the_same_picture(start_server, start_browser, tmp_path):
    i2d, cat = (
        next(path for path in demo_products() if path.name.endswith(end))
        for end in ("_i2d.fits", "_cat.ecsv")
    )
    label = i2d.stem.replace("_i2d", " i2d")
    names = {"folder": str(i2d.parent), "i2d": i2d.name, "cat": cat.name, "label": label}
    script = tmp_path / "session.py"
    script.write_text(SESSION.format(**names))
    page = start_browser()
    server = start_server("open", str(script))
    page.open(server.url)
    page.wait_for(lambda: page.box("Image"), "the viewer")
    page.open_plugin("Stage 3 Products")
    drawn(page)
    drag_legend(page, 300, 240)
    first = drawn(page)
    page.open_section("Session as Python")
    page.press("Show session")
    page.wait_for(lambda: "session.limits" in code(page), "the script")
    page.screenshot("session")
    assert 'cmap="viridis"' in code(page) and "plg.place_legend(" in code(page)
    script.write_text(code(page))  # each tab runs it anew
    page.open(server.url)
    # the panel is open, so that the image has the shape for which its limits are from the start
    page.wait_for(lambda: page.find(".stage3-code, .stage3-section-title"), "the open panel")
    again = drawn(page)
    page.screenshot("session_again")
    assert first.shape == again.shape
    assert np.mean(np.ptp(first, axis=-1) > 60) > 0.5, "colours, not grey"
    assert np.mean(np.abs(first - again).max(axis=-1) > 40) < 0.005
    assert page.complaints() == []


def drag_legend(page, right, down):
    """Drag the legend of the overlay from the upper left corner of the image."""
    left, top, *_ = page.box("Image")
    mouse = [("mousePressed", 60, 20), ("mouseMoved", 80, 40), ("mouseMoved", right, down)]
    for kind, x, y in [("mouseMoved", 50, 20), *mouse, ("mouseReleased", right, down)]:
        button = {"button": "left", "buttons": 1, "clickCount": 1}
        event = {"type": kind, "x": left + x, "y": top + y}
        pressed = kind != "mouseMoved" or (x, y) != (50, 20)
        page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event | (button if pressed else {}))


def drawn(page):
    """The image as it is drawn when nothing moves any more."""
    before = []

    def still():
        before.append(page.picture("Image"))
        return (
            len(before) > 3
            and before[-1].shape == before[-3].shape
            and before[-1].std() > 20
            and (before[-1] == before[-3]).all()
        )

    page.wait_for(still, "the picture")
    return before[-1]


def code(page):
    """The script that the panel shows."""
    return "".join(e.get_attribute("textContent") for e in page.find(".stage3-code"))


def rows(page, kind):
    """What the rows of a kind are called."""
    return [e.text.split("\n")[0] for e in page.find(f".stage3-tree-{kind}")]
