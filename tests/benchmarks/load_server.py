"""Several people on one server, by hand: how long each waits from a click until it is redrawn.

    python tests/benchmarks/load_server.py --users 20 --minutes 3

It starts ``jdaviz-stage3 demo``, and is its browsers (``tests/drivers/light_tabs.py``), in as many
processes as ``--clients`` says. Each user opens the demo, then zooms an image or changes the width
of Median Smooth, on average every ``--pause`` seconds. What is timed ends when the new image, or
the new curve, has come; what a browser then does to draw it is not in it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "drivers"))
import light_tabs
from light_tabs import LightBrowser, LightTab


class WatchedTab(LightTab):
    """A tab that knows the state of all its widgets."""

    def __init__(self, browser: LightBrowser) -> None:
        super().__init__(browser)
        self.states: defaultdict[str, dict[str, Any]] = defaultdict(dict)

    def _note(self, message: dict[str, Any]) -> None:
        super()._note(message)
        state = light_tabs._data(message).get("state")
        if isinstance(state, dict):
            self.states[message["content"]["comm_id"]].update(state)

    def set(self, key: str, **state: Any) -> None:
        """Set traits of a widget, as the page does."""
        self.send_to(key, {"method": "update", "state": state, "buffer_paths": []})

    def until_sent(self, model: str, name: str) -> None:
        """Wait until a trait of a widget of this kind has come."""
        self.wait(
            lambda message: (
                message["header"]["msg_type"] == "comm_msg"
                and self.states[message["content"]["comm_id"]].get("_model_name") == model
                and name in (light_tabs._data(message).get("state") or {})
            ),
            _PATIENCE,
        )


_PATIENCE = 30.0  # seconds until a click counts as not answered

#: What a browser tells of each figure that it shows.
_SEEN = {"event": "set_view_data", "id": "1", "data": {
    "x": 0, "y": 0, "width": 600, "height": 400,
    "resized_at": "2026-01-01T00:00:00+00:00", "focused_at": "2026-01-01T00:00:00+00:00",
}}  # fmt: skip


class User:
    """Who looks at the demo, and tries things."""

    def __init__(self, url: str, seed: int) -> None:
        self.random = random.Random(seed)
        self.tab = WatchedTab(LightBrowser(url))
        began = time.monotonic()
        self.tab.open()
        self.opened = time.monotonic() - began
        states = self.tab.states
        [self.smooth] = [key for key, s in states.items() if "polyorder" in s and "width" in s]
        for key, state in states.items():
            if state.get("_model_name") == "ViewListenerModel":
                self.tab.send_to(key, {"method": "custom", "content": _SEEN})
        self.tab.set(self.smooth, keep_active=True)
        self.width = 5

    def zoom(self) -> None:
        """Zoom into an image, and wait for what is seen then."""
        scales = {
            state["scales"]["x"].removeprefix("IPY_MODEL_")
            for state in self.tab.states.values()
            if state.get("_model_name") == "ImageGLModel"
            and len((state.get("image") or {}).get("shape") or ()) == 3
        }
        low = self.random.uniform(0, 40)
        high = low + self.random.uniform(20, 100)
        self.tab.set(self.random.choice(sorted(scales)), min=low, max=high)
        self.tab.until_sent("ImageGLModel", "x")  # its place, with or without content

    def smoothen(self) -> None:
        """Take another width of the running median, and wait for the curve."""
        self.width = 12 - self.width
        self.tab.set(self.smooth, width=self.width)
        self.tab.until_sent("LinesModel", "y")

    def rest(self, seconds: float) -> None:
        """Do nothing; a browser reads all the time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                self.tab.wait(lambda _: False, left)
            except TimeoutError:
                return

    def work(self, begin: float, end: float, pause: float) -> list[float]:
        """Do this and that; gives how long each took, in seconds."""
        taken = []
        self.rest(begin - time.time())
        while time.time() < end:
            self.rest(self.random.expovariate(1 / pause))
            began = time.monotonic()
            try:
                self.random.choice([self.zoom, self.smoothen])()
                taken.append(time.monotonic() - began)
            except TimeoutError:
                taken.append(float("nan"))
        self.tab.goodbye()
        return taken


def clients(
    url: str, numbers: list[int], begin: float, minutes: float, pause: float
) -> list[tuple[float, list[float]]]:
    """Some of the users; gives of each how long it took to open, and what it did."""

    def one(number: int) -> tuple[float, list[float]]:
        user = User(url, number)
        return user.opened, user.work(begin, begin + 60 * minutes, pause)

    with ThreadPoolExecutor(len(numbers)) as pool:
        return list(pool.map(one, numbers))


def main() -> None:
    """Run it, and print what came out as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--pause", type=float, default=5, help="seconds between two of one user")
    parser.add_argument("--opening", type=float, default=150, help="seconds for all to open")
    parser.add_argument("--clients", type=int, default=2)
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "jdaviz_stage3", "demo", "--no-browser", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        url = next(word for line in server.stdout for word in line.split() if "//" in word)
        begin = time.time() + arguments.opening
        shares = [
            list(range(i, arguments.users, arguments.clients)) for i in range(arguments.clients)
        ]
        with ProcessPoolExecutor(arguments.clients) as pool:
            runs = [
                pool.submit(clients, url, share, begin, arguments.minutes, arguments.pause)
                for share in shares
            ]
            done = [user for run in runs for user in run.result()]
    finally:
        server.terminate()
        server.wait(timeout=60)
    taken = np.array([one for _, work in done for one in work])
    print(json.dumps({
        "users": arguments.users, "clicks": taken.size,
        "unanswered": int(np.isnan(taken).sum()),
        "redraw_s_median": round(float(np.nanmedian(taken)), 3),
        "redraw_s_p95": round(float(np.nanpercentile(taken, 95)), 3),
        "redraw_s_most": round(float(np.nanmax(taken)), 3),
        "open_s_median": round(float(np.median([opened for opened, _ in done])), 1),
        "load": os.getloadavg()[0],
    }, indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
