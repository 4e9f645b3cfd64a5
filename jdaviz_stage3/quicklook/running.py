"""Works through many small tasks: in this process, in several of this machine, or on a cluster."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import Stage3Error, reason_of

__all__ = ["done_in_turn"]

_LOG = logging.getLogger(__name__)
_MISSING = (
    "needs the package distributed, which is not installed; install it with "
    '`pip install "jdaviz_stage3[report]"`, or take one worker'
)
#: Of a task that a worker did not outlive, how often it is tried again.
_RETRIES = 1
_KILLED = (
    "the worker that did this ended, and so did those that tried again: perhaps it needs more "
    "memory than a worker may have"
)
_LOST = "the scheduler ended before this was done; run the same once more, which goes on from here"
_TIMEOUT = 15  # seconds until a scheduler has answered
#: Tasks from which on another process is worth the seconds that its start takes.
_WORTH_A_WORKER = 25
#: Tasks that the scheduler knows of at a time, for each worker: few are forgotten where it ends,
#: and a program of any size needs no more memory.
_AHEAD = 20


def done_in_turn(
    function: Callable[[Any], Any],
    tasks: Sequence[Any],
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    told: Callable[[str], object] = print,
) -> Iterator[tuple[Any, Any, str]]:
    """Call a function with each of many tasks.

    Parameters
    ----------
    function : callable
        Importable by other processes; called with one task.
    tasks : sequence
        Small, and picklable.
    workers : int, optional
        Processes of this machine; by default as many as it has processors, and no more than one
        for 25 tasks, as each takes seconds to start. With 1 everything happens in this process.
    scheduler : str, optional
        Address of a scheduler of dask.distributed, whose workers are used instead.
    told : callable, optional
        Takes the address of the dashboard.

    Yields
    ------
    task, result, problem
        In the order in which they end. ``problem`` is empty, or says why there is no result.

    Raises
    ------
    Stage3Error
        If the scheduler is not there, or dask.distributed is not installed and needed.
    """
    if workers is not None and workers < 1:
        raise Stage3Error(f"workers={workers}: expected a number from 1")
    count = min(workers or os.cpu_count() or 1, max(1, len(tasks)))
    if workers is None:
        count = min(count, max(1, len(tasks) // _WORTH_A_WORKER))
    if scheduler is None and (count == 1 or (workers is None and not _is_installed())):
        for task in tasks:
            yield (task, *_tried(function, task))
        return
    with _client(count, scheduler, told) as client:
        yield from _on_cluster(client, function, tasks)


def _tried(function: Callable[[Any], Any], task: Any) -> tuple[Any, str]:
    try:
        return function(task), ""
    except Exception as err:  # whatever it is, the other tasks go on
        return None, _reason(err)


def _reason(err: BaseException) -> str:
    return str(err) if isinstance(err, Stage3Error) else reason_of(err)


def _is_installed() -> bool:
    from importlib.util import find_spec

    return find_spec("distributed") is not None


@contextmanager
def _client(count: int, scheduler: str | None, told: Callable[[str], object]) -> Iterator[Any]:
    if not _is_installed():
        raise Stage3Error(f"workers={count}, scheduler={scheduler!r}: {_MISSING}")
    import dask
    from distributed import Client, LocalCluster

    where: Any = scheduler
    if scheduler is None:
        # one thread each: astropy and Matplotlib hold Python's lock most of the time
        with dask.config.set({"distributed.scheduler.allowed-failures": _RETRIES}):
            where = LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=":0")
    try:
        try:
            client = Client(where, timeout=_TIMEOUT)
        except (OSError, ValueError, TimeoutError) as err:  # not there; no address
            raise Stage3Error(
                f"{scheduler}: no scheduler of dask.distributed answers ({reason_of(err)}); start "
                "one with `dask scheduler`, and give the address that it prints"
            ) from err
        with client:
            if client.dashboard_link:
                told(f"Dashboard: {client.dashboard_link}")
            yield client
    finally:
        if scheduler is None:
            _close(where)


def _close(cluster: Any) -> None:
    try:
        cluster.close()
    except (AssertionError, OSError, TimeoutError) as err:
        # a worker that was about to start again cannot be joined; all that was asked for is done
        _LOG.info("the cluster did not end as it should: %s", err)


def _on_cluster(
    client: Any, function: Callable[[Any], Any], tasks: Sequence[Any]
) -> Iterator[tuple[Any, Any, str]]:
    from distributed import KilledWorker, as_completed
    from distributed.client import FutureCancelledError

    waiting = iter(tasks)
    running: dict[Any, Any] = {}
    done = as_completed()

    def send() -> None:
        for task in waiting:
            future = client.submit(function, task, pure=False, retries=_RETRIES)
            running[future] = task
            done.add(future)
            return

    ahead = _AHEAD * max(1, len(client.scheduler_info()["workers"]))
    for _ in range(min(ahead, len(tasks))):
        send()
    suspects: list[Any] = []
    lost: list[Any] = []
    while running:
        future = next(done)
        task = running.pop(future)
        try:
            yield task, future.result(), ""
        except (KilledWorker, FutureCancelledError) as err:
            if _is_lost(err):
                lost = [task, *running.values(), *suspects, *waiting]
                break
            suspects.append(task)
        except Exception as err:  # whatever it is, the other tasks go on
            yield task, None, _reason(err)
        send()
    # with the worker that one task ends go those that waited there: each of them alone
    while suspects and not lost:
        task = suspects.pop(0)
        future = client.submit(function, task, pure=False)
        try:
            yield task, future.result(), ""
        except KilledWorker:
            yield task, None, _KILLED
        except FutureCancelledError:
            lost = [task, *suspects]
        except Exception as err:
            yield task, None, _reason(err)
    for task in lost:
        yield task, None, _LOST


def _is_lost(err: Exception) -> bool:
    """Whether a task ended because the scheduler did: another in its place knows none of them."""
    return getattr(err, "reason", "") == "scheduler-connection-lost"
