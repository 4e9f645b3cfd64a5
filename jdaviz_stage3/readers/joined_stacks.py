"""Segments of one exposure as one stack of integrations with one time axis."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import Stage3Error, Stage3Warning
from ..products import identify
from .image_stack import ImageStack
from .stack_times import IntegrationTimes
from .stacks import read_stack
from .stored_array import StoredArray
from .stored_parts import JoinedArray
from .time_systems import TIME_SYSTEMS
from .times import counted, inspect_time_stamps

__all__ = ["join_integrations"]

#: What segments of one exposure have in common.
_EQUAL = ("INSTRUME", "DETECTOR", "FILTER", "PUPIL", "GRATING", "SUBARRAY", "EXP_TYPE")
#: What tells an exposure from another.
_EXPOSURE = ("PROGRAM", "OBSERVTN", "VISIT", "VISITGRP", "SEQ_ID", "ACT_ID", "EXPOSURE")


def join_integrations(
    segments: Sequence[str | os.PathLike | ImageStack], **options: Any
) -> ImageStack:
    """Join the segments of one exposure into one stack; nothing is read of their images.

    Parameters
    ----------
    segments : sequence of path-like or ImageStack
        calints, crfints or psfsub files, in any order.
    **options
        Of `jdaviz_stage3.readers.stacks.read_stack`, for what is given by its path.

    Returns
    -------
    ImageStack
        In the order of the numbers of integrations; where they have none, or are of several
        exposures, of their times; else as given. ``paths`` and ``meta["segments"]`` name the files.
        Coordinates and keywords are those of the first.

    Raises
    ------
    Stage3Error
        If there is none, one is given twice, or they differ in product type, size, unit, flags,
        instrument, detector or filter.

    Warns
    -----
    Stage3Warning
        If integrations are missing between them or there several times, times jump back or leave a
        gap, or they are of several exposures.
    """
    stacks = [
        item if isinstance(item, ImageStack) else read_stack(item, **options) for item in segments
    ]
    if not stacks:
        raise Stage3Error("no segments to join; give the files of one exposure")
    _check(stacks)
    several = len({_exposure_of(stack) for stack in stacks}) > 1
    stacks = _in_order(stacks, several)
    name = f"{stacks[0].path.name} and {len(stacks) - 1} more"
    if len(stacks) == 1:
        return stacks[0]
    times = _joined_times(stacks)
    if several:
        _warn(
            f"{name}: of several exposures, whose pointings may differ; positions are those of the "
            "first"
        )
    elif times.int_num is not None:
        for oddity in _oddities(times.int_num):
            _warn(f"{name}: {oddity}")
    _warn_of_times(times, stacks, name)
    arrays = {part: _joined(part, stacks, name) for part in ("SCI", "ERR", "DQ")}
    return ImageStack.joined(stacks, arrays, times)


def _check(stacks: list[ImageStack]) -> None:
    first = stacks[0]
    for number, stack in enumerate(stacks):
        if stack.axes != ("integration", "y", "x"):
            raise Stage3Error(
                f"{stack.path.name}: a stack of {' × '.join(stack.axes)}; only integrations are "
                "joined"
            )
        if stack.path in [other.path for other in stacks[:number]]:
            raise Stage3Error(f"{stack.path.name}: given twice; give each segment once")
        found = {
            "product type": [identify(each.path).suffix for each in (stack, first)],
            "size of images": [" × ".join(map(str, each.frame_shape)) for each in (stack, first)],
            "unit": [str(each.unit) for each in (stack, first)],
            "excluding flags": [str(each.dq_bits) for each in (stack, first)],
            "DQ": ["none" if each.dq is None else "DQ" for each in (stack, first)],
            **{key: [str(each.meta.get(key)) for each in (stack, first)] for key in _EQUAL},
        }
        for what, (own, others) in found.items():
            if own != others:
                raise Stage3Error(
                    f"{stack.path.name}: {what} is {own}, but {others} in {first.path.name}; only "
                    "segments of one exposure are joined"
                )


def _exposure_of(stack: ImageStack) -> tuple[str, ...]:
    return tuple(str(stack.meta.get(key)) for key in _EXPOSURE)


def _in_order(stacks: list[ImageStack], several: bool) -> list[ImageStack]:
    first = [stack.int_num[0] for stack in stacks if stack.int_num is not None]
    if not several and len(first) == len(stacks):
        return [stacks[i] for i in np.argsort(first, kind="stable")]
    for system in TIME_SYSTEMS:
        found = [stack.integrations.days.get(("mid", system)) for stack in stacks]
        days = [float(np.nanmin(each)) for each in found if each is not None]
        if len(days) == len(stacks):
            return [stacks[i] for i in np.argsort(days, kind="stable")]
    return stacks


def _joined_times(stacks: list[ImageStack]) -> IntegrationTimes:
    numbers = [stack.int_num for stack in stacks if stack.int_num is not None]
    days = {
        key: np.concatenate(
            [stack.integrations.days.get(key, np.full(len(stack), np.nan)) for stack in stacks]
        )
        for key in dict.fromkeys(key for stack in stacks for key in stack.integrations.days)
    }
    joined = np.concatenate(numbers) if len(numbers) == len(stacks) else None
    return IntegrationTimes(joined, days)


def _oddities(numbers: np.ndarray) -> list[str]:
    """What is odd about the numbers of integrations, in words."""
    found = []
    values, counts = np.unique(numbers, return_counts=True)
    again = values[counts > 1]
    if again.size:
        found.append(f"{counted(again.size, 'integration')} more than once, the first {again[0]}")
    if np.any(np.diff(numbers) < 0):
        found.append("integrations are not in the order of their numbers, for segments overlap")
    gaps = np.flatnonzero(np.diff(values) > 1)
    if gaps.size:
        missing = int(np.sum(np.diff(values)[gaps] - 1))
        low, high = values[gaps[0]] + 1, values[gaps[0] + 1] - 1
        where = f"{low}" if low == high else f"{low} to {high}"
        first = f"{'the first' if gaps.size > 1 else ''} {where}".strip()
        found.append(f"{counted(missing, 'integration')} missing between segments, {first}")
    return found


def _warn_of_times(times: IntegrationTimes, stacks: list[ImageStack], name: str) -> None:
    segment = np.repeat(np.arange(1, len(stacks) + 1), [len(stack) for stack in stacks])
    for system in times.systems[:1]:
        time = times.time("mid", system)
        assert time is not None
        for oddity in inspect_time_stamps(time, segment).sentences():
            _warn(f"{name}: {oddity}; the data are kept as they are")


def _joined(name: str, stacks: list[ImageStack], label: str) -> StoredArray | None:
    arrays = [{"SCI": stack.science, "ERR": stack.error, "DQ": stack.dq}[name] for stack in stacks]
    there = [array for array in arrays if array is not None]
    if len(there) == len(arrays):
        return JoinedArray(there)
    if there:
        _warn(f"{label}: {name} is not in all of them, and left out")
    return None


def _warn(text: str) -> None:
    warnings.warn(text, Stage3Warning, stacklevel=3)
