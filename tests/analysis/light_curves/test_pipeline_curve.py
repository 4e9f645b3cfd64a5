"""What whtlt files are sums of: the pipeline's own step on files made here, and real pairs."""

from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable, Table
from astropy.timeseries import TimeSeries
from make_bots import bots
from make_spectra import integrations, interval_times, one_hdu_an_integration, time_series
from make_tables import light_curve, save_table
from shared_data import DATA

from jdaviz_stage3.analysis import compare_with_pipeline, matching_column
from jdaviz_stage3.analysis.light_curves.band_sums import BandSums
from jdaviz_stage3.errors import Stage3Error, Stage3Warning
from jdaviz_stage3.readers import read

with_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not at hand")
REAL = DATA / "real/tsview/jw02783-o002_t001_miri_p750l-slitlessprism"
SOSS = DATA / "simulated/tso3/jw09999-o015_t002_niriss_clear-gr700xd-substrip256"
LRS = DATA / "simulated/tso3/jw09999-o003_t002_miri_p750l-slitlessprism"

N_INT, N_WAVE = 8, 40
WAVELENGTH = np.linspace(1, 3, N_WAVE)


def noisy(seed=0, n_int=N_INT, n_wave=N_WAVE):
    """Fluxes that no two bands have the same sum of, some negative at the ends."""
    rng = np.random.default_rng(seed)
    star = np.exp(-(((np.arange(n_wave) - n_wave / 2) / n_wave * 4) ** 2))
    return star + rng.normal(0, 0.02, (n_int, n_wave))


def columns_of(flux, **changes):
    n_int, n_wave = flux.shape
    whole = integrations(np.arange(1, n_int + 1), n_wave)
    grid = np.broadcast_to(np.linspace(1, 3, n_wave), flux.shape)
    return whole | {"FLUX": flux, "WAVELENGTH": grid} | changes


def file_of(folder, *parts):
    """An x1dints with these columns, each part an order of SOSS."""
    return time_series(
        folder,
        [(columns, {"spectral_order": i + 1, "detector": "NIS"})
         for i, columns in enumerate(parts)],
    )  # fmt: skip


def step(path, **keywords):
    """The whtlt that the pipeline's own function makes of a file, read back."""
    from jwst.white_light.white_light import white_light
    from stdatamodels.jwst.datamodels import TSOMultiSpecModel

    with TSOMultiSpecModel(str(path)) as model:
        model.meta.instrument.filter = "CLEAR"
        table = white_light(model, **keywords)
    return save_table(table, path.with_name(path.name.replace("x1dints.fits", "whtlt.ecsv")))


def compare(path, whtlt, trace=0, **keywords):
    pipeline = read(whtlt)
    traces = read(path).traces
    column = matching_column(pipeline, traces[trace])
    return compare_with_pipeline(traces[trace], pipeline, column, **keywords)


# ---- what the step summed ----


def test_all_flux(tmp_path):
    path = file_of(tmp_path, columns_of(noisy()))
    found = compare(path, step(path))
    assert found.sentence() == "The pipeline's curve is the plain sum of all FLUX."
    assert found.limits.unit == u.um
    np.testing.assert_allclose(found.limits.value, [1, 3])
    assert found.pipeline_flux.unit == found.residual.unit == u.Jy
    np.testing.assert_allclose(found.pipeline_flux.value, noisy().sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(found.residual.value, 0, atol=1e-12)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limits", [(1.2, 2.6), (None, 2.6), (1.2, None), (1.98, 2.05)])
def test_limits(tmp_path, limits, descending):
    order = slice(None, None, -1 if descending else 1)
    columns = columns_of(noisy()[:, order])
    columns["WAVELENGTH"] = columns["WAVELENGTH"][:, order]
    path = file_of(tmp_path, columns)
    found = compare(path, step(path, min_wave=limits[0], max_wave=limits[1]))
    inside = WAVELENGTH[(WAVELENGTH >= (limits[0] or 0)) & (WAVELENGTH <= (limits[1] or 9))]
    np.testing.assert_allclose(found.limits.value, inside[[0, -1]], rtol=1e-12)
    np.testing.assert_allclose(found.residual.value, 0, atol=1e-12)
    text = found.sentence()
    assert f"{inside.size} of 40 channels" in text
    if limits == (1.2, 2.6):
        assert "as from a lower limit of 1.2 um and an upper limit of 2.6 um." in text
    if limits[1] is None:
        assert text.endswith("as from a lower limit of 1.2 um.")


def test_second_order_inherits_the_limits_of_the_first(tmp_path):
    """The loop of the step keeps the first order's limits; the reference file has others."""
    second = columns_of(noisy(1)) | {"WAVELENGTH": np.broadcast_to(WAVELENGTH / 2, (N_INT, N_WAVE))}
    path = file_of(tmp_path, columns_of(noisy()), second)
    ranges = Table(
        {"order": [1, 2], "filter": ["CLEAR"] * 2, "min_wave": [1.1, 0.6], "max_wave": [2.8, 0.9]}
    )
    whtlt = step(path, waverange_table=ranges)
    traces = read(path).traces
    first = compare(path, whtlt)
    np.testing.assert_allclose(first.limits.value, WAVELENGTH[[2, 35]])
    assert "order 1" not in first.sentence()
    found = compare(path, whtlt, 1, first_order=traces[0])
    np.testing.assert_allclose(found.limits.value, WAVELENGTH[[24, -1]] / 2)  # 1.1 and up
    assert "These are the limits of order 1: the white_light step uses" in found.sentence()
    alone = compare(path, whtlt, 1)
    assert "These may be the limits of order 1" in alone.sentence()
    ranges["min_wave"][0], ranges["max_wave"][0] = -1, 1e9
    assert "order 1" not in compare(path, step(path, waverange_table=ranges), 1).sentence()


def test_second_order_with_limits_of_its_own(tmp_path):
    path = file_of(tmp_path, columns_of(noisy()), columns_of(noisy(1)))
    days = 60000 + np.arange(1, N_INT + 1) / 1000
    own = (WAVELENGTH > 1.5) & (WAVELENGTH < 2)
    whtlt = light_curve(tmp_path, {
        "MJD_UTC": days, "BJD_TDB": days + 0.003,
        "whitelight_flux_order_1": noisy().sum(axis=1) * u.Jy,
        "whitelight_flux_order_2": noisy(1)[:, own].sum(axis=1) * u.Jy,
    })  # fmt: skip
    found = compare(path, whtlt, 1, first_order=read(path).traces[0])
    np.testing.assert_allclose(found.limits.value, WAVELENGTH[own][[0, -1]])
    assert found.sentence().endswith("These are not the limits of order 1.")


def test_flagged_and_missing_samples(tmp_path):
    """What they do to the points, against a hand-made curve with each channel's median."""
    star = np.exp(-((np.linspace(-2, 2, N_WAVE)) ** 2))
    flux, dq = np.tile(star, (N_INT, 1)), np.zeros((N_INT, N_WAVE), "u4")
    flux[2, 20] *= 1.5
    dq[2, 20] = 1
    dq[3, 21] = 2  # saturated, but used
    flux[5, 22:24] = np.nan
    flux[:, 30] = np.nan  # a dip for none
    path = file_of(tmp_path, columns_of(flux, DQ=dq))
    found = compare(path, step(path))
    dip = star[22:24].sum() / np.nansum(flux[0])
    assert dip > 0.5 * star[20] / np.nansum(flux[0])
    expected = (
        "It includes 1 sample flagged DO_NOT_USE and counts 2 samples that are NaN as 0: with "
        f"such samples filled, points of the same band change by up to {dip * 100:.3g} %."
    )
    assert found.reasons == ["The pipeline's curve is the plain sum of all FLUX.", expected]
    trace = read(path).traces[0]
    dropped = BandSums(trace, excluded="drop")
    assert "left out with their channels" in compare(
        path, step(path), band_sums=dropped
    ).sentence()  # fmt: skip


def test_empty_integration_is_not_zero(tmp_path):
    flux = noisy()
    flux[3] = np.nan
    path = file_of(tmp_path, columns_of(flux))
    with pytest.warns(Stage3Warning, match="without a finite sample"):
        found = compare(path, step(path))
    assert np.flatnonzero(np.isnan(found.pipeline_flux)).tolist() == [3]
    assert np.isnan(found.residual[3]) and np.isnan(found.plain_sum[3])
    assert "1 integration without a finite sample is 0 in the pipeline's curve" in found.sentence()


def test_repeated_time_stamps_are_dropped(tmp_path):
    columns = columns_of(noisy())
    for name in ("MJD-AVG", "TDB-MID"):
        columns[name] = columns[name].copy()
        columns[name][[2, 6]] = columns[name][[1, 5]]
    path = file_of(tmp_path, columns)
    whtlt = step(path, min_wave=1.5)
    with pytest.warns(Stage3Warning, match="repeated"):
        found = compare(path, whtlt)
    assert np.flatnonzero(np.isnan(found.pipeline_flux)).tolist() == [2, 6]
    assert np.isfinite(found.plain_sum).all()
    np.testing.assert_allclose(found.residual[found.residual == found.residual], 0, atol=1e-12)
    assert "2 integrations are not in it: the time stamp repeats an earlier one" in found.sentence()


def test_times_that_jump_back_are_sorted_without_their_fluxes(tmp_path):
    """Two segments, the second earlier than the first: the step sorts the times only."""
    parts = []
    for segment, (rows, offset) in enumerate([(slice(0, 5), 0.5), (slice(5, 8), 0.0)]):
        part = {
            name: values[rows] if np.ndim(values) else values
            for name, values in columns_of(noisy()).items()
        }
        part |= {"SEGMENT": segment + 1}
        part |= {name: part[name] + offset for name in ("MJD-AVG", "TDB-MID")}
        parts.append((part, {"spectral_order": 1, "detector": "NIS"}))
    path = time_series(tmp_path, parts)
    whtlt = step(path, min_wave=1.3)
    with pytest.warns(Stage3Warning, match="jump back"):
        found = compare(path, whtlt)
    assert "the pipeline sorted the times, but not the fluxes" in found.sentence()
    np.testing.assert_allclose(found.residual.value, 0, atol=1e-12)
    np.testing.assert_allclose(found.limits.value, WAVELENGTH[[6, -1]])


@pytest.mark.parametrize("repeated", [False, True])
def test_segments_out_of_order_in_the_file(tmp_path, repeated):
    """The step sorts the times; the fluxes stay as the spectra are in the file."""
    days = 60000 + np.arange(N_INT) / 1000
    if repeated:
        days[6] = days[5]
    parts = []
    for segment, rows in ((3, slice(5, 8)), (1, slice(0, 3)), (2, slice(3, 5))):
        part = {
            name: values[rows] if np.ndim(values) else values
            for name, values in columns_of(noisy(), **{"MJD-AVG": days}).items()
        }
        part |= {"SEGMENT": segment, "TDB-MID": days[rows] + 0.003}
        parts.append((part, {"spectral_order": 1, "detector": "NIS"}))
    path = time_series(tmp_path, parts)
    whtlt = step(path, max_wave=2.5)
    if repeated:
        with pytest.warns(Stage3Warning, match="repeated"):
            found = compare(path, whtlt)
    else:
        found = compare(path, whtlt)
    assert "which it has in the order of the file" in found.sentence()
    np.testing.assert_allclose(found.limits.value, WAVELENGTH[[0, 29]])
    known = np.isfinite(found.residual)
    assert np.flatnonzero(~known).tolist() == ([6] if repeated else [])
    np.testing.assert_allclose(found.residual[known], 0, atol=1e-12)
    expected = noisy()[:, :30].sum(axis=1)
    np.testing.assert_allclose(found.pipeline_flux.value[known], expected[known], rtol=1e-12)


def test_detectors_stacked_up_to_1_18(tmp_path):
    """Both detectors of NIRSpec in one file and in one column, segment after segment."""
    blocks = [(0, range(1, 6)), (1, range(1, 6)), (0, range(6, 9)), (1, range(6, 9))]
    path = bots(tmp_path, blocks)
    days, sums = [], []
    for detector, numbers in blocks:
        trace = read(path).traces[detector]
        rows = np.isin(trace.int_num, numbers)
        days.append(trace.time_utc.mjd[rows])
        sums.append(trace.flux.value[rows].sum(axis=1))
    table = QTable({"MJD": np.concatenate(days), "whitelight_flux": np.concatenate(sums)})
    table.meta = {"instrument": "NIRSPEC", "detector": "NRS2", "exp_type": "NRS_BRIGHTOBJ"}
    pipeline = read(save_table(table, tmp_path / "a_whtlt.ecsv"))
    for trace, name in zip(read(path).traces, ("NRS1", "NRS2"), strict=True):
        column = matching_column(pipeline, trace)
        assert column == f"whitelight_flux_{name}"
        found = compare_with_pipeline(trace, pipeline, column)
        assert found.sentence() == "The pipeline's curve is the plain sum of all FLUX."


def test_wavelengths_that_differ_from_row_to_row(tmp_path):
    shift = np.linspace(0, 0.02, N_INT)[:, None]
    path = file_of(tmp_path, columns_of(noisy(), WAVELENGTH=WAVELENGTH + shift))
    found = compare(path, step(path, min_wave=1.49, max_wave=2.5))
    assert read(path).traces[0].wavelength.ndim == 2
    np.testing.assert_allclose(found.residual.value, 0, atol=1e-12)
    assert np.all(np.abs(found.limits.value - [1.49, 2.5]) < [0.03, 0.003])
    half = compare(path, step(path, max_wave=2.5))
    np.testing.assert_allclose(half.residual.value, 0, atol=1e-12)
    assert half.limits[0] == 1 * u.um


def test_detectors_of_different_length(tmp_path):
    first = columns_of(noisy(), **{"TDB-MID": 60000.003 + np.arange(1, 9) / 1000 + 1e-5})
    second = {
        name: values[:6] if np.ndim(values) else values
        for name, values in columns_of(noisy(1)).items()
    }
    path = time_series(tmp_path, [
        (first, {"spectral_order": 1, "detector": "NRS1"}),
        (second, {"spectral_order": 1, "detector": "NRS2"}),
    ])  # fmt: skip
    whtlt = step(path)
    for i, column in enumerate(["whitelight_flux_NRS1", "whitelight_flux_NRS2"]):
        assert matching_column(read(whtlt), read(path).traces[i]) == column
        found = compare(path, whtlt, i)
        assert found.sentence() == "The pipeline's curve is the plain sum of all FLUX."
        assert len(found.residual) == (8, 6)[i]


def test_stacked_orders_up_to_1_18(tmp_path):
    columns = integrations([1, 2, 3, 4], N_WAVE)
    times = interval_times(columns["INT_NUM"], columns["MJD-AVG"], columns["TDB-MID"])
    path = one_hdu_an_integration(tmp_path, columns, orders=(1, 2), int_times=times)
    flux = np.sum(columns["FLUX"], axis=1)
    whtlt = light_curve(tmp_path, {"MJD": np.tile(columns["MJD-AVG"], 2),
                                   "whitelight_flux": np.append(flux, flux)})  # fmt: skip
    pipeline = read(whtlt)
    for trace in read(path).traces:
        assert matching_column(pipeline, trace) == f"whitelight_flux_{trace.order}"
        found = compare_with_pipeline(trace, pipeline, f"whitelight_flux_{trace.order}")
        assert found.sentence() == "The pipeline's curve is the plain sum of all FLUX."
        assert found.pipeline_flux.unit == u.Jy


# ---- what it did not ----


def whtlt_of(folder, flux, **changes):
    days = 60000.003 + np.arange(1, len(flux) + 1) / 1000
    return light_curve(folder, {"BJD_TDB": days, "whitelight_flux": flux} | changes)


def test_a_constant_factor(tmp_path):
    path = file_of(tmp_path, columns_of(noisy()))
    found = compare(path, whtlt_of(tmp_path, noisy().sum(axis=1) / 7.5))
    assert found.limits is None
    assert "the plain sum of all FLUX times 0.133333333, the same in all" in found.sentence()


def test_another_unit(tmp_path):
    path = file_of(tmp_path, columns_of(noisy()))
    found = compare(path, whtlt_of(tmp_path, 1000 * noisy().sum(axis=1) * u.mJy))
    assert found.reasons == [
        "The pipeline's curve is the plain sum of all FLUX.", "It is in mJy, the spectra in Jy.",
    ]  # fmt: skip
    assert found.pipeline_flux.unit == u.Jy
    found = compare(path, whtlt_of(tmp_path, 1000 * noisy().sum(axis=1) * u.ct / u.s))
    assert "It is in ct / s, the spectra in Jy, which do not convert" in found.sentence()


def test_no_explanation(tmp_path):
    path = file_of(tmp_path, columns_of(noisy()))
    ratio = 1.25 * (1 + np.tile([1e-4, -1e-4], N_INT // 2))
    found = compare(path, whtlt_of(tmp_path, noisy().sum(axis=1) * ratio))
    assert found.limits is None
    text = found.sentence()
    assert "for a reason not found. It is 1.25 times the sum of all FLUX (median)" in text
    assert "scatters by 100 ppm (rms)" in text
    np.testing.assert_allclose(found.residual, found.plain_sum * (ratio - 1))


def test_a_band_that_gives_most_integrations(tmp_path):
    path = file_of(tmp_path, columns_of(noisy()))
    flux = noisy()[:, 5:30].sum(axis=1)
    flux[4] += 0.1
    found = compare(path, whtlt_of(tmp_path, flux))
    assert found.limits is None
    assert "The sum from 1.2564 to 2.4872 um gives 7 of 8 integrations." in found.sentence()


def test_of_another_observation(tmp_path):
    path = file_of(tmp_path, columns_of(noisy()))
    found = compare(path, whtlt_of(tmp_path, np.ones(5), BJD_TDB=50000.0 + np.arange(5)))
    assert np.isnan(found.pipeline_flux).all() and found.limits is None
    assert "probably not of one observation" in found.sentence()
    assert "8 integrations are not in it. 5 points of it are of no integration." in found.sentence()


def test_missing_and_other_points(tmp_path):
    path = file_of(tmp_path, columns_of(noisy()))
    days = 60000.003 + np.array([1, 2, 2.5, 3, 5, 6, 7, 8]) / 1000
    flux = np.insert(np.delete(noisy().sum(axis=1), 3), 2, 40)
    flux[-1] = np.nan
    found = compare(path, whtlt_of(tmp_path, flux, BJD_TDB=days))
    assert np.flatnonzero(np.isnan(found.pipeline_flux)).tolist() == [3, 7]
    assert found.reasons == [
        "The pipeline's curve is the plain sum of all FLUX.",
        "1 integration is NaN in it.",
        "1 integration is not in it.",
        "1 point of it is of no integration.",
    ]


def test_errors(tmp_path):
    path = file_of(tmp_path, columns_of(noisy(), **{"TDB-MID": np.nan}))
    trace, pipeline = read(path).traces[0], read(whtlt_of(tmp_path, np.ones(N_INT)))
    with pytest.raises(Stage3Error, match="no column whitelight; it has time, whitelight_flux"):
        compare_with_pipeline(trace, pipeline, "whitelight")
    with pytest.raises(Stage3Error, match="order 1: no times in BJD_TDB, the system of the white"):
        compare_with_pipeline(trace, pipeline, "whitelight_flux")


def test_column_of_a_trace(tmp_path):
    path = file_of(tmp_path, columns_of(noisy()), columns_of(noisy(1)))
    first, second = read(path).traces
    one = read(whtlt_of(tmp_path, np.ones(3), BJD_TDB=[1.0, 2, 3]))
    assert matching_column(one, second) == "whitelight_flux"
    days = {"BJD_TDB": [1.0, 2.0]}
    orders = {f"whitelight_flux_order_{n}": [1.0, 2.0] for n in (1, 3)}
    several = read(light_curve(tmp_path, days | orders))
    assert matching_column(several, first) == "whitelight_flux_order_1"
    assert matching_column(several, second) is None


def test_on_the_scale_of_our_curve(tmp_path):
    path = file_of(tmp_path, columns_of(noisy()))
    found = compare(path, step(path))
    ours = TimeSeries(time=read(path).traces[0].time)
    ours["flux"] = u.Quantity(noisy().sum(axis=1) / 3)
    ours["flux"][2] = np.nan
    scaled = found.on_scale_of(ours)
    assert scaled.unit == u.dimensionless_unscaled
    np.testing.assert_allclose(scaled, noisy().sum(axis=1) / 3)
    with pytest.raises(Stage3Error, match=r"the curve has shape \(4,\)"):
        found.on_scale_of(ours[:4])
    ours["flux"] = np.nan
    with pytest.raises(Stage3Error, match="no integration has flux in both"):
        found.on_scale_of(ours)


# ---- real and simulated pairs ----


@with_data
def test_real_lrs_pair_is_the_sum_of_a_band():
    """MIRI LRS, jwst 1.10.1, descending wavelengths: channels 135 to 378, limits 5 and 12 um."""
    found = compare(Path(f"{REAL}_x1dints.fits.gz"), Path(f"{REAL}_whtlt.ecsv"))
    trace = read(f"{REAL}_x1dints.fits.gz").traces[0]
    flux, wavelength = trace.flux.value, trace.wavelength.value
    np.testing.assert_array_equal(found.limits.value, wavelength[[378, 135]])
    np.testing.assert_allclose(
        found.pipeline_flux.value, np.nansum(flux[:, 135:379], axis=1), rtol=1e-13
    )
    np.testing.assert_allclose(found.residual / found.pipeline_flux, 0, atol=1e-13)
    assert found.reasons[0].endswith(
        "from 5.0776 to 11.985 um, 244 of 388 channels, as from a lower limit of 5 um and an upper "
        "limit of 12 um."
    )


@with_data
def test_simulated_pairs():
    found = compare(Path(f"{LRS}_x1dints.fits"), Path(f"{LRS}_whtlt.ecsv"))
    assert found.sentence() == "The pipeline's curve is the plain sum of all FLUX."
    path, whtlt = Path(f"{SOSS}_x1dints.fits"), Path(f"{SOSS}_whtlt.ecsv")
    first = compare(path, whtlt)
    assert "as from an upper limit of 2.8 um" in first.sentence()
    second = compare(path, whtlt, 1, first_order=read(path).traces[0])
    assert "as from a lower limit of 0.85 um" in second.sentence()
    assert "These are the limits of order 1" in second.sentence()
    for found in (first, second):
        np.testing.assert_allclose(found.residual / found.pipeline_flux, 0, atol=1e-12)
