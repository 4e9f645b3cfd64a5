"""Signs of work in a terminal or a notebook, for what may take longer than a second."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

__all__ = ["said_meanwhile", "with_progress"]


def with_progress[Item](
    items: Iterable[Item],
    what: str,
    unit: str,
    *,
    total: int | None = None,
    name_of: Callable[[Item], str] | None = None,
) -> Iterator[Item]:
    """Go through items, with a progress bar that appears after a second.

    Where nobody sees it, as in a script whose output goes to a file, there is none.

    Parameters
    ----------
    items : iterable
    what : str
        What is done, in front of the bar.
    unit : str
        What an item is.
    total : int, optional
        How many there are, where it is known; by default their ``len``, if they have one.
    name_of : callable, optional
        What to say of the item at hand, behind the bar.

    Yields
    ------
    item
    """
    if not _is_seen():
        yield from items
        return
    from tqdm.auto import tqdm

    # closed even where the caller stops halfway: an open bar would be drawn over
    with tqdm(items, desc=what, unit=unit, total=total, delay=1, leave=False) as bar:
        for item in bar:
            if name_of is not None:
                bar.set_postfix_str(name_of(item), refresh=False)
            yield item


@contextmanager
def said_meanwhile(text: str) -> Iterator[None]:
    """Say at once what is going on, and take that away at the end.

    For what has no parts to count. Where nobody sees it, nothing is said.

    Parameters
    ----------
    text : str
    """
    if not _is_seen():
        yield
        return
    if sys.stderr.isatty():
        print(text, end="\r", file=sys.stderr, flush=True)
        try:
            yield
        finally:
            print(" " * len(text), end="\r", file=sys.stderr, flush=True)
        return
    from IPython.display import display

    line = display({"text/plain": text}, raw=True, display_id=True)
    try:
        yield
    finally:
        if line is not None:
            line.update({"text/plain": ""}, raw=True)


def _is_seen() -> bool:
    """Whether there is a terminal or a notebook."""
    if sys.stderr.isatty():
        return True
    # where nothing has imported IPython there is no notebook; importing it takes half a second
    interactive = sys.modules.get("IPython")
    return interactive is not None and interactive.get_ipython() is not None
