"""Tabs name the targets of what they show; labels stay as jdaviz has them."""

import pytest
from astropy.io import fits
from fresh_apps import new_app
from make_products import mosaic
from make_spectra import extracted_single

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import remove_data
from jdaviz_stage3.viewers.tab_titles import TargetNames


@pytest.mark.forked
def test_the_first_viewer_of_a_kind_keeps_its_label_and_its_tab_names_the_target(tmp_path):
    app = new_app()
    titles = TargetNames.of_app(app).titles
    labels = {}
    for number, target in enumerate(("STAR", "GALAXY", "STAR")):
        (folder := tmp_path / str(number)).mkdir()
        path = extracted_single(folder)
        fits.setval(path, "TARGNAME", value=target)
        labels[number] = stage3.load(path.rename(folder / f"o{number}_x1d.fits"), app=app)
        if not number:
            assert titles.texts == {"1D Spectrum": "STAR"}
    assert set(app.viewers) == {"1D Spectrum", "1D Spectrum GALAXY"}
    assert titles.texts == {"1D Spectrum": "STAR"}  # the other one's label says it
    stage3.load(tmp_path / "1" / "o1_x1d.fits", app=app, viewer="1D Spectrum")
    assert titles.texts == {}  # of two targets
    remove_data(app, [label for n in (0, 2) for label in labels[n]])
    assert titles.texts == {"1D Spectrum": "GALAXY"}
    assert TargetNames.of_app(app).titles is titles


@pytest.mark.forked
def test_without_a_target_the_root_is_named_and_the_data_of_others_are_not(tmp_path):
    app = new_app()
    path = mosaic(tmp_path)
    with fits.open(path, mode="update") as hdus:
        for name in ("TARGNAME", "TARGPROP"):
            hdus[0].header.pop(name, None)
    stage3.load(path, app=app)
    root = path.name.removesuffix("_i2d.fits")
    text = TargetNames.of_app(app).titles.texts["Image"]
    assert len(text) <= 28 and text[:10] == root[:10] and text[-10:] == root[-10:]
    assert "…" in text or text == root
