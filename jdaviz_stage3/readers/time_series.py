"""Spectral time series (x1dints): one 1-D spectrum an integration, by trace."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import StdDevUncertainty
from astropy.time import Time

from ..errors import Stage3Error, Stage3Warning, UnreadableProductError
from .detectors import DetectorPart, split_detectors
from .extensions import extensions_named, header_dict, open_product
from .integration_tables import IntegrationTable, open_integration_tables
from .quality import dq_value, excluded
from .times import days_to_time, inspect_time_stamps, int_times_of, stripe_times_of

__all__ = ["SpectralTimeSeries", "SpectralTrace", "read_spectral_time_series"]

# The file's "BJD_TDB" is BJD - 2400000.5 (59989.977, not 2459990.477), hence format 'mjd'.
_TIME_COLUMNS = {"tdb": "TDB-MID", "utc": "MJD-AVG"}
_SYSTEMS = {"tdb": "BJD_TDB", "utc": "MJD_UTC"}
_VARIANCES = {"random": ("FLUX_VAR_POISSON", "FLUX_VAR_RNOISE"), "total": ("FLUX_ERROR",)}


@dataclass
class SpectralTrace:
    """One spectral order on one detector through time; arrays are read when asked for.

    Parameters
    ----------
    detector : str
        Empty where the file does not say.
    order : int or None
        Spectral order.
    path : path
    tables : list of IntegrationTable
        Where its integrations are in the file.
    meta : dict
        Keywords of the primary header and of the trace's first extension.
    name_detector : bool, optional
        Whether the label names the detector, because the file has several.

    Notes
    -----
    Integrations are in the order of INT_NUM, joined over segments. The wavelengths are in the
    direction of the file, which is descending for MIRI LRS and NIRISS SOSS.
    """

    detector: str
    order: int | None
    path: Path
    tables: list[IntegrationTable] = field(repr=False)
    meta: dict[str, Any] = field(default_factory=dict, repr=False)
    name_detector: bool = False

    @property
    def label(self) -> str:
        """Order and detector in words, for example ``'order 1'`` or ``'order 1 NRS2'``."""
        parts = [f"order {self.order}"] if self.order is not None else []
        # NIRSpec's spectra lie on two detectors, also where the file has one of them.
        if self.name_detector or self.detector.startswith("NRS"):
            parts.append(self.detector)
        return " ".join(parts) or self.detector

    @property
    def n_integrations(self) -> int:
        """Number of integrations."""
        return sum(table.n_integrations for table in self.tables)

    @cached_property
    def _sorted(self) -> np.ndarray | None:
        """Row order by INT_NUM, or None where the file is in that order already."""
        number = np.concatenate([_places(table.scalar("INT_NUM")) for table in self.tables])
        segment = np.concatenate([table.scalar("SEGMENT") for table in self.tables])
        known = np.concatenate([table.scalar("INT_NUM") > 0 for table in self.tables])
        if np.unique(number[known]).size == np.sum(known):
            order = np.argsort(number, kind="stable")
        elif np.isfinite(segment).all():
            order = np.lexsort((number, segment))  # numbers that start anew in each segment
        else:
            return None  # numbers repeat, and nothing says why: the file's order is all we know
        return None if np.array_equal(order, np.arange(order.size)) else order

    @property
    def file_order(self) -> np.ndarray:
        """Integrations in the order of the file, shape (n_int,), int.

        ``trace.flux[trace.file_order]`` has its rows as the file has them.
        """
        return np.arange(self.n_integrations) if self._sorted is None else np.argsort(self._sorted)

    def _scalar(self, name: str) -> np.ndarray:
        values = np.concatenate([table.scalar(name) for table in self.tables])
        return values if self._sorted is None else values[self._sorted]

    def _column(self, name: str, dtype: type = float) -> np.ndarray:
        """Read one column of all integrations into an array, shape (n_int, n_wave)."""
        out = np.empty((self.n_integrations, self.n_wavelengths), dtype=dtype)
        start = 0
        for table in self.tables:
            stop = start + table.n_integrations
            table.read_into(name, out[start:stop])
            start = stop
        return out if self._sorted is None else out[self._sorted]

    def _has(self, name: str) -> bool:
        return all(name in table.units for table in self.tables)

    @cached_property
    def n_wavelengths(self) -> int:
        """Length of the longest integration's spectrum, without padding."""
        return max(table.n_wavelengths for table in self.tables)

    @cached_property
    def int_num(self) -> np.ndarray:
        """Integration numbers, shape (n_int,), int; 0 where the file does not say."""
        return self._scalar("INT_NUM").astype(int)

    @cached_property
    def segment(self) -> np.ndarray:
        """Segment of each integration, shape (n_int,), int; 1 where the file does not say."""
        segment = self._scalar("SEGMENT")
        return np.where(np.isfinite(segment), segment, 1).astype(int)

    @cached_property
    def wavelength(self) -> u.Quantity:
        """Wavelengths, shape (n_wave,) where they are the same in all integrations (to 1e-9),
        else (n_int, n_wave). Micron."""
        unit = self.tables[0].unit("WAVELENGTH", "um")
        grids = [table.common_wavelengths(self.n_wavelengths) for table in self.tables]
        if all(grid is not None for grid in grids) and all(
            np.allclose(grid, grids[0], rtol=1e-9, atol=0, equal_nan=True) for grid in grids[1:]
        ):
            return u.Quantity(grids[0], unit, copy=False)
        return u.Quantity(self._column("WAVELENGTH"), unit, copy=False)

    @cached_property
    def flux(self) -> u.Quantity:
        """Flux as in the file, flagged samples included, shape (n_int, n_wave); Jy or DN/s."""
        return u.Quantity(self._column("FLUX"), self.tables[0].unit("FLUX"), copy=False)

    @cached_property
    def uncertainty(self) -> StdDevUncertainty | None:
        """Standard deviation of the flux, shape (n_int, n_wave); None if the file has none."""
        if not self._has("FLUX_ERROR"):
            return None
        error = u.Quantity(self._column("FLUX_ERROR"), self.flux.unit, copy=False)
        return StdDevUncertainty(error, copy=False)

    @cached_property
    def dq(self) -> np.ndarray:
        """Data-quality flags, shape (n_int, n_wave), uint32; zeros if the file has none."""
        if not self._has("DQ"):
            return np.zeros((self.n_integrations, self.n_wavelengths), dtype=np.uint32)
        return self._column("DQ", np.uint32)

    def mask(self, dq_bits: str | int | Iterable[str] | None = "DO_NOT_USE") -> np.ndarray:
        """Return which samples must not be used: flagged, or not finite.

        Parameters
        ----------
        dq_bits : optional
            See `jdaviz_stage3.readers.quality.dq_value`.

        Returns
        -------
        ndarray of bool, shape (n_int, n_wave)
        """
        return excluded(self.flux.value, self.dq, dq_bits)

    def usable_flux(self, dq_bits: str | int | Iterable[str] | None = "DO_NOT_USE") -> u.Quantity:
        """Return the flux with excluded samples NaN, as a new array that the trace does not keep.

        Parameters
        ----------
        dq_bits : optional
            See `jdaviz_stage3.readers.quality.dq_value`.

        Returns
        -------
        Quantity, shape (n_int, n_wave), float64
        """
        flux = np.empty((self.n_integrations, self.n_wavelengths))
        bits = dq_value(dq_bits) if self._has("DQ") else 0
        start = 0
        for table in self.tables:
            part = flux[start : start + table.n_integrations]
            table.read_into("FLUX", part)
            if bits:
                table.read_flagged(bits, part)
            start += table.n_integrations
        if self._sorted is not None:
            flux = flux[self._sorted]
        flux[np.isinf(flux)] = np.nan
        return u.Quantity(flux, self.tables[0].unit("FLUX"), copy=False)

    def flux_variance(self, errors: str = "random") -> u.Quantity | None:
        """Return the variance of the flux, as a new array that the trace does not keep.

        Parameters
        ----------
        errors : {'random', 'total'}, optional
            ``'random'``: photon and read noise, FLUX_VAR_POISSON + FLUX_VAR_RNOISE, which differ
            from one integration to the next; ``'total'``: FLUX_ERROR², to which the error of the
            flat field adds, the same in all integrations.

        Returns
        -------
        Quantity, shape (n_int, n_wave), float64, or None
            Rows as in `usable_flux`, in the square of the flux's unit: the variances' own means
            nothing in some files. None if the columns are not there.

        Raises
        ------
        Stage3Error
            If ``errors`` is neither.
        """
        if errors not in _VARIANCES:
            raise Stage3Error(f"errors is {errors!r}; it must be 'random' or 'total'")
        if not all(map(self._has, names := _VARIANCES[errors])):
            return None
        variance = self._column(names[0])
        if errors == "total":
            variance *= np.abs(variance)  # an error below 0 stays one that is not possible
        else:
            variance += self._column(names[1])
        return u.Quantity(variance, self.tables[0].unit("FLUX") ** 2, copy=False)

    @cached_property
    def time(self) -> Time | None:
        """Mid-times at the solar-system barycentre, TDB, shape (n_int,); None if not in the file.

        Masked for the integrations without a time stamp, should there be any.

        Notes
        -----
        ``time.jd`` is the BJD_TDB; the file holds it minus 2400000.5.
        """
        return self._time("tdb")

    @cached_property
    def time_utc(self) -> Time | None:
        """Mid-times at the telescope, UTC, shape (n_int,); None if not in the file."""
        return self._time("utc")

    def _time(self, scale: str) -> Time | None:
        days, _ = self._days[scale]
        return days_to_time(days, scale) if np.isfinite(days).any() else None

    @cached_property
    def _days(self) -> dict[str, tuple[np.ndarray, list[str]]]:
        """Days of the integrations in each time scale, and remarks on where they are from."""
        return {scale: self._days_in(scale) for scale in _TIME_COLUMNS}

    def _days_in(self, scale: str) -> tuple[np.ndarray, list[str]]:
        """NaN where no table of the file has a time."""
        days = self._scalar(_TIME_COLUMNS[scale]).copy()
        days[~(days > 0)] = np.nan  # never filled
        remarks = []
        # INT_TIMES has one detector's rows: beside times of the own detector, they are no help
        if not np.isnan(days).any() or (self.name_detector and not np.isnan(days).all()):
            return days, remarks
        for table, look_up in (("INT_TIMES", int_times_of), ("INT_TIMES_STRIPE", stripe_times_of)):
            missing = np.isnan(days)
            found = look_up(self.path, _SYSTEMS[scale], self.int_num) if missing.any() else None
            if found is None or not (filled := missing & np.isfinite(found)).any():
                continue
            days[filled] = found[filled]
            if self.name_detector:
                remarks.append(f"the times are those of {table}, which are of one detector only")
            elif table == "INT_TIMES_STRIPE":
                remarks.append(
                    f"{filled.sum()} of {filled.size} times are from {table}, the middle between "
                    "the start of the first stripe and the end of the last"
                )
        return days, remarks

    def check_times(self) -> list[str]:
        """Say what is odd about the time stamps.

        Returns
        -------
        list of str
            One sentence for each oddity: missing or repeated time stamps, times that jump back,
            times that are those of a table which is not of this trace alone.
        """
        scale, time = ("tdb", self.time) if self.time is not None else ("utc", self.time_utc)
        if time is None:
            return ["no time stamps"]
        stamps = inspect_time_stamps(time, self.segment)
        return [*self._days[scale][1], *stamps.sentences(gaps=False)]

    def check_integrations(self) -> list[str]:
        """Say which integrations of the exposure are not in the file.

        Returns
        -------
        list of str
            A sentence if there are fewer of them than the header's NINTS.
        """
        total = self.meta.get("NINTS")
        number = np.unique(self.int_num)
        numbered = number[0] > 0 and all(table.numbered for table in self.tables)
        if not (numbered and isinstance(total, int)) or number[-1] > total:
            return []
        if number.size < self.n_integrations or number.size >= total:
            return []
        runs = np.split(number, np.flatnonzero(np.diff(number) > 1) + 1)
        words = ", ".join(f"{run[0]} to {run[-1]}" if run.size > 1 else f"{run[0]}" for run in runs)
        segments = np.unique(self._scalar("SEGMENT"))
        if np.isfinite(segments).all():
            several = "s" if segments.size > 1 else ""
            words += f" (segment{several} {', '.join(str(int(n)) for n in segments)})"
        return [f"of {total} integrations, only {words} are in the file"]


def _places(number: np.ndarray) -> np.ndarray:
    """Return numbers to sort the integrations of a table by, shape (n_int,).

    One that has no number (0) goes with the one before it, the first ones with the one after.
    """
    known = np.flatnonzero(number > 0)
    if known.size in (0, number.size):
        return number
    before = np.searchsorted(known, np.arange(number.size), side="right") - 1
    return number[known[np.maximum(before, 0)]]


class SpectralTimeSeries(Mapping):
    """The traces of an x1dints file, by (detector, order).

    Parameters
    ----------
    path : path-like
    traces : iterable of SpectralTrace
    meta : dict
        Keywords of the primary header.
    """

    def __init__(
        self, path: str | os.PathLike, traces: Iterable[SpectralTrace], meta: dict[str, Any]
    ):
        self.path = Path(path)
        self.meta = meta
        self._traces = {(trace.detector, trace.order): trace for trace in traces}

    def __getitem__(self, key: tuple[str, int | None]) -> SpectralTrace:
        return self._traces[key]

    def __iter__(self) -> Iterator[tuple[str, int | None]]:
        return iter(self._traces)

    def __len__(self) -> int:
        return len(self._traces)

    def __repr__(self) -> str:
        labels = ", ".join(f"{t.label} ({t.n_integrations} integrations)" for t in self.traces)
        return f"<SpectralTimeSeries {self.path.name}: {labels}>"

    @property
    def traces(self) -> list[SpectralTrace]:
        """The traces in the order of the file."""
        return list(self._traces.values())

    def select(
        self,
        *,
        order: int | Iterable[int] | None = None,
        detector: str | Iterable[str] | None = None,
    ) -> SpectralTimeSeries:
        """Return the traces that agree with every given value.

        Parameters
        ----------
        order, detector : value or iterable of values, optional

        Returns
        -------
        SpectralTimeSeries

        Raises
        ------
        Stage3Error
            If nothing agrees; the message lists what there is.
        """
        chosen = self.traces
        for name, wanted in (("order", order), ("detector", detector)):
            if wanted is None:
                continue
            values = [wanted] if np.isscalar(wanted) else list(wanted)
            chosen = [trace for trace in chosen if getattr(trace, name) in values]
        if not chosen:
            have = ", ".join(trace.label or "one trace" for trace in self.traces)
            asked = [f"order {order}"] * (order is not None) + [str(detector)] * bool(detector)
            raise Stage3Error(f"{self.path.name}: no trace {' '.join(asked)}; there is {have}")
        return SpectralTimeSeries(self.path, chosen, self.meta)


def read_spectral_time_series(
    path: str | os.PathLike,
    *,
    order: int | Iterable[int] | None = None,
    detector: str | Iterable[str] | None = None,
) -> SpectralTimeSeries:
    """Find the traces of an x1dints file of any layout; no spectrum is read yet.

    Parameters
    ----------
    path : path-like
    order, detector : optional
        Restrict the traces: see `SpectralTimeSeries.select`.

    Returns
    -------
    SpectralTimeSeries

    Raises
    ------
    UnreadableProductError
        If there is no spectral table, or one without WAVELENGTH or FLUX, or no integration.

    Warns
    -----
    Stage3Warning
        If time stamps repeat or jump back; the data are kept.
    """
    with open_product(path) as hdus:
        extensions = extensions_named(hdus, "EXTRACT1D", path)
        primary = hdus[0].header
        meta = header_dict(primary)
        parts = _parts(extensions, primary, Path(path))
        headers = {hdu.fileinfo()["datLoc"]: hdu.header for hdu in extensions}
        named = len({part.name for _, part in parts}) > 1
        traces = [
            _trace(part, number, Path(path), meta, headers, named)
            for number, part in parts
            if sum(table.n_integrations for table in part.tables)
        ]
    if not traces:
        raise UnreadableProductError(f"{Path(path).name}: no integrations in EXTRACT1D")
    series = SpectralTimeSeries(path, traces, meta)
    for trace in series.traces:
        oddities = [f"{odd}; the data are kept as they are" for odd in trace.check_times()]
        for oddity in [*trace.check_integrations(), *oddities]:
            warnings.warn(
                f"{Path(path).name} {trace.label}: {oddity}", Stage3Warning, stacklevel=2
            )
    if order is None and detector is None:
        return series
    return series.select(order=order, detector=detector)


def _parts(
    extensions: list[fits.BinTableHDU], primary: fits.Header, path: Path
) -> list[tuple[int | None, DetectorPart]]:
    """Group extensions by spectral order and detector, in the order of the file."""
    grouped: dict[tuple[str, int | None], list[fits.BinTableHDU]] = {}
    for hdu in extensions:
        number = hdu.header.get("SPORDER", primary.get("SPORDER"))
        name = str(hdu.header.get("DETECTOR") or "")
        key = (name, int(number) if isinstance(number, (int, float)) else None)
        grouped.setdefault(key, []).append(hdu)
    found: dict[tuple[str, int | None], DetectorPart] = {}
    for (name, number), group in grouped.items():
        tables = open_integration_tables(group, path)
        parts = [DetectorPart(name, tables)]
        if not name:
            parts = split_detectors(
                tables,
                str(primary.get("DETECTOR") or ""),
                str(primary.get("INSTRUME") or "").upper(),
                path,
            )
        for part in parts:
            same = found.get((part.name, number))
            if same is not None:  # some extensions name the detector, others do not
                part = DetectorPart(part.name, [*same.tables, *part.tables], part.inferred)
            found[part.name, number] = part
    return [(number, part) for (_, number), part in found.items()]


def _trace(
    part: DetectorPart,
    order: int | None,
    path: Path,
    meta: dict[str, Any],
    headers: dict[int, fits.Header],
    name_detector: bool,
) -> SpectralTrace:
    """Make the trace of one order on one detector."""
    meta = meta | header_dict(headers[part.tables[0].start])
    if part.inferred:
        meta |= {"DETECTOR": part.name, "stage3_detector": f"{part.name}: {part.inferred}"}
    return SpectralTrace(part.name, order, path, part.tables, meta, name_detector=name_detector)
