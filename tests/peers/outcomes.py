"""Plugin of pytest: imports a package before jdaviz's own tests, and writes how each of them ended.

``PEERS_IMPORT`` names the package, ``PEERS_OUTCOMES`` the file (JSON, test by outcome).
"""

import importlib
import json
import os
from pathlib import Path

# Here, so that it comes before jdaviz's conftest, as in a notebook that imports it first.
if package := os.environ.get("PEERS_IMPORT"):
    importlib.import_module(package)

# What went wrong outweighs what went well: an error when a test is taken down counts.
_RANK = ("passed", "skipped", "xfailed", "xpassed", "failed", "error")
_outcomes: dict[str, str] = {}


def pytest_runtest_logreport(report):
    outcome = report.outcome
    if hasattr(report, "wasxfail"):
        outcome = "xfailed" if report.skipped else "xpassed"
    elif report.failed and report.when != "call":
        outcome = "error"
    before = _outcomes.get(report.nodeid, "passed")
    _outcomes[report.nodeid] = max(before, outcome, key=_RANK.index)


def pytest_collectreport(report):
    if report.failed:
        _outcomes[report.nodeid] = "error"


def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):  # xdist: the one process that hears of all
        Path(os.environ["PEERS_OUTCOMES"]).write_text(json.dumps(_outcomes, indent=0))
