"""A server of the standalone app, and a Chromium that can reach nothing but this machine.

``STAGE3_REQUIRE_BROWSER=1`` makes a missing browser a failure instead of a skip, and
``STAGE3_SCREENSHOTS`` names a folder that keeps the screenshots.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from forked_processes import ForkedProcess

START_TIMEOUT = 120  # seconds; jdaviz alone takes ten to import
PAGE_TIMEOUT = 120

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1600,1000",
    # WebGL without a graphics card, for the images
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
#: What stock jdaviz and its parts complain about on every page; none of it is ours to mend.
_KNOWN_COMPLAINTS = (
    "/solara/readyz",  # ipypopout asks whether it runs in Jupyter
    "Error setting state: Cannot read properties of null (reading '0')",  # the 1D spectrum viewer
    "Computed radius is NaN",  # bqplot-gl lines with gaps
    "<rect> attribute width: A negative",  # bqplot figures in a viewer tab that is not in front
    "<rect> attribute height: A negative",
)
#: A viewer's data menu that is taken down looks for the button it stood below; whether
#: golden-layout has taken that away before depends on who is faster.
_MENU_TAKEN_DOWN = ("beforeDestroy", "parentElement")


class Server:
    """A ``jdaviz-stage3`` process that serves.

    Parameters
    ----------
    *arguments : str
        The arguments of the command, without ``--no-browser``.
    errors : pathlib.Path
        The file that takes what it writes to stderr.
    """

    def __init__(self, *arguments: str, errors: Path) -> None:
        self.errors = errors
        self._output = errors.with_name("stdout.txt")
        errors.touch()
        self.process = ForkedProcess(
            "jdaviz-stage3", [*arguments, "--no-browser"], self._output, errors
        )
        self.url = self._wait_for_url()

    def _wait_for_url(self) -> str:
        end = time.monotonic() + START_TIMEOUT
        while time.monotonic() < end and self.process.poll() is None:
            *lines, _ = self._output.read_text().split("\n")  # the last is not whole
            words = [word for line in lines for word in line.split() if word.startswith("http://")]
            if words:
                return words[-1]  # of several the last is for a browser on this machine
            time.sleep(0.1)
        if self.process.poll() is None:
            self.process.kill()
        pytest.fail(f"the server did not start:\n{self.errors.read_text()}")

    @property
    def netloc(self) -> str:
        """The host and the port."""
        return urlsplit(self.url).netloc

    @property
    def query(self) -> str:
        """The query of the address, which holds the token, with its question mark."""
        query = urlsplit(self.url).query
        return f"?{query}" if query else ""

    def request(self, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Get a path, with further headers; gives the status, the headers and the content."""
        connection = http.client.HTTPConnection(self.netloc, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            # an accepted websocket has no content to wait for
            content = b"" if response.status == 101 else response.read()
            return response.status, response.headers, content
        finally:
            connection.close()

    def websocket(self, query: str = "", **headers: str) -> int:
        """Ask for a solara websocket; gives the status: 101 where it is accepted."""
        handshake = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
        separator = "&" if query else "?"
        path = f"/jupyter/api/kernels/test/channels{query}{separator}session_id=test"
        return self.request(path, **handshake, **headers)[0]

    def kernels(self) -> int:
        """How many tabs the server holds an app for."""
        _, _, content = self.request(f"/resourcez{self.query}")
        return json.loads(content)["kernels"]["total"]

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send a signal and wait for the end; gives the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


class Page:
    """A headless Chromium and what the tests ask of it.

    Parameters
    ----------
    driver : selenium.webdriver.Chrome
        The browser.
    screenshots : pathlib.Path
        The folder that takes the screenshots.
    """

    def __init__(self, driver, screenshots: Path) -> None:
        self.driver = driver
        self.screenshots = screenshots
        self._requests: list[str] = []

    def open(self, url: str) -> None:
        """Open an address and wait until the app is there."""
        self.driver.get(url)
        self.wait_for(lambda: self.find(".jdaviz"), "the app")

    def wait_for(self, condition: Callable[[], object], what: str) -> object:
        """Wait until a condition holds, and give back what it gives back."""
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.support.ui import WebDriverWait

        wait = WebDriverWait(
            self.driver, PAGE_TIMEOUT, ignored_exceptions=[StaleElementReferenceException]
        )
        return wait.until(lambda _: condition(), f"no sign of {what}")

    def find(self, selector: str) -> list:
        """The elements that a CSS selector finds."""
        return self.driver.find_elements("css selector", selector)

    def viewers(self) -> list[str]:
        """The names of the viewers that are open."""
        titles = "return [...document.querySelectorAll('.lm_title')].map(e => e.innerText.trim())"
        return self.driver.execute_script(titles)

    def box(self, viewer: str) -> tuple[float, float, float, float] | None:
        """Left, top, right and bottom of the plot area of the first viewer whose name starts so."""
        return self.driver.execute_script(
            """
            const stacks = [...document.querySelectorAll('.lm_stack')];
            const stack = stacks.find(s => s.querySelector('.lm_title')
                                           ?.textContent.startsWith(arguments[0]));
            const area = stack?.querySelector('.plotarea_background');
            if (!area) { return null; }
            const box = area.getBoundingClientRect();
            return [box.left, box.top, box.right, box.bottom];
            """,
            viewer,
        )

    def picture(self, viewer: str) -> np.ndarray:
        """The plot area of the first viewer whose name starts so, as (y, x, RGB); empty if none."""
        from PIL import Image

        box = self.box(viewer)
        if box is None:
            return np.empty((0, 0, 3), dtype=int)
        screen = Image.open(io.BytesIO(self.driver.get_screenshot_as_png())).convert("RGB")
        return np.asarray(screen.crop([round(edge) for edge in box]), dtype=int)

    def point_at(self, x: float, y: float, click: bool = False) -> None:
        """Move the mouse to a place of the page, and click there if asked."""
        kinds = ("mouseMoved", "mousePressed", "mouseReleased") if click else ("mouseMoved",)
        for kind in kinds:
            button = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
            event = {"type": kind, "x": x, "y": y, **button}
            self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    def open_plugin(self, name: str) -> None:
        """Open a plugin in the tray, and the tray if it is closed."""

        def header():
            found = [e for e in self.find(".plugin-header") if e.text.split("\n")[0] == name]
            return found[0] if found else None

        if header() is None:
            self.find(".v-toolbar__items button")[4].click()
        self.wait_for(header, f"the plugin {name}").click()

    def open_section(self, title: str) -> None:
        """Open a section of the plugin's panel, if it is folded."""
        selector = ".v-expansion-panel--active .stage3-section-title"
        header = next(e for e in self.find(selector) if e.text.strip() == title)
        if header.get_attribute("aria-expanded") == "false":
            self.driver.execute_script("arguments[0].click()", header)
            self.wait_for(lambda: header.get_attribute("aria-expanded") == "true", title)

    def field(self, label: str):
        """The field that a person types into or chooses from, by its label."""
        inputs = self.find(".v-expansion-panel--active .v-input")
        found = [e for e in inputs if e.text.split("\n")[0] == label]
        return found[0].find_element("css selector", "input")

    def press(self, text: str) -> None:
        """Press the button with this text; once more where it was drawn anew meanwhile."""

        def pressed() -> bool:
            buttons = [e for e in self.find("button") if e.text.strip().upper() == text.upper()]
            if buttons:
                scroll = "arguments[0].scrollIntoView({block: 'center'})"
                self.driver.execute_script(scroll, buttons[0])
                buttons[0].click()
            return bool(buttons)

        self.wait_for(pressed, f"a button {text}")

    def screenshot(self, name: str) -> None:
        """Keep a screenshot."""
        self.driver.save_screenshot(str(self.screenshots / f"{name}.png"))

    def complaints(self) -> list[str]:
        """The errors in the browser's console since the last call."""
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if entry["level"] == "SEVERE"
            and not any(known in entry["message"] for known in _KNOWN_COMPLAINTS)
            and not all(word in entry["message"] for word in _MENU_TAKEN_DOWN)
        ]

    def requests(self) -> list[str]:
        """Every address that pages have asked for, over HTTP or as a websocket.

        Of a browser that was started with ``log_requests``.
        """
        for entry in self.driver.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                self._requests.append(event["params"]["request"]["url"])
            elif event["method"] == "Network.webSocketCreated":
                self._requests.append(event["params"]["url"])
        schemes = ("http", "https", "ws", "wss", "ftp")  # not the browser's own chrome: and data:
        return [url for url in self._requests if urlsplit(url).scheme in schemes]


def _missing(what: str) -> None:
    if os.environ.get("STAGE3_REQUIRE_BROWSER") == "1":
        pytest.fail(f"STAGE3_REQUIRE_BROWSER=1, but {what}")
    pytest.skip(what)


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for screenshots."""
    chosen = os.environ.get("STAGE3_SCREENSHOTS")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _servers(factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Start servers, each on a free port, and end them afterwards."""
    servers: list[Server] = []

    def start(*arguments: str) -> Server:
        errors = factory.mktemp("server") / "stderr.txt"
        servers.append(Server(*arguments, "--port", "0", errors=errors))
        return servers[-1]

    try:
        yield start
    finally:
        for server in servers:
            server.stop()


@contextmanager
def _browsers(factory: pytest.TempPathFactory, screenshots: Path) -> Iterator[Callable[..., Page]]:
    """Start browsers, each with a profile of its own, and end them afterwards.

    ``log_requests=True`` is needed for `Page.requests`.
    """
    try:
        from selenium import webdriver
    except ImportError:
        _missing("selenium is not installed")
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    driver_program = shutil.which("chromedriver")
    if program is None or driver_program is None:
        _missing("chromium and chromedriver are not both installed")
    pages: list[Page] = []

    def start(log_requests: bool = False) -> Page:
        options = webdriver.ChromeOptions()
        options.binary_location = program
        profile = factory.mktemp("profile")
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        # every message of the app would go through that log, at a quarter of what a page costs
        logs = {"browser": "ALL", "performance": "ALL"} if log_requests else {"browser": "ALL"}
        options.set_capability("goog:loggingPrefs", logs)
        service = webdriver.ChromeService(executable_path=driver_program)
        pages.append(Page(webdriver.Chrome(options=options, service=service), screenshots))
        return pages[-1]

    try:
        yield start
    finally:
        for page in pages:
            page.driver.quit()


@pytest.fixture(scope="module")
def start_server(tmp_path_factory) -> Iterator[Callable[..., Server]]:
    """Start servers that all tests of a module share."""
    with _servers(tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="module")
def start_browser(tmp_path_factory, screenshots) -> Iterator[Callable[..., Page]]:
    """Start browsers that all tests of a module share."""
    with _browsers(tmp_path_factory, screenshots) as start:
        yield start


# A browser draws as long as it lives, and the next test waits for it: what a test starts for
# itself ends with it.


@pytest.fixture
def start_own_server(tmp_path_factory) -> Iterator[Callable[..., Server]]:
    """Start servers of one test."""
    with _servers(tmp_path_factory) as start:
        yield start


@pytest.fixture
def start_own_browser(tmp_path_factory, screenshots) -> Iterator[Callable[..., Page]]:
    """Start browsers of one test."""
    with _browsers(tmp_path_factory, screenshots) as start:
        yield start
