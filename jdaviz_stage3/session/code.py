"""Values as the Python that makes them, and the imports that it needs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from regions import PixCoord, Region

from ..errors import Stage3Error

__all__ = ["REGION_PARTS", "Code"]

_LARGE = 1e6  # numbers below are written without a point where they have no fraction
_DIGITS = 15  # of numbers: without the rounding of the last
_WIDTH = 84  # of lines, before they are indented
_IMPORTS = {
    "u": "from astropy import units as u",
    "Time": "from astropy.time import Time",
    "SkyCoord": "from astropy.coordinates import SkyCoord",
}
#: What each kind of region is made of, by the names in its constructor.
REGION_PARTS = {
    "Circle": ("center", "radius"),
    "Ellipse": ("center", "width", "height", "angle"),
    "Rectangle": ("center", "width", "height", "angle"),
    "CircleAnnulus": ("center", "inner_radius", "outer_radius"),
    "Polygon": ("vertices",),
}


class Code:
    """Writes values as Python, and remembers what has to be imported for it."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._regions: set[str] = set()

    def imports(self) -> list[str]:
        """Return the lines that import what was used."""
        lines = sorted(_IMPORTS[name] for name in self._used)
        if self._regions:
            lines.append(f"from regions import {', '.join(sorted(self._regions))}")
        return lines

    def call(self, name: str, *args: Any, **kwargs: Any) -> str:
        """Write a call, over several lines where it is long.

        Parameters
        ----------
        name : str
            Of what is called.
        *args, **kwargs
            The values.

        Raises
        ------
        Stage3Error
            If one of them cannot be written.
        """
        parts = [("", value) for value in args] + [(f"{key}=", kwargs[key]) for key in kwargs]
        line = f"{name}({', '.join(key + self.of(value) for key, value in parts)})"
        if len(line) <= _WIDTH:
            return line
        lines = (f"    {key}{self._wrapped(value, 4)}," for key, value in parts)
        return "\n".join([f"{name}(", *lines, ")"])

    def _wrapped(self, value: Any, indent: int) -> str:
        """Write a value that begins somewhere in a line, lists over several lines if need be."""
        whole = self.of(value)
        if len(whole) + indent <= _WIDTH or not isinstance(value, (list, tuple, dict)):
            return whole
        room = " " * (indent + 4)
        if isinstance(value, dict) and len(value) == 1:
            [(key, inner)] = value.items()
            return f"{{{self.of(key)}: {self._wrapped(inner, indent)}}}"
        if isinstance(value, dict):
            items = [f"{self.of(k)}: {self._wrapped(v, indent + 4)}" for k, v in value.items()]
        else:
            items = [self._wrapped(item, indent + 4) for item in value]
        left, right = {list: "[]", tuple: "()", dict: "{}"}[type(value)]
        return "\n".join([left, *(f"{room}{item}," for item in items), " " * indent + right])

    def of(self, value: Any) -> str:
        """Write a value.

        Parameters
        ----------
        value : object
            None, numbers, texts, times, quantities, sky positions, regions; lists, tuples and
            dicts of them.

        Raises
        ------
        Stage3Error
            If it is something else.
        """
        if isinstance(value, str):
            return _text(value)
        if value is None or isinstance(value, (bool, int)):
            return repr(value)
        if isinstance(value, (float, np.number, np.bool_)):
            return _number(value)
        if isinstance(value, os.PathLike):
            return _text(Path(value).as_posix())
        if isinstance(value, (list, tuple)):
            inner = ", ".join(self.of(item) for item in value)
            end = "," if len(value) == 1 and isinstance(value, tuple) else ""
            return f"[{inner}]" if isinstance(value, list) else f"({inner}{end})"
        if isinstance(value, dict):
            items = (f"{self.of(key)}: {self.of(item)}" for key, item in value.items())
            return "{" + ", ".join(items) + "}"
        return self._of_astropy(value)

    def _of_astropy(self, value: Any) -> str:
        if isinstance(value, Time) and value.isscalar:
            self._used.add("Time")
            numbers = f"{float(value.jd1)!r}, {float(value.jd2)!r}"
            return f'Time({numbers}, format="jd", scale="{value.scale}")'
        if isinstance(value, SkyCoord):
            self._used.add("SkyCoord")
            place = value.icrs
            # all digits: 15 are coarser than a double
            return f'SkyCoord({place.ra.deg.tolist()!r}, {place.dec.deg.tolist()!r}, unit="deg")'
        if isinstance(value, u.Quantity):
            self._used.add("u")
            unit = str(value.unit)
            known = unit.isidentifier() and hasattr(u, unit)
            unit = f"u.{unit}" if known else f"u.Unit({_text(unit)})"
            return f"{self.of(value.value.tolist())} * {unit}"
        if isinstance(value, PixCoord):
            self._regions.add("PixCoord")
            return f"PixCoord({self.of(np.asarray(value.x).tolist())}, " + (
                f"{self.of(np.asarray(value.y).tolist())})"
            )
        if isinstance(value, Region):
            return self._of_region(value)
        raise Stage3Error(f"a {type(value).__name__} cannot be written as Python")

    def _of_region(self, region: Region) -> str:
        name = type(region).__name__
        shape = name.removesuffix("PixelRegion").removesuffix("SkyRegion")
        if shape not in REGION_PARTS:
            raise Stage3Error(f"a {name} cannot be written as Python")
        values = {part: getattr(region, part) for part in REGION_PARTS[shape]}
        if values.get("angle") == 0:
            del values["angle"]
        parts = ", ".join(map(self.of, values.values()))
        self._regions.add(name)
        return f"{name}({parts})"


def _text(value: str) -> str:
    """Write a text in double quotes, where nothing in it asks for more."""
    value = str(value)  # numpy's has another repr
    written = repr(value)
    plain = written == f"'{value}'" and '"' not in value
    return f'"{value}"' if plain else written


def _number(value: Any) -> str:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float):
        if not np.isfinite(value):
            return f'float("{value}")'
        value = float(f"{value:.{_DIGITS}g}")
        return repr(int(value) if value.is_integer() and abs(value) < _LARGE else value)
    return repr(value)
