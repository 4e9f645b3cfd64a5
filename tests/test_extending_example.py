"""The example of the page on extending jdaviz does what the page says."""

import subprocess
import sys
from pathlib import Path

import numpy as np

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"

# In an interpreter of its own: a format that is registered stays for every test after it.
RUN = """
import jdaviz
import npz_spectra

app = jdaviz.new_app()
loader = app.loaders["file"]
loader.filepath = "star.npz"
assert list(loader.format.choices) == ["Numpy spectrum"], loader.format.choices
app.load("star.npz")
assert app.datasets and list(app.datasets) == ["star"], app.datasets
assert len(app.viewers) == 1, app.viewers
print(app.plugins["Peak"].find().value)
"""


def test_the_file_is_shown_and_the_plugin_finds_its_peak(tmp_path, monkeypatch):
    wavelength = np.linspace(1, 2, 50)
    flux = np.exp(-0.5 * ((wavelength - wavelength[31]) / 0.05) ** 2)
    np.savez(tmp_path / "star.npz", wavelength=wavelength, flux=flux)
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLES))
    done = subprocess.run([sys.executable, "-c", RUN], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[-1]) == wavelength[31]
