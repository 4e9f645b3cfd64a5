"""What the catalog overlay costs, beside jdaviz's own catalog layer and the image alone.

Run by hand: ``python tests/benchmarks/bench_overlay.py --table docs/benchmark_overlay.inc``. It
takes about ten minutes, Chromium with chromedriver, and the package ``websocket-client`` (which
comes with selenium).

Python: a new process for the overlay and one for jdaviz's layer, in which catalogs that are loaded
but not shown are turned on and refiltered one after the other. jdaviz has no filter of a catalog:
ours is compared with a change of a glue subset of the catalog, ``flux > limit``. jdaviz draws the
density of more than 100 000 sources a tenth of a second later; that is included.

Browser: one session of the standalone app; the mouse drags the mosaic to and fro by 960 pixels,
farther than what is drawn beyond the edges, at 100 events a second. Counted are the frames whose
view has moved, and the CPU time of the browser for each; that one does not depend on what else the
machine does, and where the browser draws without a graphics card it is what limits the rate. Each
run stands between two runs of the image alone at the same zoom, to whose mean it is compared.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

SIZES = {"1k": 1_000, "100k": 100_000, "1M": 1_000_000}
#: Sources in the view; None for the whole mosaic.
VIEWS = {"1k": (None, 100), "100k": (None, 1000), "1M": (None, 1000)}
FLUX = "aper_total_flux"
LIMITS = (1e-7, 2e-7, 1.5e-7, 3e-7, 0.5e-7)  # Jy; the median of the catalog is 1.1e-7
AIM_REFILTER, AIM_PAN = 0.3, 0.8

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--window-size=1600,1000", "--use-gl=angle",
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)  # fmt: skip
_COUNT = """
const p = window.__pan = {times: [], moved: 0, on: true};
let seen = 0, n = 0;
const count = () => { n++; };
window.addEventListener('pointermove', count, true);
(function tick() {
  if (!p.on) { window.removeEventListener('pointermove', count, true); return; }
  p.times.push(performance.now());
  if (n !== seen) { p.moved++; seen = n; }
  requestAnimationFrame(tick);
})();
"""


# ---- in a process with an app ----


def _load_catalog(app, n: int, number: int = 0) -> str:
    """Load a catalog of the mosaic, shown nowhere; gives its label."""
    from astropy import units as u
    from astropy.table import QTable

    from jdaviz_stage3.loaders.catalog import catalog_for_jdaviz

    image = app._app.data_collection[0]
    rng = np.random.default_rng(n + number)
    x, y = rng.uniform(-0.5, image.shape[0] - 0.5, (2, n))
    table = catalog_for_jdaviz(
        QTable(
            {
                "label": np.arange(1, n + 1),
                "xcentroid": x,
                "ycentroid": y,
                "sky_centroid": image.coords.pixel_to_world(x, y),
                FLUX: rng.lognormal(-16, 1, n) * u.Jy,
                "is_extended": rng.random(n) < 0.7,
                "semimajor_sigma": rng.uniform(0.5, 2, n) * u.pix,
                "semiminor_sigma": rng.uniform(0.3, 0.5, n) * u.pix,
                "orientation": rng.uniform(-90, 90, n) * u.deg,
            }
        )
    )
    label = f"catalog {number} of {n}"
    others = [name for name in table.colnames if name not in ("RA", "Dec", "X", "Y", "ID")]
    app.load(table, format="Catalog", viewer=[], data_label=label, col_other=others)
    return label


def _image_viewer(app):
    return next(v for v in app._app._viewer_store.values() if "Image" in type(v).__name__)


def _look_at(viewer, n_sources: int, n_in_view: int | None) -> None:
    """Show so many sources of those that are all over the mosaic, or the whole mosaic."""
    from echo import delay_callback

    size = viewer.state.reference_data.shape[0]
    height, width = viewer.shape or (600, 600)
    if n_in_view is None:
        half = np.array([width / min(width, height), height / min(width, height)]) * size / 2
    else:
        area = size**2 * n_in_view / n_sources
        half = np.sqrt(area * np.array([width / height, height / width])) / 2
    state, middle = viewer.state, size / 2
    # twice, for the state may not know yet that the browser has moved away from the same limits
    for zoom in (1.01, 1):
        with delay_callback(state, "x_min", "x_max", "y_min", "y_max"):
            state.x_min, state.x_max = middle - zoom * half[0], middle + zoom * half[0]
            state.y_min, state.y_max = middle - zoom * half[1], middle + zoom * half[1]


def _draw_density(viewer) -> None:
    """Have jdaviz draw now what it would draw a tenth of a second later."""
    for layer in viewer.layers:
        if getattr(layer.state, "density_map", False):
            layer.density_mark._shape = viewer.shape or (600, 600)
            layer.density_mark._update_counts()


def _python_child(who: str, size: str, path: Path, repeat: int) -> None:
    """Measure: prints the seconds to turn it on, and to refilter at each view."""
    import jdaviz

    import jdaviz_stage3 as stage3
    import jdaviz_stage3.app

    app = jdaviz.gca()
    stage3.load(path, app=app)
    viewer = _image_viewer(app)
    turn = _turn_overlay if who == "overlay" else _turn_layer
    on, refilter = [], {in_view: [] for in_view in VIEWS[size]}
    for number in range(repeat):
        label = _load_catalog(app, SIZES[size], number)
        _look_at(viewer, SIZES[size], None)
        start = time.perf_counter()
        filter_by, turn_off = turn(app, viewer, label)
        on.append(time.perf_counter() - start)
        for in_view, seconds in refilter.items():
            _look_at(viewer, SIZES[size], in_view)
            for limit in LIMITS:
                start = time.perf_counter()
                filter_by(limit)
                seconds.append(time.perf_counter() - start)
        turn_off()
    print("RESULT " + json.dumps([statistics.median(x) for x in (on, *refilter.values())]))


def _turn_overlay(app, viewer, label: str) -> tuple[Callable[[float], None], Callable[[], None]]:
    """Turn the overlay on; gives functions that filter it and that turn it off."""
    plugin = app.plugins["Catalog Overlay"]
    plugin.catalog = label
    plugin.visible = True

    def filter_by(limit: float) -> None:
        plugin.filters = f"{FLUX} > {limit} Jy"

    def turn_off() -> None:
        plugin.visible = False

    return filter_by, turn_off


def _turn_layer(app, viewer, label: str) -> tuple[Callable[[float], None], Callable[[], None]]:
    """Turn jdaviz's own layer on, as `_turn_overlay`."""
    data_collection = app._app.data_collection
    app._app.add_data_to_viewer(viewer.reference, label)
    _draw_density(viewer)
    flux = data_collection[label].id[FLUX]
    subsets = []

    def filter_by(limit: float) -> None:
        if not subsets:  # the first of a subset takes longer
            subsets.append(data_collection.new_subset_group("filter", flux > 0))
        subsets[0].subset_state = flux > limit
        _draw_density(viewer)

    def turn_off() -> None:
        data_collection.remove_subset_group(subsets.pop())
        app._app.remove_data_from_viewer(viewer.reference, label)

    return filter_by, turn_off


class _Stage:
    """The app of the browser's tab, and what is shown there."""

    def __init__(self, app) -> None:
        self.app = app
        self.viewer = _image_viewer(app)
        self.viewer.toolbar.active_tool_id = "jdaviz:imagepanzoom"
        self.labels = {size: _load_catalog(app, n) for size, n in SIZES.items()}
        self.plugin = app.plugins["Catalog Overlay"]  # not listed before there is a catalog

    def look_at(self, size: str, in_view: int | None) -> list[float]:
        _look_at(self.viewer, SIZES[size], in_view)
        state = self.viewer.state
        return [state.x_min, state.x_max, state.y_min, state.y_max]

    def hide(self) -> list[str]:
        if self.plugin.visible:
            self.plugin.visible = False
        for label in self.labels.values():
            data = self.app._app.data_collection[label]
            if any(layer.layer is data for layer in self.viewer.layers):
                self.app._app.remove_data_from_viewer(self.viewer.reference, label)
        return [type(mark).__name__ for mark in self.viewer.figure.marks]

    def show(self, who: str, size: str) -> list:
        if who == "native":
            self.app._app.add_data_to_viewer(self.viewer.reference, self.labels[size])
            return []
        self.plugin.catalog = self.labels[size]
        self.plugin.visible = True
        plugin = self.plugin._obj
        scene = plugin._canvases[self.viewer].marks[plugin.current()].scene
        return [scene.in_view, len(scene.rows), scene.density is not None]

    def constants(self, values: dict) -> None:
        """Try other limits of what is drawn how."""
        from jdaviz_stage3.plugins.catalog_overlay import scene

        scene.compose.__kwdefaults__["cap"] = values.get("cap", scene.CAP)


def _server_child(port: int, path: Path) -> None:
    """Serve the app, and do in its tab what the lines of stdin say."""
    from jdaviz_stage3.standalone import page
    from jdaviz_stage3.standalone import server as standalone
    from jdaviz_stage3.standalone.opened import Request
    from jdaviz_stage3.standalone.serving import Serving

    serving = Serving(Request((path,)))
    page.serve_with(serving)
    tabs = []
    opened = page._Tab.open

    def opening(self, show):
        opened(self, show)
        from solara.server import kernel_context

        tabs.append((self.app, kernel_context.get_current_context(), asyncio.get_running_loop()))

    page._Tab.open = opening
    server, _ = standalone._make_server(serving, standalone._Place("localhost", port), "text")
    server.serve_threaded()
    server.wait_until_serving()
    print("ANSWER null", flush=True)
    stage = None

    async def do(context, name, arguments):
        nonlocal stage
        with context:
            stage = stage or _Stage(tabs[-1][0])
            return getattr(stage, name)(*arguments) if name else None

    for line in sys.stdin:
        name, arguments = json.loads(line)
        while not tabs:
            time.sleep(0.1)
        _, context, loop = tabs[-1]
        answer = asyncio.run_coroutine_threadsafe(do(context, name, arguments), loop).result()
        print("ANSWER " + json.dumps(answer), flush=True)


# ---- in the process that measures ----


class Session:
    """The standalone app in a headless Chromium."""

    def __init__(self, path: Path) -> None:
        from jdaviz_stage3.standalone.network import choose_port

        self.driver = None
        port = choose_port("localhost", 0)
        self._errors = tempfile.TemporaryFile("w+")
        self._server = subprocess.Popen(
            [sys.executable, __file__, "--serve", str(port), str(path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True,
        )  # fmt: skip
        try:
            self._open(port)
        except BaseException:
            self.close()
            raise

    def _open(self, port: int) -> None:
        from selenium import webdriver

        self._answer()
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or shutil.which("google-chrome")
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        for flag in (*_FLAGS, f"--user-data-dir={self._profile.name}"):
            options.add_argument(flag)
        service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_script_timeout(300)
        self.driver.get(f"http://localhost:{port}/")
        self.do("")
        time.sleep(5)
        self.connect()

    def connect(self) -> None:
        """Get a way to the page on which events need not wait for the one before."""
        import websocket

        address = self.driver.capabilities["goog:chromeOptions"]["debuggerAddress"]
        pages = json.loads(urllib.request.urlopen(f"http://{address}/json").read())
        page = next(page for page in pages if page["type"] == "page")
        self._socket = websocket.create_connection(
            page["webSocketDebuggerUrl"], suppress_origin=True
        )
        self._sent = self._acknowledged = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                message = json.loads(self._socket.recv())
            except Exception:  # closed
                return
            self._acknowledged += "id" in message

    def _answer(self):
        for line in self._server.stdout:
            if line.startswith("ANSWER "):
                return json.loads(line[7:])
        self._errors.seek(0)
        raise RuntimeError(self._errors.read()[-3000:])

    def do(self, name: str, *arguments):
        """Call a method of `_Stage` in the tab's kernel."""
        self._server.stdin.write(json.dumps([name, arguments]) + "\n")
        self._server.stdin.flush()
        return self._answer()

    def _mouse(self, kind: str, x: float, y: float, **options) -> None:
        event = {"type": kind, "x": x, "y": y, **options}
        self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    def _cpu(self) -> float:
        """CPU seconds of the browser's processes so far."""
        children: dict[int, list] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                except OSError:  # it has ended
                    continue
                ticks = int(fields[11]) + int(fields[12])
                children.setdefault(int(fields[1]), []).append((int(entry.name), ticks))
        total, parents = 0, [self.driver.service.process.pid]
        while parents:
            for process, ticks in children.get(parents.pop(), ()):
                total += ticks
                parents.append(process)
        return total / os.sysconf("SC_CLK_TCK")

    def pan(self, seconds: float = 2, rate: float = 100, step: int = 12) -> tuple[float, float]:
        """Drag the mosaic to and fro; gives frames a second of wall and of CPU time."""
        left, top, width, height = self.driver.execute_script(
            "const b = document.querySelector('.plotarea_background').getBoundingClientRect();"
            "return [b.left, b.top, b.width, b.height]"
        )
        x, y, there = left + 0.2 * width, top + 0.4 * height, 80
        self._mouse("mouseMoved", x, y)
        self._mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
        self.driver.execute_script(_COUNT)
        cpu = self._cpu()
        start, done = time.perf_counter(), self._acknowledged - self._sent
        count = 0
        while (now := time.perf_counter() - start) < seconds:
            # as a browser does: a slow page gets fewer events, not a queue of them
            if self._sent + done - self._acknowledged < 6 and count < rate * now + 1:
                phase = count % (2 * there)
                place = phase if phase < there else 2 * there - phase
                self._sent += 1
                count += 1
                params = {"type": "mouseMoved", "x": x + step * place, "y": y + place,
                          "button": "left", "buttons": 1}  # fmt: skip
                message = {"id": self._sent, "method": "Input.dispatchMouseEvent"}
                self._socket.send(json.dumps({**message, "params": params}))
            time.sleep(0.002)
        found = self.driver.execute_script("const p = window.__pan; p.on = false; return p")
        cpu = self._cpu() - cpu
        waiting = time.perf_counter()
        while self._sent + done > self._acknowledged and time.perf_counter() - waiting < 60:
            time.sleep(0.02)
        self._mouse("mouseMoved", x, y, button="left", buttons=1)  # back to where it was
        self._mouse("mouseReleased", x, y, button="left", clickCount=1)
        wall = (found["times"][-1] - found["times"][0]) / 1000
        return found["moved"] / wall, found["moved"] / cpu

    def close(self) -> None:
        """End the browser and the server."""
        if self.driver is not None:
            self.driver.quit()
        self._server.terminate()
        self._server.wait(20)


def _measure_python(path: Path, sizes: list[str], repeat: int) -> list[tuple]:
    rows = []
    for size in sizes:
        found = {}
        for who in ("native", "overlay"):
            command = [sys.executable, __file__, "--child", who, size, str(path), str(repeat)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            result = [s[7:] for s in done.stdout.splitlines() if s.startswith("RESULT ")]
            if not result:
                raise RuntimeError(done.stderr[-3000:])
            found[who] = json.loads(result[0])
        names = ["turn on, " + size, *(f"refilter, {size}, {_view_name(v)}" for v in VIEWS[size])]
        for name, native, ours in zip(names, found["native"], found["overlay"], strict=True):
            rows.append((name, native, ours, None if name.startswith("turn") else AIM_REFILTER))
            print(f"{name:36s} native {native:7.4f} s  overlay {ours:7.4f} s  "
                  f"ratio {ours / native:.2f}", flush=True)  # fmt: skip
    return rows


def _view_name(in_view: int | None) -> str:
    return "all in view" if in_view is None else f"{in_view} in view"


def _measure_panning(
    path: Path,
    sizes: list[str],
    repeat: int,
    step: int,
    constants: dict,
    whos: list[str],
    minutes: float,
) -> list[tuple]:
    """Rows of name, rate of the image alone, then for each rate, ratio, and ratio by CPU time."""
    cases = [(size, in_view) for size in sizes for in_view in VIEWS[size]]
    rates = {case: {who: [] for who in ("alone", *whos)} for case in cases}
    ratios = {case: {who: [] for who in whos} for case in cases}
    session = Session(path)
    try:
        session.do("constants", constants)

        def run(who: str, size: str, in_view: int | None) -> np.ndarray:
            session.do("look_at", size, in_view)
            if who != "alone":
                session.do("show", who, size)
            time.sleep(1.2 if who == "native" else 0.7)
            rate = session.pan(step=step)
            if folder := os.environ.get("STAGE3_SCREENSHOTS"):
                name = f"pan-{size}-{in_view or 'all'}-{who}.png"
                session.driver.save_screenshot(str(Path(folder) / name))
            if who != "alone":
                session.do("hide")
            time.sleep(0.7)  # the app learns of the browser's limits half a second later
            return np.array(rate)

        for _ in range(2):  # warm up
            session.pan(step=step)
        end = time.monotonic() + 60 * minutes
        for number in range(repeat):
            for case in cases:
                if time.monotonic() > end and number:
                    break
                before = run("alone", *case)
                for who in whos:
                    if number and ratios[case][who][0][0] < 0.1:
                        continue  # a minute each
                    rate = run(who, *case)
                    after = run("alone", *case)
                    rates[case][who].append(rate[0])
                    rates[case]["alone"].append(after[0])
                    ratios[case][who].append(2 * rate / (before + after))
                    before = after
                    print(number, *case, who, np.round([*rate, *after], 1),
                          np.round(ratios[case][who][-1], 2), flush=True)  # fmt: skip
    finally:
        session.close()
    rows = []
    for case in cases:
        row = [f"pan, {case[0]}, {_view_name(case[1])}", statistics.median(rates[case]["alone"])]
        for who in whos:
            row += [statistics.median(rates[case][who]), *np.median(ratios[case][who], axis=0)]
        rows.append(tuple(row))
        print(row[0].ljust(32), np.round(row[1:], 2), flush=True)
    return rows


def _list_table(header: list[str], rows: list[list[str]]) -> list[str]:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in [header, *rows]:
        lines += [f"   {'*' if not index else ' '} - {cell}" for index, cell in enumerate(row)]
    return lines


def _table(python: list[tuple], panning: list[tuple]) -> str:
    first = [
        [name, f"{native:.3f}", f"{ours:.3f}", f"{ours / native:.2f}",
         f"≤ {aim} s" if aim and "1M" in name else ""]
        for name, native, ours, aim in python
    ]  # fmt: skip
    second = [
        [row[0], *(f"{value:.1f}" if index in (0, 1, 4) else f"{value:.2f}"
                   for index, value in enumerate(row[1:])), f"≥ {AIM_PAN}"]
        for row in panning
    ]  # fmt: skip
    lines = _list_table(["Python", "jdaviz's layer (s)", "Overlay (s)", "Ratio", "Aim"], first)
    lines += [""]
    lines += _list_table(
        ["Frames a second", "Image alone", "jdaviz's layer", "Ratio", "By CPU", "Overlay",
         "Ratio", "By CPU", "Aim"], second,
    )  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--sizes", nargs="*", default=list(SIZES))
    parser.add_argument("--only", choices=["python", "panning"])
    parser.add_argument("--step", type=int, default=12, help="pixels from one event to the next")
    parser.add_argument("--who", nargs="*", default=["native", "overlay"])
    parser.add_argument("--constants", type=json.loads, default={}, help="as _Stage.constants")
    parser.add_argument("--minutes", type=float, default=60, help="of panning, at most")
    parser.add_argument("--table", type=Path, help="write the table to this file")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if arguments.child:
        who, size, path, repeat = arguments.child
        _python_child(who, size, Path(path), int(repeat))
        return
    if arguments.serve:
        _server_child(int(arguments.serve[0]), Path(arguments.serve[1]))
        return
    import make_files

    with tempfile.TemporaryDirectory() as temporary:
        path = make_files.make_i2d(Path(temporary))
        python = panning = ()
        if arguments.only != "panning":
            python = _measure_python(path, arguments.sizes, arguments.repeat)
        if arguments.only != "python":
            panning = _measure_panning(
                path, arguments.sizes, arguments.repeat, arguments.step, arguments.constants,
                arguments.who, arguments.minutes,
            )  # fmt: skip
    if arguments.table:
        arguments.table.write_text(_table(python, panning), encoding="utf-8")


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "builders")]
    main()
