"""One flux axis for all spectra of an app: what may be shown on it together.

jdaviz has one flux unit for all spectrum viewers of an app. It takes a flux density for a surface
brightness, and the reverse, with 1 sr for the solid angle where it knows none, and an extracted
spectrum knows none: the numbers would be wrong by the aperture. So the two are not mixed.
"""

from __future__ import annotations

from typing import Any

from astropy import units as u

from ..errors import Stage3Error
from ..jdaviz_compat import spectral_flux_unit

__all__ = ["check_flux_axis", "fits_flux_axis"]


def fits_flux_axis(app: Any, unit: u.UnitBase) -> bool:
    """Whether a spectrum in this unit can be shown with the spectra that are shown already.

    Parameters
    ----------
    app : jdaviz helper or inner application
    unit : Unit
        Of the spectrum's flux.

    Returns
    -------
    bool
        True also where no spectrum is shown yet.
    """
    shown = spectral_flux_unit(app)
    if shown in (None, "None", ""):
        return shown is None or unit == u.dimensionless_unscaled
    # the wavelength does not matter for whether units are of one kind
    return unit.is_equivalent(u.Unit(shown), u.spectral_density(1 * u.um))


def check_flux_axis(app: Any, unit: u.UnitBase, name: str, what: str = "") -> None:
    """Raise if a spectrum in this unit would be drawn on an axis of another kind.

    Parameters
    ----------
    app : jdaviz helper or inner application
    unit : Unit
        Of the spectrum's flux.
    name : str
        Of the file, for the message.
    what : str, optional
        Which column it is, and why, for the message.

    Raises
    ------
    Stage3Error
    """
    if not fits_flux_axis(app, unit):
        raise Stage3Error(
            f"{name}: {f'{what}; ' if what else ''}its flux is in {unit}, but the spectra in this "
            f"app are in {spectral_flux_unit(app)}, and jdaviz has one flux axis for all; choose "
            "quantity='flux' or 'surface brightness' to match, or load it into another app "
            "(jdaviz.new_app())"
        )
