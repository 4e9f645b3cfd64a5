"""Columns of x1dints tables: integrations as rows (jwst 1.19 on) or as extensions (before).

Each layout has a class that knows where the integrations are in the file, keeps no array, and
copies one column of all its integrations into an array of the caller's.
"""

from __future__ import annotations

import copy
import io
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from astropy.io import fits

from ..errors import UnreadableProductError
from ..origin import file_stamp
from .extensions import native, require_columns
from .in_threads import in_threads
from .quality import has_wavelength
from .stored_integrations import IntegrationTable
from .stored_table import (
    StoredTable,
    Stream,
    as_unsigned,
    open_unchanged,
    read_decompressed,
    read_parts,
    unsigned_columns,
    vector_length,
)

__all__ = ["IntegrationTable", "open_integration_tables"]

_SCALARS = ("INT_NUM", "SEGMENT", "N_ALONGDISP", "MJD-AVG", "TDB-MID")
_HEADER_SCALARS = ("INT_NUM", "MJD-AVG", "TDB-MID")  # those that the older layout had
# Rows compared at once when looking whether all have the same wavelengths: 64 × 2048 × 8 B = 1 MB
_ROWS_AT_ONCE = 64
_STRETCHES = 8  # of a table, that are read side by side


def _range(wavelengths: np.ndarray) -> tuple[float, float]:
    """Return the lowest and the highest of the wavelengths that are there, NaN for padding."""
    there = wavelengths[has_wavelength(wavelengths)]
    return (float(there.min()), float(there.max())) if there.size else (np.nan, np.nan)


def _pad(out: np.ndarray, count: int) -> None:
    """Fill what is behind the first samples of each spectrum."""
    out[..., count:] = np.nan if out.dtype.kind == "f" else 0


def _same(first: np.ndarray, rows: np.ndarray) -> bool:
    """Whether every row is the first one: exactly, or to 1e-9 where rounding differs."""
    if np.array_equal(rows, np.broadcast_to(first, rows.shape)):
        return True
    return bool(np.allclose(rows, first, rtol=1e-9, atol=0, equal_nan=True))


class RowTable(IntegrationTable):
    """One EXTRACT1D with a row an integration (TSOMultiSpecModel, jwst 1.19 and later)."""

    def __init__(self, hdu: fits.BinTableHDU, path: Path):
        require_columns(hdu, ["WAVELENGTH", "FLUX"], path)
        columns = hdu.columns
        lengths = {
            name: vector_length(columns[name])
            for name in ("WAVELENGTH", "FLUX", "FLUX_ERROR", "DQ")
            if name in columns.names
        }
        if len(set(lengths.values())) > 1:
            unequal = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise UnreadableProductError(
                f"{path.name}: EXTRACT1D {hdu.ver} has columns of unequal length ({unequal})"
            )
        self._table = StoredTable(hdu, path)
        found = self._table.columns(set(_SCALARS) & set(columns.names))
        missing = np.full(self._table.n_rows, np.nan)
        scalars = {name: native(found.get(name, missing), float) for name in _SCALARS}
        super().__init__(
            path, {c.name: c.unit or "" for c in columns}, scalars, lengths["WAVELENGTH"]
        )

    def read_into(self, name: str, out: np.ndarray, *, add: bool = False) -> None:
        count = min(self.width, out.shape[1])

        def read(part: slice) -> None:
            for rows, block in self._blocks(name, count, part):
                if add:
                    out[rows, :count] += block
                else:
                    out[rows, :count] = block

        in_threads(read, self._stretches(), out.size)
        if not add:
            _pad(out, count)

    def read_some(self, name: str, places: np.ndarray, out: np.ndarray) -> None:
        count = min(self.width, out.shape[1])
        for first in range(0, len(places), _ROWS_AT_ONCE):
            rows = slice(first, first + _ROWS_AT_ONCE)
            values = self._table.at(name, places[rows])
            out[rows, :count] = values.reshape(len(values), -1)[:, :count]
        _pad(out, count)

    def read_one(self, name: str, place: int) -> np.ndarray:
        return native(self._table.column(name, slice(place, place + 1)).reshape(-1))

    def read_flagged(self, bits: int, out: np.ndarray) -> None:
        count = min(self.width, out.shape[1])

        def read(part: slice) -> None:
            for rows, flags in self._blocks("DQ", count, part):
                out[rows, :count][(flags & np.uint32(bits)) != 0] = np.nan

        in_threads(read, self._stretches(), out.size)

    def common_wavelengths(self, n_wavelengths: int) -> np.ndarray | None:
        count = min(self.width, n_wavelengths)
        grid = self._longest()[:count]
        for _, block in self._blocks("WAVELENGTH", count):
            if not _same_where_present(grid, block):
                return None
        if count < n_wavelengths:
            grid = np.append(grid, np.full(n_wavelengths - count, np.nan))
        return grid

    def extensions(self) -> np.ndarray:
        return np.zeros(self.n_integrations, dtype=int)

    def lengths(self) -> np.ndarray:
        return np.array([self.n_wavelengths])

    def wavelength_ranges(self) -> np.ndarray:
        return np.array([_range(self._longest())])

    def part(self, extensions: np.ndarray) -> RowTable:
        return self  # one extension is of one detector

    @property
    def compressed(self) -> bool:
        return self._table.compressed

    @property
    def start(self) -> int:
        return self._table.start

    def _longest(self) -> np.ndarray:
        """Return the wavelengths of the integration with most of them, padding included."""
        longest = int(np.argmax(np.nan_to_num(self.scalars["N_ALONGDISP"])))
        row = self._table.column("WAVELENGTH", slice(longest, longest + 1))
        return native(row.reshape(-1))

    def _stretches(self) -> list[slice]:
        """The rows in stretches that can be read side by side; one where all is decompressed."""
        count = 1 if self.compressed else _STRETCHES
        edges = np.linspace(0, self.n_integrations, count + 1).astype(int).tolist()
        return [slice(*ends) for ends in itertools.pairwise(edges) if ends[0] < ends[1]]

    def _blocks(
        self, name: str, count: int, within: slice | None = None
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (rows, values of a column as stored) for one block of rows after the other."""
        for rows, values in self._table.blocks(name, _ROWS_AT_ONCE, within):
            yield rows, values.reshape(rows.stop - rows.start, -1)[:, :count]


def _same_where_present(grid: np.ndarray, block: np.ndarray) -> bool:
    """Whether the rows agree with the grid, their NaN padding aside."""
    if (block == grid).all():
        return True
    values = native(block)
    return bool(np.all(np.isnan(values) | np.isclose(values, grid, rtol=1e-9, atol=0)))


class ExtensionTable(IntegrationTable):
    """A run of EXTRACT1D with an extension an integration (jwst 1.2 to 1.18).

    Hundreds to thousands of small tables: building an astropy table of each costs milliseconds,
    so their bytes are read at the offsets that they have, with the first one's dtype.
    """

    def __init__(self, extensions: Sequence[fits.BinTableHDU], path: Path):
        first = extensions[0]
        require_columns(first, ["WAVELENGTH", "FLUX"], path)
        vectors = [column.name for column in first.columns if vector_length(column) != 1]
        if vectors:
            raise UnreadableProductError(
                f"{path.name}: {', '.join(vectors)} of EXTRACT1D {first.ver} should have one value "
                "a row, as the other columns of an integration have; download it again"
            )
        self._dtype = first.columns.dtype.newbyteorder(">")
        self._stamp = file_stamp(path)
        self._offsets = np.array([hdu.fileinfo()["datLoc"] for hdu in extensions])
        self._rows = np.array([hdu.header["NAXIS2"] for hdu in extensions])
        self._unsigned = unsigned_columns(first.columns)
        scalars = {
            name: np.array([_header_number(hdu.header, name) for hdu in extensions], dtype=float)
            if name in _HEADER_SCALARS
            else np.full(len(extensions), np.nan)
            for name in _SCALARS
        }
        self._compressed = bool(getattr(first.fileinfo()["file"], "compression", None))
        width = int(self._rows.max(initial=0))
        super().__init__(path, {c.name: c.unit or "" for c in first.columns}, scalars, width)

    def read_into(self, name: str, out: np.ndarray, *, add: bool = False) -> None:
        if not add:
            self.read_some(name, np.arange(self.n_integrations), out)
            return
        for row, values in zip(out, self._stored(name), strict=True):
            count = min(len(values), len(row))
            row[:count] += values[:count]

    def read_some(self, name: str, places: np.ndarray, out: np.ndarray) -> None:
        for row, values in zip(out, self._stored(name, places), strict=True):
            count = min(len(values), len(row))
            row[:count] = values[:count]
            _pad(row, count)

    def read_one(self, name: str, place: int) -> np.ndarray:
        with self._opened() as stream:
            values = self._table(stream, place)[name]
        return native(as_unsigned(values) if name in self._unsigned else values)

    def common_wavelengths(self, n_wavelengths: int) -> np.ndarray | None:
        grid = None
        if np.any(self._rows != self._rows[0]):
            return None
        for values in self._stored("WAVELENGTH"):
            if grid is None:
                grid = native(values)
            elif not _same(grid, values):
                return None
        if grid is not None and len(grid) < n_wavelengths:
            grid = np.append(grid, np.full(n_wavelengths - len(grid), np.nan))
        return grid

    def extensions(self) -> np.ndarray:
        return np.arange(self.n_integrations)

    def lengths(self) -> np.ndarray:
        return self._rows

    def wavelength_ranges(self) -> np.ndarray:
        ranges = np.full((self.n_integrations, 2), np.nan)
        kind, place = self._dtype.fields["WAVELENGTH"]
        with self._opened() as stream:
            for i, (start, n_rows) in enumerate(zip(self._offsets, self._rows, strict=True)):
                first = int(start) + place
                last = max(int(n_rows) - 1, 1) * self._dtype.itemsize
                ends = read_parts(
                    stream, self.path, first, kind.itemsize, stride=last, count=min(n_rows, 2)
                )
                ends = native(ends.view(kind).reshape(-1), float)
                if not has_wavelength(ends).all():
                    ends = native(self._table(stream, i)["WAVELENGTH"], float)
                ranges[i] = _range(ends)
        return ranges

    def part(self, extensions: np.ndarray) -> ExtensionTable:
        part = copy.copy(self)
        part._offsets, part._rows = self._offsets[extensions], self._rows[extensions]
        # the cached length is that of the whole
        part.__dict__.pop("n_wavelengths", None)
        part.scalars = {name: values[extensions] for name, values in self.scalars.items()}
        if not self.numbered:
            part.scalars["INT_NUM"] = np.arange(1.0, len(extensions) + 1)
        part.width = int(part._rows.max(initial=0))
        return part

    @property
    def compressed(self) -> bool:
        return self._compressed

    @property
    def start(self) -> int:
        return int(self._offsets[0])

    def _stored(self, name: str, places: Iterable[int] | None = None) -> Iterator[np.ndarray]:
        """Yield the column of each integration as stored, uint32 offsets resolved."""
        with self._opened() as stream:
            for i in range(self.n_integrations) if places is None else places:
                values = self._table(stream, int(i))[name]
                yield as_unsigned(values) if name in self._unsigned else values

    def _table(self, stream: Stream, index: int) -> np.ndarray:
        """Read the structured array of one integration."""
        size = int(self._rows[index]) * self._dtype.itemsize
        part = read_parts(stream, self.path, int(self._offsets[index]), size)
        return part.view(self._dtype)[0]

    @contextmanager
    def _opened(self) -> Iterator[Stream]:
        """Yield what to read from: the file, or all that is in it if it is compressed."""
        if not self._compressed:
            with open_unchanged(self.path, self._stamp) as stream:
                yield stream
            return
        yield io.BytesIO(read_decompressed(self.path, self._stamp))


def _header_number(header: fits.Header, name: str) -> float:
    value = header.get(name)
    return float(value) if isinstance(value, (int, float)) else np.nan


def open_integration_tables(
    extensions: Sequence[fits.BinTableHDU], path: str | os.PathLike
) -> list[IntegrationTable]:
    """Find the integrations in the EXTRACT1D extensions of one trace.

    Parameters
    ----------
    extensions : sequence of astropy.io.fits.BinTableHDU
        Of an open file, in its order.
    path : path-like

    Returns
    -------
    list of IntegrationTable
        One for each extension of the layout with an integration a row; one in all (or, should the
        columns change on the way, one for each run of equal columns) for the older layout.
    """
    path = Path(path)
    tables: list[IntegrationTable] = []
    run: list[fits.BinTableHDU] = []
    for hdu in extensions:
        if run and _same_columns(run[0].header, hdu.header):
            if hdu.header["NAXIS2"]:
                run.append(hdu)
            continue
        if _is_row_layout(hdu):
            if hdu.header["NAXIS2"]:
                tables.append(RowTable(hdu, path))
            continue
        if run:
            tables.append(ExtensionTable(run, path))
            run = []
        if hdu.header["NAXIS2"]:
            run.append(hdu)
    if run:
        tables.append(ExtensionTable(run, path))
    return tables


def _is_row_layout(hdu: fits.BinTableHDU) -> bool:
    # From the header, for hdu.columns of hundreds of extensions takes seconds.
    header = hdu.header
    return (
        any(header.get(f"TTYPE{i}") == "INT_NUM" for i in (1, 2, 3))
        or not isinstance(header.get("TFORM1"), str)
        or header["TFORM1"].strip("1") not in ("D", "E")
    )


def _same_columns(one: fits.Header, other: fits.Header) -> bool:
    # Parsing all 36 keywords of 600 headers takes a second; these tell any two layouts apart.
    keys = ("NAXIS1", "TFIELDS", "TTYPE1", "TFORM1", "TTYPE2")
    return all(one.get(key) == other.get(key) for key in keys)
