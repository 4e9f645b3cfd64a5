"""Target, reference and normalised observables, and their companion, as a person sees them."""

import time

import numpy as np
import pytest
from make_interferometry import binary, oifits

pytestmark = pytest.mark.browser

COLORS = {"blue": (0, 114, 178), "orange": (230, 159, 0), "green": (0, 158, 115)}
MARKED, MODEL = (213, 0, 249), (0, 0, 0)


def test_three_products_and_their_companion(start_server, start_browser, tmp_path):
    sky = binary(110, -75, 0.08)
    root = "jw09997-o001_t001_niriss_f380m-nrm-sub80"
    paths = [
        oifits("ami-oi", tmp_path, sky=sky, noise=0.01, root=root),
        oifits("psf-ami-oi", tmp_path, seed=9, noise=0.01, root=root),
        oifits("aminorm-oi", tmp_path, sky=sky, seed=3, noise=0.014, root=root),
    ]
    page = start_browser()
    page.open(start_server("open", *map(str, paths)).url)

    def colored(viewer, color, within=60):
        picture = page.picture(viewer)
        return picture.size and (np.abs(picture - color).sum(axis=-1) < within).sum()

    plots = ("Squared visibility", "Closure phase")
    for viewer in plots:
        for color in COLORS.values():
            page.wait_for(lambda v=viewer, c=color: colored(v, c) > 30, f"{color} in {viewer}")
    left, right = (page.box(viewer) for viewer in plots)
    assert left[2] < right[0], "side by side"
    page.point_at((right[0] + right[2]) / 2, (right[1] + right[3]) / 2)
    page.wait_for(lambda: "Stations" in page.find(".jdaviz")[0].text, "what is under the cursor")
    page.screenshot("interferometry")

    page.open_plugin("Interferometry")
    panel = ".v-expansion-panel--active"
    page.wait_for(lambda: "7 holes" in page.find(panel)[0].text, "what is chosen")
    choose(page, "Plots", "u–v coverage")
    page.wait_for(lambda: page.box("u–v coverage"), "the plane of u and v")

    def marked():
        left = page.box("Squared visibility")
        if left is None:  # while the layout is made anew
            return False
        page.point_at((left[0] + left[2]) / 2, (left[1] + left[3]) / 2, click=True)
        time.sleep(1)
        return all(colored(v, MARKED) > 20 for v in (*plots, "u–v coverage"))

    page.wait_for(marked, "rings in all plots, also where the layout has just moved")
    assert "is marked in all plots" in page.find(panel)[0].text
    choose(page, "Product", "aminorm-oi")
    page.press("Search")
    page.wait_for(lambda: "Position angle, east of north" in page.find(panel)[0].text, "the fit")
    page.press("Draw over the data")
    page.wait_for(lambda: colored("Closure phase", MODEL, 40) > 60, "the model over the data")
    page.driver.execute_script(
        "document.querySelector('.stage3-chi2-map').scrollIntoView({block: 'end'})"
    )
    page.wait_for(lambda: page.find(".stage3-chi2-map image"), "the map")
    rows = page.driver.execute_script(
        "return [...document.querySelectorAll('.stage3-values tr')].map(row => row.innerText)"
    )
    values = {name: float(text.split()[0]) for name, text in (row.split("\t") for row in rows)}
    assert values["ΔRA cos Dec"] == pytest.approx(110, abs=3)
    assert values["ΔDec"] == pytest.approx(-75, abs=3)
    time.sleep(1)
    page.screenshot("interferometry_plugin")
    found = page.complaints()
    assert found == [], "\n".join(t[:900] for t in found)


def choose(page, field, end):
    """Choose from a list, by how the entry ends."""
    opened = """
        const label = [...document.querySelectorAll('.tray-plugin .v-input label')]
          .find(l => l.textContent.trim() === arguments[0]);
        label?.closest('.v-input').querySelector('.v-select__slot').click();
        return Boolean(label);
        """
    page.wait_for(lambda: page.driver.execute_script(opened, field), f"the list {field}")

    def press():
        for item in page.find(".menuable__content__active .v-list-item"):
            if item.text.strip().endswith(end):
                page.driver.execute_script("arguments[0].click()", item)
                return True
        return False

    page.wait_for(press, f"{end} in the list")
    page.driver.execute_script("document.body.click()")
