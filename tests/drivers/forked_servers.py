"""``jdaviz-stage3`` processes that need not import jdaviz: forked off one that has.

Importing jdaviz takes ten seconds, and a dozen tests start a server. As a script this imports it,
and forks off a process of the command for each line that it reads; `ForkedProcess` asks it for one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

_nursery: subprocess.Popen | None = None


class ForkedProcess:
    """A process of the command, with what `subprocess.Popen` offers and the tests need.

    Parameters
    ----------
    arguments : sequence of str
        Of ``jdaviz-stage3``.
    output, errors : pathlib.Path
        The files that take what it writes.
    """

    def __init__(self, arguments: Sequence[str], output: Path, errors: Path) -> None:
        output.touch()
        request = {
            "arguments": list(arguments), "output": str(output), "errors": str(errors),
            "environment": dict(os.environ), "folder": os.getcwd(),
        }  # fmt: skip
        self.pid = _ask(request)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        if self.returncode is None:
            self.returncode = _ask({"poll": self.pid})
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Wait for its end; gives the exit code."""
        end = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("jdaviz-stage3", timeout)
            time.sleep(0.05)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def _ask(request: dict) -> int | None:
    """Let the process that forks do something; it is started with the first request."""
    global _nursery
    if _nursery is None or _nursery.poll() is not None:
        _nursery = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    _nursery.stdin.write(json.dumps(request) + "\n")
    _nursery.stdin.flush()
    answer = _nursery.stdout.readline()
    if not answer:
        raise RuntimeError("the process that starts servers has ended")
    return json.loads(answer)


def _serve_requests() -> None:
    # what the command imports anyway, in no kernel and before its server
    import jdaviz  # noqa: F401

    import jdaviz_stage3.app  # noqa: F401

    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        if "poll" in request:
            pid, status = os.waitpid(request["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if answer == 0:
                _run(request)
        print(json.dumps(answer), file=answers, flush=True)


def _run(request: dict) -> None:
    """Become a process of the command, and end with it."""
    code = 1
    try:
        os.setsid()
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        for stream, path in ((1, request["output"]), (2, request["errors"])):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdout = open(1, "w", buffering=1, closefd=False)
        sys.stderr = open(2, "w", buffering=1, closefd=False)
        from jdaviz_stage3.cli import main

        code = main(request["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve_requests()
