"""The widgets of single products as a page of Voilà: each is drawn, and selections go together."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from jdaviz_stage3.demo import demo_products

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_spec("voila") is None, reason="voila is not installed"),
]

_CELLS = (
    """
    import jdaviz_stage3 as stage3
    from jdaviz_stage3.demo import demo_products

    i2d, segm, cat, c1d, x1dints, whtlt = demo_products()
    """,
    "stage3.widgets.light_curve(whtlt)",
    "stage3.widgets.dynamic_spectrum(x1dints)",
    "stage3.widgets.spectrum(c1d, median=11)",
    "image = stage3.widgets.source_image(i2d, cat)\nimage",
    "stage3.widgets.catalog_table(cat)",
)
START_TIMEOUT = 120  # seconds


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Of a page with all kinds of widgets."""
    folder = tmp_path_factory.mktemp("voila")
    cells = [new_code_cell("\n".join(map(str.strip, text.splitlines()))) for text in _CELLS]
    nbformat.write(new_notebook(cells=cells), folder / "widgets.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "voila", "widgets.ipynb", "--no-browser", f"--port={port}",
               "--Voila.ip=127.0.0.1"]  # fmt: skip
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, env=os.environ | {"MPLBACKEND": "Agg"}
        )
    try:
        _wait_for(server, port, folder / "log.txt")
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(server, port, log):
    end = time.monotonic() + START_TIMEOUT
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/voila/static/", timeout=5).close()
            return
        except urllib.error.HTTPError:  # it answers
            return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"voila did not start:\n{log.read_text()}")


def inked(page):
    """For each figure how many different colours are in its picture, in the order of the page."""
    found = []
    for figure in page.find(".bqplot"):
        page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", figure)
        picture = Image.open(io.BytesIO(figure.screenshot_as_png)).convert("RGB")
        found.append(len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)))
    return found


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
