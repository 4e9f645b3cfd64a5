"""The interferometric products in an app: those that were loaded, and those that were made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...analysis.interferometry.averaging import vis2_errors_from_amplitudes
from ...analysis.interferometry.drawn_tables import drawn_tables
from ...errors import Stage3Error
from ...jdaviz_compat import (
    add_table,
    add_to_viewer,
    all_data,
    as_read,
    create_viewer,
    data_of,
    glue_viewer,
    remove_data,
)
from ...origin import ORIGIN, origin_of
from ...readers.interferometry import Interferometry
from .recipes import Averaged, Calibrated, ErrorsOfAmplitudes, Loaded, Recipe

__all__ = ["VIEWER", "InterferometryInApp", "add_product", "products_in", "show_plot"]

#: What the class of the viewers is registered under.
VIEWER = "stage3-observables-viewer"
_LABEL = re.compile(r"(?P<name>.*) \[[^\[\]]*\](?P<number>(?: \(\d+\))?)")


@dataclass(frozen=True, eq=False)
class _Made:
    """What data that were made here carry as the source of their origin."""

    observables: Interferometry
    recipe: Recipe
    key: Any


@dataclass(eq=False)
class InterferometryInApp:
    """One product, which is several data entries: one for each plot.

    Attributes
    ----------
    name : str
        What the labels of its data have in common.
    made : object
        Its observables, and how they were made.
    data : dict of str to glue Data
        By the title of the viewer.
    """

    name: str
    made: _Made = field(repr=False)
    data: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def as_they_are(self) -> Interferometry:
        """The observables with the errors that they have."""
        return self.made.observables

    @property
    def word(self) -> str:
        """What the legend calls it."""
        meta = next(iter(self.data.values())).meta
        return " ".join(str(meta[key]) for key in ("product", "target") if meta.get(key))

    @property
    def is_normalised(self) -> bool:
        """Whether a reference was taken off already, by the pipeline or here."""
        recipe = self.made.recipe
        while isinstance(recipe, (Averaged, ErrorsOfAmplitudes)):
            recipe = recipe.of
        origin = origin_of(next(iter(self.data.values())))
        return isinstance(recipe, Calibrated) or origin.suffix.startswith("aminorm")

    def observables(self, errors_of_amplitudes: bool) -> Interferometry:
        """Return the observables, where asked for and possible with mended errors of V²."""
        if errors_of_amplitudes and self._can_be_mended:
            return vis2_errors_from_amplitudes(self.made.observables)
        return self.made.observables

    def recipe(self, errors_of_amplitudes: bool) -> Recipe:
        """Return how these were made."""
        if errors_of_amplitudes and self._can_be_mended:
            return ErrorsOfAmplitudes(self.made.recipe)
        return self.made.recipe

    @property
    def _can_be_mended(self) -> bool:
        """Whether it is as it was loaded, averaged, and has amplitudes of the same baselines."""
        found = self.made.observables
        if not isinstance(self.made.recipe, Loaded) or found.n_integrations > 1:
            return False
        if found.vis2 is None or found.visibility is None:
            return False
        try:
            vis2_errors_from_amplitudes(found)
        except Stage3Error:
            return False
        return True

    def set_vis2_errors(self, errors_of_amplitudes: bool) -> None:
        """Let the errors of V² that are drawn be those that are asked for."""
        vis2 = self.observables(errors_of_amplitudes).vis2
        for data in self.data.values():
            names = [component.label for component in data.components]
            if vis2 is None or "vis2_err" not in names or not self._can_be_mended:
                continue
            error = np.asarray(vis2["error"], float)
            if not np.array_equal(data[data.id["vis2_err"]], error, equal_nan=True):
                data.update_components({data.id["vis2_err"]: error})


def products_in(app: Any) -> dict[str, InterferometryInApp]:
    """Return the interferometric products of an app by their names.

    Parameters
    ----------
    app : jdaviz helper, inner application or plugin

    Returns
    -------
    dict of str to InterferometryInApp
        In the order in which they came.
    """
    found: dict[Any, InterferometryInApp] = {}
    names: set[str] = set()
    for data in all_data(app):
        made = _made(data)
        if made is None:
            continue
        if made.key not in found:
            name, number = _name(data.label), 1
            base = name
            while name in names:
                number += 1
                name = f"{base} ({number})"
            names.add(name)
            found[made.key] = InterferometryInApp(name, made)
        found[made.key].data.setdefault(origin_of(data).part, data)
    return {product.name: product for product in found.values()}


def _made(data: Any) -> _Made | None:
    source = as_read(data)
    origin = origin_of(data)
    if isinstance(source, Interferometry):
        return _Made(source, Loaded(origin.path), origin.stamp)
    source = getattr(origin, "source", None)
    return source if isinstance(source, _Made) else None


def _name(label: str) -> str:
    found = _LABEL.fullmatch(label)
    return f"{found['name']}{found['number']}" if found else label


def add_product(
    app: Any,
    name: str,
    observables: Interferometry,
    recipe: Recipe,
    of: InterferometryInApp,
    word: str,
    titles: Iterable[str],
) -> None:
    """Add observables to an app, in place of those of that name, and show them.

    Parameters
    ----------
    app : jdaviz helper, inner application or plugin
    name : str
    observables : Interferometry
    recipe : Recipe
    of : InterferometryInApp
        What they were made of.
    word : str
        What the legend calls them.
    titles : iterable of str
        The plots that they are shown in.

    Raises
    ------
    Stage3Error
        If there is nothing to show.
    """
    tables = drawn_tables(observables, titles)
    if not tables:
        raise Stage3Error(f"{name}: there is nothing of it to show; choose other plots")
    former = products_in(app).get(name)
    if former is not None:
        remove_data(app, [data.label for data in former.data.values()])
    made = _Made(observables, recipe, object())
    like = next(iter(of.data.values()))
    for title, table in tables.items():
        _add(app, name, title, table, like, made, word)


def show_plot(app: Any, product: InterferometryInApp, title: str) -> bool:
    """Show one more plot of a product, or add it to the viewer of that plot.

    Parameters
    ----------
    app : jdaviz helper, inner application or plugin
    product : InterferometryInApp
    title : str
        One of `DRAWN`.

    Returns
    -------
    bool
        Whether the product has such observables.
    """
    there = {origin_of(data).part: data for data in product.data.values()}
    tables = drawn_tables(product.as_they_are, [title])
    for whole, table in tables.items():
        if whole in there:
            _show(app, whole, there[whole])
            continue
        like = next(iter(product.data.values()))
        word = like.meta.get("product", "")
        _add(app, product.name, whole, table, like, product.made, word)
    return bool(tables)


def _add(
    app: Any, name: str, title: str, table: Any, like: Any, made: _Made, word: str
) -> None:  # fmt: skip
    table.meta["product"] = word
    table.meta[ORIGIN] = replace(origin_of(like), part=title, source=made)
    label = f"{name} [{title.lower()}]"
    if data_of(app, label) is not None:
        remove_data(app, [label])
    add_table(app, label, table)
    _show(app, title, data_of(app, label))


def _show(app: Any, title: str, data: Any) -> None:
    viewer = glue_viewer(app, title)
    if viewer is None:
        title = create_viewer(app, VIEWER, title)
        viewer = glue_viewer(app, title)
    if data not in [layer.layer for layer in viewer.state.layers]:
        add_to_viewer(app, title, data)
