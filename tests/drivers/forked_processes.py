"""Processes that need not import jdaviz: forked off one that has.

Importing jdaviz takes ten seconds, and two dozen tests start a server or a kernel. As a script this
imports it, and forks off a process for each line that it reads: the ``jdaviz-stage3`` command, a
Jupyter kernel, or a script. `ForkedProcess` asks it for one.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

_nursery: subprocess.Popen | None = None


class ForkedProcess:
    """One of these processes, with what `subprocess.Popen` offers and its users need.

    Parameters
    ----------
    program : str
        ``'jdaviz-stage3'``, ``'kernel'`` or ``'script'``.
    arguments : sequence of str
        Its arguments; of a script its path first.
    output, errors : pathlib.Path, optional
        The files that take what it writes; what is not given goes where this process writes.
    environment : dict, optional
        Its environment; this process's, if not given.
    folder : str, optional
        Its working directory; this process's, if not given.
    """

    stdin = stdout = stderr = None  # no pipes

    def __init__(
        self,
        program: str,
        arguments: Sequence[str],
        output: Path | None = None,
        errors: Path | None = None,
        environment: dict[str, str] | None = None,
        folder: str | os.PathLike | None = None,
    ) -> None:
        if output is not None:
            output.touch()
        request = {
            "program": program, "arguments": list(arguments),
            "output": output and str(output), "errors": errors and str(errors),
            "environment": dict(os.environ if environment is None else environment),
            "folder": str(folder or os.getcwd()),
        }  # fmt: skip
        self.program = program
        self.pid = _ask(request)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        if self.returncode is None:
            self.returncode = _ask({"poll": self.pid})
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; gives the exit code."""
        end = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired(self.program, timeout)
            time.sleep(0.05)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def _ask(request: dict) -> int | None:
    """Let the process that forks do something; it is started with the first request."""
    global _nursery
    if _nursery is None or _nursery.poll() is not None:
        _nursery = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(_end, _nursery)
    _nursery.stdin.write(json.dumps(request) + "\n")
    _nursery.stdin.flush()
    answer = _nursery.stdout.readline()
    if not answer:
        raise RuntimeError("the process that forks off others has ended")
    return json.loads(answer)


def _end(nursery: subprocess.Popen) -> None:
    """Let the process that forks end; it does where there are no more lines to read."""
    nursery.stdin.close()
    nursery.wait()
    nursery.stdout.close()


def _serve_requests() -> None:
    sys.path.pop(0)  # this folder, of which no command and no kernel knows
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # in a kernel this is there before jdaviz is
        import ipykernel.ipkernel  # noqa: F401

        # what the command imports anyway, in no kernel and before its server
        import jdaviz  # noqa: F401

        import jdaviz_stage3.app  # noqa: F401

        _warm_up()

    # so that the collectors of the forks touch, and copy, none of it
    gc.collect()
    gc.freeze()
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        if "poll" in request:
            pid, status = os.waitpid(request["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about threads: those of numpy, which expect it
                answer = os.fork()
            if answer == 0:
                _run(request)
        print(json.dumps(answer), file=answers, flush=True)


def _warm_up() -> None:
    """Do here what is done when the first app is made, and a product loaded: all would do it."""
    from jdaviz.configs.deconfigged.helper import App

    import jdaviz_stage3 as stage3
    from jdaviz_stage3.demo import demo_products

    app = App()  # of which jdaviz knows nothing, so that it is nobody's current one
    [path] = (path for path in demo_products() if path.stem.endswith("_c1d"))
    stage3.load(path, app=app)


def _run(request: dict) -> None:
    """Become the process that is asked for, and end with it."""
    code = 1
    try:
        os.setsid()
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        for stream, path in ((1, request["output"]), (2, request["errors"])):
            if path is not None:
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
        if request["output"] is None:
            os.dup2(2, 1)  # the other is for answers
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdout = open(1, "w", buffering=1, closefd=False)
        sys.stderr = open(2, "w", buffering=1, closefd=False)
        programs = {"jdaviz-stage3": _command, "kernel": _kernel, "script": _script}
        code = programs[request["program"]](request["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _command(arguments: list[str]) -> int:
    """``jdaviz-stage3``."""
    warnings.simplefilter("ignore")
    _begin_to_cull()
    from jdaviz_stage3.cli import main

    return main(arguments)


def _begin_to_cull() -> None:
    """Start solara's thread that ends lost tabs anew: no thread comes along with a fork."""
    from solara.server import kernel_context

    kernel_context.keep_alive_event_loop = asyncio.new_event_loop()
    threading.Thread(target=kernel_context._run, daemon=True).start()


def _kernel(arguments: list[str]) -> int:
    """``python -m ipykernel_launcher``, and what imports do where a kernel is there before them."""
    import ipywidgets
    import matplotlib
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize([*arguments, "--log-level=ERROR"])
    ipywidgets.register_comm_target()
    matplotlib.rcParams["backend"] = os.environ["MPLBACKEND"]
    app.start()
    return 0


def _script(arguments: list[str]) -> int:
    """``python script.py``."""
    sys.argv = list(arguments)
    runpy.run_path(arguments[0], run_name="__main__")
    return 0


if __name__ == "__main__":
    _serve_requests()
