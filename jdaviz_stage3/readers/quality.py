"""Which samples the data-quality array and the values themselves exclude, and which channels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from astropy import units as u

from ..errors import Stage3Error

__all__ = [
    "DO_NOT_USE",
    "DQ_FLAGS",
    "dq_mask",
    "dq_names",
    "dq_value",
    "excluded",
    "has_wavelength",
]

#: Bit 0 of the JWST data-quality flags (stdatamodels.jwst.datamodels.dqflags.pixel).
DO_NOT_USE = 1

#: Names of the data-quality flags, that of bit 0 first, as in
#: stdatamodels.jwst.datamodels.dqflags.pixel, whose import takes a second.
DQ_FLAGS = (
    "DO_NOT_USE", "SATURATED", "JUMP_DET", "DROPOUT", "OUTLIER", "PERSISTENCE", "AD_FLOOR",
    "CHARGELOSS", "RESERVED", "NON_SCIENCE", "DEAD", "HOT", "WARM", "LOW_QE", "RC", "TELEGRAPH",
    "NONLINEAR", "BAD_REF_PIXEL", "NO_FLAT_FIELD", "NO_GAIN_VALUE", "NO_LIN_CORR", "NO_SAT_CHECK",
    "UNRELIABLE_BIAS", "UNRELIABLE_DARK", "UNRELIABLE_SLOPE", "UNRELIABLE_FLAT", "OPEN",
    "ADJ_OPEN", "FLUX_ESTIMATED", "MSA_FAILED_OPEN", "OTHER_BAD_PIXEL", "REFERENCE_PIXEL",
)  # fmt: skip


def dq_value(bits: str | int | Iterable[str] | None) -> int:
    """Return the integer with the named data-quality bits set.

    Parameters
    ----------
    bits : str, int, iterable of str, or None
        One name or several of `stdatamodels.jwst.datamodels.dqflags.pixel` (``'SATURATED'``; also
        joined by ``+`` or ``|``), an integer taken as it is, or `None` for no bits.

    Returns
    -------
    int

    Raises
    ------
    Stage3Error
        If a name is not a data-quality flag; the message lists those that are.
    """
    if bits is None:
        return 0
    if isinstance(bits, (int, np.integer)):
        return int(bits)
    names = bits.replace("|", "+").split("+") if isinstance(bits, str) else list(bits)
    names = [name.strip().upper() for name in names]
    unknown = [name for name in names if name not in (*DQ_FLAGS, "GOOD")]
    if unknown:
        raise Stage3Error(
            f"no data-quality flag is called {', '.join(unknown)}; flags: {', '.join(DQ_FLAGS)}"
        )
    return sum(1 << DQ_FLAGS.index(name) for name in set(names) - {"GOOD"})


def dq_mask(dq: np.ndarray, bits: str | int | Iterable[str] | None = "DO_NOT_USE") -> np.ndarray:
    """Return where any of the named bits is set.

    Parameters
    ----------
    dq : ndarray of unsigned int
        Data-quality flags.
    bits : see `dq_value`

    Returns
    -------
    ndarray of bool
        Same shape as ``dq``; True is excluded.
    """
    # as 32 bits without a sign, whatever the file has: bit 31 is REFERENCE_PIXEL
    return (dq.astype(np.uint32, copy=False) & np.uint32(dq_value(bits))) != 0


def dq_names(value: int) -> list[str]:
    """Return the names of the data-quality flags that are set in an integer, lowest bit first.

    Parameters
    ----------
    value : int

    Returns
    -------
    list of str
    """
    return [name for bit, name in enumerate(DQ_FLAGS) if value >> bit & 1]


def excluded(
    flux: np.ndarray,
    dq: np.ndarray | None,
    bits: str | int | Iterable[str] | None = "DO_NOT_USE",
) -> np.ndarray:
    """Return which samples must not be used: flagged, or not finite.

    Real products hold NaN fluxes whose DQ is 0, so both are needed.

    Parameters
    ----------
    flux : ndarray
    dq : ndarray of unsigned int, same shape, or None
    bits : see `dq_value`

    Returns
    -------
    ndarray of bool
        Same shape; True is excluded.
    """
    mask = ~np.isfinite(flux)
    if dq is not None:
        mask |= dq_mask(dq, bits)
    return mask


def has_wavelength(wavelength: np.ndarray | u.Quantity) -> np.ndarray:
    """Return which channels have a wavelength; the others are padded, with NaN or with 0.

    Parameters
    ----------
    wavelength : ndarray or Quantity

    Returns
    -------
    ndarray of bool
        Same shape.
    """
    return np.isfinite(wavelength) & (wavelength > 0)
