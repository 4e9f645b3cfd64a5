"""Sums of a spectral time series over bands of wavelength, many of them from one preparation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u

from ...errors import Stage3Error
from ...readers.quality import DQ_FLAGS, dq_value, has_wavelength
from .bands import band_weights
from .block_sums import BlockSums, Scope
from .brightness import usual_flux
from .missing_samples import MissingSamples, count_by_channel
from .time_medians import time_median

if TYPE_CHECKING:
    from ...readers.time_series import SpectralTrace

__all__ = ["EXCLUDED", "STATISTICS", "BandCurve", "BandSums"]

#: What becomes of excluded samples; see `BandSums`.
EXCLUDED = ("fill", "drop", "ignore")
#: What is taken over a band; see `BandSums.light_curve`.
STATISTICS = ("sum", "weighted mean")


@dataclass
class BandCurve:
    """The light curve of one band, not normalised.

    Attributes
    ----------
    flux, flux_err : ndarray of float64, shape (n_int,)
        In the unit of the trace; NaN where an integration has too little usable flux. The errors
        are NaN everywhere if a channel of the band has none at any time.
    n_filled : ndarray of int, shape (n_int,)
        Excluded samples that were filled; 0 where the flux is NaN.
    n_channels : int
        Channels used (where the wavelengths differ between integrations, the most of any).
    n_fewest : int
        The same, the fewest of any integration.
    n_dropped : int
        Channels of the band that are left out in all integrations.
    n_empty : int
        Integrations whose flux is NaN.
    """

    flux: np.ndarray
    flux_err: np.ndarray
    n_filled: np.ndarray
    n_channels: int
    n_fewest: int
    n_dropped: int
    n_empty: int


class BandSums:
    """The usable samples of a trace, arranged so that the sum over any band is quick.

    Parameters
    ----------
    trace : SpectralTrace
        Or an object with its ``wavelength``, ``usable_flux``, ``flux_variance`` (each of which
        gives a new array, to be kept and changed), ``n_integrations``, ``label`` and ``path``.
    dq_bits : optional
        Data-quality flags that exclude a sample, see `jdaviz_stage3.readers.quality.dq_value`;
        samples that are not finite always are.
    excluded : {'fill', 'drop', 'ignore'}, optional
        What becomes of a channel with excluded samples. ``'drop'``: it is left out of every band,
        in all integrations. ``'fill'``: it is left out if it is excluded in more than half of the
        integrations, else the missing samples are estimated, see Notes. ``'ignore'``: what is left
        is summed, so that an excluded sample makes a dip. Integrations without any usable sample
        do not count.
    errors : {'random', 'total'}, optional
        Photon and read noise, or the error column, see `SpectralTrace.flux_variance`. Where the
        first are missing, or nowhere positive, the second is taken.

    Attributes
    ----------
    trace, excluded
        As given.
    wavelength : Quantity, shape (n_wave,) or (n_int, n_wave)
        Of the trace; NaN for channels that have none, which are in no band.
    unit : Unit
        Of the flux.
    n_integrations : int
    dq_flags : list of str
        Names of the flags of ``dq_bits``.
    errors : {'random', 'total', 'none'}
        What the variance holds; ``requested_errors`` is what was asked for.
    flux : ndarray of float64, shape (n_int, n_wave)
        0 where not `usable`.
    variance : ndarray of float64, shape (n_int, n_wave)
        Of the flux; 0 where not `usable`, and in channels whose variance is not known at any time.
        Where it is not finite or not positive in some integrations, the mean of the others.
    usable : ndarray of bool, shape (n_int, n_wave)
        Samples that are summed: False where excluded, and in channels that are left out.
    dropped : ndarray of bool, shape (n_wave,)
        Channels that are left out in all integrations.

    Raises
    ------
    Stage3Error
        If the trace has no usable sample, or for an option that is none of the above.

    Notes
    -----
    With w the weight of a channel, f its flux and m what it usually has, the sum over a band in an
    integration t in which some samples are excluded is, for ``'fill'``,

    .. math:: F_t = \\sum_{good} w f \\; \\frac{\\sum_{all} w m}{\\sum_{good} w m}

    which puts in place of each what its channel usually has, scaled by how bright the rest of the
    band is at that time: in a transit, it is in the transit too. m is the median over time of
    f / L, L the brightness of the star in an integration, of complete channels as of others: plain
    medians over time would be at one level of the transit in one channel, at another in the next,
    by the noise of each and by when it is flagged, and leave a step where the flags begin or end
    (`jdaviz_stage3.analysis.brightness.usual_flux` has the model and how L is found).

    The variance is that of the first sum, times the square of the ratio. With less than half of
    Σ w m in the usable samples, the flux is NaN. Where Σ w m is not positive (a band of noise),
    there is no brightness to scale by: the medians are added as they are.

    Sums are over blocks of channels made in advance, and the channels at both ends of the band.
    Differences of running sums would be quicker still, but lose the digits of a faint band that
    comes after bright ones.
    """

    def __init__(
        self,
        trace: SpectralTrace,
        *,
        dq_bits: str | int | Iterable[str] | None = "DO_NOT_USE",
        excluded: str = "fill",
        errors: str = "random",
    ):
        if excluded not in EXCLUDED:
            raise Stage3Error(f"excluded is {excluded!r}; it must be one of {', '.join(EXCLUDED)}")
        if errors not in ("random", "total"):
            raise Stage3Error(f"errors is {errors!r}; it must be 'random' or 'total'")
        self.trace = trace
        self.excluded = excluded
        self.requested_errors = errors
        self.n_integrations = trace.n_integrations
        known = has_wavelength(trace.wavelength)
        self.wavelength = np.where(known, trace.wavelength, np.nan * trace.wavelength.unit)
        bits = dq_value(dq_bits)
        self.dq_flags = [name for i, name in enumerate(DQ_FLAGS) if bits >> i & 1]
        flux = trace.usable_flux(dq_bits)
        self.unit = flux.unit
        self.flux = np.asarray(flux.value, dtype=np.float64)
        self._find_usable()
        self._read_variance(errors)
        self._monotonic = _is_monotonic(self.wavelength.value)
        self._sums: dict[tuple[str, str], BlockSums] = {}

    def _find_usable(self) -> None:
        """Find what to use, and set the rest to 0."""
        missing = np.isnan(self.flux)
        if self.wavelength.ndim == 1:
            missing[:, np.isnan(self.wavelength.value)] = True
        if not missing.any():
            self.dropped = self._incomplete = np.zeros(missing.shape[1], dtype=bool)
            self._missing: MissingSamples | None = None
            self.usable = np.logical_not(missing, out=missing)
            return
        n_present = np.count_nonzero(~missing.all(axis=1))
        if not n_present:
            flags = f" that is not flagged {' or '.join(self.dq_flags)}" if self.dq_flags else ""
            raise Stage3Error(
                f"{self.name}: no integration has a finite sample{flags}; choose other flags "
                "(dq_bits), or another trace"
            )
        count = count_by_channel(missing)
        count -= self.n_integrations - n_present
        most = {"drop": 0, "fill": n_present / 2, "ignore": n_present - 1}[self.excluded]
        self.dropped = count > most
        self._incomplete = (count > 0) & ~self.dropped
        np.copyto(self.flux, 0, where=missing)
        if self.dropped.any():
            self.flux[:, self.dropped] = 0
            missing[:, self.dropped] = False
        # Samples that are not there, in channels that are: those to fill, or to miss.
        self._missing = MissingSamples(missing) if missing.any() else None
        missing[:, self.dropped] = True
        self.usable = np.logical_not(missing, out=missing)

    def _read_variance(self, errors: str) -> None:
        for kind in dict.fromkeys((errors, "total")):
            variance = self.trace.flux_variance(kind)
            if variance is None:
                continue
            variance = np.asarray(variance.value, dtype=np.float64)
            if variance.min() > 0 and variance.max() < np.inf:
                known = self.usable
            else:
                known = (variance > 0) & (variance < np.inf) & self.usable
            if known.any():
                break
        else:
            self.errors = "none"
            self.variance = np.zeros(self.flux.shape)
            self._no_error = np.ones(self.flux.shape[1], dtype=bool)
            return
        self.errors = kind
        self.variance = variance
        self._no_error = np.zeros(self.flux.shape[1], dtype=bool)
        if known is self.usable:
            if not known.all():
                np.copyto(variance, 0, where=~known)
            return
        np.copyto(variance, 0, where=~known)
        unknown = self.usable & ~known
        if unknown.any():
            count = np.count_nonzero(known, axis=0)
            mean = variance.sum(axis=0) / np.maximum(count, 1)
            np.copyto(variance, mean, where=unknown)
            self._no_error = (count == 0) & ~self.dropped

    @property
    def name(self) -> str:
        """File and trace in words, for messages."""
        return " ".join(part for part in (self.trace.path.name, self.trace.label) if part)

    @cached_property
    def time_median(self) -> np.ndarray:
        """Median over time of the usable samples of each channel, shape (n_wave,), float64.

        NaN for channels that are left out.
        """
        return time_median(self.flux, self.usable)

    @cached_property
    def mean_variance(self) -> np.ndarray:
        """Mean over time of the variance of each channel, shape (n_wave,), float64.

        Of usable samples; NaN where there is none, or no error.
        """
        count = np.count_nonzero(self.usable, axis=0)
        known = (count > 0) & ~self._no_error
        total = self.variance.sum(axis=0)
        return np.where(known, total / np.maximum(count, 1), np.nan)

    def light_curve(
        self,
        low: u.Quantity | None = None,
        high: u.Quantity | None = None,
        *,
        statistic: str = "sum",
        band_edges: str = "inclusive",
    ) -> BandCurve:
        """Return the light curve of a band.

        Parameters
        ----------
        low, high : Quantity or None, optional
            Limits of the band, see `jdaviz_stage3.analysis.band_limits`; None is the end of the
            data.
        statistic : {'sum', 'weighted mean'}, optional
            ``'weighted mean'``: each channel has the weight 1 / (mean over time of its variance),
            constant in time, so that it follows neither the transit nor the noise; a channel
            without a variance is left out.
        band_edges : {'inclusive', 'fractional'}, optional
            See `jdaviz_stage3.analysis.band_weights`.

        Returns
        -------
        BandCurve
            All NaN, with ``n_channels`` 0, if every channel of the band is left out.

        Raises
        ------
        Stage3Error
            For a band that is not possible, see `band_limits` and `band_weights`, or a weighted
            mean without errors.
        """
        if statistic not in STATISTICS:
            raise Stage3Error(
                f"statistic is {statistic!r}; it must be one of {', '.join(STATISTICS)}"
            )
        weighted = statistic == "weighted mean"
        # where every channel is left out, there is nothing to weight, errors or not
        if weighted and self.errors == "none" and not self.dropped.all():
            raise Stage3Error(
                f"{self.name}: no errors in the file to weight by; use statistic='sum'"
            )
        weights = band_weights(self.wavelength, low, high, band_edges)
        inside = weights > 0
        used = inside & ~self.dropped
        if weighted:
            used &= ~self._no_error
        n_used = used.sum(axis=-1)
        n_channels = int(n_used.max())
        n_dropped = int(inside.sum(axis=-1).max()) - n_channels
        if not n_channels:
            nothing = np.full(self.n_integrations, np.nan)
            filled = np.zeros(self.n_integrations, dtype=int)
            return BandCurve(nothing, nothing.copy(), filled, 0, 0, n_dropped, self.n_integrations)

        scope = Scope.of(weights, self._monotonic)
        flux = self._total("flux", statistic, scope)
        variance = self._total("variance", statistic, scope)
        n_missing = n_filled = np.zeros(self.n_integrations, dtype=int)
        lacking: bool | np.ndarray = False
        effective = np.where(used, weights, 0.0)
        if weighted:
            effective *= self._inverse_variance
        norm = effective.sum(axis=-1) if weighted else 1.0
        if self._missing is not None:
            n_missing = np.rint(self._lacking("count", statistic, scope.whole())).astype(int)
            if self.excluded == "fill":
                flux, ratio, lacking = self._filled(flux, effective, statistic, scope)
                variance = variance * ratio**2
                n_filled = n_missing
            elif weighted:  # not the sum less the missing, whose digits may be all of it
                norm = np.einsum(
                    "ij,ij->i", self.usable, np.broadcast_to(effective, self.flux.shape)
                )
        empty = (n_missing >= n_used) | ((n_missing > 0) & lacking)
        if empty.any():
            flux, variance = np.where(empty, np.nan, flux), np.where(empty, np.nan, variance)
            n_filled = np.where(empty, 0, n_filled)
        if not weighted and (used & self._no_error).any():
            variance = np.full_like(variance, np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 where nothing is usable
            flux, error = flux / norm, np.sqrt(variance) / norm
        n_fewest, n_empty = int(used.sum(axis=-1).min()), int(np.count_nonzero(empty))
        return BandCurve(flux, error, n_filled, n_channels, n_fewest, n_dropped, n_empty)

    def _filled(
        self, flux: np.ndarray, effective: np.ndarray, statistic: str, scope: Scope
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the sums with missing samples filled, the factor, and where too much is missing.

        The formula and its limits are in the notes of the class.
        """
        total = (effective * self._reference).sum(axis=-1)
        gone = self._lacking("reference", statistic, scope)
        bright = np.broadcast_to(total > 0, gone.shape)
        with np.errstate(invalid="ignore", divide="ignore"):  # infinite where nothing is left
            ratio = np.where(bright & (gone < total), total / (total - gone), 1.0)
        lacking = total - gone < total / 2
        if not bright.all():
            share = self._lacking("weight", statistic, scope)
            lacking = np.where(bright, lacking, share > effective.sum(axis=-1) / 2)
        return np.where(bright, flux * ratio, flux + gone), ratio, lacking

    @cached_property
    def _reference(self) -> np.ndarray:
        """What a channel usually has, 0 for those left out."""
        assert self._missing is not None  # else nothing asks what is usual
        return usual_flux(self.flux, self.usable, self._missing, self._incomplete)

    def _channel_weights(self, statistic: str) -> np.ndarray | None:
        return None if statistic == "sum" else self._inverse_variance

    @cached_property
    def _inverse_variance(self) -> np.ndarray:
        known = self.mean_variance > 0
        return np.where(known, 1 / np.where(known, self.mean_variance, 1), 0)

    def _total(self, kind: str, statistic: str, scope: Scope) -> np.ndarray:
        """Return the sums over a band of the flux, or its variance."""
        if (kind, statistic) not in self._sums:
            weights = self._channel_weights(statistic)
            if kind == "variance" and weights is not None:
                weights = weights**2
            samples = self.flux if kind == "flux" else self.variance
            self._sums[kind, statistic] = BlockSums(samples, weights)
        return self._sums[kind, statistic].over(scope.squared() if kind == "variance" else scope)

    def _lacking(self, kind: str, statistic: str, scope: Scope) -> np.ndarray:
        """Return what a band lacks: the count of samples, their weight, or their usual flux."""
        assert self._missing is not None  # else nothing asks for what is missing
        weights = self._channel_weights(statistic)
        if kind == "reference":
            weights = self._reference if weights is None else weights * self._reference
        elif kind == "count" and weights is not None:
            weights = (weights > 0).astype(np.float64)
        return self._missing.over(scope, weights)


def _is_monotonic(wavelength: np.ndarray) -> bool:
    """Whether all integrations have one grid, which ascends or descends; NaN does not count."""
    if wavelength.ndim != 1:
        return False
    steps = np.diff(wavelength[np.isfinite(wavelength)])
    return bool((steps >= 0).all() or (steps <= 0).all())
