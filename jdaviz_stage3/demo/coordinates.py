"""The world coordinates of slitless spectra, as far as the pipelines ask for them."""

from typing import Any

import numpy as np


def point_wcs(ra: float, dec: float, wavelength: np.ndarray) -> Any:
    """
    Return the coordinates of one star's spectrum that runs along y.

    Parameters
    ----------
    ra, dec : float
        The star's position, deg; every pixel has it.
    wavelength : ndarray
        Micron, one value a row of the detector.

    Returns
    -------
    gwcs.WCS
        From (x, y) to (RA, Dec, wavelength).
    """
    from astropy import units as u
    from astropy.modeling.models import Const1D, Mapping
    from gwcs import WCS, coordinate_frames

    detector = coordinate_frames.Frame2D(name="detector", unit=(u.pix, u.pix))
    world = coordinate_frames.CompositeFrame([_sky(), _spectral(2)], name="world")
    place = Const1D(ra) & Const1D(dec) & _dispersion(wavelength)
    return WCS([(detector, Mapping((0, 1, 1)) | place), (world, None)])


def grism_wcs(field: Any, ra: float, dec: float, wavelength: np.ndarray) -> Any:
    """
    Return the coordinates of one source's cut-out from a grism exposure.

    Parameters
    ----------
    field : astropy.modeling.Model
        From the direct image's pixels to the sky; see `field_to_sky`.
    ra, dec : float
        The source's position, deg.
    wavelength : ndarray
        Micron, one value a column of the cut-out.

    Returns
    -------
    gwcs.WCS
        From (x, y) on the cut-out through (x, y, wavelength, order) of the direct image
        to (RA, Dec, wavelength, order).
    """
    from astropy import units as u
    from astropy.modeling.models import Const1D, Identity, Mapping
    from gwcs import WCS, coordinate_frames

    def order(axis: int) -> Any:
        return coordinate_frames.CoordinateFrame(
            1, "SPATIAL", (axis,), unit=(u.one,), axes_names=("order",), name="order"
        )

    grism = coordinate_frames.Frame2D(name="grism_detector", unit=(u.pix, u.pix))
    direct = coordinate_frames.Frame2D(name="direct", unit=(u.pix, u.pix))
    detector = coordinate_frames.CompositeFrame([direct, _spectral(2), order(3)], name="detector")
    world = coordinate_frames.CompositeFrame([_sky(), _spectral(2), order(3)], name="world")
    x, y = (float(value) for value in field.inverse(ra, dec))
    undo = Const1D(x) & Const1D(y) & _dispersion(wavelength) & Const1D(1)
    return WCS(
        [
            (grism, Mapping((0, 1, 0, 1)) | undo),
            (detector, field & Identity(2)),
            (world, None),
        ]
    )


def field_to_sky(
    middle: tuple[float, float], centre: tuple[float, float], pixel: float, roll: float
) -> Any:
    """
    Return the transform from a detector without distortion to the sky.

    Parameters
    ----------
    middle : tuple of float
        The pixel (x, y) that looks at ``centre``.
    centre : tuple of float
        RA and Dec, deg.
    pixel : float
        Arcsec.
    roll : float
        Position angle of y, deg east of north.

    Returns
    -------
    astropy.modeling.Model
        From (x, y) to (RA, Dec).
    """
    from astropy.modeling.models import (
        AffineTransformation2D,
        Pix2Sky_TAN,
        RotateNative2Celestial,
        Shift,
    )

    cos, sin = np.cos(np.deg2rad(roll)), np.sin(np.deg2rad(roll))
    turn = AffineTransformation2D(np.array([[-cos, sin], [sin, cos]]) * pixel / 3600)
    shift = Shift(-middle[0]) & Shift(-middle[1])
    return shift | turn | Pix2Sky_TAN() | RotateNative2Celestial(*centre, 180)


def footprint(field: Any, columns: int, rows: int) -> str:
    """
    Return the outline of a detector as ``S_REGION`` has it.

    Parameters
    ----------
    field : astropy.modeling.Model
        From pixels to the sky.
    columns, rows : int
        How many pixels it has.

    Returns
    -------
    str
        The polygon, in degrees.
    """
    x = np.array([0, 0, columns, columns]) - 0.5
    y = np.array([0, rows, rows, 0]) - 0.5
    ra, dec = field(x, y)
    corners = " ".join(f"{a:.9f} {d:.9f}" for a, d in zip(ra, dec, strict=True))
    return f"POLYGON ICRS  {corners}"


def _sky() -> Any:
    """Return the celestial frame."""
    from astropy.coordinates import ICRS
    from gwcs import coordinate_frames

    return coordinate_frames.CelestialFrame(name="icrs", reference_frame=ICRS())


def _spectral(axis: int) -> Any:
    """Return the frame of wavelengths on an axis."""
    from astropy import units as u
    from gwcs import coordinate_frames

    return coordinate_frames.SpectralFrame(
        name="spectral", axes_order=(axis,), unit=u.um, axes_names=("wavelength",)
    )


def _dispersion(wavelength: np.ndarray) -> Any:
    """Return the transform from pixels to wavelengths."""
    from astropy.modeling.models import Tabular1D

    return Tabular1D(
        points=np.arange(len(wavelength)),
        lookup_table=wavelength,
        bounds_error=False,
        fill_value=np.nan,
    )
