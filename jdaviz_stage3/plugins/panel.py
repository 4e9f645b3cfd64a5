"""What the panels of our plugins have in common: choices from lists, saving, settings as Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jdaviz.core.template_mixin import SelectPluginComponent
from traitlets import Bool, HasTraits, Unicode

__all__ = ["SavingControls", "add_choices"]


def add_choices(plugin: Any, choices: Mapping[str, Iterable[str]]) -> None:
    """Give a plugin a selection for each of its controls that is a choice from a list.

    Parameters
    ----------
    plugin : jdaviz plugin
        With the traits ``NAME_items`` and ``NAME_selected`` of each.
    choices : mapping
        Name of the control, and what it can be.
    """
    for name, options in choices.items():
        select = SelectPluginComponent(
            plugin,
            items=f"{name}_items",
            selected=f"{name}_selected",
            manual_options=list(options),
        )
        setattr(plugin, name, select)


class SavingControls(HasTraits):
    """The fields for saving files, and the code that the settings are."""

    can_save = Bool(True).tag(sync=True)
    export_name = Unicode("").tag(sync=True)
    export_overwrite = Bool(False).tag(sync=True)
    export_error = Unicode("").tag(sync=True)
    export_done = Unicode("").tag(sync=True)
    python_code = Unicode("").tag(sync=True)

    def vue_show_python(self, *_: Any) -> None:
        """Show the code that ``to_python`` gives."""
        self.python_code = self.to_python()
