"""All that there is of one source in one view: pictures, 2-D and 1-D spectra, lines."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from html import escape

import numpy as np
from astropy import units as u
from ipywidgets import HTML, HBox, VBox
from specutils import Spectrum

from ..analysis.extraction.window import ExtractionWindow, extraction_window
from ..errors import Stage3Error, Stage3Warning
from ..identity import Counterpart, IndexedSource, SourceProduct, each_exposure_once
from ..readers.catalog import label_column
from .cutout_figure import CutoutFigure
from .exposure_figures import ExposureFigures
from .spectral_lines import RestLines
from .spectrum_figure import SpectrumFigure
from .target_figures import TargetFigures

__all__ = ["SourceFigures"]

_MOST_PICTURES = 4
_MAGNITUDES = ("aper_total_abmag", "isophotal_abmag")
_MOST_PANELS = 6
_MOST_SPECTRA = 12  # in one panel


class SourceFigures(VBox):
    """Figures of a source; the same ones show the next.

    Parameters
    ----------
    drag : callable, optional
        Called with the event, and the wavelengths at which a drag over a spectrum began and is.

    Attributes
    ----------
    notes : tuple of str
        What could not be shown of the source.
    """

    def __init__(self, drag: Callable[[str, float, float], None] = lambda *_: None) -> None:
        self._drag = drag
        # of a height of their own: more figures than there is room for would press them together
        self._heading, self._said = (HTML(layout={"flex": "0 0 auto"}) for _ in range(2))
        self._pictures: list[CutoutFigure] = []
        self._panels: list[SpectrumFigure] = []
        self._shown: list[SpectrumFigure] = []
        # side by side where the viewer is wide enough for both, else the spectra below
        self._pictures_box = HBox(
            layout={"flex_flow": "row wrap", "flex": "1 1 230px", "max_width": "440px"}
        )
        self._panels_box = VBox(layout={"flex": "4 1 420px"})
        self._row = HBox(
            [self._pictures_box, self._panels_box],
            layout={"flex_flow": "row wrap", "align_items": "flex-start", "flex": "0 0 auto"},
        )
        self._target = TargetFigures(drag)
        self._exposures = ExposureFigures()
        self.notes: tuple[str, ...] = ()
        self._heading.add_class("stage3-source-heading")
        super().__init__(
            [self._heading, self._said, self._row, self._target, self._exposures],
            layout={"width": "100%", "height": "100%", "overflow": "auto", "padding": "4px 8px"},
        )
        self.add_class("stage3-source")

    def show(self, source: IndexedSource, size: u.Quantity, *, exposures: bool = False) -> None:
        """Show a source: what is drawn is read now, and nothing else.

        Parameters
        ----------
        source : IndexedSource
        size : Quantity
            Side of the pictures, an angle.
        exposures : bool, optional
            Whether to show the single exposures, of images and of slits, too.
        """
        notes: list[str] = []
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", Stage3Warning)
            self._heading.value = _heading(source)
            self._show_pictures(source, size, notes)
            self._show_spectra(source, notes)
            of_target = [product for product in source.products if product.table is None]
            self._target.show(of_target, notes)
            self._exposures.show(source if exposures else None, size, notes)
        notes += [str(one.message) for one in caught if issubclass(one.category, Stage3Warning)]
        self.notes = tuple(dict.fromkeys(notes))
        self._said.value = "".join(
            f'<div style="color:#b3541e;line-height:1.3">{escape(note)}</div>'
            for note in self.notes
        )

    def show_lines(self, lines: RestLines | None, redshift: float) -> None:
        """Draw lines over all spectra.

        Parameters
        ----------
        lines : RestLines or None
        redshift : float
            NaN for none.
        """
        for panel in self._shown:
            panel.show_lines(lines, redshift)
        self._target.show_lines(lines, redshift)

    def _show_pictures(self, source: IndexedSource, size: u.Quantity, notes: list[str]) -> None:
        used = 0
        for path in source.images:
            try:
                cutout = source.cutout(size, path)
            except Stage3Error as err:
                notes.append(str(err))
                continue
            if cutout is None:
                continue
            if used == _MOST_PICTURES:
                notes.append(f"the first {used} of {len(source.images)} images are shown")
                break
            if used == len(self._pictures):
                self._pictures.append(CutoutFigure())
            self._pictures[used].show(cutout, _title_of_image(path.name))
            used += 1
        self._pictures_box.children = [picture.figure for picture in self._pictures[:used]]

    def _show_spectra(self, source: IndexedSource, notes: list[str]) -> None:
        products, shared = each_exposure_once(source.of_type("x1d", "c1d", "s2d"))
        notes += shared
        groups = _by_disperser(products)
        if len(groups) > _MOST_PANELS:
            notes.append(f"the first {_MOST_PANELS} of {len(groups)} gratings and orders are shown")
        self._shown = []
        for title, own in list(groups.items())[:_MOST_PANELS]:
            if len(self._shown) == len(self._panels):
                self._panels.append(SpectrumFigure(self._drag))
            panel = self._panels[len(self._shown)]
            spectra, combined, image = _spectra_of(title, own, notes)
            panel.show(title, spectra, combined, image, _window_of(image, spectra))
            self._shown.append(panel)
        self._panels_box.children = [panel.widget for panel in self._shown]


def _by_disperser(products: Sequence[SourceProduct]) -> dict[str, list[SourceProduct]]:
    """The spectra through one grating or grism and blocking filter, of one order, together."""
    groups: dict[str, list[SourceProduct]] = {}
    for product in products:
        groups.setdefault(_disperser(product), []).append(product)
    # an s2d does not say its order: it goes with the only one
    for name in [name for name in groups if " order " not in name]:
        others = [other for other in groups if other.startswith(f"{name} order ")]
        if len(others) == 1 and all(one.suffix == "s2d" for one in groups[name]):
            groups[others[0]] += groups.pop(name)
    return dict(sorted(groups.items()))


def _disperser(product: SourceProduct) -> str:
    listed = product.product
    if listed.grating:
        names = [listed.grating, listed.filter]
    elif listed.pupil.startswith("G"):  # NIRCam: GRISMR with F322W2
        names = [listed.pupil, listed.filter]
    else:  # NIRISS: GR150R with F150W in the pupil; MIRI: P750L
        names = [listed.filter, listed.pupil]
    order = f"order {product.order}" if (product.order or 0) > 0 else ""
    words = [name for name in [listed.instrument, *names, order] if name and name != "CLEAR"]
    return " ".join(words)


def _spectra_of(
    title: str, products: list[SourceProduct], notes: list[str]
) -> tuple[list[tuple[str, Spectrum]], tuple[str, Spectrum] | None, Spectrum | None]:
    """Read what a panel shows; what cannot be read is said."""
    of_exposures = [product for product in products if product.suffix == "x1d"]
    if len(of_exposures) > _MOST_SPECTRA:
        notes.append(f"the first {_MOST_SPECTRA} of {len(of_exposures)} exposures are shown")
    spectra = []
    for number, product in enumerate(of_exposures[:_MOST_SPECTRA], 1):
        one = _read(product, notes)
        if one is not None:
            name = f"exposure {number}" if len(of_exposures) > 1 else "x1d"
            spectra.append((name, one))
    combined = _first("c1d", "combined", title, products, notes)
    image = _first("s2d", "2-D", title, products, notes)
    return spectra, None if combined is None else ("c1d", combined), image


def _first(
    suffix: str, kind: str, title: str, products: Sequence[SourceProduct], notes: list[str]
) -> Spectrum | None:
    """The first of a type that can be read; that there are more is said."""
    alike = [product for product in products if product.suffix == suffix]
    for product in alike:
        one = _read(product, notes)
        if one is not None:
            if len(alike) > 1:
                shown = f"that of {product.path.name} is shown"
                notes.append(f"{title}: of {len(alike)} {kind} spectra {shown}")
            return one
    return None


def _window_of(
    image: Spectrum | None, spectra: list[tuple[str, Spectrum]]
) -> ExtractionWindow | None:
    """Where the 2-D spectrum was extracted, as the 1-D spectrum of the same slit says."""
    for _, one in spectra:
        if image is not None and one.meta.get("slit") == image.meta.get("slit"):
            axis = image.meta.get("dispersion_axis") or 1
            try:
                return extraction_window(one.meta, axis, *image.flux.shape)
            except Stage3Error:  # the file has none, or one of another image
                return None
    return None


def _read(product: SourceProduct, notes: list[str]) -> Spectrum | None:
    try:
        return product.spectrum()
    except Stage3Error as err:
        notes.append(str(err))
        return None


def _title_of_image(name: str) -> str:
    """What tells images apart: instrument and filter, as the pipeline's names end."""
    parts = name.split("_")
    return " ".join(parts[2:-1]) if len(parts) > 3 else name


def _said(other: Counterpart) -> str:
    """What another catalog has there: label, magnitude or flux, and how far away."""
    names = other.row.colnames
    parts = [other.catalog]
    label = label_column(other.row.table)
    parts.append(f"source {other.row[label]}" if label else f"row {other.row.index + 1}")
    brightness = [n for n in names if n.lower().endswith("mag")] or [
        n for n in names if n.lower().endswith("flux")
    ]
    for name in sorted(brightness, key=lambda n: n not in _MAGNITUDES)[:1]:
        value = other.row[name]
        with suppress(TypeError, ValueError):  # a column of words
            number = u.Quantity(value, subok=True)
            if np.isfinite(number.value):
                parts.append(f"{name} {number.value:.4g} {number.unit}".rstrip())
    parts.append(f"{other.separation.to_value(u.arcsec):.2f}″ away")
    return " · ".join(parts)


def _heading(source: IndexedSource) -> str:
    parts = [f"<b>Source {escape(str(source.label))}</b>"]
    if source.known_place:
        parts.append(escape(source.position.to_string("hmsdms", precision=2)))
    if source.row is not None:
        magnitudes = [name for name in _MAGNITUDES if name in source.row.colnames]
        values = [float(u.Quantity(source.row[name]).value) for name in magnitudes]
        if values and np.isfinite(values[0]):
            parts.append(f"{magnitudes[0]} {values[0]:.2f}")
    joined = {product.by for product in source.products}
    if "position" in joined:
        away = max(
            product.separation.to_value(u.arcsec)
            for product in source.products
            if product.by == "position"
        )
        parts.append(
            f'<span style="color:#b3541e">spectra joined by position, up to {away:.2f}″ away</span>'
        )
    others = "".join(
        f'<div style="line-height:1.4">{escape(_said(each))}</div>' for each in source.counterparts
    )
    return f'<div style="line-height:1.6">{" · ".join(parts)}</div>{others}'
