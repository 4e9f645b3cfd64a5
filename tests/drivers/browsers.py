"""A headless Chromium that can reach nothing but this machine, and what tests do on its pages.

One Chromium is for all pages of a process: to start one takes a quarter of what a page takes. Each
page is a tab, without cookies and without what moves: animations are drawn sixty times a second,
and without a graphics card.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.support.ui import WebDriverWait
from urllib3.exceptions import HTTPError

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


#: Ends what moves: the sign of loading, and the ways of panels and menus to their places.
_NOTHING_MOVES = """
document.addEventListener('DOMContentLoaded', () => {
    const style = document.createElement('style');
    style.textContent =
        '*, *::before, *::after { animation: none !important; transition: none !important; }';
    document.head.append(style);
});
"""


class Browser:
    """A Chromium with a driver that several pages share.

    Parameters
    ----------
    program, driver_program : str
        Chromium, and its driver.
    profile : pathlib.Path
        An empty folder.
    log_requests : bool
        Whether `Page.requests` can be asked. Every message of the app goes through that log then,
        at a quarter of what a page costs.
    """

    def __init__(
        self, program: str, driver_program: str, profile: Path, log_requests: bool = False
    ) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = program
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        logs = {"browser": "ALL", "performance": "ALL"} if log_requests else {"browser": "ALL"}
        options.set_capability("goog:loggingPrefs", logs)
        service = webdriver.ChromeService(executable_path=driver_program)
        self._driver = webdriver.Chrome(options=options, service=service)
        self._first = self._driver.current_window_handle
        self._pages: list[Page] = []
        self._front: Page | None = None

    def is_alive(self) -> bool:
        """Whether it still answers."""
        try:
            return bool(self._driver.window_handles)
        except (WebDriverException, HTTPError):  # the driver's, and that there is none
            return False

    def new_page(self, screenshots: Path) -> Page:
        """A page in a new tab."""
        self._leave()
        self._driver.switch_to.window(self._first)
        if not self._pages:
            self._driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        others = set(self._driver.window_handles)
        self._driver.switch_to.new_window("tab")
        page = Page(self, self._driver.current_window_handle, others, screenshots)
        self._pages.append(page)
        self._front = page
        return page

    def turned_to(self, page: Page) -> webdriver.Chrome:
        """The driver, which is at this page."""
        if self._front is not page:
            self._leave()
            self._driver.switch_to.window(page.handle)
            self._front = page
        return self._driver

    def _leave(self) -> None:
        if self._front is not None:
            self._front.handle = self._driver.current_window_handle
            self._front.log += self._driver.get_log("browser")
            self._front = None

    def end(self, page: Page) -> None:
        """Close the tabs of a page."""
        self._pages.remove(page)
        if not self.is_alive():
            return
        self._front = None if self._front is page else self._front
        self._leave()
        for handle in set(self._driver.window_handles) - page.others:
            self._driver.switch_to.window(handle)
            self._driver.close()
        self._driver.switch_to.window(self._first)
        self._driver.get_log("browser")

    def quit(self) -> None:
        """End it."""
        self._driver.quit()


class Page:
    """A tab of a browser, with those that are opened from it, and what the tests ask of it.

    Parameters
    ----------
    browser : Browser
        The browser.
    handle : str
        The tab.
    others : set of str
        The tabs that were there before.
    screenshots : pathlib.Path
        The folder that takes the screenshots.

    Attributes
    ----------
    log : list of dict
        What the console said until another page was turned to.
    """

    def __init__(self, browser: Browser, handle: str, others: set[str], screenshots: Path) -> None:
        self.browser = browser
        self.handle = handle
        self.others = others
        self.screenshots = screenshots
        self.log: list[dict] = []
        self._requests: list[str] = []

    @property
    def driver(self) -> webdriver.Chrome:
        """The driver of the browser, which is at this page."""
        return self.browser.turned_to(self)

    def open(self, url: str) -> None:
        """Open an address and wait until the app is there."""
        script = {"source": _NOTHING_MOVES}
        self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", script)
        self.driver.get(url)
        self.wait_for(lambda: self.find(".jdaviz"), "the app")

    def wait_for(self, condition: Callable[[], object], what: str) -> object:
        """Wait until a condition holds, and give back what it gives back."""
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

        def pressed() -> bool:
            found = header()
            if found is not None:
                found.click()
            return found is not None

        [is_there] = self.wait_for(lambda: [header() is not None], "the tray")  # or its end
        if not is_there:
            self.find(".v-toolbar__items button")[4].click()
        self.wait_for(pressed, f"the plugin {name}")

    def open_section(self, title: str) -> None:
        """Open a section of the plugin's panel, if it is folded."""
        selector = ".v-expansion-panel--active .stage3-section-title"
        header = next(e for e in self.find(selector) if e.text.strip() == title)
        if header.get_attribute("aria-expanded") == "false":
            self.driver.execute_script("arguments[0].click()", header)
            self.wait_for(lambda: header.get_attribute("aria-expanded") == "true", title)

    def field(self, label: str):
        """The field that a person types into or chooses from, by its label, once it is there."""

        def found():
            inputs = self.find(".v-expansion-panel--active .v-input")
            return [e for e in inputs if e.text.split("\n")[0] == label]

        field = self.wait_for(found, f"the field {label}")[0]
        return field.find_element("css selector", "input")

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
        log, self.log = [*self.log, *self.driver.get_log("browser")], []
        return [
            entry["message"]
            for entry in log
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
