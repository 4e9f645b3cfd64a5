"""What is warned of while something is loaded, in the app as well as where Python shows it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import Stage3Warning
from ..groups import Finding, findings_of_groups
from ..jdaviz_compat import show_message

__all__ = ["warn_of_findings", "warn_of_groups", "warnings_shown"]


@contextmanager
def warnings_shown(app: Any) -> Iterator[None]:
    """Show our warnings in the app as well as where Python shows them, each once.

    Parameters
    ----------
    app : jdaviz helper, inner application, or importer
    """
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    finally:
        # astropy warns of a unit each time that glue asks for it
        different = {(entry.category, str(entry.message)): entry for entry in reversed(caught)}
        entries = list(reversed(different.values()))
        for entry in entries:
            if issubclass(entry.category, Stage3Warning) and not entry.message.shown:
                entry.message.shown = True
                show_message(app, str(entry.message), color="warning")
        for entry in entries:
            warnings.warn_explicit(entry.message, entry.category, entry.filename, entry.lineno)


def warn_of_findings(findings: Iterable[Finding]) -> None:
    """Say what is known to be wrong, but for what reading the product has said.

    Parameters
    ----------
    findings : iterable of Finding

    Warns
    -----
    Stage3Warning
        For each.
    """
    for finding in findings:
        if not finding.by_reader:
            warnings.warn(finding.text, Stage3Warning, stacklevel=4)


def warn_of_groups(paths: Iterable[Path], loaded: Iterable[Path]) -> None:
    """Say which products of one observation do not fit together.

    Parameters
    ----------
    paths : iterable of path
        What is being loaded.
    loaded : iterable of path
        What is loaded already.

    Warns
    -----
    Stage3Warning
        Where one of the former is concerned.
    """
    new = set(paths)
    found = findings_of_groups(dict.fromkeys([*new, *loaded]), new)
    warn_of_findings(finding for finding in found if new & set(finding.paths))
