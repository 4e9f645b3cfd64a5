"""Servers of the standalone app, and pages of them in a Chromium (see `browsers`).

``STAGE3_REQUIRE_BROWSER=1`` makes a missing browser a failure instead of a skip, and
``STAGE3_SCREENSHOTS`` names a folder that keeps the screenshots.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from forked_processes import ForkedProcess

if TYPE_CHECKING:
    from browsers import Browser, Page

START_TIMEOUT = 120  # seconds; jdaviz alone takes ten to import


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


@pytest.fixture(scope="session")
def new_browser(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], Browser]:
    """Start a browser, which logs requests if asked."""
    try:
        from browsers import Browser
    except ImportError:
        _missing("selenium is not installed")
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    driver_program = shutil.which("chromedriver")
    if program is None or driver_program is None:
        _missing("chromium and chromedriver are not both installed")

    def start(log_requests: bool) -> Browser:
        return Browser(program, driver_program, tmp_path_factory.mktemp("profile"), log_requests)

    return start


@pytest.fixture(scope="session")
def shared_browser(new_browser) -> Iterator[Callable[[], Browser]]:
    """Give the one browser of all pages; another one, where that has ended."""
    browsers: list[Browser] = []

    def get() -> Browser:
        if not browsers or not browsers[-1].is_alive():
            browsers.append(new_browser(False))
        return browsers[-1]

    yield get
    for browser in browsers:
        browser.quit()


@contextmanager
def _pages(
    new_browser: Callable[[bool], Browser],
    shared_browser: Callable[[], Browser],
    screenshots: Path,
) -> Iterator[Callable[..., Page]]:
    """Make pages, and close them afterwards.

    ``log_requests=True`` is needed for `Page.requests`: such a page has a browser of its own.
    """
    pages: list[Page] = []
    own: list[Browser] = []

    def start(log_requests: bool = False) -> Page:
        if log_requests:
            own.append(new_browser(True))
        browser = own[-1] if log_requests else shared_browser()
        pages.append(browser.new_page(screenshots))
        return pages[-1]

    try:
        yield start
    finally:
        for page in pages[::-1]:
            page.browser.end(page)
        for browser in own:
            browser.quit()


@pytest.fixture(scope="module")
def start_server(tmp_path_factory) -> Iterator[Callable[..., Server]]:
    """Start servers that all tests of a module share."""
    with _servers(tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="module")
def start_browser(new_browser, shared_browser, screenshots) -> Iterator[Callable[..., Page]]:
    """Make pages that all tests of a module share."""
    with _pages(new_browser, shared_browser, screenshots) as start:
        yield start


# A page draws as long as it is open, and the next test waits for it: what a test starts for itself
# ends with it.


@pytest.fixture
def start_own_server(tmp_path_factory) -> Iterator[Callable[..., Server]]:
    """Start servers of one test."""
    with _servers(tmp_path_factory) as start:
        yield start


@pytest.fixture
def start_own_browser(new_browser, shared_browser, screenshots) -> Iterator[Callable[..., Page]]:
    """Make pages of one test."""
    with _pages(new_browser, shared_browser, screenshots) as start:
        yield start
