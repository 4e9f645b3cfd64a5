"""The controls of a panel, declared once: traits, choices, API, docstring and template follow.

A plugin lists its controls and inherits from what `panel_of` makes of the list. Its template draws
them section by section with the Vue parts that `register_parts` registers (``parts/*.vue``), which
read the declaration from the trait ``controls``.
"""

from __future__ import annotations

import inspect
import math
import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import new_class
from typing import Any

import ipyvue
from jdaviz.core.custom_traitlets import FloatHandleEmpty, IntHandleEmpty
from jdaviz.core.template_mixin import (
    DatasetSelect,
    SelectPluginComponent,
    SubsetSelect,
    ViewerSelect,
)
from traitlets import Any as AnyTrait
from traitlets import Bool, HasTraits, List, Unicode, default

from ..jdaviz_compat import SteadyPanel
from ..readers.quality import DQ_FLAGS
from ..viewers.keys import Key

__all__ = ["DQ_BITS", "By", "Control", "DeclaredControls", "panel_of", "register_parts"]

# What kinds of controls there are, and the class of the trait of each.
_TRAITS = {
    "number": FloatHandleEmpty,
    "integer": IntHandleEmpty,
    "text": Unicode,
    "switch": Bool,
    "color": Unicode,
    "choice": Unicode,
    "flags": List,  # several of the choices
    "dataset": Unicode,
    "datasets": AnyTrait,  # several; as jdaviz has it, which sets a text where one is chosen
    "viewers": List,
    "region": Unicode,  # a subset of an image
    "subset": None,  # of a spectrum; jdaviz's SpectralSubsetSelectMixin brings the traits
}
_SELECTIONS = {
    "choice": SelectPluginComponent,
    "flags": SelectPluginComponent,
    "dataset": DatasetSelect,
    "datasets": DatasetSelect,
    "viewers": ViewerSelect,
    "region": SubsetSelect,
}
_SEVERAL = ("flags", "datasets", "viewers")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class By:
    """A text of the panel that goes by what another control, or any trait, holds.

    Attributes
    ----------
    control : str
        Its name.
    texts : mapping
        For each of its values the text (a number, for a step), or another `By`. For a switch,
        the values are ``'true'`` and ``'false'``.
    otherwise : str, float or By
        The text for all other values.
    """

    control: str
    texts: Mapping[str, Any]
    otherwise: Any = ""


@dataclass(frozen=True)
class Control:
    """One control of a panel.

    In ``label``, ``hint`` and ``unit``, ``{NAME}`` stands for the value of a control or trait.

    Attributes
    ----------
    name : str
        In the plugin's API.
    kind : str
        ``'number'``, ``'integer'``, ``'text'``, ``'switch'``, ``'color'``; ``'choice'`` or
        ``'flags'`` (several of the ``choices``); ``'dataset'``, ``'datasets'``, ``'viewers'``;
        ``'region'``, a subset of an image; ``'subset'``, one of a spectrum, whose traits jdaviz's
        mixin brings.
    label : str or By
        In the panel.
    meaning : str
        In the docstring of the plugin.
    section : str
        Of the panel.
    default : object
        For choices by default the first.
    choices : iterable of str, or mapping
        With a mapping, each choice has its hint.
    hint : str or By
        Below the control.
    unit : str
        Behind the number.
    placeholder : str
        Where the field is empty.
    above : float or None
        Numbers must be above that.
    optional : bool
        Whether a number may be left out.
    least, step : float, str or By
        For the arrows of the field: where they end, and how far they go; ``'any'`` for steps of 1
        from any number.
    when, unless : mapping
        Controls or traits and the values of them, any of which shows or hides the control.
    beside : bool
        On the row of the control before it.
    patient : bool
        Whether a number counts when its field is left or Enter is pressed, not while it is typed.
    own_part : bool
        Whether the panel has a part of its own for it, so that its section does not draw it.
    lone : bool
        Whether a selection is shown that leaves no choice.
    trait : str
        The trait that holds the value, where it is not called after the control.
    select : mapping
        Further arguments of jdaviz's class for the selection: filters, default_text.
    """

    name: str
    kind: str
    label: str | By
    meaning: str = ""
    section: str = ""
    default: Any = None
    choices: Iterable[str] = ()
    hint: str | By = ""
    unit: str = ""
    placeholder: str = ""
    above: float | None = None
    optional: bool = False
    least: float | None = None
    step: float | str | By = "any"
    when: Mapping[str, tuple] = field(default_factory=dict)
    unless: Mapping[str, tuple] = field(default_factory=dict)
    beside: bool = False
    patient: bool = False
    own_part: bool = False
    lone: bool = False
    trait: str = ""
    select: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_selection(self) -> bool:
        """Whether the value is chosen from a list."""
        return self.kind in _SELECTIONS or self.kind == "subset"

    @property
    def value_trait(self) -> str:
        """Name of the trait that holds the value."""
        return self.trait or (f"{self.name}_selected" if self.is_selection else self.name)

    def traits(self) -> dict[str, Any]:
        """Return the traits that the control needs, by their names."""
        kind = _TRAITS[self.kind]
        if kind is None:
            return {}
        given = self.default if self.kind not in ("choice", "dataset", "region") else None
        several = self.kind in _SEVERAL
        given = [] if several else given
        traits = {self.value_trait: kind() if given is None else kind(given)}
        if self.is_selection:
            traits[f"{self.name}_items"] = List()
        if several:
            traits[f"{self.name}_multiselect"] = Bool(True)
        return {name: trait.tag(sync=True) for name, trait in traits.items()}

    def selection(self, plugin: Any) -> Any:
        """Return jdaviz's object for a selection, in a plugin that has the traits."""
        options: dict[str, Any] = {"items": f"{self.name}_items", "selected": self.value_trait}
        if self.kind in _SEVERAL:
            options["multiselect"] = f"{self.name}_multiselect"
        if self.kind in ("choice", "flags"):
            options["manual_options"] = list(self.choices)
        made = _SELECTIONS[self.kind](plugin, **options, **self.select)
        if self.default is not None:
            made.selected = self.default
        return made

    def expected(self, value: Any) -> str:
        """Say what was expected instead of a value, nothing if it can be taken."""
        if self.kind in ("number", "integer"):
            if self.optional and value == "":
                return ""
            fits = isinstance(value, (int, float)) and math.isfinite(value)
            if self.above is not None and not (fits and value > self.above):
                return f"expected a number above {self.above}"
            otherwise = f", or '' for the {self.placeholder}" if self.optional else ""
            return "" if fits else f"expected a finite number{otherwise}"
        if self.kind == "color" and not _COLOR.fullmatch(value):
            return "expected a colour as '#rrggbb'"
        return ""

    def line(self) -> str:
        """Return the line of the docstring."""
        text = f"* ``{self.name}``: {self.meaning}"
        if self.kind == "choice" and len(tuple(self.choices)) > 1:
            text += f" ({', '.join(f'``{choice!r}``' for choice in self.choices)})"
        return textwrap.fill(text, 96, subsequent_indent="  ", break_on_hyphens=False)

    def for_template(self) -> dict[str, Any]:
        """Return what the Vue parts need to know, as JSON."""
        told = asdict(self)
        for name in ("meaning", "default", "choices", "select"):
            del told[name]
        if isinstance(self.choices, Mapping):
            told["hint"] = {"control": self.name, "texts": dict(self.choices), "otherwise": ""}
        return told | {"trait": self.value_trait, "several": self.kind in _SEVERAL}


#: The data-quality flags that exclude samples, alike in all panels.
DQ_BITS = Control(
    "dq_bits",
    "flags",
    "Exclude flagged samples",
    "names of the data-quality flags that exclude a sample",
    choices=tuple(DQ_FLAGS),
    default=["DO_NOT_USE"],
    hint="Data-quality flags; samples that are not finite are always excluded.",
)


class DeclaredControls(SteadyPanel, HasTraits):
    """What a plugin has of its declared controls; `panel_of` makes a base class with the traits.

    ``{controls}`` in the docstring of the plugin becomes the list of them.
    """

    declared: tuple[Control, ...] = ()
    viewer_keys: tuple[Key, ...] = ()  # what keys do in viewers while the plugin listens
    in_sessions = True  # whether a session sets the controls as they are
    more_in_sessions: tuple[str, ...] = ()  # attributes of the API that it sets beside them
    controls = List().tag(sync=True)  # the same for the template
    folded_sections = List().tag(sync=True)
    key_lines = List().tag(sync=True)  # of the keys, for the panel
    busy = Bool(False).tag(sync=True)  # while a button is worked at

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        lines = "\n".join(control.line() for control in cls.declared)
        cls.__doc__ = inspect.cleandoc(cls.__doc__ or "").replace("{controls}", lines)

    @default("key_lines")
    def _lines_of_keys(self) -> list[str]:
        return [key.line for key in self.viewer_keys]

    def make_selections(self) -> None:
        """Make jdaviz's object for each selection, as the attribute of its name."""
        for control in self.declared:
            if control.kind in _SELECTIONS:
                setattr(self, control.name, control.selection(self))

    @classmethod
    def control_names(cls) -> tuple[str, ...]:
        """The names of the controls, for the plugin's API."""
        return tuple(control.name for control in cls.declared)

    @classmethod
    def control_traits(cls) -> tuple[str, ...]:
        """The names of the traits that hold the controls' values."""
        return tuple(control.value_trait for control in cls.declared)


def panel_of(*controls: Control, folded: Iterable[str] = ()) -> type[DeclaredControls]:
    """Return a base class for a plugin, with the traits of its controls.

    Parameters
    ----------
    *controls : Control
        In the order of the panel.
    folded : iterable of str
        The sections that are folded until they are opened.

    Returns
    -------
    type
    """
    body: dict[str, Any] = {
        "declared": controls,
        "controls": List([control.for_template() for control in controls]).tag(sync=True),
        "folded_sections": List(list(folded)).tag(sync=True),
    }
    for control in controls:
        body |= control.traits()
    return new_class("PanelOfControls", (DeclaredControls,), exec_body=lambda ns: ns.update(body))


def register_parts() -> None:
    """Register the Vue parts that templates are made of: ``stage3-control`` and so on.

    On import; and in each kernel of the standalone app, for solara keeps a registry for each.
    """
    for path in sorted((Path(__file__).parent / "parts").glob("*.vue")):
        ipyvue.register_component_from_file(f"stage3-{path.stem}", str(path))


register_parts()
