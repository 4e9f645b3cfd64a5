"""Spectral time series (x1dints): one 1-D spectrum an integration, by trace."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from ..errors import Stage3Error, Stage3Warning, UnreadableProductError
from .detectors import DetectorPart, split_detectors
from .extensions import extensions_named, header_dict, open_product
from .integration_tables import open_integration_tables
from .spectral_trace import SpectralTrace

__all__ = ["SpectralTimeSeries", "SpectralTrace", "read_spectral_time_series"]


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
            warnings.warn(f"{Path(path).name} {trace.label}: {oddity}", Stage3Warning, stacklevel=2)
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
