"""What the widgets have in common: a place for messages, saving, and how a file becomes data."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import escape, unescape
from pathlib import Path
from typing import Any

from ipywidgets import HTML, Button, HBox, VBox, Widget
from ipywidgets.embed import dependency_state, embed_minimal_html

from ..errors import Stage3Error, Stage3Warning
from ..products import identify
from ..readers import read
from ..saving import save_files

__all__ = ["ProductWidget", "read_given"]

#: Of `ProductWidget.save_html`: what ipywidgets writes, and words where its scripts do not come.
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="UTF-8">
  <title>{title}</title>
</head>
<body>
{snippet}
<script>
if (typeof require === "undefined")
  document.body.insertAdjacentHTML("afterbegin", "<p>Nothing can be drawn without the network: "
    + "the scripts of this page come from cdnjs.cloudflare.com and cdn.jsdelivr.net. Open it "
    + "again where these can be reached.</p>");
</script>
</body>
</html>
"""


def read_given(
    given: Any, suffixes: Sequence[str], shown: str, types: tuple[type, ...]
) -> tuple[Any, str]:
    """Read a product, unless it has been read.

    Parameters
    ----------
    given : path-like or object
        A file of one of the types, or what `jdaviz_stage3.read` has made of one.
    suffixes : sequence of str
        The types that can be shown.
    shown : str
        What shows them, for the message.
    types : tuple of type
        What they are read as.

    Returns
    -------
    data : object
    name : str
        Of the file; empty where that is not known.

    Raises
    ------
    Stage3Error
        If it is a product of another type, none at all, or cannot be read.
    """
    if not isinstance(given, str | os.PathLike):
        if not isinstance(given, types):
            raise Stage3Error(
                f"{type(given).__name__}, expected a path or "
                f"{' or '.join(one.__name__ for one in types)} for {shown}"
            )
        path = getattr(given, "path", None)
        return given, Path(path).name if isinstance(path, str | os.PathLike) else ""
    path = Path(os.path.expanduser(given))
    kind = identify(path)
    if kind.suffix not in suffixes:
        raise Stage3Error(
            f"{path.name}: a Stage 3 {kind.suffix} product ({kind.name}), expected "
            f"{' or '.join(suffixes)} for {shown}; jdaviz_stage3.load opens it in jdaviz"
        )
    return read(path), path.name


class ProductWidget(VBox):
    """A picture or table of a product, with its controls.

    Attributes
    ----------
    message : ipywidgets.HTML
        What is odd or cannot be shown, in words; empty where there is nothing.

    Notes
    -----
    ``display`` shows it, as the last line of a cell does. `save_html` writes a page that shows it
    in its last state without a kernel.
    """

    def __init__(self, title: str, controls: Sequence[Widget], picture: Widget) -> None:
        self.message = HTML()
        self._title = title
        heading = HTML(f"<b>{escape(title)}</b>") if title else HTML()
        rows = [HBox(list(controls), layout={"flex_flow": "row wrap"})] if controls else []
        # figures are as wide as the cell, and their margins would give each a scroll bar
        layout = {"overflow": "hidden"}
        super().__init__([heading, *rows, self.message, picture], layout=layout)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Say below the controls what goes wrong or is odd, in place of a traceback."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", Stage3Warning)
            self._say("")
            try:
                yield
                said = [self.text] if self.text else []
            except Stage3Error as err:
                said = [str(err)]
        said += [str(w.message) for w in caught if issubclass(w.category, Stage3Warning)]
        self._say("; ".join(dict.fromkeys(said)))
        for other in caught:
            if not issubclass(other.category, Stage3Warning):
                warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)

    def _say(self, text: str) -> None:
        self.message.value = f'<span style="color:#b3541e">{escape(text)}</span>' if text else ""

    @property
    def text(self) -> str:
        """What the message says, as plain text."""
        return unescape(self.message.value.partition(">")[2].removesuffix("</span>"))

    def save_html(self, path: str | os.PathLike, *, overwrite: bool = False) -> Path:
        """Write a page that shows the widget in its last state, without a kernel.

        Parameters
        ----------
        path : path-like
            Ending in ``.html``.
        overwrite : bool, optional
            Whether a file that is there may be replaced.

        Returns
        -------
        path
            Of the page. Its scripts come from cdnjs.cloudflare.com and cdn.jsdelivr.net when it is
            opened; without the network it says so, and shows no picture.

        Raises
        ------
        Stage3Error
            If the file is there, or cannot be written.
        """

        def write(place: Path) -> None:
            state = dependency_state([self])
            embed_minimal_html(
                place,
                views=[self],
                state=state,
                title=escape(self._title) or "product",
                template=_PAGE,
            )

        return save_files(path, [write], overwrite)[0]

    @staticmethod
    def png_button(save: Callable[[], None]) -> Button:
        """Return a button that has the browser save the picture.

        Parameters
        ----------
        save : callable
        """
        button = Button(
            description="PNG", tooltip="Save the picture as PNG", layout={"width": "70px"}
        )
        button.on_click(lambda _: save())
        return button
