"""Where the viewers of the generalised app go: two by two, those of one cell as tabs.

In more than three rows nothing can be seen; what does not fit shares cells, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["CELLS", "STACK", "layout_of"]

#: The cells in their order, each with the kinds of viewers that share it as tabs.
CELLS = {
    "images": ("imviz-image-viewer",),
    "cubes": ("cubeviz-image-viewer",),
    "spectra": ("spectrum-1d-viewer",),
    "spectra in time": ("stage3-dynamic-spectrum-viewer", "spectrum-2d-viewer"),
    "light curves": ("stage3-light-curve-viewer",),
    "interferometry": ("stage3-observables-viewer",),
    "tables": ("table-viewer", "scatter-viewer", "histogram-viewer"),
}
#: How the labels of viewers of stacks end, but for a number.
STACK = "stack"
_A_ROW = 2  # cells
_MOST = 6  # cells


def layout_of(viewers: dict[str, list[str]]) -> dict[str, Any]:
    """Lay out viewers.

    Parameters
    ----------
    viewers : dict of str to list of str
        The labels of the viewers of each kind.

    Returns
    -------
    dict
        As `jdaviz_stage3.jdaviz_compat.arrange_viewers` takes it. Viewers of a kind that no cell is
        for have a cell each, after the others.
    """
    cells = {
        name: [label for kind in kinds for label in viewers.get(kind, ())]
        for name, kinds in CELLS.items()
    }
    if cells["spectra in time"]:
        # the median spectra belong to the dynamic spectra that they are the medians of
        medians = [label for label in cells["spectra"] if label.startswith("Median spectrum")]
        cells["spectra"] = [label for label in cells["spectra"] if label not in medians]
        cells["spectra in time"] += medians
    stacks = [label for label in cells["images"] if label.partition(" (")[0].endswith(STACK)]
    cells["images"] = [label for label in cells["images"] if label not in stacks]
    slits = [label for label in cells["spectra in time"] if label.startswith("2-D spectrum")]
    cells["spectra in time"] = [c for c in cells["spectra in time"] if c not in slits]
    observables = cells.pop("interferometry")
    known = {kind for kinds in CELLS.values() for kind in kinds}
    others = [label for kind, labels in viewers.items() if kind not in known for label in labels]
    # stacks of one kind in a cell, those of two kinds side by side, to compare them
    apart = [*_by(stacks, lambda label: label.partition(" (")[0])]
    single = [(label,) for label in [*observables, *others]]  # side by side
    filled = _filled(cells, slits, apart, single)
    if len(filled) > _MOST:
        single = [*_by(observables, lambda label: label.split()[0]), tuple(others)]
        filled = _filled(cells, slits, [tuple(stacks)], single)
        filled[_MOST - 1 :] = [tuple(label for cell in filled[_MOST - 1 :] for label in _in(cell))]
    return {"col": [{"row": filled[i : i + _A_ROW]} for i in range(0, len(filled), _A_ROW)]}


def _filled(
    cells: dict[str, list[str]], slits: list[str], stacks: list[tuple], single: list[tuple]
) -> list[Any]:
    """The cells in their order, those with no viewer left out."""
    found: list[Any] = []
    for name, labels in cells.items():
        # above the spectra that were extracted from them, on one wavelength axis
        stacked = [tuple(part) for part in ((slits if name == "spectra" else []), labels) if part]
        if stacked:
            found.append({"col": stacked} if len(stacked) > 1 else stacked[0])
        if name == "images":
            found += filter(None, stacks)
    return found + list(filter(None, single))


def _by(labels: list[str], kind: Callable[[str], str]) -> Iterator[tuple[str, ...]]:
    """Labels of one kind together, in the order in which the first of each came."""
    for one in dict.fromkeys(map(kind, labels)):
        yield tuple(label for label in labels if kind(label) == one)


def _in(cell: Any) -> tuple[str, ...]:
    """The labels in a cell."""
    return sum(cell["col"], ()) if isinstance(cell, dict) else cell
