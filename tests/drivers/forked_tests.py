"""Tests that run in a fork of the process, which ends with them: ``@pytest.mark.forked``.

jdaviz's apps never go, and a new one takes half a second. The process that forks has one to spare
(see `fresh_apps`), and what is of wider scope than the test - files, apps with something loaded -
is there before the fork: each test has its own copy of it, whatever others do to theirs. A fork
costs a tenth of an app, and what it used goes with it.
"""

from __future__ import annotations

import gc
import json
import os
import traceback
import warnings
from collections.abc import Sequence

import pytest
from _pytest.outcomes import OutcomeException
from _pytest.runner import runtestprotocol
from fresh_apps import begin_fork, keep_spare

MARK = "forked"


def run_forked(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run a test in a fork, and report what it reports."""
    hook = item.ihook
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    if _shared_is_set_up(item):
        keep_spare(item.get_closest_marker(MARK).args or ("deconfigged",))
        reports = [*_reports_of_fork(item), *_failures_of_teardown(item, nextitem)]
    else:
        reports = runtestprotocol(item, log=False, nextitem=nextitem)  # says why
    for report in reports:
        hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _shared_is_set_up(item: pytest.Item) -> bool:
    """Set up the fixtures that the test shares with others; False if one fails."""
    state = item.session._setupstate
    try:
        state.setup(item.parent)
        state.stack[item] = ([], None)  # it is not set up itself: that is for the fork
        fixtures = item._fixtureinfo.name2fixturedefs
        for name in item.fixturenames:
            if name in fixtures and fixtures[name][-1].scope != "function":
                item._request.getfixturevalue(name)
    except (Exception, OutcomeException):
        return False
    finally:
        state.stack.pop(item, None)
        item._initrequest()
    return True


def _reports_of_fork(item: pytest.Item) -> list[pytest.TestReport]:
    reading, writing = os.pipe()
    gc.freeze()  # so that the fork's collector touches, and copies, none of it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about threads: those of numpy, which expect it
        pid = os.fork()
    if pid == 0:
        os.close(reading)
        _run_and_end(item, writing)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(pid, 0)
    if not answer:
        code = os.waitstatus_to_exitcode(status)
        return [_crash(item, f"the fork ended with exit code {code}")]
    told = item.config.hook.pytest_report_from_serializable
    reports = [told(config=item.config, data=data) for data in json.loads(answer)]
    for report in reports:
        if report.skipped and isinstance(report.longrepr, list):
            report.longrepr = tuple(report.longrepr)  # as pytest -v needs it; JSON has no tuples
    return reports


def _run_and_end(item: pytest.Item, writing: int) -> None:
    code = 1
    try:
        begin_fork()
        # what is wider than the test stays: its end is the parent's
        reports = runtestprotocol(item, log=False, nextitem=item.parent)
        tell = item.config.hook.pytest_report_to_serializable
        data = [tell(config=item.config, report=report) for report in reports]
        with open(writing, "w", encoding="utf-8") as pipe:
            json.dump(data, pipe)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _failures_of_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Sequence[pytest.TestReport]:
    """End what no later test shares; that it went well, the fork has reported already."""
    end = pytest.CallInfo.from_call(
        lambda: item.session._setupstate.teardown_exact(nextitem), when="teardown"
    )
    return [pytest.TestReport.from_item_and_call(item, end)] if end.excinfo else []


def _crash(item: pytest.Item, message: str) -> pytest.TestReport:
    return pytest.TestReport(
        item.nodeid, item.location, dict.fromkeys(item.keywords, 1), "failed", message, "call"
    )
