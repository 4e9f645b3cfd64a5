"""Light curves that we have written are read back, and identified."""

import numpy as np
import pytest
from astropy import units as u
from astropy.table import MaskedColumn

import jdaviz_stage3 as stage3
from jdaviz_stage3.demo import demo_products


@pytest.fixture(scope="module")
def trace():
    return stage3.read(demo_products()[4]).traces[0]


@pytest.mark.parametrize("normalize", ["median", None])
def test_a_curve_comes_back_as_it_was(trace, tmp_path, normalize):
    curve = stage3.analysis.white_light_curve(trace, [5, 9] * u.um, normalize=normalize)
    path = stage3.analysis.write_light_curve(curve, tmp_path / "mine.ecsv")
    assert stage3.identify(path).suffix == "whtlt"
    back = stage3.read(path)
    assert np.abs((back.time - curve.time).to_value(u.us)).max() < 1
    for name in ("flux", "flux_err"):
        assert back[name].unit == curve[name].unit
        np.testing.assert_array_equal(back[name].value, curve[name].value)
    np.testing.assert_array_equal(back["outlier"], curve["outlier"])
    assert (back.meta["default_column"], back.meta["time_system"]) == ("flux", "BJD_TDB")
    assert back["flux"].info.description == ("Relative flux" if normalize else "Flux")


def test_several_bands_are_taken_apart(trace, tmp_path):
    curves = stage3.analysis.spectroscopic_light_curves(
        trace, [[5, 6], [6, 8]] * u.um, time_system="MJD_UTC"
    )
    back = stage3.read(stage3.analysis.write_light_curve(curves, tmp_path / "bands.ecsv"))
    for band in (0, 1):
        for name, column in (("flux", ""), ("flux_err", "_err")):
            found = back[f"flux_band{band + 1}{column}"].value
            np.testing.assert_array_equal(found, curves[name][:, band].value)
    assert (back.meta["default_column"], back.meta["time_system"]) == ("flux_band1", "MJD_UTC")


def test_another_table_of_times_and_fluxes_is_none_of_ours(trace, tmp_path):
    curve = stage3.analysis.white_light_curve(trace)
    del curve.meta["package"]
    path = stage3.analysis.write_light_curve(curve, tmp_path / "other.ecsv")
    with pytest.raises(stage3.UnknownProductError):
        stage3.identify(path)


def test_a_broken_one_is_refused_in_words(trace, tmp_path):
    curve = stage3.analysis.white_light_curve(trace)
    path = stage3.analysis.write_light_curve(curve, tmp_path / "mine.ecsv")
    whole = path.read_text()
    path.write_text(whole.replace("scale: tdb", "scale: none"))
    with pytest.raises(
        stage3.UnreadableProductError, match="mine.ecsv: not a readable light curve"
    ):
        stage3.read(path)
    header = "\n".join(line for line in whole.splitlines() if line.startswith("#"))
    names = next(line for line in whole.splitlines() if not line.startswith("#"))
    path.write_text(f"{header}\n{names}\n")
    with pytest.raises(stage3.UnreadableProductError, match="mine.ecsv: no rows"):
        stage3.read(path)


def test_fluxes_that_are_missing_are_nan_and_words_are_refused(trace, tmp_path):
    curve = stage3.analysis.white_light_curve(trace)
    values = curve["flux"].value
    curve["time"].info.serialize_method["ecsv"] = "jd1_jd2"
    curve["flux"] = MaskedColumn(values, mask=np.arange(values.size) == 3)
    curve.write(tmp_path / "mine.ecsv", format="ascii.ecsv")
    back = stage3.read(tmp_path / "mine.ecsv")["flux"].value
    assert np.isnan(back[3])
    np.testing.assert_array_equal(np.delete(back, 3), np.delete(values, 3))
    curve["flux"] = np.full(values.size, "high")
    curve.write(tmp_path / "words.ecsv", format="ascii.ecsv")
    with pytest.raises(stage3.UnreadableProductError, match="words.ecsv: flux holds what is no"):
        stage3.read(tmp_path / "words.ecsv")
