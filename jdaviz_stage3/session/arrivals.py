"""What comes of the files that a script loads: the data that it means, and no others."""

from __future__ import annotations

import os
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

from ..errors import Stage3Error, reason_of
from ..jdaviz_compat import all_data, remove_data, viewer_labels
from ..loaders.journal import journal_of
from ..loaders.other_files import OtherFile, load_others
from ..loaders.product import Product
from ..loaders.several import load_products
from .labels import give_labels, is_made_of, is_numbered, label_of_file, without_number

__all__ = ["Arrivals"]


class Arrivals:
    """Loads the files of a session, and knows which data are its own, and which are missing.

    Parameters
    ----------
    app : jdaviz app
    folder : path-like
        Where the files are.
    """

    def __init__(self, app: Any, folder: str | os.PathLike = "."):
        self._app = app
        self._folder = Path(folder).expanduser()
        # which the script does not mean, whatever their labels
        self._others = {data.uuid for data in all_data(app)}
        self._lost: set[str] = set()  # labels of files that are missing: what names them is no news
        self._problems: list[str] = []

    def load(
        self, path: str | os.PathLike, *, labels: Sequence[str] | None = None, **options: Any
    ) -> list[str]:
        """Load one file.

        Parameters
        ----------
        path : path-like
            Relative to the folder.
        labels : sequence of str, optional
            Which the data are to have, in their order. They differ in their numbers alone from
            those with which the data come. By default they come as they do.
        **options
            As of `jdaviz_stage3.load`. Viewers in a list that are not there yet are left out: the
            script fills them later.

        Returns
        -------
        list of str
            The labels of the data; none where the file is not there, or holds other data.

        Raises
        ------
        Stage3Error
            If the app had data of these labels before the session. What the script says of them
            would be done with those.
        """
        path = self._folder / path
        options = self._with_viewers_there(options)
        start = label_of_file(path, options)
        others = [data.label for data in all_data(self._app) if data.uuid in self._others]
        if "data_label" in options:  # jdaviz would replace them
            _refuse(path, [label for label in others if is_made_of(label, start)])
        before = {data.uuid for data in all_data(self._app)}
        with journal_of(self._app).loading(self._app):
            if "format" in options:  # one of jdaviz's own
                given, failures = load_others(self._app, [OtherFile(path)], options)
            else:
                given, failures = self._load_product(path, options)
            new = [data for data in self._since(before) if data.label in given]
            came = self._labelled(path.name, new, labels)
        self._problems += map(str, failures)
        if failures and not os.path.exists(path):
            self._lost.update(labels or [start])
        held = set(map(without_number, others))
        if taken := [label for label in came if without_number(label) in held]:
            remove_data(self._app, came)
            _refuse(path, taken)
        return came

    def _with_viewers_there(self, options: dict[str, Any]) -> dict[str, Any]:
        asked = options.get("viewer")
        if not isinstance(asked, (list, tuple)) or not asked:
            return options
        there = [label for label in asked if label in viewer_labels(self._app)]
        rest = {name: value for name, value in options.items() if name != "viewer"}
        return rest | {"viewer": there} if there else rest

    def _since(self, before: Container[str]) -> list[Any]:
        return [data for data in all_data(self._app) if data.uuid not in before]

    def _labelled(self, what: str, new: Sequence[Any], labels: Sequence[str] | None) -> list[str]:
        """Give data that have come their labels, all or nothing, and return them."""
        came = [data.label for data in new]
        numbered = [label for label in came if is_numbered(label)]
        if labels is None and numbered:
            self._problems.append(
                f"{what}: came as {numbered[0]!r}, for there are data of that label already; "
                "say in the script which labels these are to have (labels=[…])"
            )
        if labels is None or not new:
            return came
        try:
            give_labels(self._app, new, labels)
        except (Stage3Error, ValueError) as err:  # jdaviz's, of a label that is taken
            remove_data(self._app, [data.label for data in new])
            self._problems.append(f"{what}: not restored ({reason_of(err)})")
            return []
        journal_of(self._app).relabel({data.uuid: data.label for data in new})
        return list(labels)

    def _load_product(
        self, path: Path, options: dict[str, Any]
    ) -> tuple[list[str], list[Stage3Error]]:
        try:
            product = Product(path)
        except Stage3Error as err:
            there = os.path.exists(path)
            return [], [err if there else Stage3Error(f"{path}: there is no such file")]
        return load_products(self._app, [product], lambda _: options)

    def _is_lost(self, label: str) -> bool:
        """Whether a label is of a file that is missing, and no other data have it."""
        if any(data.label == label for data in self._own_data()):
            return False
        return any(is_made_of(label, lost) for lost in self._lost)

    def _own_data(self) -> list[Any]:
        return self._since(self._others)


def _refuse(path: Path, labels: Sequence[str]) -> None:
    if labels:
        raise Stage3Error(
            f"{path.name}: the app has had data {labels[0]!r} since before the session; rename or "
            "remove them, or restore the session in a new app (jdaviz.new_app())"
        )
