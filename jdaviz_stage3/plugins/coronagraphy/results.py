"""Results as images in the app, and as Python."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from ...errors import Stage3Error
from ...jdaviz_compat import plugin_label, replace_image, shown_in
from ...origin import origin_of
from .measurements import Measurement
from .shown_image import COMBINED_BY, ShownImage

__all__ = ["add_image", "python_code"]


def add_image(
    plugin: Any, label: str, image: u.Quantity, shown: ShownImage, is_star: bool = True
) -> None:
    """Add an image to the app where that is shown of which it was made.

    Parameters
    ----------
    plugin : Coronagraphy
    label : str
    image : Quantity
    shown : ShownImage
        What it was made of, on the same pixels.
    is_star : bool, optional
        Whether it is an image of the star, of which a contrast curve can be taken.
    """
    meta = dict(shown.data.meta)
    meta["plugin"] = plugin_label(plugin)
    if not is_star:
        for keyword in ("CORONMSK", "EXP_TYPE"):
            meta.pop(keyword, None)
    viewers = [viewer.reference for viewer in shown_in(plugin, shown.label)]
    ccd = CCDData(np.asarray(image.value, np.float32), unit=image.unit, wcs=shown.wcs, meta=meta)
    replace_image(plugin, label, ccd, viewers)


def python_code(measurement: Measurement) -> str:
    """Return Python code that takes the same contrast curve without the app.

    Parameters
    ----------
    measurement : Measurement

    Returns
    -------
    str

    Raises
    ------
    Stage3Error
        If the image is not that of its file.
    """
    shown, how = measurement.shown, measurement.combine
    lines = [
        "import jdaviz_stage3 as stage3",
        "from astropy import units as u",
        "",
        *_read("image", shown, how),
    ]
    given = measurement.options().items()
    options = {name: _code(value) for name, value in given if not isinstance(value, list) or value}
    if measurement.star_flux is None and measurement.psf is not None:
        lines += _read("star", measurement.psf, how)
        options["star_psf"] = "star"
    lines += ["curve = stage3.analysis.contrast_curve(", "    image,"]
    lines += [f"    {name}={value}," for name, value in options.items()]
    return "\n".join([*lines, ")"]) + "\n"


def _read(name: str, shown: ShownImage, how: str) -> list[str]:
    """The lines that read an image, or make one of a stack."""
    origin = origin_of(shown.data)
    if origin is None or shown.data.meta.get("plugin"):
        raise Stage3Error(f"{shown.label}: is not as in its file, from which Python would read it")
    if shown.stack is None:
        return [f"{name} = stage3.read({str(origin.path)!r})"]
    paths = getattr(shown.stack, "paths", ())
    flags = shown.stack.dq_bits
    end = ")" if flags == "DO_NOT_USE" else f", dq_bits={flags!r})"
    if len(paths) > 1:
        read = f"stage3.readers.join_integrations({[str(path) for path in paths]!r}{end}"
    else:
        read = f"stage3.read({str(origin.path)!r}{end}"
    return [f"stack = {read}", _taken_of_stack(name, shown, how)]


def _taken_of_stack(name: str, shown: ShownImage, how: str) -> str:
    """The line that makes one image of a stack."""
    place = shown.data.index
    if how == "frame shown":
        if not shown.data.is_frame:
            raise Stage3Error(f"{shown.label}: shows {shown.data.title}, which is no single frame")
        index = place if len(place) > 1 else place[0]
        return f"{name} = stack.frame({index}, blank=True) * stack.unit"
    of = "stack" if len(place) == 1 else f"stack[{place[0]}]"
    return f"{name} = stage3.analysis.collapse_stack({of}, {COMBINED_BY[how]!r}, errors='none')"


def _code(value: Any) -> str:
    """Write a value as the Python that makes it."""
    if isinstance(value, u.Magnitude):
        return f"{float(value.value)!r} * u.ABmag"
    if isinstance(value, u.Quantity):
        return f"{float(value.value)!r} * u.Unit({value.unit.to_string()!r})"
    if isinstance(value, tuple):
        return f"({', '.join(_code(item) for item in value)})"
    if isinstance(value, list):
        return f"[{', '.join(_code(item) for item in value)}]"
    return repr(float(value)) if isinstance(value, float) else repr(value)
