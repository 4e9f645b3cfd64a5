"""V² and closure phases of target, reference and normalised, as a person sees them."""

import numpy as np
import pytest
from make_interferometry import binary, oifits

pytestmark = pytest.mark.browser

COLORS = {"blue": (0, 114, 178), "orange": (230, 159, 0), "green": (0, 158, 115)}


def test_three_products_in_two_viewers(start_server, start_browser, tmp_path):
    sky = binary(110, -75, 0.08)
    root = "jw09997-o001_t001_niriss_f380m-nrm-sub80"
    paths = [
        oifits("ami-oi", tmp_path, sky=sky, noise=0.01, root=root),
        oifits("psf-ami-oi", tmp_path, seed=9, noise=0.01, root=root),
        oifits("aminorm-oi", tmp_path, sky=sky, seed=3, noise=0.014, root=root),
    ]
    page = start_browser()
    page.open(start_server("open", *map(str, paths)).url)

    def colored(viewer, color):
        picture = page.picture(viewer)
        return picture.size and (np.abs(picture - COLORS[color]).sum(axis=-1) < 60).sum()

    for viewer in ("Squared visibility", "Closure phase"):
        for color in COLORS:
            page.wait_for(lambda v=viewer, c=color: colored(v, c) > 30, f"{color} in {viewer}")
    left, right = (page.box(viewer) for viewer in ("Squared visibility", "Closure phase"))
    assert left[2] < right[0], "side by side"
    page.point_at((right[0] + right[2]) / 2, (right[1] + right[3]) / 2)
    page.wait_for(lambda: "Stations" in page.find(".jdaviz")[0].text, "what is under the cursor")
    page.screenshot("interferometry")
    found = page.complaints()
    assert found == [], "\n".join(t[:900] for t in found)
