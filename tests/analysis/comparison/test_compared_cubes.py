"""Cubes, channel by channel, against both cubes in memory."""

import numpy as np
import pytest
from make_cubes import cube, cube_arrays

import jdaviz_stage3 as stage3
from jdaviz_stage3.analysis import compare_cubes
from jdaviz_stage3.analysis.cubes import planes
from jdaviz_stage3.errors import Stage3Error


def test_channels_are_those_of_the_whole_cubes(tmp_path, monkeypatch):
    monkeypatch.setattr(planes, "_PIECE", 200)  # two planes at a time
    arrays, others = cube_arrays(), cube_arrays(seed=4)
    others.data[5] = np.nan
    one = stage3.read(cube(tmp_path, arrays, name="a_s3d.fits"))
    made = compare_cubes(one, stage3.read(cube(tmp_path, others, name="b_s3d.fits")))
    difference = arrays.data.astype(float) - others.data
    table = made.channels
    np.testing.assert_array_equal(table["n"], np.isfinite(difference).sum(axis=(1, 2)))
    seen = np.delete(np.arange(12), 5)
    wanted = np.nanmedian(difference[seen], axis=(1, 2))
    np.testing.assert_allclose(table["median"].value[seen], wanted, rtol=1e-5)
    off = np.abs(difference[seen] - wanted[:, None, None])
    np.testing.assert_allclose(
        table["sigma"].value[seen], np.nanmedian(off, axis=(1, 2)) / 0.67448975, rtol=1e-5
    )
    error = np.hypot(arrays.err, others.err)[seen]
    scaled = (difference[seen] - wanted[:, None, None]) / error
    scaled -= np.nanmedian(scaled, axis=(1, 2))[:, None, None]
    np.testing.assert_allclose(
        table["sigma_in_errors"][seen],
        np.nanmedian(np.abs(scaled), axis=(1, 2)) / 0.67448975,
        rtol=1e-5,
    )
    assert np.isnan(table["median"][5]) and np.isfinite(made.median) and made.n == table["n"].sum()
    np.testing.assert_allclose(table["wavelength"].value, arrays.wavelength, rtol=1e-6)


def test_other_grids_are_refused(tmp_path):
    one = stage3.read(cube(tmp_path, name="a_s3d.fits"))

    def other(arrays=None, **options):
        return stage3.read(cube(tmp_path, arrays, name="b_s3d.fits", **options))

    with pytest.raises(Stage3Error, match="12 × 8 × 10 and 12 × 8 × 9"):
        compare_cubes(one, other(cube_arrays(shape=(8, 9))))
    with pytest.raises(Stage3Error, match="up to .* channels"):
        compare_cubes(one, other(cube_arrays(np.linspace(4.9, 5.8, 12))))
    with pytest.raises(Stage3Error, match="pixels apart"):
        compare_cubes(one, other(angle=30.0))
    with pytest.raises(Stage3Error, match="the second in Jy"):
        compare_cubes(one, other(unit="Jy"))
    blank = cube_arrays()
    blank.data[:] = np.nan
    with pytest.raises(Stage3Error, match="no usable sample"):
        compare_cubes(one, other(blank))
