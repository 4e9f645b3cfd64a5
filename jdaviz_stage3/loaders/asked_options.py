"""How a product was asked for: the options of an importer that somebody has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jdaviz.core.template_mixin import ViewerSelectCreateNew

from ..jdaviz_compat import all_data
from ..origin import file_stamp
from .journal import Loading, journal_of

__all__ = ["chosen_options", "note_loading", "note_other_loading"]

# Options that choose parts of a file, as `spectra` and `extension` do; and jdaviz's own.
_LEFT_OUT = (
    "source_id", "order", "exposure", "slit", "detector", "parent", "data_label_as_prefix",
)  # fmt: skip


def chosen_options(importer: Any) -> dict[str, Any]:
    """Return what is chosen in the form of an importer or by Python.

    Parameters
    ----------
    importer : ProductImporterMixin

    Returns
    -------
    dict
        Options of `jdaviz_stage3.load`; of a viewer that is to be created its label, None where the
        importer names it by itself.
    """
    found: dict[str, Any] = {}
    for name in (*importer.options, "viewer"):
        value = getattr(importer, name, None)
        if name in _LEFT_OUT or value is None:
            continue
        if isinstance(value, ViewerSelectCreateNew):
            value = _viewers(value)
        else:
            value = getattr(value, "selected", value)
        found[name] = list(value) if isinstance(value, (list, tuple)) else value
    if not importer.data_label_auto:
        found["data_label"] = importer.data_label_value.strip()
    return found


def _viewers(choice: ViewerSelectCreateNew) -> Any:
    if not choice.create_new.selected:
        return choice.selected
    return None if choice.new_label.auto else choice.new_label.value


def note_loading(
    importer: Any, chosen: dict[str, Any], by_default: dict[str, Any], labels: list[str]
) -> None:
    """Enter in the app's journal what has come of a file, and how it was asked for.

    Parameters
    ----------
    importer : ProductImporterMixin
    chosen, by_default : dict
        What `chosen_options` gave when the import began, and when the importer was made.
    labels : list of str
        Of the data that have come.
    """
    options = {
        name: value
        for name, value in chosen.items()
        if value is not None and (name not in by_default or by_default[name] != value)
    }
    product = importer.product
    came = {data.uuid: data.label for data in all_data(importer) if data.label in labels}
    path = Path(product.path).absolute()
    journal_of(importer).loadings.append(Loading(path, product.stamp, options, came))


def note_other_loading(app: Any, path: Path, options: dict[str, Any], before: list[str]) -> None:
    """Enter in the app's journal what has come of a file that jdaviz's own importer has opened.

    Parameters
    ----------
    app : jdaviz helper or inner application
    path : path
    options : dict
        What it was opened with.
    before : list of str
        The labels of the data that were there before.
    """
    came = {data.uuid: data.label for data in all_data(app) if data.label not in before}
    path = Path(path).absolute()
    journal_of(app).loadings.append(Loading(path, file_stamp(path), options, came))
