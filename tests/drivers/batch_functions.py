"""Functions that the workers of a cluster import."""

import os
import time


def square_or_end(number: int) -> int:
    """The square; at 3 the process ends, as where it has no memory left."""
    if number == 3:
        os._exit(1)
    return number**2


def slow_square(number: int) -> int:
    """The square, after a while."""
    time.sleep(0.05)
    return number**2
