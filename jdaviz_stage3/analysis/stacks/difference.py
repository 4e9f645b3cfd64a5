"""Frames of a stack less a reference made of the same stack."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.nddata import CCDData, StdDevUncertainty

from ...errors import Stage3Error
from .blocks import StackBlocks, frame_numbers
from .collapse import collapse_stack, image_of_stack

__all__ = ["stack_difference"]


def stack_difference(
    stack: Any,
    frames: Any,
    reference: Any = None,
    *,
    statistic: str = "median",
    window: tuple[slice, slice] | None = None,
) -> CCDData:
    """Subtract a reference image from a frame, or from the mean of several.

    Parameters
    ----------
    stack : ImageStack, NDData or ndarray, shape (n, ny, nx)
    frames : int, slice, or array of int or bool
        The frame, from 0, or those whose mean is taken.
    reference : int, slice, array of int or bool, or CCDData, optional
        The frames that the reference is made of; all by default. Or what `collapse_stack` gave for
        this stack and window, which spares its time.
    statistic : {'median', 'mean', 'clipped mean'}, optional
        How the reference is made of its frames.
    window : (slice, slice), optional
        Rows and columns; all by default.

    Returns
    -------
    astropy.nddata.CCDData
        Shape of the window, NaN and masked where either has no usable pixel; ``uncertainty`` a
        standard deviation, where the stack has errors. ``meta['n_samples']`` of the frames,
        ``meta['n_reference']`` of the reference, each (ny, nx); ``meta['frames']`` and
        ``meta['reference_frames']`` their numbers.

    Raises
    ------
    Stage3Error
        If nothing is chosen, or the reference is of another size.

    Notes
    -----
    The variance is that of the mean of the frames plus that of the reference, less twice their
    covariance: where k frames are compared with n, of which some are the same ones,
    Σσ² / (k n) over those. It is that of the mean for a median, too: the covariance of the
    mean of Gaussian samples with any other estimate of their level is the variance of the mean.
    """
    blocks = StackBlocks(stack, frames, window)
    if not isinstance(reference, CCDData):
        reference = collapse_stack(stack, statistic, frames=reference, window=window)
    if reference.shape != blocks.shape:
        sizes = [" × ".join(map(str, shape)) for shape in (reference.shape, blocks.shape)]
        raise Stage3Error(
            f"{blocks.name}: the reference has {sizes[0]} pixels, the frames {sizes[1]}"
        )
    frame = collapse_stack(stack, "mean", frames=blocks.numbers, window=window)
    numbers = reference.meta.get("frames")
    n_reference = np.asarray(reference.meta.get("n_samples", 1))
    variance = None
    if isinstance(frame.uncertainty, StdDevUncertainty) and reference.uncertainty is not None:
        variance = frame.uncertainty.array**2 + reference.uncertainty.array**2
        same = blocks.numbers if numbers is None else np.intersect1d(blocks.numbers, numbers)
        if numbers is not None and same.size:
            variance -= 2 * _shared(stack, same, window, frame.meta["n_samples"], n_reference)
            variance = np.maximum(variance, 0)
    meta = {
        "statistic": f"mean − {reference.meta.get('statistic', 'reference')}",
        "errors": "propagated" if variance is not None else "none",
        "n_samples": frame.meta["n_samples"],
        "n_reference": n_reference,
        "frames": blocks.numbers,
        "reference_frames": frame_numbers(numbers, len(blocks.stack), blocks.name),
    }
    return image_of_stack(blocks, frame.data - reference.data, variance, meta)


def _shared(
    stack: Any, same: np.ndarray, window: Any, n_frames: np.ndarray, n_reference: np.ndarray
) -> np.ndarray:
    """Covariance of two means that have some samples in common, shape (ny, nx)."""
    mean = collapse_stack(stack, "mean", frames=same, window=window)
    n = mean.meta["n_samples"]
    assert mean.uncertainty is not None
    summed = np.where(n > 0, np.square(mean.uncertainty.array) * n**2, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return summed / (n_frames * n_reference)
