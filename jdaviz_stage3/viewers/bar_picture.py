"""A colour bar in a picture that was saved of a viewer, where the page's own bar is not.

bqplot saves what is in the figure. The bar lies over it, and as a mark it would be drawn anew at
each zoom; so it is painted into the picture when that comes, where it is on the screen.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont

__all__ = ["with_color_bar"]

# Screen pixels, as in color_bars.vue.
_STRIP = 12
_FONT = 11
_TICK = 4
_GAP = 4
_EDGE = 8  # from the edges of a picture that the bar lies over
_PADDING = 10
_CLOSEST = 17  # from one number to the next
_SHARE = 0.4  # of the height of such a picture,
_LEAST, _MOST = 96, 240  # within these limits
_FOR_ICONS = 60  # of a bar beside a plot: its title begins below them
_UNIT = 16  # room for the title
_FRAME = "#888888"


def with_color_bar(
    png: bytes,
    width: float,
    colors: Sequence[str],
    ticks: Sequence[Sequence[tuple[float, str]]],
    title: str,
    inset: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> bytes:
    """Paint a colour bar into a picture of a figure.

    Parameters
    ----------
    png : bytes
        Of the figure, as a PNG file.
    width : float
        Of the figure on the screen, pixels; the picture may have more.
    colors : sequence of str
        From the lowest to the highest value, evenly spaced.
    ticks : sequence of sequence of (float, str)
        See `ColorScale`.
    title : str
        What the numbers are.
    inset : (float, float, float), optional
        Room at the top, bottom and right of the plot, screen pixels; without room at the right the
        bar lies over the plot.

    Returns
    -------
    bytes
        Of a PNG file.
    """
    picture = Image.open(io.BytesIO(png)).convert("RGBA")
    scale = picture.width / width
    top, bottom, right = (scale * edge for edge in inset)
    if right:
        left, low, high = picture.width - right + 6 * scale, picture.height - bottom, top
    else:
        height = np.clip(_SHARE * picture.height, scale * _LEAST, scale * _MOST)
        high = scale * (_EDGE + _PADDING)
        low = min(high + height - 2 * scale * _PADDING, picture.height - scale * _EDGE)
    if low - high < scale * _CLOSEST:  # no room for one
        return png
    chosen = _fitting(ticks, (low - high) / scale)
    font = _font(round(scale * _FONT))
    longest = max((font.getlength(text) for _, text in chosen), default=0)
    if not right:
        all_of_it = scale * (_STRIP + 2 * _GAP + _UNIT + 8) + longest
        left = picture.width - scale * _EDGE - all_of_it + 6 * scale
        _shade(picture, (left - 6 * scale, scale * _EDGE, picture.width - scale * _EDGE,
                         low + scale * _PADDING), scale)  # fmt: skip
    ink = "#ffffff" if not right or _is_dark(picture) else "#333333"
    pen = ImageDraw.Draw(picture)
    _paint_strip(picture, (left, high, left + scale * _STRIP, low), colors)
    line = max(1, round(scale))
    pen.rectangle((left, high, left + scale * _STRIP, low), outline=_FRAME, width=line)
    edge = left + scale * _STRIP
    for place, text in chosen:
        at = low + place * (high - low)
        pen.line((edge, at, edge + scale * _TICK, at), fill=ink, width=line)
        pen.text((edge + scale * (_TICK + 3), at), text, fill=ink, font=font, anchor="lm")
    room = low - high - (scale * _FOR_ICONS if right else 0)
    if title and font.getlength(title) <= room:
        _paint_upwards(picture, title, font, ink, (edge + scale * (_TICK + 7) + longest, low))
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


def _fitting(
    ticks: Sequence[Sequence[tuple[float, str]]], height: float
) -> Sequence[tuple[float, str]]:
    """The most numbers that do not touch on a bar of this height, screen pixels."""
    best: Sequence[tuple[float, str]] = ticks[0] if ticks else ()
    for one in ticks:
        gaps = np.diff(np.sort([place for place, _ in one]))
        if min([1.0, *gaps]) * height >= _CLOSEST:
            best = one
    return best


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """One with raised numbers, which Pillow's own has not; matplotlib brings it."""
    return ImageFont.truetype(findfont("DejaVu Sans"), size)


def _is_dark(picture: Image.Image) -> bool:
    """Whether the ground is, in the lower right corner, where nothing is drawn."""
    red, green, blue, alpha = picture.getpixel((picture.width - 1, picture.height - 1))
    return alpha > 127 and red + green + blue < 3 * 128


def _shade(picture: Image.Image, box: tuple[float, ...], scale: float) -> None:
    """Darken a part of a picture, for what is written over it."""
    shade = Image.new("RGBA", picture.size)
    ImageDraw.Draw(shade).rounded_rectangle(box, radius=4 * scale, fill=(0, 0, 0, 153))
    picture.alpha_composite(shade)


def _paint_strip(
    picture: Image.Image, box: tuple[float, float, float, float], colors: Sequence[str]
) -> None:
    left, top, right, bottom = (round(edge) for edge in box)
    rgb = np.array([to_rgb(color) for color in colors])
    places = np.linspace(len(colors) - 1, 0, bottom - top)  # the first row is the highest value
    rows = [np.interp(places, np.arange(len(colors)), channel) for channel in rgb.T]
    column = np.round(255 * np.stack(rows, axis=-1)).astype(np.uint8)
    strip = np.repeat(column[:, None], right - left, axis=1)
    picture.paste(Image.fromarray(strip), (left, top))


def _paint_upwards(
    picture: Image.Image,
    text: str,
    font: ImageFont.FreeTypeFont,
    ink: str,
    place: tuple[float, float],
) -> None:
    """Write from a place upwards, which is the lower left corner of the text's room."""
    left, top, right, bottom = font.getbbox(text)
    words = Image.new("RGBA", (round(right - left) + 2, round(bottom - top) + 2))
    ImageDraw.Draw(words).text((1 - left, 1 - top), text, fill=ink, font=font)
    words = words.rotate(90, expand=True)
    picture.alpha_composite(words, (round(place[0]), max(round(place[1]) - words.height, 0)))
