"""Work on parts of large arrays in several threads, where numpy and the system let them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

__all__ = ["in_threads"]

# Below so many samples, a second thread costs more than it helps.
_ENOUGH_FOR_THREADS = 2**19
_MOST_THREADS = 4


def in_threads[Item](function: Callable[[Item], None], items: Sequence[Item], size: int) -> None:
    """Call a function with each item, in several threads where there is enough to do.

    Parameters
    ----------
    function : callable
    items : sequence
    size : int
        How many samples they have, all together.

    Raises
    ------
    Exception
        What the function raises.
    """
    threads = min(len(items), os.cpu_count() or 1, _MOST_THREADS)
    if size < _ENOUGH_FOR_THREADS or threads < 2:
        for item in items:
            function(item)
        return
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(function, items):
            pass  # so that what is raised in a thread is raised here
