"""A stack that is played, gone through by keys, and one of its pixels in time."""

import time

import numpy as np
import pytest
from make_stacks import SHAPE, stack, stack_arrays
from selenium.webdriver import ActionChains, Keys

pytestmark = pytest.mark.browser


def moving_star():
    """A star that moves by a pixel from frame to frame."""
    arrays = stack_arrays()
    y, x = np.mgrid[: SHAPE[1], : SHAPE[2]]
    for number, frame in enumerate(arrays["data"]):
        frame[:] = 1 + 50 * np.exp(-0.5 * ((y - 8) ** 2 + (x - 4 - number) ** 2) / 1.5)
    return arrays


def test_frames_play_and_a_pixel_is_shown_in_time(start_server, start_browser, tmp_path):
    page = start_browser()
    page.open(start_server("open", str(stack(tmp_path, "psfsub", arrays=moving_star()))).url)
    page.open_plugin("Image Stack")

    def star():
        """Where the brightest column of the picture is, from 0 to 1 of its width."""
        picture = page.picture("psfsub stack")
        if not picture.size:
            return None
        bright = picture[60:].sum(axis=(0, 2)).astype(float)  # below the title
        return float(np.argmax(bright)) / bright.size

    def number():
        return int(page.find(".stage3-player-number")[0].get_property("value"))

    page.wait_for(lambda: page.find(".stage3-player-number"), "the panel")
    first = page.wait_for(star, "the picture")

    def press(label):
        for button in page.find(f"button[aria-label='{label}']"):
            page.driver.execute_script("arguments[0].click()", button)

    def paused():
        press("Pause")
        return page.find("button[aria-label='Play']")

    press("Play")
    page.wait_for(lambda: number() > 4, "the frames that play")
    page.wait_for(paused, "the pause")
    page.wait_for(lambda: number() == 1 or (star() or 0) > first, "the star that moves")

    box = page.wait_for(lambda: page.box("psfsub stack"), "the viewer")
    page.point_at((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)

    def stepped():  # again, where the page is so slow that the key was not for it yet
        before = number()
        ActionChains(page.driver).send_keys(Keys.ARROW_RIGHT).perform()
        time.sleep(1)
        return number() != before

    page.wait_for(stepped, "the next frame")

    page.point_at((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, click=True)
    page.wait_for(lambda: page.box("Light curves"), "the series of the pixel")
    page.screenshot("image_stack")
    found = page.complaints()
    assert found == [], "\n".join(t[:900] for t in found)
