"""Time series whose integrations could be mixed up, and files that end too early."""

import numpy as np
import pytest
from astropy.io import fits
from make_spectra import integrations, one_hdu_an_integration, time_series

from jdaviz_stage3.errors import Stage3Warning, UnreadableProductError
from jdaviz_stage3.readers import read
from jdaviz_stage3.summary import summarize


def test_two_detectors_are_two_traces_with_their_own_labels(tmp_path):
    part = integrations([1, 2, 3])
    path = time_series(
        tmp_path,
        [(part, {"spectral_order": 1, "detector": name}) for name in ("NRCALONG", "NRCBLONG")],
    )
    assert [trace.label for trace in read(path).traces] == ["order 1 NRCALONG", "order 1 NRCBLONG"]


def test_numbers_that_start_anew_without_segments_keep_the_order_of_the_file(tmp_path):
    columns = integrations([1, 2, 3, 1, 2, 3])
    days = 60000 + np.arange(6) / 1000
    columns |= {"MJD-AVG": days, "TDB-MID": days, "FLUX": np.arange(6.0)[:, None] + np.zeros(12)}
    trace = read(one_hdu_an_integration(tmp_path, columns)).traces[0]
    np.testing.assert_array_equal(trace.flux.value[:, 0], np.arange(6))
    np.testing.assert_array_equal(trace.int_num, [1, 2, 3, 1, 2, 3])
    assert np.all(np.diff(trace.time_utc.mjd) > 0)


@pytest.mark.parametrize("where", ["in the header", "in the data"])
def test_old_layout_cut_after_some_integrations(tmp_path, built, where):
    source = built("x1dints", "MultiSpecModel")
    with fits.open(source) as hdus:
        third = [hdu for hdu in hdus if hdu.name == "EXTRACT1D"][2].fileinfo()
    cut = third["hdrLoc"] + 500 if where == "in the header" else third["datLoc"] + 50
    path = tmp_path / source.name
    path.write_bytes(source.read_bytes()[:cut])
    with pytest.raises(UnreadableProductError, match="truncated"):
        read(path)
    assert "truncated" in summarize(path).problem


@pytest.mark.parametrize("extension", ["ERR", "WHT"])
def test_mosaic_cut_behind_its_science_image(tmp_path, built, extension):
    source = built("i2d", "ImageModel")
    with fits.open(source) as hdus:
        cut = hdus[extension].fileinfo()["hdrLoc"] + 100
    path = tmp_path / source.name
    path.write_bytes(source.read_bytes()[:cut])
    with pytest.raises(UnreadableProductError, match="truncated"):
        read(path)
    assert "truncated" in summarize(path).problem


def test_white_light_without_barycentric_times_falls_back_to_utc(tmp_path):
    from make_tables import light_curve

    path = light_curve(
        tmp_path,
        {
            "MJD_UTC": [60000.0, 60000.1],
            "BJD_TDB": [np.nan, np.nan],
            "whitelight_flux": [1.0, 2.0],
        },
    )
    series = read(path)
    assert series.meta["time_system"] == "MJD_UTC"
    np.testing.assert_allclose(series["time"].mjd, [60000.0, 60000.1])


def test_no_finite_flux_warns(tmp_path):
    from jdaviz_stage3.loaders.time_series import dynamic_spectrum

    part = integrations([1, 2, 3], FLUX=np.full((3, 12), np.nan))
    path = time_series(tmp_path, [(part, {"spectral_order": 1, "detector": "NIS"})])
    with pytest.warns(Stage3Warning, match="no usable sample"):
        dynamic_spectrum(read(path).traces[0])


def test_every_table_must_have_its_columns(tmp_path, built):
    source = built("x1dints", "TSOMultiSpecModel")
    path = tmp_path / source.name
    with fits.open(source) as hdus:
        hdus["EXTRACT1D", 2].columns["WAVELENGTH"].name = "LAMBDA"
        hdus.writeto(path)
    with pytest.raises(UnreadableProductError, match="no WAVELENGTH column"):
        read(path)
