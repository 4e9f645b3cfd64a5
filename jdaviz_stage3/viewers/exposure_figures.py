"""The single exposures of a source: pieces of images, and slits."""

from __future__ import annotations

from collections import Counter

import numpy as np
from astropy import units as u
from ipywidgets import HBox, VBox

from ..errors import Stage3Error
from ..identity import IndexedSource, each_exposure_once
from ..readers.mosaic_inputs import exposure_name
from .cutout_figure import CutoutFigure
from .strip_figure import StripFigure

__all__ = ["ExposureFigures"]

_MOST = 12  # of images, and of slits


class ExposureFigures(VBox):
    """Figures of exposures on the pixels of their detectors; the same ones show the next source."""

    def __init__(self) -> None:
        self._pictures: list[CutoutFigure] = []
        self._strips: list[StripFigure] = []
        self._pictures_box = HBox(layout={"flex_flow": "row wrap", "flex": "0 0 auto"})
        self._strips_box = VBox(layout={"flex": "0 0 auto"})
        super().__init__(
            [self._pictures_box, self._strips_box], layout={"flex": "0 0 auto", "width": "100%"}
        )

    def show(self, source: IndexedSource | None, size: u.Quantity, notes: list[str]) -> None:
        """Show the exposures of a source, which are read now.

        Parameters
        ----------
        source : IndexedSource or None
            None for no exposures.
        size : Quantity
            Side of the pieces of images, an angle.
        notes : list of str
            Takes what could not be shown.
        """
        pictures = 0 if source is None else self._show_images(source, size, notes)
        strips = 0 if source is None else self._show_slits(source, notes)
        self._pictures_box.children = [each.figure for each in self._pictures[:pictures]]
        self._strips_box.children = [each.figure for each in self._strips[:strips]]
        if source is not None and not pictures and not strips:
            notes.append("no exposure of this source is here")

    def _show_images(self, source: IndexedSource, size: u.Quantity, notes: list[str]) -> int:
        used = 0
        paths = source.exposures
        for path in paths:
            if used == _MOST:
                notes.append(f"the first {used} of {len(paths)} exposures of images are shown")
                break
            try:
                cutout = source.exposure_cutout(path, size)
            except Stage3Error as err:
                notes.append(str(err))
                continue
            if cutout is None:
                continue
            if used == len(self._pictures):
                self._pictures.append(CutoutFigure())
            self._pictures[used].show(cutout, _short(exposure_name(path.name)))
            used += 1
        return used

    def _show_slits(self, source: IndexedSource, notes: list[str]) -> int:
        used = 0
        slits, shared = each_exposure_once(source.of_type("cal", "crf"))
        notes += shared
        named = Counter(product.label for product in slits)
        number: Counter[str] = Counter()
        for product in slits:
            if used == _MOST:
                notes.append(f"the first {used} of {len(slits)} slits of exposures are shown")
                break
            try:
                image = product.image()
            except Stage3Error as err:
                notes.append(str(err))
                continue
            if used == len(self._strips):
                self._strips.append(StripFigure())
            values = np.where(image.mask, np.nan, image.data.astype(float))
            number[product.label] += 1
            which = f" exposure {number[product.label]}" if named[product.label] > 1 else ""
            self._strips[used].show(values, product.label + which)
            used += 1
        return used


def _short(name: str) -> str:
    """What tells exposures of a program apart: activity, exposure and detector."""
    return " ".join(name.split("_")[1:]) or name
