"""Shifts between frames, as the pipeline aligns its reference stars."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import QTable

from ...errors import Stage3Error

__all__ = ["align_offsets"]


def align_offsets(frames: Any, reference: Any, *, mask: Any = None) -> QTable:
    """Measure by how much frames are shifted against a reference.

    Parameters
    ----------
    frames : ndarray or Quantity, shape (n, ny, nx) or (ny, nx)
        Such as psfstack: stars before they are aligned.
    reference : ndarray or Quantity, shape (ny, nx) or (n, ny, nx)
        One for all, such as the first integration of the target, which is what the pipeline takes;
        or one for each frame, such as psfalign.
    mask : ndarray of bool, shape (ny, nx), optional
        True where pixels do not count, such as behind the occulting mask. What is not finite in one
        of the two never counts.

    Returns
    -------
    QTable
        A row a frame: ``frame``, counted from 0; ``dx`` and ``dy`` in pixels, by which the frame is
        to be moved to lie over the reference; ``scale``, by which its brightness is to be
        multiplied.

    Raises
    ------
    Stage3Error
        If the shapes do not fit, or a frame has no pixel in common with the reference.

    Notes
    -----
    The least-squares fit of the step ``align_refs`` (``jwst.coron.imageregistration``): shift in
    Fourier space and brightness. The pipeline writes none of it into its files, and its weights
    come from a reference file, so that its shifts differ from these by what the pixels around the
    mask say.
    """
    from jwst.coron.imageregistration import align_fourier_lsq

    stack = np.asarray(getattr(frames, "value", frames), dtype=float)
    stack = stack if stack.ndim == 3 else stack[None]
    target = np.asarray(getattr(reference, "value", reference), dtype=float)
    if stack.ndim != 3 or target.shape[-2:] != stack.shape[-2:] or target.ndim not in (2, 3):
        raise Stage3Error(f"frames have shape {stack.shape}, the reference {target.shape}")
    targets = np.broadcast_to(target, stack.shape) if target.ndim == 2 else target
    if len(targets) != len(stack):
        raise Stage3Error(f"there are {len(stack)} frames and {len(targets)} references")
    counts = np.ones(stack.shape[-2:], bool) if mask is None else ~np.asarray(mask, bool)
    rows = []
    for k, (frame, other) in enumerate(zip(stack, targets, strict=True)):
        good = np.isfinite(frame) & np.isfinite(other) & counts
        if not good.any():
            raise Stage3Error(f"frame {k} has no pixel in common with the reference")
        # the reference is what is moved in the pipeline's fit: beta x shifted frame - reference
        dx, dy, scale = align_fourier_lsq(
            np.where(np.isfinite(frame), frame, 0), np.where(np.isfinite(other), other, 0),
            mask=good.astype(float),
        )  # fmt: skip
        rows.append((k, dx, dy, scale))
    columns = np.array(rows, float).reshape(-1, 4).T
    return QTable(
        {
            "frame": columns[0].astype(int),
            "dx": columns[1] * u.pix,
            "dy": columns[2] * u.pix,
            "scale": columns[3],
        }
    )
