"""Runs jobs of pipeline_ami.py in a process of its own."""

import json
import os
import tempfile
import traceback
import warnings


def run_ami(*jobs: dict) -> None:
    """Run jobs: a fringe fit (``shift``, ``roll``, ``vparity``), or a calibration.

    In a fork, which has imported already what all of it needs.
    """
    with tempfile.TemporaryFile("w+") as told:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about threads: those of numpy, which expect it
            pid = os.fork()
        if pid == 0:
            _run_and_end(jobs, told)
        _, status = os.waitpid(pid, 0)
        told.seek(0)
        assert os.waitstatus_to_exitcode(status) == 0, told.read()[-2000:]


def _run_and_end(jobs: tuple[dict, ...], told) -> None:
    code = 1
    try:
        os.dup2(told.fileno(), 1)
        os.dup2(told.fileno(), 2)
        warnings.simplefilter("ignore")
        from pipeline_ami import run

        for job in jobs:
            run(json.loads(json.dumps(job, default=str)))
        code = 0
    except BaseException:
        traceback.print_exc(file=told)
        told.flush()
    finally:
        os._exit(code)
