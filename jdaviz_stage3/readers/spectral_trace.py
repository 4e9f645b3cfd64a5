"""One spectrum an integration: a spectral order on one detector through time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from astropy.time import Time

from ..errors import Stage3Error
from .integration_tables import IntegrationTable
from .quality import dq_value, excluded, has_wavelength
from .time_systems import TIME_SYSTEMS, TimeSystem, time_system_of
from .times import (
    days_to_time,
    inspect_time_stamps,
    int_times_of,
    repeat,
    stripe_times_of,
)
from .trace_columns import TraceColumns

if TYPE_CHECKING:
    from specutils import Spectrum

__all__ = ["SpectralTrace"]

_VARIANCES = {"random": ("FLUX_VAR_POISSON", "FLUX_VAR_RNOISE"), "total": ("FLUX_ERROR",)}


@dataclass(eq=False)  # two that were read are two
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
        number = np.concatenate([table.sorting_numbers() for table in self.tables])
        segment = np.concatenate([table.scalar("SEGMENT") for table in self.tables])
        known = np.concatenate([table.scalar("INT_NUM") > 0 for table in self.tables])
        if not repeat(number[known]):
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

    @cached_property
    def _columns(self) -> TraceColumns:
        """What reads the columns of all integrations."""
        return TraceColumns(self.tables, self._sorted, self.n_wavelengths)

    @property
    def is_long(self) -> bool:
        """Whether its flux takes more than 128 MB."""
        return self._columns.is_long

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
        """Wavelengths, shape (n_wave,) or (n_int, n_wave); micron.

        The former where they are the same in all integrations, to 1e-9.
        """
        unit = self.tables[0].unit("WAVELENGTH", "um")
        found = [table.common_wavelengths(self.n_wavelengths) for table in self.tables]
        grids = [grid for grid in found if grid is not None]
        if len(grids) == len(found) and all(
            np.allclose(grid, grids[0], rtol=1e-9, atol=0, equal_nan=True) for grid in grids[1:]
        ):
            return u.Quantity(grids[0], unit, copy=False)
        return u.Quantity(self._columns.column("WAVELENGTH"), unit, copy=False)

    @cached_property
    def flux(self) -> u.Quantity:
        """Flux as in the file, flagged samples included, shape (n_int, n_wave); Jy or DN/s."""
        return u.Quantity(self._columns.column("FLUX"), self.tables[0].unit("FLUX"), copy=False)

    @cached_property
    def uncertainty(self) -> StdDevUncertainty | None:
        """Standard deviation of the flux, shape (n_int, n_wave); None if the file has none."""
        if not self._has("FLUX_ERROR"):
            return None
        error = u.Quantity(self._columns.column("FLUX_ERROR"), self.flux.unit, copy=False)
        return StdDevUncertainty(error, copy=False)

    @cached_property
    def dq(self) -> np.ndarray:
        """Data-quality flags, shape (n_int, n_wave), uint32; zeros if the file has none."""
        if not self._has("DQ"):
            return np.zeros((self.n_integrations, self.n_wavelengths), dtype=np.uint32)
        return self._columns.column("DQ", np.uint32)

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
        flux = self._columns.usable_flux(self._excluding(dq_bits))
        return u.Quantity(flux, self.tables[0].unit("FLUX"), copy=False)

    def usable_flux_of(
        self, places: np.ndarray, dq_bits: str | int | Iterable[str] | None = "DO_NOT_USE"
    ) -> np.ndarray:
        """Read the flux of some integrations, excluded samples NaN; nothing of the others.

        Parameters
        ----------
        places : ndarray of int, shape (n,)
            From 0, in the order of INT_NUM; any of them, in any order.
        dq_bits : optional
            See `jdaviz_stage3.readers.quality.dq_value`.

        Returns
        -------
        ndarray of float64, shape (n, n_wave)
            In the unit of ``flux``.
        """
        return self._columns.usable_flux_of(places, self._excluding(dq_bits))

    def _excluding(self, dq_bits: str | int | Iterable[str] | None) -> int:
        """The bits of flags that exclude a sample; 0 where the file has no flags."""
        return dq_value(dq_bits) if self._has("DQ") else 0

    def spectrum(
        self, place: int, dq_bits: str | int | Iterable[str] | None = "DO_NOT_USE"
    ) -> Spectrum:
        """Read one integration; nothing is read of the others.

        Parameters
        ----------
        place : int
            From 0, in the order of INT_NUM; below 0 from the last.
        dq_bits : optional
            See `jdaviz_stage3.readers.quality.dq_value`.

        Returns
        -------
        specutils.Spectrum
            With its mask, True where flagged or not finite; without the padding.

        Raises
        ------
        Stage3Error
            If there is no such integration, or its wavelengths are no axis.
        """
        from specutils import Spectrum  # a second, which those who read arrays need not wait

        if not -self.n_integrations <= place < self.n_integrations:
            raise Stage3Error(
                f"{self.path.name} {self.label}: no integration at {place}; there are "
                f"{self.n_integrations}"
            )
        row = place % self.n_integrations
        row = row if self._sorted is None else int(self._sorted[row])
        for table in self.tables:
            if row < table.n_integrations:
                break
            row -= table.n_integrations
        wavelength, flux = (table.read_one(name, row) for name in ("WAVELENGTH", "FLUX"))
        dq = table.read_one("DQ", row) if self._has("DQ") else np.zeros(flux.shape, np.uint32)
        there = has_wavelength(wavelength)
        steps = np.diff(wavelength[there])
        if not there.any() or not (np.all(steps > 0) or np.all(steps < 0)):
            raise Stage3Error(
                f"{self.path.name} {self.label}: the wavelengths of integration "
                f"{self.int_num[place]} neither rise nor fall throughout"
            )
        return Spectrum(
            flux=u.Quantity(flux[there], self.tables[0].unit("FLUX")),
            spectral_axis=u.Quantity(
                wavelength[there], self.tables[0].unit("WAVELENGTH", "um"), dtype=float
            ),
            mask=excluded(flux, dq, dq_bits)[there],
            meta={"integration": int(self.int_num[place])},
        )

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
        variance = self._columns.flux_variance(names, squared=errors == "total")
        return u.Quantity(variance, self.tables[0].unit("FLUX") ** 2, copy=False)

    @cached_property
    def time(self) -> Time | None:
        """Mid-times at the solar-system barycentre, TDB, shape (n_int,); None if not in the file.

        Masked for the integrations without a time stamp, should there be any.

        Notes
        -----
        ``time.jd`` is the BJD_TDB; the file holds it minus 2400000.5.
        """
        return self._time(TIME_SYSTEMS["BJD_TDB"])

    @cached_property
    def time_utc(self) -> Time | None:
        """Mid-times at the telescope, UTC, shape (n_int,); None if not in the file."""
        return self._time(TIME_SYSTEMS["MJD_UTC"])

    def _time(self, system: TimeSystem) -> Time | None:
        days, _ = self._days[system.name]
        return days_to_time(days, system.scale) if np.isfinite(days).any() else None

    @cached_property
    def _days(self) -> dict[str, tuple[np.ndarray, list[str]]]:
        """Days of the integrations in each time system, and remarks on where they are from."""
        return {name: self._days_in(system) for name, system in TIME_SYSTEMS.items()}

    def _days_in(self, system: TimeSystem) -> tuple[np.ndarray, list[str]]:
        """NaN where no table of the file has a time."""
        days = self._scalar(system.spectra_column).copy()
        days[~(days > 0)] = np.nan  # never filled
        remarks: list[str] = []
        # INT_TIMES has one detector's rows: beside times of the own detector, they are no help
        if not np.isnan(days).any() or (self.name_detector and not np.isnan(days).all()):
            return days, remarks
        for table, look_up in (("INT_TIMES", int_times_of), ("INT_TIMES_STRIPE", stripe_times_of)):
            missing = np.isnan(days)
            found = look_up(self.path, system.name, self.int_num) if missing.any() else None
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
        time = self.time if self.time is not None else self.time_utc
        if time is None:
            return ["no time stamps"]
        stamps = inspect_time_stamps(time, self.segment)
        return [*self._days[time_system_of(time).name][1], *stamps.sentences(gaps=False)]

    def check_integrations(self) -> list[str]:
        """Say which integrations of the exposure are not in the file.

        Returns
        -------
        list of str
            A sentence if there are fewer of them than the header's NINTS.
        """
        total = self.meta.get("NINTS")
        if not isinstance(total, int):
            return []
        number = np.unique(self.int_num)
        numbered = number[0] > 0 and all(table.numbered for table in self.tables)
        if not numbered or number[-1] > total:
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
