"""Two images of one field, less each other, on the pixels of the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, NDData, StdDevUncertainty
from astropy.wcs.utils import proj_plane_pixel_area
from specutils import Spectrum

from ...errors import Stage3Error
from .differences import ASSUMED, Differences, in_unit
from .interpolation import interpolate

__all__ = ["ImageComparison", "compare_images", "compare_spectral_images"]

#: Pixels; grids that agree to this everywhere are one, maybe shifted by whole pixels.
_SAME_GRID = 0.05
#: Pixels in one go.
_BLOCK = 1_000_000
_SAME_AREA = 1e-3
_PLACES = 9  # along each axis, where two grids are held against each other


@dataclass(frozen=True, eq=False)
class ImageComparison:
    """First image less second.

    Attributes
    ----------
    differences : Differences, shape (ny, nx)
        On the pixels of the first image.
    wcs : WCS or None
        Of the first image.
    shift : tuple of two int, or None
        Whole pixels (x, y) to be added to positions in the first to get those in the second; None
        where the second was interpolated.
    notes : tuple of str
        What was assumed and done.
    """

    differences: Differences
    wcs: Any
    shift: tuple[int, int] | None
    notes: tuple[str, ...]

    def images(self) -> dict[str, CCDData]:
        """Return difference and ratio as images.

        Returns
        -------
        dict of str to CCDData
            ``'difference'`` with its error, ``'ratio'``.
        """
        of = self.differences
        error = None if of.error is None else StdDevUncertainty(of.error.value, unit=of.unit)
        made = {
            "difference": CCDData(of.difference.value, unit=of.unit, uncertainty=error),
            "ratio": CCDData(of.ratio, unit=u.dimensionless_unscaled),
        }
        for image in made.values():
            image.wcs = self.wcs
            image.mask = ~np.isfinite(image.data)
        return made


def compare_images(first: NDData, second: NDData, *, by_pixel: bool = False) -> ImageComparison:
    """Take the difference of two images, by their positions on the sky.

    Where the pixels of both lie on one grid (to 0.05 pixels), maybe shifted by whole pixels, values
    are taken as they are. Else the second is interpolated linearly at the pixels of the first.

    Parameters
    ----------
    first, second : NDData or CCDData, two axes
        Values that are masked or not finite are left out. Errors are their uncertainties.
    by_pixel : bool, optional
        Compare pixel by pixel, whatever the WCS say: for images on detector pixels.

    Returns
    -------
    ImageComparison

    Raises
    ------
    Stage3Error
        If there is no common unit, no overlap, images without WCS are of different shapes, or
        values per pixel would have to be interpolated between pixels of different sizes; by pixel,
        if the detectors or subarrays are not the same.
    """
    for image in (first, second):
        if image.data.ndim != 2:
            raise Stage3Error(f"an image has {image.data.ndim} axes, expected two")
    if by_pixel:
        _refuse_other_detectors(first.meta, second.meta)
    unit = first.unit or u.dimensionless_unscaled
    scale = in_unit(1.0 * (second.unit or u.dimensionless_unscaled), unit, "images").value
    one, one_error = _usable(first, unit)
    other, other_error = _usable(second, unit, scale)
    notes = []
    shift: tuple[int, int] | None = (0, 0)
    if by_pixel or first.wcs is None or second.wcs is None:
        why = "they are on detector pixels" if by_pixel else "not both have a celestial WCS"
        if one.shape != other.shape:
            raise Stage3Error(
                f"the images cannot be compared pixel by pixel: {_size(one)} and {_size(other)} "
                f"pixels; {why}"
            )
        notes.append(f"compared pixel by pixel: {why}")
    else:
        shift = _shift(first.wcs, second.wcs, one.shape)
    if shift is None:
        _refuse_other_sizes(unit, first.wcs, second.wcs)
        other, other_error = _on_grid(other, other_error, first.wcs, second.wcs, one.shape)
        notes.append(
            "the pixels of the two are not on one grid: the second image was interpolated linearly "
            "at those of the first, which smooths its noise and its sources"
        )
    elif shift != (0, 0) or one.shape != other.shape:
        other = _moved(other, shift, one.shape)
        other_error = None if other_error is None else _moved(other_error, shift, one.shape)
        notes.append(f"the second image is shifted by {shift[0]} × {shift[1]} whole pixels")
    made = Differences.of(
        u.Quantity(one, unit, copy=False),
        u.Quantity(other, unit, copy=False),
        None if one_error is None else u.Quantity(one_error, unit, copy=False),
        None if other_error is None else u.Quantity(other_error, unit, copy=False),
    )
    if not made.n:
        raise Stage3Error("the images have no usable pixel in common; is it one field?")
    notes.append(ASSUMED if made.error is not None else "not both have errors: there are none")
    return ImageComparison(made, first.wcs, shift, tuple(notes))


def compare_spectral_images(first: Spectrum, second: Spectrum) -> ImageComparison:
    """Take the difference of two 2-D spectra, pixel by pixel.

    Parameters
    ----------
    first, second : Spectrum, shape (n_y, n_wave)
        Samples that are masked or not finite are left out.

    Returns
    -------
    ImageComparison
        Without a WCS.

    Raises
    ------
    Stage3Error
        If they are of different shapes, or their wavelengths differ by more than a twentieth of a
        column; or as `compare_images`.
    """
    if first.flux.shape != second.flux.shape:
        raise Stage3Error(
            f"the 2-D spectra have {_size(first.flux)} and {_size(second.flux)} pixels; only those "
            "on one grid are compared: resample both with the same parameters, or compare their x1d"
        )
    axes = [np.asarray(one.spectral_axis.to_value(u.um, u.spectral())) for one in (first, second)]
    step = np.abs(np.median(np.diff(axes[0]))) if axes[0].size > 1 else axes[0][0]
    apart = float(np.max(np.abs(axes[0] - axes[1])) / step)
    if not apart <= _SAME_GRID:
        raise Stage3Error(
            f"the wavelengths of the 2-D spectra differ by up to {apart:.2g} columns; only those "
            "on one grid are compared"
        )
    images = [
        NDData(one.flux.value, unit=one.flux.unit, mask=one.mask, uncertainty=one.uncertainty)
        for one in (first, second)
    ]
    return compare_images(*images)


def _refuse_other_detectors(first: Any, second: Any) -> None:
    """Images on detector pixels say which: a detector, and where its subarray begins."""
    for keyword in ("DETECTOR", "SUBSTRT1", "SUBSTRT2"):
        values = [meta.get(keyword) for meta in (first, second)]
        if None not in values and values[0] != values[1]:
            raise Stage3Error(
                f"the images are on different pixels: {keyword} is {values[0]} and {values[1]}"
            )


def _usable(
    image: NDData, unit: u.UnitBase, scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray | None]:
    """Values and errors in a unit, NaN where a pixel is masked."""
    values = np.array(image.data, dtype=np.result_type(image.data.dtype, np.float32))
    if scale != 1:
        values *= scale
    if image.mask is not None:
        values[np.broadcast_to(np.asarray(image.mask, bool), values.shape)] = np.nan
    if image.uncertainty is None:
        return values, None
    found = image.uncertainty.represent_as(StdDevUncertainty)
    if found.unit is None:
        return values, np.asarray(found.array) * scale
    return values, u.Quantity(found.array, found.unit, copy=False).to_value(unit)


def _shift(first: Any, second: Any, shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Whole pixels between two grids; None where it is not one grid."""
    x, y = np.meshgrid(*(np.linspace(0, size - 1, _PLACES) for size in shape[::-1]))
    there = second.world_to_pixel_values(*first.pixel_to_world_values(x, y))
    apart = [np.asarray(place) - here for place, here in zip(there, (x, y), strict=True)]
    if not np.isfinite(apart).all():
        return None
    whole = [int(round(float(np.median(one)))) for one in apart]
    if any(np.abs(one - n).max() > _SAME_GRID for one, n in zip(apart, whole, strict=True)):
        return None
    return whole[0], whole[1]


def _moved(values: np.ndarray, shift: tuple[int, int], shape: tuple[int, ...]) -> np.ndarray:
    """Take ``values[y + shift_y, x + shift_x]`` for the pixels of another shape."""
    out = np.full(shape, np.nan, values.dtype)
    here, there = [], []
    for by, size, available in zip(shift[::-1], shape, values.shape, strict=True):
        start, stop = max(0, -by), min(size, available - by)
        if stop <= start:
            return out
        here.append(slice(start, stop))
        there.append(slice(start + by, stop + by))
    out[tuple(here)] = values[tuple(there)]
    return out


def _on_grid(
    values: np.ndarray, errors: np.ndarray | None, first: Any, second: Any, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Interpolate at the pixels of the first image, some rows at a time."""
    out = np.full(shape, np.nan, values.dtype)
    out_errors = None if errors is None else np.full(shape, np.nan, values.dtype)
    step = max(1, _BLOCK // shape[1])
    for start in range(0, shape[0], step):
        rows = slice(start, min(start + step, shape[0]))
        y, x = np.mgrid[rows, 0 : shape[1]].astype(float)
        there = second.world_to_pixel_values(*first.pixel_to_world_values(x, y))
        out[rows], error = interpolate(values, errors, *(np.asarray(p) for p in there[::-1]))
        if out_errors is not None:
            out_errors[rows] = error
    return out, out_errors


def _refuse_other_sizes(unit: u.UnitBase, first: Any, second: Any) -> None:
    per_angle = any(base.is_equivalent(u.rad) for base in unit.decompose().bases)
    if per_angle:
        return
    areas = [float(proj_plane_pixel_area(wcs)) for wcs in (first, second)]
    if abs(areas[1] / areas[0] - 1) > _SAME_AREA:
        raise Stage3Error(
            f"the images are in {unit or 'no unit'}, values per pixel, and their pixels differ in "
            f"area by {abs(areas[1] / areas[0] - 1):.1%}; compare surface brightness"
        )


def _size(array: np.ndarray) -> str:
    return " × ".join(str(n) for n in array.shape[::-1])
