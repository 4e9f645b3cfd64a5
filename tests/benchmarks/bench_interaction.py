"""How long a person waits in the browser: panels that open, edges that are dragged, settings.

Run by hand: ``python tests/benchmarks/bench_interaction.py --table FILE``. It needs Chromium with
chromedriver, and takes about ten minutes, with several tries of each step; ``--tries`` says how
many, ``--only demo 10k 130k`` which files.

Each step is timed in the page, from the event to the first look at the page at which it has all
that was asked for: the sentence of the panel and the viewer, or the number that was dragged to.
Beside it stands what depends less on what else the machine does: CPU seconds of the server, and
messages over the websocket both ways.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "builders"), str(HERE.parent / "drivers")]

from browsers import Browser, Page  # noqa: E402
from make_files import make_big_x1dints  # noqa: E402

CURVE, DYNAMIC, PLUGIN = "White light", "Dynamic", "White Light Curve"
SIZES = {"10k": 10_000, "130k": 130_000}
N_WAVES = 16
#: Seconds that a step may take.
REACH = {
    ("demo", "open the panel"): 1.0,
    ("demo", "drag an edge in 20 steps"): 1.0,
    ("10k", "open the panel"): 1.5,
    ("10k", "change a setting"): 0.5,
    ("130k", "change a setting"): 1.0,
}

#: Counts the messages of the app's websocket.
_COUNTED = """
window.stage3 = {sent: 0, received: 0, bytes: 0};
const Plain = window.WebSocket;
window.WebSocket = class extends Plain {
  constructor(...all) {
    super(...all);
    this.addEventListener('message', (event) => {
      window.stage3.received += 1;
      window.stage3.bytes += event.data.byteLength || event.data.length || event.data.size || 0;
    });
  }
  send(data) { window.stage3.sent += 1; super.send(data); }
};
"""
#: Looks at the page at each of its pictures until a condition holds, and notes when that was.
_UNTIL = """
window.stage3.done = null;
window.stage3.start = performance.now();
const holds = () => { %s };
(function look() {
  if (holds()) window.stage3.done = performance.now() - window.stage3.start;
  else requestAnimationFrame(look);
})();
"""
_PANEL = """
  const texts = [...document.querySelectorAll('.v-expansion-panel--active .stage3-hint')];
  const said = texts.map(e => e.innerText).join(' ');
"""


class App:
    """The standalone app in a browser.

    Parameters
    ----------
    *arguments : str
        Of the command.
    """

    def __init__(self, *arguments: str):
        command = [sys.executable, "-m", "jdaviz_stage3", *arguments, "--no-browser", "--port", "0"]
        self.server = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        url = None
        while url is None:
            url = re.search(r"http://\S+", self.server.stdout.readline())
        program = shutil.which("chromium") or shutil.which("google-chrome")
        folder = Path(tempfile.mkdtemp())
        self.browser = Browser(program, shutil.which("chromedriver"), folder)
        self.page: Page = self.browser.new_page(folder)
        script = {"source": _COUNTED}
        self.page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", script)
        self.page.open(url[0])

    def cpu(self) -> float:
        """CPU seconds of the server so far."""
        fields = Path(f"/proc/{self.server.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def measure(self, act: Callable[[], None], condition: str) -> dict[str, float]:
        """Do something, and see how long it takes until a condition (JavaScript) holds."""
        driver = self.page.driver
        self.settle()
        before, cpu = driver.execute_script("return {...window.stage3}"), self.cpu()
        driver.execute_script(_UNTIL % condition)
        act()
        self.page.wait_for(
            lambda: driver.execute_script("return window.stage3.done !== null"), condition
        )
        seconds = driver.execute_script("return window.stage3.done") / 1000
        self.settle()
        after = driver.execute_script("return {...window.stage3}")
        found = {name: after[name] - before[name] for name in ("sent", "received", "bytes")}
        return {"seconds": seconds, "cpu": self.cpu() - cpu, **found}

    def settle(self) -> None:
        """Wait until the server has nothing to do."""
        last = -1.0
        while (now := self.cpu()) - last > 0.03:
            last = now
            time.sleep(0.6)

    def close(self) -> None:
        """End it all."""
        self.browser.quit()
        self.server.terminate()
        self.server.wait()


def toggle(app: App) -> Callable[[], None]:
    """What opens or closes the panel."""
    header = next(e for e in app.page.find(".plugin-header") if e.text.split("\n")[0] == PLUGIN)
    return lambda: app.page.driver.execute_script("arguments[0].click()", header)


def opened(app: App, tries: int) -> list[dict]:
    """The panel is opened; the viewer that it draws in is there from the first time on."""
    page = app.page
    page.wait_for(lambda: page.box(DYNAMIC), "the dynamic spectrum")
    page.find(".v-toolbar__items button")[4].click()
    page.wait_for(lambda: page.find(".plugin-header"), "the tray")
    found = []
    viewer = f"e => e.innerText.startsWith('{CURVE}')"
    ready = _PANEL + (
        "return said.includes('channels')"
        f" && [...document.querySelectorAll('.lm_title')].some({viewer});"
    )
    for _ in range(tries):
        found.append(app.measure(toggle(app), ready))
        toggle(app)()
        page.wait_for(lambda: not page.find(".v-expansion-panel--active"), "the panel's end")
    toggle(app)()
    page.wait_for(lambda: page.find(".v-expansion-panel--active .stage3-hint"), "the panel")
    return found


def dragged(app: App, tries: int) -> list[dict]:
    """The upper edge of the band is moved in 20 steps of 16 ms, to and fro."""
    page = app.page
    left, top, right, bottom = page.box(DYNAMIC)
    places = [right - 2, *(right - 40 * (1 + number) for number in range(tries))]
    found = []
    for start, end in zip(places, places[1:], strict=False):

        def event(kind: str, x: float, **more: object) -> None:
            place = {"x": x, "y": (top + bottom) / 2}
            page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": kind, **place, **more})

        def move(start: float = start, end: float = end) -> None:
            event("mouseMoved", start)
            event("mousePressed", start, button="left", buttons=1, clickCount=1)
            begin = time.monotonic()
            for step in range(1, 21):
                x = start + (end - start) * step / 20
                event("mouseMoved", x, button="left", buttons=1)
                time.sleep(max(0.0, begin + 0.016 * step - time.monotonic()))
            event("mouseReleased", end, button="left", clickCount=1)

        # the field with the end of the band, as near to where the hand is as a pixel
        low, high = _limits(app)
        wanted = low + (high - low) * (end - left) / (right - left)
        close = (high - low) / (right - left) * 1.5
        condition = (
            "const input = [...document.querySelectorAll('.v-expansion-panel--active .v-input')]"
            ".find(e => e.innerText.startsWith('To ('));"
            f"return Math.abs(Number(input.querySelector('input').value) - {wanted}) < {close};"
        )
        found.append(app.measure(move, condition))
    return found


def _limits(app: App) -> tuple[float, float]:
    """The ends of the wavelength axis of the dynamic spectrum, from its ticks."""
    from plots_in_browser import Plot

    plot = Plot(app.page, DYNAMIC)
    return plot.value(0, 0)[2], plot.value(1, 0)[2]


def _field(page: Page) -> object:
    """The field with the end of the band, once it is there."""
    inputs = page.find(".v-expansion-panel--active .v-input")
    found = [each for each in inputs if each.text.startswith("To (")]
    return found and found[0].find_element("css selector", "input")


def set_(app: App, tries: int) -> list[dict]:
    """The end of the band is typed: all points are drawn anew."""
    page = app.page
    found = []
    for number in range(tries):
        page.wait_for(lambda: page.find(".v-expansion-panel--active .v-input"), "the panel")
        entry = page.wait_for(lambda: _field(page), "the field")
        page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", entry)
        before = page.driver.execute_script(_PANEL + "return said;")
        value = ("2.0", "2.7")[number % 2]

        def type_(entry: object = entry, value: str = value) -> None:
            page.driver.execute_script(
                "const e = arguments[0];"
                "Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')"
                ".set.call(e, arguments[1]);"
                "e.dispatchEvent(new Event('input', {bubbles: true}));"
                "e.dispatchEvent(new Event('change', {bubbles: true}));",
                entry,
                value,
            )

        condition = _PANEL + f"return said.includes('channels') && said !== {before!r};"
        found.append(app.measure(type_, condition))
    return found


def table(rows: list[tuple[str, str, list[dict]]]) -> str:
    """The rows as reStructuredText."""
    lines = [
        ".. list-table::", "   :header-rows: 1", "", "   * - Light curve", "     - Step",
        "     - Wait (s)", "     - Reach (s)", "     - CPU of the server (s)",
        "     - Messages to it, from it", "     - kB from it",
    ]  # fmt: skip
    for name, step, tries in rows:
        middle = {key: statistics.median(each[key] for each in tries) for key in tries[0]}
        reach = REACH.get((name, step))
        cells = (
            name, step, f"{middle['seconds']:.2f}", "" if reach is None else f"{reach:g}",
            f"{middle['cpu']:.2f}", f"{middle['sent']:.0f}, {middle['received']:.0f}",
            f"{middle['bytes'] / 1e3:.0f}",
        )  # fmt: skip
        lines += [
            f"   {'* ' if number == 0 else '  '}- {cell}" for number, cell in enumerate(cells)
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=["demo", *SIZES])
    parser.add_argument("--table", type=Path)
    chosen = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen.only:
            arguments = ["demo"]
            if name in SIZES:
                arguments = ["open", str(make_big_x1dints(Path(folder), SIZES[name], N_WAVES))]
            app = App(*arguments)
            try:
                steps = {"open the panel": opened, "change a setting": set_}
                if name == "demo":
                    steps = {"open the panel": opened, "drag an edge in 20 steps": dragged}
                for step, work in steps.items():
                    tries = work(app, chosen.tries)
                    if work is opened:  # the first time, the viewer is made
                        rows.append((name, f"{step}, the first time", tries[:1]))
                        print(name, "first", tries[0], flush=True)
                        tries = tries[1:]
                    rows.append((name, step, tries))
                    print(name, step, [round(each["seconds"], 2) for each in tries], flush=True)
            finally:
                app.close()
    print(table(rows))
    if chosen.table:
        chosen.table.write_text(table(rows))


if __name__ == "__main__":
    main()
