"""The numbers of two reductions of one product, by its type."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from astropy.io import fits

from ..analysis.comparison.catalogs import compare_catalogs
from ..analysis.comparison.cubes import compare_cubes
from ..analysis.comparison.images import compare_images, compare_spectral_images
from ..analysis.comparison.light_curves import compare_light_curves, compare_traces
from ..analysis.comparison.spectra import compare_spectra
from ..analysis.comparison.tables import Part
from ..errors import Stage3Error, UnreadableProductError, reason_of
from ..products import ProductType
from ..readers import read

__all__ = ["COMPARED", "compared_parts"]

_KEYS = ("source_id", "slit", "order", "exposure", "detector")


def compared_parts(
    kind: ProductType, paths: tuple[Path, Path], options: dict[str, Any], notes: list[str]
) -> dict[str, Part]:
    """Compare what two products of one type hold.

    Parameters
    ----------
    kind : ProductType
    paths : tuple of path
        The two files.
    options : dict
        ``radius``, ``column``, ``at_most`` and ``choice``, as `compare` takes them.
    notes : list of str
        Takes what should be known of the comparison, in words.

    Returns
    -------
    dict of str to Part
        By their names; none where only headers are compared.

    Raises
    ------
    Stage3Error
        If there is nothing in common, or a file is broken.
    """
    comparing = COMPARED.get(kind.suffix)
    if comparing is None:
        notes.append(f"of {kind.suffix} products ({kind.name}) only the headers are compared")
        return {}
    try:
        return comparing(read(paths[0]), read(paths[1]), options, notes)
    except Stage3Error as err:
        raise type(err)(f"{paths[0].name} and {paths[1].name}: {err}") from err
    except (ValueError, fits.VerifyError) as err:  # what the libraries make of a broken file
        raise UnreadableProductError(
            f"{paths[0].name} and {paths[1].name}: cannot be compared ({reason_of(err)}); is one "
            "of them broken?"
        ) from err


def _images(first: Any, second: Any, options: dict, notes: list[str]) -> dict[str, Part]:
    return {"SCI": compare_images(first, second)}


def _exposures(first: Any, second: Any, options: dict, notes: list[str]) -> dict[str, Part]:
    if not (hasattr(first, "data") and hasattr(second, "data")):
        notes.append("of exposures with several slits only the headers are compared")
        return {}
    return {"SCI": compare_images(first, second, by_pixel=True)}


def _cubes(first: Any, second: Any, options: dict, notes: list[str]) -> dict[str, Part]:
    return {"SCI": compare_cubes(first, second)}


def _catalogs(first: Any, second: Any, options: dict, notes: list[str]) -> dict[str, Part]:
    made = compare_catalogs(first, second, radius=options["radius"], column=options["column"])
    notes.append(
        f"{len(made.matched)} sources are in both, {len(made.only_first)} in the first only, "
        f"{len(made.only_second)} in the second only"
    )
    return {made.column or "positions": made}


def _spectra(first: Any, second: Any, options: dict, notes: list[str]) -> dict[str, Part]:
    if options["choice"]:
        first, second = first.select(**options["choice"]), second.select(**options["choice"])
    pairs = _pairs(first.entries, second.entries)
    if not pairs and len(first) == len(second) == 1:
        notes.append("the one spectrum of each is compared, though source or order differ")
        pairs = [(_words(first.entries[0]), 0, 0)]
    if not pairs:
        raise Stage3Error("no spectrum of the same source, slit, order and exposure is in both")
    left = len(first) + len(second) - 2 * len(pairs)
    if left:
        notes.append(f"{left} spectra that are in one of the two only are left out")
    most = options["at_most"]
    if most is not None and len(pairs) > most:
        notes.append(f"the first {most} of {len(pairs)} spectra are compared (at_most)")
        pairs = pairs[:most]
    parts: dict[str, Part] = {}
    refused = []
    for name, one, other in pairs:
        try:
            pair = first[one], second[other]
            two_dimensions = pair[0].flux.ndim == 2
            comparing = compare_spectral_images if two_dimensions else compare_spectra
            parts[name] = comparing(*pair)
        except Stage3Error as err:
            refused.append(f"{name}: {err}")
    if not parts:
        raise Stage3Error(refused[0])
    notes += refused[:3]
    if len(refused) > 3:
        notes.append(f"and {len(refused) - 3} more spectra could not be compared")
    return parts


def _pairs(first: Iterable[Any], second: Iterable[Any]) -> list[tuple[str, int, int]]:
    """Spectra of the same source, slit, order and exposure: words, and their places in both."""
    found: dict[tuple, list[int]] = {}
    for number, entry in enumerate(second):
        found.setdefault(_key(entry), []).append(number)
    pairs = []
    named: dict[str, int] = {}
    for number, entry in enumerate(first):
        others = found.get(_key(entry))
        if not others:
            continue
        name = _words(entry)
        named[name] = named.get(name, 0) + 1
        if named[name] > 1:
            name = f"{name} ({named[name]})"
        pairs.append((name, number, others.pop(0)))
    return pairs


def _key(entry: Any) -> tuple:
    return tuple(getattr(entry, name, None) for name in _KEYS)


def _words(entry: Any) -> str:
    named = {name: getattr(entry, name, None) for name in _KEYS}
    said = [
        f"{name.removesuffix('_id')} {value}"
        for name, value in named.items()
        if value not in (None, "", 0)
    ]
    return " ".join(said) or "spectrum"


def _series(first: Any, second: Any, options: dict, notes: list[str]) -> dict[str, Part]:
    others = dict(second)
    if all(len({detector for detector, _ in series}) == 1 for series in (first, second)):
        detector = next(iter(first))[0]  # old files do not always name the one that they have
        others = {(detector, order): trace for (_, order), trace in second.items()}
    pairs = [(trace, others[key]) for key, trace in first.items() if key in others]
    if not pairs:
        raise Stage3Error("no order of the same detector is in both")
    parts: dict[str, Part] = {}
    for traces in pairs:
        parts[traces[0].label or "all wavelengths"] = compare_traces(*traces)
    notes.append("of spectra in time their sums over all wavelengths are compared")
    return parts


def _light_curves(first: Any, second: Any, options: dict, notes: list[str]) -> dict[str, Part]:
    columns = [_fluxes(series) for series in (first, second)]
    pairs = [(name, name) for name in columns[0] if name in columns[1]]
    if not pairs and len(columns[0]) == len(columns[1]):
        # up to jwst 1.18 the orders have no names, and are numbered as they come
        pairs = list(zip(*columns, strict=True))
        notes.append("names of columns differ: they are compared in the order of the files")
    if not pairs:
        found = "; ".join(", ".join(names) for names in columns)
        raise Stage3Error(f"no flux of the same name is in both ({found})")
    return {
        name: compare_light_curves(first, second, name, second_column=other)
        for name, other in pairs
    }


def _fluxes(series: Any) -> list[str]:
    wanted = ("whitelight_flux", "net_aperture_sum", "aperture_sum")
    return [c for c in series.colnames if c.startswith(wanted) and not c.endswith("_err")]


#: How each product type is compared: ``(first, second, options, notes) -> parts``.
COMPARED: dict[str, Callable[[Any, Any, dict, list[str]], dict[str, Part]]] = {
    "i2d": _images, "crf": _exposures, "cal": _exposures, "s2d": _spectra, "s3d": _cubes,
    "x1d": _spectra, "c1d": _spectra, "cat": _catalogs, "x1dints": _series, "whtlt": _light_curves,
    "phot": _light_curves,
}  # fmt: skip
