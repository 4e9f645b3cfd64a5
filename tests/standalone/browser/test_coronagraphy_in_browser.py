"""The star, its mask and the contrast curve, as a person sees them."""

import time

import numpy as np
import pytest
from make_coronagraphs import combined, subtracted

pytestmark = pytest.mark.browser

ORANGE = (255, 176, 0)
CYAN = (0, 229, 255)


def test_a_contrast_curve_beside_the_star(start_server, start_browser, tmp_path):
    paths = [str(subtracted(tmp_path)), str(combined(tmp_path))]
    page = start_browser()
    page.open(start_server("open", *paths).url)
    page.open_plugin("Coronagraphy")

    def colored(viewer, color):
        near = np.abs(page.picture(viewer) - color).sum(axis=-1) < 90
        return near.sum() if near.size else 0

    def click_item(field, end):
        page.driver.execute_script(
            """
            const label = [...document.querySelectorAll('.tray-plugin .v-input label')]
              .find(l => l.textContent.trim() === arguments[0]);
            label.closest('.v-input').querySelector('.v-select__slot').click();
            """,
            field,
        )

        def press():
            for item in page.find(".menuable__content__active .v-list-item"):
                if item.text.strip().endswith(end):
                    item.click()
                    return True
            return False

        page.wait_for(press, f"{end} in the list")

    def type_into(field, text):
        found = page.driver.execute_script(
            """
            return [...document.querySelectorAll('.tray-plugin .v-text-field')]
              .find(f => f.querySelector('label')?.textContent.trim() === arguments[0])
              .querySelector('input');
            """,
            field,
        )
        found.send_keys(text)

    page.wait_for(lambda: page.box("psfsub stack"), "the frames")
    page.wait_for(lambda: "x = 31.00, y = 30.00" in page.find(".jdaviz")[0].text, "the star")
    click_item("Image", "psfsub")
    page.wait_for(lambda: colored("psfsub stack", ORANGE) > 40, "star, mask, north and east")
    type_into("Star", "2")
    type_into("Known companions", "46.3, 25.2")
    page.wait_for(lambda: colored("psfsub stack", CYAN) > 15, "the known companion")
    page.press("Center all viewers")
    page.press("Draw curve")
    plot = ".stage3-contrast-plot svg.svg-figure"
    page.wait_for(lambda: page.find(f"{plot} path.line"), "the curve")
    page.driver.execute_script(
        "document.querySelector('.stage3-contrast-plot').scrollIntoView({block: 'center'})"
    )
    text = page.find(".stage3-contrast-plot")[0].text
    for said in ("λ/D", "Separation (arcsec)", "Contrast", "annular noise, no throughput"):
        assert said in text
    time.sleep(1)  # the figure takes the width of the panel
    page.screenshot("coronagraphy")
    found = page.complaints()
    assert found == [], "\n".join(t[:900] for t in found)
