"""Runs jobs of pipeline_ami.py in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path


def run_ami(*jobs: dict) -> None:
    """Run jobs: a fringe fit (``shift``, ``roll``, ``vparity``), or a calibration."""
    script = Path(__file__).with_name("pipeline_ami.py")
    arguments = [json.dumps(job | {"path": str(job["path"])}, default=str) for job in jobs]
    done = subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
