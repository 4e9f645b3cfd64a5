"""The example of the page on extending jdaviz does what the page says."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"


# in a fork: a format that is registered stays for every test after it
@pytest.mark.forked
def test_the_file_is_shown_and_the_plugin_finds_its_peak(tmp_path, monkeypatch):
    wavelength = np.linspace(1, 2, 50)
    flux = np.exp(-0.5 * ((wavelength - wavelength[31]) / 0.05) ** 2)
    np.savez(tmp_path / "star.npz", wavelength=wavelength, flux=flux)
    import jdaviz

    monkeypatch.syspath_prepend(EXAMPLES)
    import_module("npz_spectra")
    app = jdaviz.new_app()
    loader = app.loaders["file"]
    loader.filepath = str(tmp_path / "star.npz")
    assert list(loader.format.choices) == ["Numpy spectrum"]
    app.load(str(tmp_path / "star.npz"))
    assert list(app.datasets) == ["star"]
    assert len(app.viewers) == 1
    assert app.plugins["Peak"].find().value == wavelength[31]
