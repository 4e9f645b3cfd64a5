"""Plots in the browser: where values are on the screen, and what hands do there."""

from __future__ import annotations

import io
import re
import time

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import distance_transform_edt
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 90  # seconds until a condition is taken never to hold

_FIGURE = """
    const name = arguments[0];
    const stack = [...document.querySelectorAll('.lm_stack')].find(
        s => s.querySelector('.lm_tab.lm_active .lm_title')?.textContent.startsWith(name));
    const figures = [...(name === 'panel' ? document : stack)?.querySelectorAll(
        name === 'panel' ? '.stage3-plot .bqplot' : '.bqplot') ?? []];
    const area = f => f.querySelector('.plotarea_background').getBoundingClientRect();
    const figure = figures.find(f => f.getBoundingClientRect().width > 0);
    if (!figure || area(figure).width < 50) { return null; }  // not laid out yet
    const middle = (e, low, high) => (e.getBoundingClientRect()[low]
                                      + e.getBoundingClientRect()[high]) / 2;
    const axis = (anchor, low, high) => {
        const found = figure.querySelector(`g.axis[text-anchor=${anchor}]`);
        return [...found.querySelectorAll('.tick')].map(
            t => [t.textContent, middle(t.querySelector('line'), low, high)]);
    };
    const box = area(figure);
    return {
        box: [box.left, box.top, box.right, box.bottom],
        x: axis('middle', 'left', 'right'), y: axis('end', 'top', 'bottom'),
        labels: [...figure.querySelectorAll('.axislabel')].map(e => e.textContent),
    };
"""


def until(condition, what):
    """Wait until a condition holds; long, for a machine may be busy."""
    ignored = [StaleElementReferenceException]
    wait = WebDriverWait(None, PATIENCE, poll_frequency=0.2, ignored_exceptions=ignored)
    return wait.until(lambda _: condition(), f"no sign of {what}")


def ticks_of(page, name, axis):
    """The texts of the ticks of a figure, and where they are on the page."""
    return until(lambda: page.driver.execute_script(_FIGURE, name), f"a figure in {name}")[axis]


class Plot:
    """A figure as it is on the screen, with where its ticks say that values are.

    Parameters
    ----------
    page : Page
    name : str
        How the title of the viewer begins; 'panel' for the plot in the panel.
    """

    def __init__(self, page, name):
        found = until(lambda: page.driver.execute_script(_FIGURE, name), f"a figure in {name}")
        self.labels = found["labels"]
        self.left, self.top, self.right, self.bottom = found["box"]
        self._x, self._y = _scale(found["x"]), _scale(found["y"])
        screen = Image.open(io.BytesIO(page.driver.get_screenshot_as_png())).convert("RGB")
        self.picture = np.asarray(screen.crop([round(edge) for edge in found["box"]]), dtype=int)

    def place(self, x, y):
        """Where values are on the page."""
        return self._x[0] * x + self._x[1], self._y[0] * y + self._y[1]

    def value(self, across, up):
        """Place on the page, and value of x, of a fraction of the width and of the height."""
        x = self.left + across * (self.right - self.left)
        y = self.bottom - up * (self.bottom - self.top)
        return x, y, (x - self._x[1]) / self._x[0]

    def has(self, color, within=30):
        """Which pixels have a colour, bool, shape (height, width)."""
        return np.abs(self.picture - color).max(axis=-1) < within

    def warm(self, axis):
        """Where the orange lines of bands and cursor run along an axis, on the page."""
        share = (self.picture[..., 0] - self.picture[..., 2] > 50).mean(axis=axis)
        return np.flatnonzero(share > 0.7) + (self.left if axis == 0 else self.top)

    def far(self, color, x, y):
        """How far each of some values is from the next pixel of a colour."""
        distance = distance_transform_edt(~self.has(color))
        column, row = self.place(np.asarray(x), np.asarray(y))
        row = np.clip(np.round(row - self.top).astype(int), 0, distance.shape[0] - 1)
        column = np.clip(np.round(column - self.left).astype(int), 0, distance.shape[1] - 1)
        return distance[row, column]

    def near(self, x, y):
        """The colour at values, RGB."""
        column, row = self.place(x, y)
        return self.picture[round(row - self.top), round(column - self.left)]


def _scale(ticks):
    labelled = [(float(text.replace("−", "-")), place) for text, place in ticks if text]
    return np.polyfit(*zip(*labelled, strict=True), 1)


def still(page, name):
    """The plot, once it changes no longer."""
    last = Plot(page, name)

    def same():
        nonlocal last
        before, last = last, Plot(page, name)
        return np.array_equal(last.picture, before.picture)

    until(same, "the end of the drawing")
    return last


def drag(page, start, end, steps=10):
    """Drag from a place of the page to another, as a hand does."""

    def event(kind, place, **more):
        place = {"x": float(place[0]), "y": float(place[1])}
        page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": kind, **place, **more})

    start, end = np.array(start), np.array(end)
    event("mouseMoved", start)
    event("mousePressed", start, button="left", buttons=1, clickCount=1)
    for part in np.linspace(0, 1, steps + 1)[1:]:
        event("mouseMoved", start + part * (end - start), button="left", buttons=1)
        time.sleep(0.03)
    event("mouseReleased", end, button="left", clickCount=1)


def readout(page, x, y, says):
    """What the app says of a place of the page, once it says what is expected (a pattern)."""
    page.point_at(x, y - 2)
    page.point_at(x, y)

    def told():
        text = page.find(".v-toolbar")[0].text
        return re.search(says, text) and text

    try:
        return until(told, says)
    except TimeoutException:
        pytest.fail(f"the read-out is {page.find('.v-toolbar')[0].text!r}, not {says!r}")


def field(page, name):
    return page.field(name).get_attribute("value")


def says(page, name, value, within):
    """Wait until a field has a number, or nearly; gives it as it is."""

    def there():
        text = field(page, name)
        return text and abs(float(text) - value) < within and text

    try:
        return float(until(there, name))
    except TimeoutException:
        pytest.fail(f"{name} is {field(page, name)!r}, not {value:g}")


def type_into(page, name, text):
    entry = page.field(name)
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", entry)
    entry.send_keys(Keys.CONTROL, "a")
    entry.send_keys(text or Keys.DELETE)


def switch(page, name):
    """Turn a switch of the panel."""

    def there():
        inputs = page.find(".v-expansion-panel--active .v-input--switch")
        return next((e for e in inputs if e.text.split("\n")[0] == name), None)

    found = until(there, f"the switch {name}")  # the panel may still be unfolding
    box = found.find_element("css selector", "input")
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    page.driver.execute_script("arguments[0].click()", box)


def choose(page, name, choice):
    """Choose from a list of the panel the first entry that says so."""

    def there():
        lists = page.find(".v-expansion-panel--active .v-select")
        return next((e for e in lists if e.text.split("\n")[0] == name), None)

    found = until(there, f"the list {name}")
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    found.find_element("css selector", ".v-select__slot").click()

    def entry():
        items = page.find(".menuable__content__active .v-list-item")
        return next((e for e in items if choice in e.text), None)

    until(entry, f"the choice {choice}").click()


def alerts(page):
    texts = [e.text for e in page.find(".v-expansion-panel--active .v-alert")]
    return [text for text in texts if text]


def front(page, name):
    """Bring a viewer to the front of its stack."""

    def clicked():
        titles = [e for e in page.find(".lm_title") if e.text.startswith(name)]
        if titles:
            titles[0].click()
        return bool(titles)

    page.wait_for(clicked, f"the tab {name}")
    return still(page, name)
