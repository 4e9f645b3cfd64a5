"""Tabs opened and closed on a server, by hand: memory over time, and how long each tab takes.

    python tests/benchmarks/soak_server.py --tabs 100 --at-once 5 --plot docs/_static/soak.png

It starts ``jdaviz-stage3 demo``, and is its browsers (``tests/drivers/light_tabs.py``): no widget
is drawn. Every other tab says goodbye, the others are lost. ``--attack`` adds a client that floods
its websocket, one that reads nothing, and one that uploads for ever, while the tabs are timed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "drivers"))
from light_tabs import LightBrowser, LightTab
from websockets.exceptions import ConnectionClosed

_LOST_MINUTES = 0.05


class Server:
    """A server of the demo, whose memory is measured every second."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        command = [sys.executable, "-m", "jdaviz_stage3", "demo", "--no-browser", "--port", "0",
                   "--lost-minutes", str(_LOST_MINUTES), "--apps-limit", "50"]  # fmt: skip
        self.log = Path(self._folder.name) / "log"
        log = open(self.log, "w")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        self.url = next(
            word for line in self.process.stdout for word in line.split() if "//" in word
        )
        self.began = time.monotonic()
        self.memory: list[tuple[float, float]] = []  # seconds, MB
        self._end = threading.Event()
        threading.Thread(target=self._measure, daemon=True).start()

    def _measure(self) -> None:
        process = psutil.Process(self.process.pid)
        while not self._end.wait(1):
            found = process.memory_info().rss / 1e6
            self.memory.append((time.monotonic() - self.began, found))

    def now(self) -> float:
        """Its memory, in MB."""
        return psutil.Process(self.process.pid).memory_info().rss / 1e6

    def stop(self) -> None:
        """End it."""
        self._end.set()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)


def one_tab(url: str, number: int) -> float:
    """Open a tab, and close or lose it; gives how long it took to be there, in seconds."""
    began = time.monotonic()
    tab = LightTab(LightBrowser(url))
    try:
        tab.open()
    except TimeoutError:
        print(f"tab {number}: no app; on its page {tab.texts()[:2000]}", file=sys.stderr)
        tab.drop()
        return float("nan")
    taken = time.monotonic() - began
    if number % 2:
        tab.goodbye()
    else:
        tab.drop()
    return taken


def flood(url: str, end: threading.Event) -> str:
    """Send as fast as it goes what sets a trait of nothing."""
    return _send_on(url, end, {"method": "update", "state": {"width": 1}})


def upload(url: str, end: threading.Event) -> str:
    """Send messages of 8 MB, as a file that is dropped comes."""
    content = {"event": "upload", "data": "x" * 8_000_000}
    return _send_on(url, end, {"method": "custom", "content": content})


def _send_on(url: str, end: threading.Event, data: dict) -> str:
    """Send one message again and again, in new tabs where the server closes them."""
    sent = tabs = 0
    while not end.is_set():
        try:
            tab = LightTab(LightBrowser(url)).open()
            tabs += 1
            while not end.is_set():
                tab.send_to("nothing", data)
                sent += 1
        except (ConnectionClosed, TimeoutError):
            continue
    return f"{sent} messages of {len(json.dumps(data))} bytes in {tabs} tabs"


def read_nothing(url: str, end: threading.Event) -> str:
    """Ask for pages, and read none of them."""
    tabs = 0
    while not end.is_set():
        tab = LightTab(LightBrowser(url)).begin()
        tab.event(tab.widget("shown"), "shown")
        tabs += 1
        end.wait(20)
        tab.drop()
    return f"{tabs} tabs"


def main() -> None:
    """Run it, and print what came out as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tabs", type=int, default=100)
    parser.add_argument("--at-once", type=int, default=5)
    parser.add_argument("--settle", type=float, default=30, help="seconds until what waits is gone")
    parser.add_argument("--attack", action="store_true")
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    server = Server()
    try:
        for number in range(4):  # what libraries keep once
            one_tab(server.url, number)
        time.sleep(arguments.settle)
        start = server.now()
        end = threading.Event()
        attackers = ThreadPoolExecutor(4)
        attacks = [flood, read_nothing, upload] if arguments.attack else []
        running = [attackers.submit(attack, server.url, end) for attack in attacks]
        taken: list[float] = []
        with ThreadPoolExecutor(arguments.at_once) as pool:
            tabs = [pool.submit(one_tab, server.url, n) for n in range(arguments.tabs)]
            try:
                for tab in as_completed(tabs):
                    taken.append(tab.result())
            except KeyboardInterrupt:  # enough
                pool.shutdown(wait=False, cancel_futures=True)
        end.set()
        results = [attack.result(timeout=120) for attack in running]
        time.sleep(arguments.settle)
        stop = server.now()
    finally:
        server.stop()
    print(server.log.read_text()[-4000:], file=sys.stderr)
    print(json.dumps({
        "tabs": len(taken), "at_once": arguments.at_once,
        "start_MB": round(start), "end_MB": round(stop),
        "growth_%": round(100 * (stop / start - 1), 1),
        "highest_MB": round(max(found for _, found in server.memory)),
        "without_app": int(np.isnan(taken).sum()),
        "open_s_median": round(float(np.nanmedian(taken)), 2),
        "open_s_p95": round(float(np.nanpercentile(taken, 95)), 2),
        "load": os.getloadavg()[1], "attacks": results,
    }, indent=1))  # fmt: skip
    if arguments.plot:
        _plot(server.memory, arguments.plot)


def _plot(memory: list[tuple[float, float]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 3), layout="constrained")
    seconds, megabytes = np.transpose(memory)
    axes.plot(seconds / 60, megabytes, color="#c75109")
    axes.set(xlabel="minutes", ylabel="memory of the server (MB)", ylim=(0, None))
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
