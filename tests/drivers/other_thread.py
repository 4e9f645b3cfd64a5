"""What another thread does meanwhile."""

import threading

WAIT = 60  # seconds, after which a test that hangs fails


def in_a_thread(function, *arguments):
    """Call a function in a thread of its own, and wait for it."""
    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    thread.join(WAIT)
    assert not thread.is_alive()
