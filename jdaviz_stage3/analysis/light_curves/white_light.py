"""Light curves of a spectral time series: of one band, or of many."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from astropy.time import Time
from astropy.timeseries import TimeSeries

from ...errors import Stage3Error
from ...version import VERSION
from .band_sums import BandCurve, BandSums
from .bands import band_limits, bands_of_resolving_power, channel_edges, equal_bands
from .operations import bin_light_curve, flag_outliers, normalization
from .time_stamps import baseline_mask, check_time_scale, inspect_time_stamps, time_of

if TYPE_CHECKING:
    from ...readers.time_series import SpectralTrace

__all__ = ["NORMALIZATIONS", "spectroscopic_light_curves", "white_light_curve"]

#: What a light curve can be divided by; see `white_light_curve`.
NORMALIZATIONS = ("median", "baseline", None)


def white_light_curve(
    trace: SpectralTrace | BandSums,
    band: Any = None,
    *,
    statistic: str = "sum",
    band_edges: str = "inclusive",
    dq_bits: str | int | Iterable[str] | None = "DO_NOT_USE",
    excluded: str = "fill",
    errors: str = "random",
    normalize: str | None = "median",
    baseline: Any = None,
    outlier_sigma: float | None = 5.0,
    outlier_window: int = 15,
    bin_width: u.Quantity | int | None = None,
    time_system: str = "BJD_TDB",
    reference: Time | None = None,
) -> TimeSeries:
    """Return the light curve of a band of wavelengths.

    Parameters
    ----------
    trace : SpectralTrace or BandSums
        One order on one detector. `BandSums` of it, kept, makes many bands quick.
    band : Quantity of shape (2,), pair of Quantities, region, or None, optional
        Lower and upper limit, see `jdaviz_stage3.analysis.band_limits`; None is the whole trace.
    statistic : {'sum', 'weighted mean'}, optional
        The latter weighted by the inverse variance, see `BandSums.light_curve`.
    band_edges : {'inclusive', 'fractional'}, optional
        See `jdaviz_stage3.analysis.band_weights`.
    dq_bits, excluded, errors : optional
        See `BandSums`; not used if one is given, which has its own.
    normalize : {'median', 'baseline', None}, optional
        Divide by the median of the points, or of those in the ``baseline``; outliers do not
        count.
    baseline : list of (start, stop), optional
        Time ranges out of transit, see `jdaviz_stage3.analysis.baseline_mask`.
    outlier_sigma : float or None, optional
        Points are flagged beyond so many standard deviations from a running median, see
        `jdaviz_stage3.analysis.flag_outliers`, and kept. None flags none.
    outlier_window : int, optional
        Width of the running median in integrations, odd.
    bin_width : Quantity or int, optional
        Bin the curve, see `jdaviz_stage3.analysis.bin_light_curve`.
    time_system : {'BJD_TDB', 'MJD_UTC'}, optional
        At the solar-system barycentre, or at the telescope.
    reference : Time, optional
        Adds the column ``hours``, counted from it, for example from mid-transit.

    Returns
    -------
    TimeSeries
        One row an integration: ``time`` (scale tdb and format jd, the full BJD; or utc, mjd;
        masked where there is none), ``hours``, ``flux`` and ``flux_err`` (in the unit of the
        trace, or dimensionless if normalised), ``outlier`` (bool), ``int_num``, ``segment``, and
        ``n_filled``, the samples filled. Of a binned curve, see there. An integration without
        enough usable samples is NaN. The ``meta`` say how the curve was made; ``remarks`` in it
        is a list of what is odd.

    Raises
    ------
    Stage3Error
        If the band, an option, the times, or what to normalise by is not possible; the message
        says what is.

    Notes
    -----
    With ``statistic='sum', dq_bits=None, excluded='ignore', normalize=None`` and its limits, the
    flux is that of the pipeline's white_light step, but for integrations without a finite sample,
    which the step makes 0. ``flux_err`` does not contain the error of what is divided by.

    Examples
    --------
    >>> series = stage3.read("..._x1dints.fits")                           # doctest: +SKIP
    >>> curve = white_light_curve(series.traces[0], [1, 2] * u.um)         # doctest: +SKIP
    """
    sums = _prepared(trace, dq_bits, excluded, errors)
    limits = _limits(sums, band)
    curve = sums.light_curve(*limits, statistic=statistic, band_edges=band_edges)
    if curve.n_empty == sums.n_integrations:
        raise Stage3Error(_nothing(sums, curve))
    series = _series(
        sums, [curve], normalize, baseline, outlier_sigma, outlier_window, time_system, reference
    )
    for name in ("flux", "flux_err", "outlier", "n_filled"):
        series[name] = series[name][:, 0]
    series.meta.update(
        {name: values[0] for name, values in series.meta.items() if name in _PER_BAND},
        band=_meta_limits(sums, limits),
        statistic=statistic,
        band_edges=band_edges,
    )
    return series if bin_width is None else bin_light_curve(series, bin_width)


def spectroscopic_light_curves(
    trace: SpectralTrace | BandSums,
    bands: Any = None,
    *,
    n: int | None = None,
    width: u.Quantity | None = None,
    resolving_power: float | None = None,
    band: Any = None,
    statistic: str = "sum",
    band_edges: str = "inclusive",
    dq_bits: str | int | Iterable[str] | None = "DO_NOT_USE",
    excluded: str = "fill",
    errors: str = "random",
    normalize: str | None = "median",
    baseline: Any = None,
    outlier_sigma: float | None = 5.0,
    outlier_window: int = 15,
    bin_width: u.Quantity | int | None = None,
    time_system: str = "BJD_TDB",
    reference: Time | None = None,
) -> TimeSeries:
    """Return the light curves of many bands of one trace.

    Parameters
    ----------
    trace : SpectralTrace or BandSums
    bands : Quantity of shape (n, 2), or iterable of bands, optional
        Each as in `white_light_curve`; the pieces of a `specutils.SpectralRegion`, too.
    n, width, resolving_power : optional
        Instead of ``bands``: a number of bands of equal width, the width of each, or their
        resolving power, see `jdaviz_stage3.analysis.equal_bands` and
        `jdaviz_stage3.analysis.bands_of_resolving_power`.
    band : optional
        The range to divide, as in `white_light_curve`; by default the whole trace, from the border
        of its first channel to that of its last.
    statistic : {'sum', 'weighted mean'}, optional
    band_edges : {'inclusive', 'fractional'}, optional
    dq_bits, excluded, errors : optional
    normalize : {'median', 'baseline', None}, optional
    baseline : list of (start, stop), optional
    outlier_sigma : float or None, optional
    outlier_window : int, optional
    bin_width : Quantity or int, optional
    time_system : {'BJD_TDB', 'MJD_UTC'}, optional
    reference : Time, optional
        These are as in `white_light_curve`; bands are normalised, and their outliers flagged, each
        by itself.

    Returns
    -------
    TimeSeries
        As from `white_light_curve`, but ``flux``, ``flux_err``, ``outlier`` and ``n_filled`` (or
        ``n_points``) of shape (n_int, n_bands). In the meta, ``bands`` is a list of [low, high];
        ``n_channels``, ``n_dropped``, ``n_filled`` and ``normalization_factor`` are lists, too. A
        band in which all channels are left out, or that has no positive flux to normalise by, is
        NaN, which ``remarks`` says.

    Raises
    ------
    Stage3Error
        If not exactly one of ``bands``, ``n``, ``width`` and ``resolving_power`` is given, and as
        `white_light_curve`.

    Notes
    -----
    With ``band_edges='inclusive'``, a channel whose centre is just on the border of two bands is
    in both; ``'fractional'`` divides it between them.
    """
    sums = _prepared(trace, dq_bits, excluded, errors)
    ways = {"bands": bands, "n": n, "width": width, "resolving_power": resolving_power}
    given = [name for name, value in ways.items() if value is not None]
    if len(given) != 1:
        raise Stage3Error(
            "give exactly one of bands, n, width and resolving_power, not "
            f"{' and '.join(given) or 'none'}"
        )
    if bands is None:
        low, high = _range_to_divide(sums, band)
        if resolving_power is not None:
            bands = bands_of_resolving_power(low, high, resolving_power)
        else:
            bands = equal_bands(low, high, n=n, width=width)
    limits = [_limits(sums, one) for one in bands]
    if not limits:
        raise Stage3Error("bands is empty; give at least one pair of limits")
    curves = [
        sums.light_curve(*pair, statistic=statistic, band_edges=band_edges) for pair in limits
    ]
    if all(curve.n_empty == sums.n_integrations for curve in curves):
        raise Stage3Error(_nothing(sums, curves[0]))
    series = _series(
        sums, curves, normalize, baseline, outlier_sigma, outlier_window, time_system, reference
    )
    series.meta.update(
        bands=[_meta_limits(sums, pair) for pair in limits],
        statistic=statistic,
        band_edges=band_edges,
    )
    return series if bin_width is None else bin_light_curve(series, bin_width)


_PER_BAND = ("n_channels", "n_dropped", "n_filled", "normalization_factor")


def _prepared(trace: Any, dq_bits: Any, excluded: str, errors: str) -> BandSums:
    if isinstance(trace, BandSums):
        return trace
    return BandSums(trace, dq_bits=dq_bits, excluded=excluded, errors=errors)


def _limits(sums: BandSums, band: Any) -> tuple[u.Quantity | None, u.Quantity | None]:
    unit = sums.wavelength.unit
    low, high = (None if x is None else u.Quantity(x, unit) for x in band_limits(band, unit))
    return low, high


def _ends(sums: BandSums) -> tuple[float, float]:
    """Return the lower border of the first channel and the upper one of the last."""
    values = sums.wavelength.value
    both = np.concatenate([channel_edges(values).ravel(), values.ravel()])
    return float(np.nanmin(both)), float(np.nanmax(both))


def _range_to_divide(sums: BandSums, band: Any) -> list[u.Quantity]:
    limits = _limits(sums, band)
    ends = u.Quantity(_ends(sums), sums.wavelength.unit)
    for limit, outside in (
        (limits[0], lambda x: x >= ends[1]),
        (limits[1], lambda x: x <= ends[0]),
    ):
        if limit is not None and outside(limit):
            raise Stage3Error(
                f"{sums.name}: the limit {limit:.6g} is outside the data ({ends[0]:.6g} to "
                f"{ends[1]:.6g}); choose another band"
            )
    return [end if limit is None else limit for limit, end in zip(limits, ends, strict=True)]


def _meta_limits(sums: BandSums, limits: tuple) -> list[float]:
    """Return the limits as numbers; the outermost centres where there is none."""
    values = sums.wavelength.value
    ends = (np.nanmin(values), np.nanmax(values))
    return [
        float(end if limit is None else limit.value)
        for limit, end in zip(limits, ends, strict=True)
    ]


def _nothing(sums: BandSums, curve: BandCurve) -> str:
    if not curve.n_channels:
        which = "the channel" if curve.n_dropped == 1 else f"all {curve.n_dropped} channels"
        verb = "is" if curve.n_dropped == 1 else "are"
        why = f"{which} of the band {verb} left out (excluded={sums.excluded!r})"
        if sums.excluded == "drop":
            return f"{sums.name}: {why}: each has an excluded sample; use excluded='fill'"
        return f"{sums.name}: {why}; choose another band, or other flags (dq_bits)"
    return (
        f"{sums.name}: no integration has enough usable samples in the band; choose another band, "
        "or other flags (dq_bits)"
    )


def _series(
    sums: BandSums,
    curves: list[BandCurve],
    normalize: str | None,
    baseline: Any,
    outlier_sigma: float | None,
    outlier_window: int,
    time_system: str,
    reference: Time | None,
) -> TimeSeries:
    """Return light curves of shape (n_int, n_bands), with what is known of them but the bands."""
    if normalize not in NORMALIZATIONS:
        raise Stage3Error(f"normalize is {normalize!r}; it must be 'median', 'baseline' or None")
    trace = sums.trace
    time = time_of(trace, time_system)
    flux, error, filled = (
        np.stack([getattr(curve, name) for curve in curves], axis=1)
        for name in ("flux", "flux_err", "n_filled")
    )
    outlier = np.zeros(flux.shape, dtype=bool)
    if outlier_sigma is not None:
        outlier = flag_outliers(flux, outlier_sigma, outlier_window)
    unit, factors = sums.unit, np.ones(len(curves))
    if normalize is not None:
        inside = baseline_mask(time, baseline, reference) if normalize == "baseline" else None
        factors = _factors(np.where(outlier, np.nan, flux), inside)
        flux, error, unit = flux / factors, error / factors, u.dimensionless_unscaled
    series = TimeSeries(time=time)
    if reference is not None:
        check_time_scale(reference, time, "reference")
        series["hours"] = (time - reference).to(u.h)
    series["flux"] = u.Quantity(flux, unit)
    series["flux_err"] = u.Quantity(error, unit)
    series["outlier"] = outlier
    series["int_num"] = np.asarray(trace.int_num)
    series["segment"] = np.asarray(trace.segment)
    series["n_filled"] = filled
    series.meta.update(
        time_system=time_system,
        band_unit=sums.wavelength.unit.to_string(),
        n_channels=[curve.n_channels for curve in curves],
        n_dropped=[curve.n_dropped for curve in curves],
        n_filled=[int(curve.n_filled.sum()) for curve in curves],
        excluded=sums.excluded,
        dq_flags=list(sums.dq_flags),
        errors=sums.errors if any(map(_has_errors, curves)) else "none",
        normalization=normalize or "none",
        normalization_factor=[float(factor) for factor in factors],
        normalization_unit=sums.unit.to_string(),
        outlier_sigma=None if outlier_sigma is None else float(outlier_sigma),
        outlier_window=int(outlier_window),
        file=trace.path.name,
        trace=trace.label,
        package=f"jdaviz_stage3 {VERSION}",
        remarks=_remarks(sums, curves, time, factors),
    )
    return series


def _factors(points: np.ndarray, inside: np.ndarray | None) -> np.ndarray:
    """Return what to divide each band by; NaN for those that cannot be, if others can."""
    factors, errors = np.full(points.shape[1], np.nan), []
    for i, column in enumerate(points.T):
        try:
            factors[i] = normalization(column, inside)
        except Stage3Error as err:
            errors.append(err)
    if len(errors) == len(factors):
        raise errors[0]
    return factors


def _has_errors(curve: BandCurve) -> bool:
    return bool(np.isfinite(curve.flux_err).any())


def _remarks(sums: BandSums, curves: list[BandCurve], time: Time, factors: np.ndarray) -> list[str]:
    remarks = inspect_time_stamps(time, sums.trace.segment).sentences()
    n_int, n_bands = sums.n_integrations, len(curves)
    empty = [curve.n_empty for curve in curves if curve.n_empty < n_int]
    if any(empty):
        which = "" if n_bands == 1 else " in one band or more"
        remarks.append(
            f"{max(empty)} of {n_int} integrations have too few usable samples{which}: their flux "
            "is NaN"
        )
    if any(curve.n_fewest < curve.n_channels for curve in curves):
        remarks.append(
            "the wavelengths differ between integrations, and so does the number of channels of a "
            "band, which makes steps: use band_edges='fractional'"
        )
    if missing := sum(curve.n_empty == n_int for curve in curves):
        remarks.append(f"{missing} of {n_bands} bands have no usable channel: their flux is NaN")
    whole = [i for i, curve in enumerate(curves) if curve.n_empty < n_int]
    if without := sum(np.isnan(factors[i]) for i in whole):
        remarks.append(
            f"{without} of {n_bands} bands have no positive flux to normalise by: they are NaN"
        )
    if without := sum(not _has_errors(curves[i]) for i in whole):
        which = "the band" if n_bands == 1 else f"{without} of {n_bands} bands"
        remarks.append(f"no errors for some channel of {which}: flux_err is NaN")
    if sums.errors != sums.requested_errors and sums.errors != "none":
        remarks.append(
            "no photon and read noise in the file: flux_err is from FLUX_ERROR, which may have "
            "the error of the flat field in it"
        )
    return remarks
