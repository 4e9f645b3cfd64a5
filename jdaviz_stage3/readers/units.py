"""Unit strings as Stage 3 products have them, some of which astropy does not parse."""

from __future__ import annotations

import warnings

from astropy import units as u

from ..errors import Stage3Warning

__all__ = ["parse_unit"]

# What older pipelines wrote, and what they meant.
_SPELLINGS = {
    "(MJy/sr)^2": "MJy2 / sr2",
    "(MJy / sr)^2": "MJy2 / sr2",
    "DN^2 / s^2": "DN2 / s2",
    "degrees": "deg",
    "pixels": "pix",
    "microns": "um",
    "micron": "um",
    "ELECTRONS/S": "electron / s",
    "ELECTRONS": "electron",
}


def parse_unit(text: str | u.UnitBase | None, where: str, default: str = "") -> u.UnitBase:
    """Parse a unit string.

    Parameters
    ----------
    text : str or Unit or None
        The content of ``BUNIT`` or ``TUNITn``, or an already parsed unit.
    where : str
        File and column, for the warning.
    default : str, optional
        The unit where there is none in the file, or none that can be understood; dimensionless
        by default.

    Returns
    -------
    astropy.units.UnitBase
        The default where the string means nothing to astropy, with a `Stage3Warning`: an odd
        unit is no reason not to show the numbers.
    """
    if text is None or text == "":
        return u.Unit(default)
    if isinstance(text, u.UnitBase) and not isinstance(text, u.UnrecognizedUnit):
        return text
    text = str(text).strip()
    try:
        unit = u.Unit(_SPELLINGS.get(text, text))
        if unit.bases or unit.scale == 1:
            return unit
        raise ValueError("a number is no unit")
    except ValueError:
        shown = f"taken to be in {default}" if default else "shown without a unit"
        warnings.warn(
            f"{where}: unit {text!r} is not understood; the values are {shown}",
            Stage3Warning,
            stacklevel=2,
        )
        return u.Unit(default)
