"""What the plugin draws and says of the chosen image, and clicks."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from traitlets import Bool, HasTraits, Unicode, observe

from ...errors import Stage3Error
from ...jdaviz_compat import data_of, image_viewers, images_in
from ...loaders.stack_data import StackData
from ...origin import of_suffix
from ...viewers.image_frames import to_image
from ..panel import do_as_asked
from .common_view import show_around
from .marks import StarMarks
from .measurements import Measurement
from .shown_image import ShownImage, has_mask

__all__ = ["StarDrawing"]

_MOST_CIRCLES = 12


class StarDrawing(HasTraits):
    """Mixed into the plugin, whose controls and updates it uses."""

    is_stack = Bool(False).tag(sync=True)
    is_aligned = Bool(False).tag(sync=True)
    problem = Unicode().tag(sync=True)
    position_text = Unicode().tag(sync=True)
    mask_text = Unicode().tag(sync=True)
    inner_text = Unicode().tag(sync=True)
    fwhm_text = Unicode().tag(sync=True)

    def __init__(self, *args: Any, **kwargs: Any):
        self._marks: dict[Any, StarMarks] = {}
        self._shown: dict[str, ShownImage] = {}
        self._injected: dict[str, list[tuple[float, float]]] = {}
        super().__init__(*args, **kwargs)

    def _image(self, label: str) -> ShownImage | None:
        """The image or stack of a label, kept while its data are the same."""
        data = data_of(self, label) if label else None
        if data is None:
            return None
        kept = self._shown.get(label)
        if kept is None or kept.data is not data:
            self._shown[label] = kept = ShownImage(data)
        return kept

    @observe("dataset_selected")
    def _keep_places(self, change: Any) -> None:
        """Have what is written in pixels of an image stay where it is on the sky in another one."""
        former, shown = self._shown.get(change["old"]), self._image(change["new"])
        if former is None or shown is None or former is shown:
            return
        for name in ("center", "companions", "position"):
            setattr(self, name, shown.places_of(getattr(self, name), former))

    def chosen_psf(self) -> ShownImage | None:
        """Return the image of the star that is not behind the mask, None without one."""
        chosen = self.psf_selected
        return self._image(chosen) if chosen in self.psf.choices else None

    def chosen_image(self) -> ShownImage | None:
        """Return the image or stack that is chosen."""
        return self._image(self.dataset_selected)

    def _star(self, shown: ShownImage) -> tuple[float, float]:
        """Where the star is in an image: as given, for the one that is chosen."""
        if self.center.strip() and shown.label == self.dataset_selected:
            return shown.place(self.center)
        return shown.target.xy

    def center_on_target(self, width: float | None = None) -> None:
        """Show the star in the middle of all viewers of such images, at one scale.

        Parameters
        ----------
        width : float, optional
            In arcsec; by default ``view_width``.

        Raises
        ------
        Stage3Error
            If the width is not positive.
        """
        width = self.view_width if width is None else width
        if not isinstance(width, (int, float)) or not 0 < width < np.inf:
            raise Stage3Error(f"view_width is {width!r}, expected a number above 0")
        for viewer in image_viewers(self):
            images = [data for data in images_in(viewer) if has_mask(data)]
            if images:
                shown = self._image(images[0].label)
                show_around(viewer, shown, self._star(shown), float(width))

    def _draw(self) -> None:
        self.problem = ""
        gone = [name for name, kept in self._shown.items() if data_of(self, name) is not kept.data]
        for label in gone:
            del self._shown[label]
        shown = self._image(self.dataset_selected)
        self.is_stack = shown is not None and isinstance(shown.data, StackData)
        self.is_aligned = shown is not None and of_suffix(shown.data, "psfalign")
        known: list[tuple[float, float]] = []
        star = None
        if shown is None:
            self.position_text = self.mask_text = self.fwhm_text = ""
        else:
            self._tell(shown)
            try:
                star = self._star(shown)
                known = Measurement(shown, self, own=True).companions
            except Stage3Error as err:
                self.problem = str(err)
        active = self.is_active and star is not None
        viewers = [v for v in image_viewers(self) if active and shown.data in images_in(v)]
        for gone in [viewer for viewer in self._marks if viewer not in viewers]:
            self._marks.pop(gone).close()
        for viewer in viewers:
            if viewer not in self._marks:
                self._follow(viewer)
            marks = self._marks[viewer]
            marks.draw(shown, star, self._radii(shown), self.show_marks)
            marks.draw_companions(shown, known, self._injected.get(shown.label, []))

    def _tell(self, shown: ShownImage) -> None:
        """Write what is known of an image."""
        if self.center.strip():
            self.position_text = f"The star is at {self.center.strip()}, as given."
        else:
            target = shown.target
            self.position_text = f"{target.words} x = {target.x:.2f}, y = {target.y:.2f}."
            if of_suffix(shown.data, "psfalign"):
                self.position_text += (
                    " The pipeline has shifted the frames onto the target; the WCS is that of "
                    "before."
                )
        self.mask_text = shown.occulter.words
        angle = shown.occulter.inner_angle
        self.inner_text = "" if angle is None else f'inner working angle, {angle.value:.2f}"'
        width = shown.diffraction_fwhm
        if width is None:
            self.fwhm_text = "The filter is not known: give a FWHM."
        else:
            self.fwhm_text = (
                f'{width.value:.3f}" at the diffraction limit: 1.029 λ/D, D = 6.5 m, λ by the '
                "filter's name."
            )

    def _radii(self, shown: ShownImage) -> list[float]:
        """Radii of the circles, in pixels."""
        steps = {"every arcsec": 1 * u.arcsec}
        if shown.lambda_over_d is not None:
            steps["every 5 λ/D"] = 5 * shown.lambda_over_d
        step = steps.get(self.circles_selected)
        if step is None or shown.scale is None:
            return []
        first = float((step / shown.scale).value)
        return [
            first * k for k in range(1, min(int(max(shown.shape) / 2 / first), _MOST_CIRCLES) + 1)
        ]

    def _follow(self, viewer: Any) -> None:
        self._marks[viewer] = StarMarks(viewer, lambda x, y: self._click(viewer, x, y))

    def _click(self, viewer: Any, x: float, y: float) -> None:
        """Do with a place what the panel says."""
        shown = self._image(self.dataset_selected)
        if shown is None or self.click_selected == "nothing":
            return
        place = "{:.2f}, {:.2f}".format(*to_image(viewer, shown.data, x, y))
        if self.click_selected == "known companion":
            self.companions = "; ".join(filter(None, [self.companions.strip(" ;"), place]))
            return
        self.position = place
        do_as_asked(self, self.inject)
