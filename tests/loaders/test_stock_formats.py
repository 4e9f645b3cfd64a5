"""Files that are no Stage 3 product are offered exactly what jdaviz offers without us."""

import inspect
import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from fresh_apps import new_app


def offered_in(app, paths):
    """What an app offers: the formats and targets for each file, its plugins and its loaders."""
    offered = {}
    for path in paths:
        loader = app.loaders["file"]
        loader.filepath = path
        offered[path] = [loader.format.choices, loader._obj.target.choices]
    return [offered, list(app.plugins), list(app.loaders)]


WITHOUT_US = f"""
import json, sys, warnings
warnings.simplefilter("ignore")
import jdaviz
{inspect.getsource(offered_in)}
print("RESULT " + json.dumps(offered_in(jdaviz.new_app(), sys.argv[1:])))
assert "jdaviz_stage3" not in sys.modules
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Images, tables and spectra of others, a product without a loader of ours, and nonsense."""
    from make_products import BUILDERS

    folder = tmp_path_factory.mktemp("others")
    image = fits.PrimaryHDU(np.ones((8, 9)))
    image.writeto(folder / "plain_i2d.fits")
    image.header["TELESCOP"] = "HST"
    image.writeto(folder / "hst_i2d.fits")
    wave = np.linspace(1, 2, 20)
    spectrum = Table({"wavelength": wave, "flux": wave**2})
    spectrum["wavelength"].unit, spectrum["flux"].unit = "um", "Jy"
    spectrum.write(folder / "spectrum.fits")
    spectrum.write(folder / "spectrum.ecsv")
    positions = Table({"label": [1, 2], "xcentroid": [1.0, 2.0], "ycentroid": [3.0, 4.0]})
    positions.write(folder / "positions.ecsv")
    positions.write(folder / "positions.csv")
    (folder / "notes.txt").write_text("seeing was good")
    (folder / "text_x1d.fits").write_text("404 not found")
    BUILDERS["asn", "json"](folder)
    return sorted(map(str, folder.iterdir()))


@pytest.mark.forked
def test_the_same_formats_as_without_us(files):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_US, *files], capture_output=True, text=True, check=True
    )
    line = next(ln for ln in done.stdout.splitlines() if ln.startswith("RESULT "))
    without = json.loads(line[len("RESULT ") :])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of jdaviz's readers, about what none of them reads
        with_us = offered_in(new_app(), files)
    assert with_us[0] == without[0]
    assert any(formats for formats, _ in without[0].values()), "the test compares nothing"
    assert set(without[1]) <= set(with_us[1])
    assert with_us[2] == without[2]
