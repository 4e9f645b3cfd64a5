"""Files that are no Stage 3 product are offered exactly what jdaviz offers without us."""

import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

SCRIPT = textwrap.dedent(
    """
    import json, sys, warnings
    warnings.simplefilter("ignore")
    if sys.argv[1] == "with":
        import jdaviz_stage3
    import jdaviz
    app = jdaviz.new_app()
    offered = {}
    for path in sys.argv[2:]:
        loader = app.loaders["file"]
        loader.filepath = path
        offered[path] = [loader.format.choices, loader._obj.target.choices]
    print("RESULT " + json.dumps([offered, list(app.plugins), list(app.loaders)]))
    """
)


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


def test_the_same_formats_as_without_us(files):
    def offered(who):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, who, *files], capture_output=True, text=True, check=True
        )
        line = next(ln for ln in done.stdout.splitlines() if ln.startswith("RESULT "))
        return json.loads(line[len("RESULT ") :])

    without, with_us = offered("without"), offered("with")
    assert with_us[0] == without[0]
    assert any(formats for formats, _ in without[0].values()), "the test compares nothing"
    assert set(without[1]) <= set(with_us[1])
    assert with_us[2] == without[2]
