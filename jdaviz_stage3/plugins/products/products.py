"""The tray plugin that lists the products of a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from glue.core.message import DataCollectionAddMessage, DataCollectionDeleteMessage
from jdaviz.core.registries import tray_registry
from jdaviz.core.template_mixin import PluginTemplateMixin
from jdaviz.core.user_api import PluginUserApi
from traitlets import Bool, Int, List, Unicode, observe

from ...errors import Stage3Error
from ...groups import (
    ListedProduct,
    ProductList,
    group_products,
)
from ...jdaviz_compat import all_data
from ...loaders.product import Product
from ...loaders.several import in_load_order, load_products
from ...loaders.shown_warnings import warnings_shown
from ...origin import origin_of
from ...readers.product_group import ProductGroup
from ..offered_folders import OfferedFolders
from ..panel import describe, do_as_asked
from .details import ProductDetails
from .messages import FoldersOpenedMessage
from .session_controls import SessionControls
from .settings import ProductsPanel
from .tree import MOST_ROWS, ProductTree, size_text

__all__ = ["StageThreeProducts"]

_PART = 0.25  # seconds of listing, between which the panel answers


@tray_registry("stage3-products", label="Stage 3 Products", category="app:options")
class StageThreeProducts(ProductDetails, SessionControls, ProductsPanel, PluginTemplateMixin):
    """The products of a folder: what is there, what is missing, how each was made.

    Only the following attributes and methods are available through the public plugin API:

    {controls}
    * :meth:`list_products`: list what is there, at once
    * ``groups``: what belongs together, as `jdaviz_stage3.find_groups` gives it (read only)
    * ``products``: what is known of each file (read only)
    * ``ticked``: paths of the products that are ticked
    * :meth:`tick_first_view`: tick what a group is shown as first
    * :meth:`load`: load products, those that are ticked by default
    * :meth:`provenance`: how products were made, side by side, those that are ticked by default
    * :meth:`findings`: what is known to be wrong with products, those that are ticked by default
    * :meth:`to_python`: the same as Python code
    * ``problem``: why nothing is listed, empty if something is (read only)
    """

    template_file = __file__, "products.vue"
    uses_active_status = Bool(True).tag(sync=True)
    in_sessions = False  # which files are listed says nothing of what is shown

    may_choose = Bool(True).tag(sync=True)  # shows the field, and no more than that
    problem = Unicode().tag(sync=True)
    summary_text = Unicode().tag(sync=True)
    listing = Bool(False).tag(sync=True)
    done = Int(0).tag(sync=True)
    total = Int(0).tag(sync=True)
    answered = Int(0).tag(sync=True)  # parts of the listing
    rows = List().tag(sync=True)
    n_more = Int(0).tag(sync=True)
    loading = Bool(False).tag(sync=True)

    def __init__(self, *args: Any, **kwargs: Any):
        self._ready = False
        self._pending = ""  # the folder that is listed when the panel is opened
        self._steps: Iterator[tuple[int, int]] | None = None
        self._list: ProductList | None = None
        self._tree = ProductTree((), {})
        self._opened: set[str] = set()
        self._limit = MOST_ROWS
        super().__init__(*args, **kwargs)
        describe(self, "The products of a folder: what is there and how it was made.", "groups")
        self.make_selections()
        self._folders = OfferedFolders(self, "Stage 3 Products")
        self.may_choose = self._folders.may_choose
        self.hub.subscribe(self, FoldersOpenedMessage, handler=self._take_folders)
        for message in (DataCollectionAddMessage, DataCollectionDeleteMessage):
            self.hub.subscribe(self, message, handler=lambda _: self._show_rows())
        self._ready = True

    @property
    def user_api(self) -> PluginUserApi:
        return PluginUserApi(
            self,
            expose=(
                *self.control_names(), "ticked", "list_products", "tick_first_view", "load",
                "provenance", "findings", "to_python",
            ),
            readonly=("groups", "products", "problem"),
        )  # fmt: skip

    @property
    def groups(self) -> tuple[ProductGroup, ...]:
        """What belongs together."""
        return tuple(self._tree.groups)

    # ---- listing ----

    def _take_folders(self, message: FoldersOpenedMessage) -> None:
        """Offer the folders that the app was given; they are listed when the panel is opened."""
        self._pending = self.folder = self._folders.offer(message.folders)
        if self.is_active:
            self._begin()

    @observe("is_active")
    def _list_pending(self, *_: Any) -> None:
        if self._ready and self.is_active:
            if self._pending:
                self._begin()
            self._show_rows()

    def list_products(self, folder: str | os.PathLike | None = None) -> list[ProductGroup]:
        """List the products of a folder at once.

        Parameters
        ----------
        folder : path-like, optional
            A folder or an asn.json; by default that of the panel.

        Returns
        -------
        list of ProductGroup

        Raises
        ------
        Stage3Error
            If there is no such folder, or it cannot be read.
        """
        if folder is not None:
            self.folder = str(folder)
        self._folders.offer([self.folder])
        self._begin(part=float("inf"))
        if self.problem:
            raise Stage3Error(self.problem)
        return list(self.groups)

    def _begin(self, part: float = _PART) -> None:
        self._pending = ""
        self._steps = None
        self.listing, self.done, self.total = False, 0, 0
        self.problem = ""
        try:
            self._list = ProductList(self._folders.paths(self.folder))
        except Stage3Error as err:
            self.problem = str(err)
            return
        self._steps = self._list.steps()
        self.listing = True
        self._go_on(part)

    def _go_on(self, part: float = _PART) -> None:
        """List for some time, and show all when that is through."""
        if self._steps is None or self._list is None:
            return
        end = time.monotonic() + part
        try:
            for done, total in self._steps:
                if time.monotonic() > end:
                    self.done, self.total = done, total
                    self.answered += 1
                    return
            products = _with_members(self._list)
        except Stage3Error as err:  # what was listed before stays
            self.problem = str(err)
            self._steps, self.listing = None, False
            return
        self._steps = None
        self._finish(self._list, products)

    def _finish(self, listed: ProductList, products: list[ListedProduct]) -> None:
        self._tree = ProductTree(
            group_products(products), {product.path: product for product in products}
        )
        self._opened, self._limit = set(), MOST_ROWS
        self.ticked = []
        self.forget_details()
        self.listing = False
        self.summary_text = _summary(self._tree, listed)
        self._show_rows()

    def vue_list(self, *_: Any) -> None:
        """List the folder of the panel."""
        self._begin()

    def vue_go_on(self, *_: Any) -> None:
        """List the next part, when the panel has shown the last."""
        self._go_on()

    def vue_cancel(self, *_: Any) -> None:
        """List no more."""
        if self._steps is not None:
            self._steps.close()  # keeps what was read
        self._steps, self.listing = None, False
        self.summary_text = f"Stopped after {self.done} of {self.total} files."

    # ---- the tree ----

    def _loaded(self) -> set[str]:
        origins = [origin_of(data) for data in all_data(self)]
        return {str(Path(origin.path).absolute()) for origin in origins if origin is not None}

    @observe("search", "shown_selected")
    def _narrow(self, *_: Any) -> None:
        self._limit = MOST_ROWS
        self._opened = set()
        self._show_rows()

    def _show_rows(self) -> None:
        # each of hundreds of spectra that are loaded would have it made anew
        if not self._ready or not self.is_active or self.loading:
            return
        self.rows, self.n_more = self._tree.rows(
            self._opened, self.search, self.shown_selected, self._loaded(), self.ticked,
            self._limit,
        )  # fmt: skip

    @observe("ticked")
    def _tick(self, *_: Any) -> None:
        self._show_rows()

    def vue_toggle(self, key: str) -> None:
        """Open or close a row."""
        self._opened ^= {key}
        self._show_rows()

    def vue_show_more(self, *_: Any) -> None:
        """Show more rows."""
        self._limit += MOST_ROWS
        self._show_rows()

    def vue_tick_group(self, key: str) -> None:
        """Tick the first view of a group, or take the ticks of it back."""
        first = self._tree.first_of(key)
        if first and set(first) <= set(self.ticked):
            self.ticked = [path for path in self.ticked if path not in first]
        else:
            self.ticked = list(dict.fromkeys([*self.ticked, *first]))

    def tick_first_view(self, name: str) -> list[str]:
        """Tick what a group is shown as first.

        Parameters
        ----------
        name : str
            Of the group's product, or a part of it that no other has.

        Returns
        -------
        list of str
            All paths that are ticked now.

        Raises
        ------
        Stage3Error
            If no group has that name, or several.
        """
        titles = [group.products[0].name if group.products else "" for group in self.groups]
        found = [n for n, title in enumerate(titles) if name == title]
        found = found or [n for n, title in enumerate(titles) if name in title]
        if len(found) != 1:
            what = "no group" if not found else f"{len(found)} groups"
            raise Stage3Error(f"Stage 3 Products: {what} of the name {name!r}")
        self.ticked = list(dict.fromkeys([*self.ticked, *self._tree.first_of(f"group {found[0]}")]))
        return list(self.ticked)

    # ---- loading ----

    def load(self, paths: Iterable[str | os.PathLike] | None = None) -> list[str]:
        """Load products, images before the catalogs that lie on them.

        Parameters
        ----------
        paths : iterable of path-like, optional
            Paths or names of files that are listed; those that are ticked by default. What is
            loaded already is left as it is.

        Returns
        -------
        list of str
            The labels of the data that have come.

        Raises
        ------
        Stage3Error
            If one of them is not listed; then none is loaded. If one cannot be loaded; then the
            others are.
        """
        files = self.files_of(paths)
        loaded = self._loaded()
        self.loading = True
        try:
            with warnings_shown(self):
                products = [Product(path) for path in files if str(path) not in loaded]
                labels, failures = load_products(self, in_load_order(products))
        finally:
            self.loading = False
            self._show_rows()
        if failures:
            raise Stage3Error("; ".join(str(failure) for failure in failures))
        return labels

    def vue_load_ticked(self, *_: Any) -> None:
        """Load what is ticked, from the panel."""
        if not do_as_asked(self, self.load):
            self.ticked = []

    def to_python(self) -> str:
        """Return what the panel does as Python code.

        Returns
        -------
        str
        """
        lines = [
            "import jdaviz", "", 'plg = jdaviz.gca().plugins["Stage 3 Products"]',
            f"groups = plg.list_products({self.folder!r})",
        ]  # fmt: skip
        for name in ("search", "shown"):
            value = getattr(self, name if name == "search" else "shown_selected")
            if value not in ("", "all"):
                lines.append(f"plg.{name} = {value!r}")
        if self.ticked:
            paths = ",\n    ".join(repr(path) for path in self.ticked)
            lines.append(f"plg.ticked = [\n    {paths},\n]")
            lines.append("labels = plg.load()")
        return "\n".join(lines)


def _with_members(listed: ProductList) -> list[ListedProduct]:
    """What was listed; of an association that was given as such, what lies beside it."""
    lists = [path for path in listed.paths if path.suffix == ".json" and not os.path.isdir(path)]
    if not lists:
        return listed.products
    beside = ProductList({path.parent for path in lists}).finish()
    known = {product.path: product for product in (*beside.products, *listed.products)}
    kept = {
        path
        for group in group_products(list(known.values()))
        if group.path in lists
        for product in group.products
        for paths in (*product.files.values(), *product.exposure_files.values())
        for path in paths
    }
    return [product for path, product in known.items() if path in kept or path in listed.paths]


def _summary(tree: ProductTree, listed: ProductList) -> str:
    count, groups = len(tree.listed), len(tree.groups)
    size = size_text(sum(product.size for product in tree.listed.values()))
    text = f"{count} product{'' if count == 1 else 's'} ({size})"
    text += f" in {groups} group{'' if groups == 1 else 's'}." if count else "."
    broken = sum(bool(product.problem) for product in tree.listed.values())
    if broken:
        text += f" {broken} cannot be read."
    if listed.n_others:
        text += f" {listed.n_others} other file{'' if listed.n_others == 1 else 's'}."
    if listed.unread:
        text += f" {listed.unread[0]}"
        if len(listed.unread) > 1:
            text += f" (and {len(listed.unread) - 1} more folders)"
    return text
