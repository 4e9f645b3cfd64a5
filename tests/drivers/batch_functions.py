"""Functions that the workers of a cluster import."""

import os


def square_or_end(number: int) -> int:
    """The square; at 3 the process ends, as where it has no memory left."""
    if number == 3:
        os._exit(1)
    return number**2
