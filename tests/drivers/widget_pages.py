"""A notebook with each of the widgets, and servers that show it: Voilà, JupyterLab."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

if TYPE_CHECKING:
    from browsers import Page

NAME = "widgets.ipynb"
START_TIMEOUT = 120  # seconds
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


def write_notebook(folder: Path) -> Path:
    """Write the notebook with each of the widgets."""
    cells = [new_code_cell("\n".join(map(str.strip, text.splitlines()))) for text in _CELLS]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / NAME)
    return folder / NAME


@contextmanager
def served(folder: Path, module: str, options: Sequence[str], answers: str) -> Iterator[str]:
    """Run ``python -m module`` in a folder until it answers; gives its address.

    Parameters
    ----------
    folder : pathlib.Path
    module : str
    options : sequence of str
    answers : str
        A path below the address, which it answers as soon as it is there.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/"
    port = address.rpartition(":")[2].strip("/")
    command = [sys.executable, "-m", module, *options, "--no-browser", f"--port={port}"]
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, env=os.environ | {"MPLBACKEND": "Agg"}
        )
    try:
        _wait_for(server, f"{address}{answers}", folder / "log.txt")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(server: subprocess.Popen, address: str, log: Path) -> None:
    end = time.monotonic() + START_TIMEOUT
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except urllib.error.HTTPError:  # it answers
            return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"the server did not start:\n{log.read_text()}")


def inked(page: Page) -> list[int]:
    """For each figure how many different colours are in its picture, in the order of the page."""
    found = []
    for figure in page.find(".bqplot"):
        page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", figure)
        picture = Image.open(io.BytesIO(figure.screenshot_as_png)).convert("RGB")
        found.append(len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)))
    return found
