"""Resolvers and importers: how files and products come into an app."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from traitlets import HasTraits, observe

from .application import application
from .subscriptions import let_go

__all__ = [
    "OptionsAskedFor",
    "OptionsOfFile",
    "file_in_jdaviz",
    "importer_registry_name",
    "imports_images",
    "load_file",
    "load_into",
    "offer_format",
    "read_dropped_files_by_pieces",
    "replace_resolver",
    "restricted_formats",
]


def restricted_formats(resolver: Any) -> list[str]:
    """Return the formats that the caller of ``load(…, format=…)`` asked for; empty for any.

    Reason: a resolver keeps them under a private name. jdaviz 5.1: the same.
    """
    return list(getattr(resolver, "_restrict_to_formats", None) or [])


def read_dropped_files_by_pieces() -> None:
    """Leave it to the resolver of dropped files to read them, which ours does.

    Reason: jdaviz has each file that is dropped read into memory at once, twice, before anything
    looks at how large it is; and of several all, where it takes the first only. jdaviz 5.1: the
    same.
    """
    from jdaviz.core.loaders.resolvers.file_drop import file_drop

    stock = file_drop.FileDropMultiple

    def lazily(**options: Any) -> Any:
        return stock(**options | {"lazy": True})

    file_drop.FileDropMultiple = lazily


def replace_resolver(name: str, resolver: type) -> None:
    """Register a resolver class in place of the built-in one of that name.

    Reason: the registry's decorator cannot overwrite, and sets the label that loaders show.
    jdaviz 5.1: the same.
    """
    from jdaviz.core.registries import loader_resolver_registry

    resolver._registry_label = name
    loader_resolver_registry.add(name, resolver, overwrite=True)


def importer_registry_name(importer: Any) -> str:
    """Return the format name that an importer class is registered under.

    Reason: set on the class by the registry, without a public name. jdaviz 5.1: the same.
    """
    return importer._registry_label


def imports_images(importer: type) -> type:
    """Let jdaviz take what a class imports for images (a decorator).

    Reason: jdaviz keeps the name of the importer's class in meta, and by it links images, offers
    them in menus and reads them out. jdaviz 5.1: the same.
    """
    importer.__name__ = "ImageImporter"
    return importer


def offer_format(resolver: Any, parser_name: str, name: str) -> bool:
    """Let a resolver offer one format, without a search for others.

    Reason: jdaviz has each of its parsers try each input, among them all readers of specutils, and
    each importer what they give: a tenth of what loading a spectrum takes, and all that one waits
    for as a file is chosen. Private names of the format selection are set as its own search would.
    jdaviz 5.1: the same; proposed in ``docs/upstream.rst``.

    Parameters
    ----------
    resolver : jdaviz resolver
    parser_name : str
        Of the parser whose output the importer takes.
    name : str
        Of the format.

    Returns
    -------
    bool
        False where the resolver is restricted to other formats, to a target, or says what it
        tries: that is jdaviz's own search. Nothing is changed then.
    """
    from jdaviz.core.registries import loader_importer_registry, loader_parser_registry

    select = resolver.format
    wanted = restricted_formats(resolver)
    if resolver._restrict_to_target is not None or select.debug or select.filters:
        return False
    if wanted and name not in wanted:
        return False
    parser = loader_parser_registry.members[parser_name](resolver._app, resolver.output)
    importer = loader_importer_registry.members[name](
        app=resolver._app, resolver=resolver, parser=parser, input=parser.output
    )
    select._parsers, select._importers = {parser_name: parser}, {name: importer}
    select._invalid_importers = {}
    item = {"label": name, "parser": parser_name, "importer": name, "target": importer.target}
    # told together: jdaviz's page shows the form of a format before it is told which widget that is
    with resolver.hold_sync():
        select.items = [item]
        select._apply_default_selection()
        resolver.target._update_items()
        resolver._on_format_selected_changed()
    return True


@cache
def _product_resolver() -> type:
    """Make the class of jdaviz's resolver that looks for no format, once jdaviz is imported.

    Reason: see `offer_format`. jdaviz 5.1: the same.
    """
    from jdaviz.core.loaders.resolvers.object.object import ObjectResolver

    class _ProductResolver(ObjectResolver):
        """The way in of one product of ours, whose importer is known."""

        @property
        def is_valid(self) -> bool:
            return self._object is not None

        def _update_format_items(self) -> None:
            if self.is_valid:
                offer_format(self, "object", self._object.kind.importer)

    return _ProductResolver


@contextmanager
def _unseen() -> Iterator[None]:
    """Make widgets within this that no browser is told of, neither now nor later.

    Reason: jdaviz's own way to do so has them put each change into a message, which then goes
    nowhere, 20 000 options of a slitless file among them. jdaviz 5.1: the same; proposed in
    ``docs/upstream.rst``.
    """
    from ipywidgets.widgets import widget
    from jdaviz.utils import suppress_widget_comms

    with suppress_widget_comms():
        make = widget.comm.create_comm

        def create_comm(*args: Any, **kwargs: Any) -> Any:
            made = make(*args, **kwargs)
            made.kernel = None  # for ipywidgets: there is nobody to send to
            return made

        widget.comm.create_comm = create_comm  # given back on leaving by what is around it
        yield


def load_into(app: Any, product: Any, **options: Any) -> list[str]:
    """Load a product of ours into an app, from one of its plugins.

    Reason: plugins hold the inner application, and what loads is the helper around it; and see
    `_product_resolver`. jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper, inner application or plugin
    product : Product
    **options
        Of its importer.

    Returns
    -------
    list of str
        The labels of the data.
    """
    with _unseen():
        resolver = _product_resolver().from_input(application(app), product)
    try:
        importer = resolver.importer
        known = importer.user_api._expose
        unknown = [name for name in options if name not in known]
        if unknown:
            raise ValueError(f"no option {', '.join(unknown)} for a {product.kind.importer}")
        importer._apply_kwargs(options)
        return resolver.load()
    finally:
        resolver._cleanup()
        let_go(resolver)


@contextmanager
def file_in_jdaviz(app: Any, path: Path) -> Iterator[FileInJdaviz]:
    """Let jdaviz look at a file, and load it; what it holds of it is let go at the end.

    Reason: ``load`` raises where there are several formats, and would read the file once more where
    one of them is named; and a loader of the import dialog would change before the person's eyes.
    jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper or inner application
    path : path

    Yields
    ------
    FileInJdaviz
    """
    from jdaviz.core.registries import loader_resolver_registry

    with _unseen():
        resolver = loader_resolver_registry.members["file"].from_input(application(app), str(path))
    try:
        yield FileInJdaviz(resolver)
    finally:
        resolver._cleanup()  # its parsers hold the file open
        let_go(resolver)


class FileInJdaviz:
    """A file that jdaviz's own parsers and importers have looked at: see `file_in_jdaviz`.

    Parameters
    ----------
    resolver : jdaviz resolver
    """

    def __init__(self, resolver: Any):
        self._resolver = resolver

    @property
    def formats(self) -> list[str]:
        """The formats in which jdaviz would load it."""
        resolver = self._resolver
        return [item["label"] for item in resolver.format.items] if resolver.is_valid else []

    def load(self, form: str, **options: Any) -> None:
        """Load it in one of them.

        Parameters
        ----------
        form : str
            The format.
        **options
            Of its importer.
        """
        resolver = self._resolver
        resolver.format.selected = form
        known = resolver.importer.user_api._expose
        unknown = [name for name in options if name not in known]
        if unknown:
            raise ValueError(f"Invalid argument for {form} format: {', '.join(unknown)}")
        resolver.importer._apply_kwargs(options)
        resolver.load()


def load_file(app: Any, path: Path, form: str, **options: Any) -> None:
    """Let jdaviz load a file in a format of its own that is known before.

    Reason: what loads is the helper around the inner application. jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper or inner application
    path : path
    form : str
        The format.
    **options
        Of its importer.
    """
    helper = application(app)._jdaviz_helper
    helper.load(str(path), loader="file", format=form, **options)


class OptionsAskedFor:
    """Mixed into an importer, before jdaviz's class: which options it was given by a call.

    Reason: an option that is given can be what it would be by default, and jdaviz keeps no record.
    jdaviz 5.1: the same.

    Attributes
    ----------
    asked_for : frozenset of str
    """

    asked_for: frozenset[str] = frozenset()

    def _apply_kwargs(self, kwargs: Mapping[str, Any]) -> Any:
        given = {name for name, value in kwargs.items() if value is not None}
        self.asked_for = frozenset(given)
        return super()._apply_kwargs(kwargs)  # type: ignore[misc]


class OptionsOfFile(HasTraits):
    """Mixed into jdaviz's component for a choice, before it, for as many options as a file holds.

    Reason: jdaviz compares each option with each other one, at each change, and lists their labels
    ten times in a load: seconds for the 20 000 spectra of a slitless field. jdaviz 5.1: the same;
    proposed in ``docs/upstream.rst``.
    """

    _offered: list[dict] | None = None
    _known_labels: tuple[list, list[str]] = ([], [])

    @observe("filters")
    def _update_items(self, msg: Any = None) -> None:
        if self._offered is None:  # the options cannot change
            self._offered = [self._to_item(option) for option in self.manual_options]
        if self.items != self._offered:
            self.items = self._offered
        try:
            self._apply_default_selection()
        except ValueError:
            pass  # as in jdaviz: nothing can be selected yet

    @property
    def labels(self) -> list[str]:
        items, known = self._known_labels
        if items is not self.items:
            known = [item["label"] for item in self.items]
            self._known_labels = self.items, known
        return list(known)
