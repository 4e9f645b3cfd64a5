"""What our importers have in common."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from jdaviz.core.template_mixin import SelectPluginComponent
from jdaviz.core.user_api import ImporterUserApi
from traitlets import Bool, HasTraits, List, TraitType, Unicode

from ..errors import Stage3Error, UnsupportedProductError, reason_of
from ..fits_structure import read_primary_header
from ..groups import findings_of_product
from ..jdaviz_compat import (
    OptionsAskedFor,
    OptionsOfFile,
    adding_linked,
    configuration,
    create_viewer,
    data_labels,
    importer_registry_name,
    mend_removal,
    remove_data,
    remove_viewers,
    show_message,
    shown_in,
    unique_data_label,
    use_steradian,
    viewer_labels,
)
from ..layout import STACK
from .asked_options import chosen_options, note_loading
from .journal import journal_of
from .product import Product
from .shown_warnings import warn_of_findings, warnings_shown

__all__ = [
    "Choice",
    "ProductImporterMixin",
    "all_or_nothing",
    "importing",
    "options_of",
]

# What people call jdaviz's configurations, for messages.
_CONFIGURATION_NAMES = {
    "deconfigged": "the generalised app (jdaviz.gca())",
    "imviz": "Imviz",
    "specviz": "Specviz",
}


@dataclass(frozen=True)
class Choice:
    """A choice in an importer's form, an option of ``load``, and a name in the importer's API.

    Attributes
    ----------
    name : str
    label : str
        What the form says.
    hint : str
        A sentence below it.
    several : bool
        Whether several can be chosen, from a list that can be searched.
    shown_from : int
        With fewer choices than this there is nothing to ask.
    """

    name: str
    label: str
    hint: str = ""
    several: bool = False
    shown_from: int = 2

    def traits(self) -> dict[str, TraitType]:
        """The traits of jdaviz's select component, by which the form and Python choose."""
        traits = {"items": List(), "selected": List() if self.several else Unicode()}
        if self.several:
            traits["multiselect"] = Bool(True)
        return {f"{self.name}_{what}": trait.tag(sync=True) for what, trait in traits.items()}


class FileSelect(OptionsOfFile, SelectPluginComponent):
    """A choice among what a file holds."""


class ProductImporterMixin(OptionsAskedFor, HasTraits):
    """Mixed into an importer, before jdaviz's class, to make it take `Product` objects only.

    Classes carry the names of jdaviz's own importers where there is one: jdaviz looks at the
    class name of the importer that data came through to tell images and catalogs apart, for
    linking and for its menus.

    Attributes
    ----------
    choices : tuple of Choice
        What the form asks, in its order; filled in `prepare`, with `offer`.
    settings : tuple of str
        Attributes that Python can set beside the choices.
    options : tuple of str
        Both: what ``load(path, …)`` takes for this product type, beside jdaviz's own.
    """

    template_file = __file__, "importer.vue"
    choices: tuple[Choice, ...] = ()
    settings: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    _prepared = False

    form = List().tag(sync=True)
    label_hint = Unicode("Label to assign to the new data entry.").tag(sync=True)
    viewer_hint = Unicode("Viewer to show the new data entry in.").tag(sync=True)

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        cls.options = (*(choice.name for choice in cls.choices), *cls.settings)
        for choice in cls.choices:
            for name, trait in choice.traits().items():
                setattr(cls, name, trait)
                trait.class_init(cls, name)  # as traitlets does for those in the class body

    def __init__(self, app, resolver, parser, input, **kwargs):
        # jdaviz tries every importer on every file; refusing here costs no widget.
        if not isinstance(input, Product):
            raise TypeError("not a JWST Stage 3 product")
        if input.kind.importer != importer_registry_name(type(self)):
            raise TypeError(f"a {input.kind.name} is not imported as {type(self).__name__}")
        super().__init__(app=app, resolver=resolver, parser=parser, input=input, **kwargs)
        self.data_label.default = self.product.label
        self._problem: Stage3Error | None = None
        self._added: list[str] = []
        try:
            self.data_hashes = [self.product.data_hash()]
            self.check_configuration()
            self.prepare()
        except Stage3Error as err:
            # Raised on import: jdaviz would take an error here for "no valid loader found".
            self._problem = err
        except Exception as err:  # whatever a broken file makes of the libraries that read it
            self._problem = Stage3Error(_reason(err, self.product))
        self._prepared = True
        self._by_default = {} if self._problem else chosen_options(self)

    def prepare(self) -> None:
        """Set up the importer's own controls; overridden where the file must be looked into.

        Raises
        ------
        Stage3Error
            If the file is broken; it is kept, and raised when the product is imported.
        """

    def offer(self, name: str, choices: Iterable[str], hint: str = "") -> None:
        """Fill one of the declared choices, which becomes an attribute of that name.

        Parameters
        ----------
        name : str
        choices : iterable of str
        hint : str, optional
            In place of that of the declaration.
        """
        choice = next(choice for choice in self.choices if choice.name == name)
        traits = {what: f"{name}_{what}" for what in ("items", "selected")}
        if choice.several:
            traits["multiselect"] = f"{name}_multiselect"
        component = FileSelect(self, **traits, manual_options=list(choices))
        setattr(self, name, component)
        field = {
            "name": name, "label": choice.label, "hint": hint or choice.hint,
            "several": choice.several, "shown_from": choice.shown_from,
        }  # fmt: skip
        self.form = [*self.form, field]

    @property
    def product(self) -> Product:
        """The product that is imported."""
        return self.input

    @property
    def output(self) -> Any:
        """What is added to the data collection, read from the file each time."""
        # jdaviz looks at every attribute of the API while it makes an importer; the file is not
        # read for that.
        return self.build() if self._prepared else None

    def build(self) -> Any:
        """Read from the file what is to be added; overridden by each importer."""
        raise NotImplementedError

    def _check_is_valid(self) -> str:
        """Return why not, as jdaviz 5.1 asks: the constructor has refused what is not ours."""
        # Also where the configuration cannot show it, so that loading says which one can.
        return ""

    @property
    def is_valid(self) -> bool:
        return not self._check_is_valid()

    @property
    def user_api(self) -> ImporterUserApi:
        return ImporterUserApi(self, expose=list(self.options))

    def check_configuration(self) -> None:
        """Raise if the app's configuration cannot show this type of product.

        Raises
        ------
        UnsupportedProductError
        """
        kind = self.product.kind
        config = configuration(self)
        if config not in kind.configurations:
            can = " or ".join(_CONFIGURATION_NAMES.get(c, c) for c in kind.configurations)
            raise UnsupportedProductError(
                f"{self.product.path.name}: {_CONFIGURATION_NAMES.get(config, config)} cannot "
                f"show {kind.suffix} products ({kind.name}); open it in {can}"
            )

    def unique_label(self, *parts: str) -> str:
        """Join the data label and what tells one of several entries apart.

        Parameters
        ----------
        *parts : str
            Added to the data label.

        Returns
        -------
        str
            Distinct from the labels of other data; where the user chose the data label himself,
            as it is, so that an entry of that label is replaced, as jdaviz does.
        """
        label = " ".join(part for part in (self.data_label_value.strip(), *parts) if part)
        return unique_data_label(self, label) if self.data_label_auto else label

    @property
    def target_name(self) -> str:
        """The target as the headers name it (TARGNAME); empty where they do not."""
        if self.product.kind.container != "fits":
            return ""
        return str(read_primary_header(self.product.path).get("TARGNAME") or "")

    def show_in_new_viewer(self, reference: str, label: str, select: Any = None) -> None:
        """Create a viewer and choose it for the data that are added next.

        Parameters
        ----------
        reference : str
            The name under which the viewer class is registered.
        label : str
            Its label in the app, made unique: by the target's name, else by a number.
        select : optional
            The viewer selection to set; ``self.viewer`` by default.
        """
        select = self.viewer if select is None else select
        if label in viewer_labels(self) and not label.endswith(STACK):
            label = f"{label} {self.target_name}".strip()
        label = create_viewer(self, reference, label)
        select.create_new.selected = ""
        select.selected = [label]

    def add_to_data_collection(
        self, data, data_label=None, *args, viewer_select=None, **kwargs
    ) -> None:
        """Add data as jdaviz does, and raise if a chosen viewer does not show them.

        jdaviz itself shows a message for that, and goes on with half of the product.
        """
        with adding_linked(self):
            super().add_to_data_collection(
                data, data_label, *args, viewer_select=viewer_select, **kwargs
            )
        use_steradian(self)
        select = self.viewer if viewer_select is None else viewer_select
        label = (data_label or self.data_label_value).strip()
        self._added.append(label)
        if select.selected and not shown_in(self, label):
            raise Stage3Error(
                f"{self.product.path.name}: {label!r} could not be shown in "
                f"{', '.join(select.selected)}; choose another viewer"
            )

    def vue_import_clicked(self, *args, **kwargs):
        try:
            super().vue_import_clicked(*args, **kwargs)
        except Stage3Error as err:
            show_message(self, str(err))


@contextmanager
def all_or_nothing(app: Any) -> Iterator[None]:
    """Remove again the data and viewers that have come, where loading fails.

    Parameters
    ----------
    app : jdaviz helper, inner application, or importer
    """
    data, viewers = data_labels(app), viewer_labels(app)
    try:
        yield
    except Exception:
        remove_data(app, [label for label in data_labels(app) if label not in data])
        remove_viewers(app, [label for label in viewer_labels(app) if label not in viewers])
        raise


def importing(method: Callable[..., None]) -> Callable[..., list[str]]:
    """Decorate an importer's ``__call__``, so that it adds its product whole or not at all.

    A file found broken before raises here; our warnings are shown in the app as well, and what a
    failed import had added already is removed again. The labels of the data are returned.
    """

    @functools.wraps(method)
    def wrapped(self, *args, **kwargs):
        if self._problem is not None:
            raise self._problem
        self.import_spinner = True
        self._added = []
        chosen = chosen_options(self)
        try:
            # what is removed again is removed before the app is looked at
            with journal_of(self).loading(self), all_or_nothing(self), warnings_shown(self):
                method(self, *args, **kwargs)
                warn_of_findings(findings_of_product(self.product.path))
                note_loading(self, chosen, self._by_default, self._added)
            return list(self._added)
        except Stage3Error:
            raise
        except Exception as err:
            raise Stage3Error(_reason(err, self.product)) from err
        finally:
            self.import_spinner = False

    return wrapped


def _reason(err: Exception, product: Product) -> str:
    if not product.path.exists():
        return f"{product.path}: the file is not there (any more)"
    return f"{product.path.name}: could not be loaded ({reason_of(err)})"


def options_of(kind_importer: str) -> tuple[str, ...]:
    """Return the options that loading takes for a format.

    Parameters
    ----------
    kind_importer : str
        The name that the importer is registered under.

    Returns
    -------
    tuple of str
        Beside ``data_label`` and ``viewer``, which all take.
    """
    from jdaviz.core.registries import loader_importer_registry

    return loader_importer_registry.members[kind_importer].options


# for all apps, and all data in them
mend_removal()
