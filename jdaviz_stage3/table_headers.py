"""What the top of a table file says, without its rows: ECSV, Parquet, a table in a FITS file.

The pipeline writes ECSV. The others are what people make of its tables.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .errors import UnreadableProductError, reason_of
from .fits_structure import read_first_extension
from .origin import FileStamp, file_stamp

__all__ = ["PARQUET", "TableHeader", "ecsv_header", "table_header"]

#: What Parquet files begin with.
PARQUET = b"PAR1"


@dataclass(frozen=True)
class TableHeader:
    """The top of a table file.

    Attributes
    ----------
    format : {'ecsv', 'parquet', 'fits'}
    columns : tuple of str
        The names of the columns as stored: ``'sky_centroid.ra'`` is a part of ``sky_centroid``.
    text : str
        The YAML that describes the table, which is all of an ECSV's header; of Parquet what
        astropy has written, empty where others have.
    rows : int or None
        How many there are; None where that is not known without reading them.
    """

    format: str
    columns: tuple[str, ...]
    text: str = ""
    rows: int | None = None


def table_header(path: str | os.PathLike) -> TableHeader:
    """Read the top of a table file.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    TableHeader

    Raises
    ------
    UnreadableProductError
        If it cannot be read, or a FITS file has no table as its first extension.
    """
    with open(path, "rb") as stream:
        start = stream.read(len(PARQUET))
    if start == PARQUET:
        return _parquet_header(str(path), file_stamp(path))
    if start.startswith((b"SIMP", b"\x1f\x8b")):
        first = read_first_extension(path)
        if first is None or not first.is_table:
            raise UnreadableProductError(
                f"{Path(path).name}: its first extension is no table; is it a catalog?"
            )
        return TableHeader("fits", tuple(first.columns), rows=first.number("NAXIS2"))
    columns, text = ecsv_header(path)
    return TableHeader("ecsv", tuple(columns), text)


@lru_cache(maxsize=8)
def _parquet_header(path: str, stamp: FileStamp) -> TableHeader:
    from pyarrow import ArrowException  # a fifth of a second, for files that are few
    from pyarrow.parquet import read_metadata

    try:
        found = read_metadata(path)
        schema = found.schema.to_arrow_schema()
    except (ArrowException, OSError) as err:
        raise UnreadableProductError(
            f"{Path(path).name}: cannot be read as Parquet ({reason_of(err)}); download it again"
        ) from err
    text = (schema.metadata or {}).get(b"table_meta_yaml", b"").decode(errors="replace")
    # pandas keeps the numbers of its rows
    columns = tuple(name for name in schema.names if not name.startswith("__index_level_"))
    return TableHeader("parquet", columns, text, found.num_rows)


def ecsv_header(path: str | os.PathLike, limit: int = 1_000_000) -> tuple[list[str], str]:
    """Read the top of an ECSV file without its rows.

    Parameters
    ----------
    path : path-like
    limit : int, optional
        Bytes after which a header is taken to be broken.

    Returns
    -------
    columns : list of str
        The names of the columns as stored: ``'sky_centroid.ra'`` is a part of ``sky_centroid``.
    yaml : str
        The header lines without the leading ``#``.

    Raises
    ------
    UnreadableProductError
        If no line with column names follows the header.
    """
    columns, text = _ecsv_header(str(path), file_stamp(path), limit)
    return list(columns), text


@lru_cache(maxsize=8)  # asked for by who identifies a file and who looks into it
def _ecsv_header(path: str, stamp: FileStamp, limit: int) -> tuple[tuple[str, ...], str]:
    lines: list[str] = []
    size = 0
    with open(path, encoding="utf-8", errors="replace") as stream:
        while line := stream.readline(limit):
            size += len(line)
            if not line.startswith("#"):
                delimiter = "," if "delimiter: ','" in "".join(lines) else None
                names = [name.strip().strip('"') for name in line.strip().split(delimiter)]
                return tuple(names), "".join(lines)
            if size > limit:
                break
            lines.append(line[1:].removeprefix(" "))
    raise UnreadableProductError(
        f"{Path(path).name}: the ECSV header is not followed by column names; download it again"
    )
