"""Complex visibilities of simple skies, and what an interferometer measures of them."""

from __future__ import annotations

import numpy as np
from astropy import units as u
from astropy.table import QTable
from scipy.special import j1

from ...errors import Stage3Error
from ...readers.baselines import sides_of
from ...readers.interferometry import Interferometry

__all__ = ["VISIBILITY_MODELS", "model_observables", "model_visibility"]

#: What `model_visibility` knows.
VISIBILITY_MODELS = ("point", "binary", "disc")


def model_visibility(
    u_coord: u.Quantity,
    v_coord: u.Quantity,
    wavelength: u.Quantity,
    model: str = "binary",
    *,
    east: u.Quantity = 0 * u.mas,
    north: u.Quantity = 0 * u.mas,
    flux_ratio: float = 0.0,
    diameter: u.Quantity = 0 * u.mas,
    bandwidth: u.Quantity | None = None,
) -> np.ndarray:
    """Return the complex visibility of a point, a binary or a uniform disc.

    Parameters
    ----------
    u_coord, v_coord : Quantity
        UCOORD and VCOORD in metres, any shape.
    wavelength : Quantity
        Effective wavelength; of that shape or a number.
    model : {'point', 'binary', 'disc'}
    east, north : Quantity, optional
        Offset of the companion from the star (ΔRA cos Dec and ΔDec), or of a point or disc from the
        phase centre: positive to the east and to the north.
    flux_ratio : float, optional
        Companion over star.
    diameter : Quantity, optional
        Of the disc; in a binary of the star, the companion being a point.
    bandwidth : Quantity, optional
        Full width of a rectangular band, over which the fringes of what is off centre are averaged;
        by default one wavelength is meant.

    Returns
    -------
    ndarray of complex
        1 for a point source in the centre.

    Raises
    ------
    Stage3Error
        If the model is not known or the flux ratio is negative.

    Notes
    -----
    V(u, v) = ∫ I(α, δ) exp(-2πi(uα + vδ)/λ) / ∫ I (Pauls et al. 2005, PASP 117, 1255), α to the
    east and δ to the north. A binary of flux ratio f has V = (V_star + f exp(…)) / (1 + f). A
    uniform disc of diameter θ has V = 2 J₁(x)/x with x = πθB/λ.
    """
    if model not in VISIBILITY_MODELS:
        raise Stage3Error(f"model {model!r} is not known; one of {', '.join(VISIBILITY_MODELS)}")
    if not flux_ratio >= 0:
        raise Stage3Error(f"a flux ratio of {flux_ratio} is not possible; 0 or more is")
    x = (u_coord / wavelength).to_value(u.one)
    y = (v_coord / wavelength).to_value(u.one)
    cycles = x * u.Quantity(east).to_value(u.rad) + y * u.Quantity(north).to_value(u.rad)
    off_center = np.exp(-2j * np.pi * cycles)
    if bandwidth is not None:
        off_center = off_center * np.sinc(cycles * (bandwidth / wavelength).to_value(u.one))
    size = np.pi * u.Quantity(diameter).to_value(u.rad) * np.hypot(x, y)
    disc = np.where(size > 1e-8, 2 * j1(size) / np.where(size > 1e-8, size, 1), 1.0)
    if model == "binary":
        return (disc + flux_ratio * off_center) / (1 + flux_ratio)
    return off_center * (disc if model == "disc" else 1)


def model_observables(
    observables: Interferometry, model: str = "binary", **parameters: u.Quantity | float
) -> dict[str, np.ndarray | u.Quantity]:
    """Return what would be measured of a model, row by row of the tables.

    Parameters
    ----------
    observables : Interferometry
        Whose baselines, triangles and wavelengths are taken.
    model : {'point', 'binary', 'disc'}
    **parameters
        Of `model_visibility`.

    Returns
    -------
    dict
        ``vis2``, shape (n_vis2,); ``visibility`` and ``closure_phase``, the phases, Quantity in
        degrees within (-180, 180], shape (n_baselines,) and (n_triangles,); of the tables that
        there are. The phase of a visibility is that relative to the star, or to the phase centre
        where the model is off it; closure phases do not know the difference.
    """
    found: dict[str, np.ndarray | u.Quantity] = {}
    for name, table in observables.tables.items():
        if name not in ("vis2", "visibility", "closure_phase"):
            continue
        visibility = _of_sides(table, model, parameters)
        if name == "vis2":
            found[name] = np.abs(visibility[0]) ** 2
        else:
            found[name] = np.angle(np.prod(visibility, axis=0), deg=True) << u.deg
    return found


def _of_sides(table: QTable, model: str, parameters: dict) -> np.ndarray:
    return model_visibility(*sides_of(table), table["wavelength"], model, **parameters)
