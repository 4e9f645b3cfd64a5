"""The catalog overlay on the demo field, as a person at a browser meets it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import QTable
from PIL import Image
from plots_in_browser import switch
from scipy.ndimage import binary_dilation, distance_transform_edt
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from jdaviz_stage3.demo import demo_products

pytestmark = pytest.mark.browser

NEAR = 3  # screen pixels
LEGEND = 80, 420  # its height and width in the upper left corner, screen pixels, with some room
ICONS = 90, 32  # height and width of jdaviz's, in the upper right corner
CAPTION = 26  # height of the line at the bottom
TURN = np.linspace(0, 2 * np.pi, 64, endpoint=False)


class Field:
    """The demo's mosaic in the browser, with what its catalog says.

    Parameters
    ----------
    page : Page
    """

    def __init__(self, page):
        self.page = page
        path = next(path for path in demo_products() if path.name.endswith("_cat.ecsv"))
        self.catalog = QTable.read(path)
        # the mouse is moved to two places for the app to tell their pixels
        left, top, right, bottom = page.box("Image")
        places = np.array(
            [[0.35 * left + 0.65 * right, 0.2 * top + 0.8 * bottom],
             [0.65 * left + 0.35 * right, 0.8 * top + 0.2 * bottom]]
        )  # fmt: skip
        first = self._pixel_at(*places[0], (np.nan, np.nan))
        pixels = np.array([first, self._pixel_at(*places[1], first)])
        self._scale = (places[1] - places[0]) / (pixels[1] - pixels[0])
        self._origin = places[0] - self._scale * pixels[0]
        self.corner = np.array([left, top])
        self.look_away()

    def _pixel_at(self, x: float, y: float, before: tuple[float, float]) -> tuple[float, float]:
        """Which pixel the app tells there; not in the column or row that it told before."""
        self.page.point_at(x, y)

        def told():
            found = re.search(r"x=(\S+) y=(\S+)", self.readout())
            pixel = (float(found[1]), float(found[2])) if found else before
            return pixel[0] != before[0] and pixel[1] != before[1] and found and pixel

        return self.page.wait_for(told, "the read-out")

    def readout(self) -> str:
        """What the app says about the place under the cursor."""
        return self.page.find(".v-toolbar")[0].text

    def look_away(self) -> None:
        """Move the mouse out of the viewer."""
        self.page.point_at(*(self.corner - [-5, 60]))

    def row(self, label: int) -> int:
        """The row of a source."""
        return int(np.flatnonzero(self.catalog["label"] == label)[0])

    def place(self, row: int) -> np.ndarray:
        """Where on the page a source is."""
        pixel = [self.catalog[name][row] for name in ("xcentroid", "ycentroid")]
        return self._origin + self._scale * pixel

    def outline(self, row: int) -> np.ndarray:
        """Where in the viewer's picture its symbol is to be: (x, y) of points on its lines."""
        if self.catalog["is_extended"][row]:
            a, b = (3 * self.catalog[f"semi{axis}_sigma"][row].value for axis in ("major", "minor"))
            angle = self.catalog["orientation"][row].to_value("rad")
            x = a * np.cos(TURN) * np.cos(angle) - b * np.sin(TURN) * np.sin(angle)
            y = a * np.cos(TURN) * np.sin(angle) + b * np.sin(TURN) * np.cos(angle)
            offsets = np.column_stack([x, y]) * self._scale
        else:
            side = np.linspace(0, 1, 8)[:, None]
            corners = 6 * 1.15 * np.array([[0, -1], [1, 0], [0, 1], [-1, 0], [0, -1]])
            offsets = np.concatenate(
                [p + side * (q - p) for p, q in zip(corners, corners[1:], strict=False)]
            )
        return self.place(row) - self.corner + offsets

    def near_segments(self, shape: tuple[int, int]) -> np.ndarray:
        """Which pixels of the viewer's picture are within two of the mosaic of a segment."""
        path = next(path for path in demo_products() if path.name.endswith("_segm.fits"))
        segments = binary_dilation(np.pad(fits.getdata(path, "SCI") > 0, 2), iterations=2)
        rows, columns = np.indices(shape)
        places = np.stack([columns, rows], axis=-1) + self.corner
        x, y = np.moveaxis(np.round((places - self._origin) / self._scale).astype(int) + 2, -1, 0)
        inside = (x >= 0) & (y >= 0) & (x < segments.shape[1]) & (y < segments.shape[0])
        near = np.zeros(shape, dtype=bool)
        near[inside] = segments[y[inside], x[inside]]
        return near

    def isolated(self, extended: bool) -> list[int]:
        """Rows of the sources that are farthest from all others and the edges."""
        places = np.array([self.place(row) for row in range(len(self.catalog))])
        gaps = np.hypot(*(places[:, None] - places).T)
        np.fill_diagonal(gaps, np.inf)
        height, width = self.page.picture("Image").shape[:2]
        x, y = (places - self.corner).T
        edge = np.minimum(np.minimum(x, width - x), np.minimum(y - LEGEND[0], height - y))
        free = np.minimum(gaps.min(axis=0), edge)
        free[np.array(self.catalog["is_extended"], dtype=bool) != extended] = 0
        return [int(row) for row in np.argsort(-free)[:5]]


@pytest.fixture(scope="module")
def field(start_server, start_browser):
    """A browser with the demo's mosaic, segmentation map and catalog open."""
    suffixes = ("_i2d.fits", "_segm.fits", "_cat.ecsv")
    products = [str(path) for path in demo_products() if path.name.endswith(suffixes)]
    page = start_browser()
    page.open(start_server("open", *products).url)
    page.wait_for(lambda: _cyan(page.picture("Image")).sum() > 500, "symbols")
    page.open_plugin("Catalog Overlay")
    page.wait_for(lambda: page.find(".stage3-count"), "the panel")
    page.wait_for(lambda: page.box("Image")[0] > 300, "the narrower viewer")
    _wait_until_still(page)
    return Field(page)


def _wait_until_still(page):
    last = page.picture("Image")

    def still():
        nonlocal last
        last, before = page.picture("Image"), last
        return last.shape == before.shape and np.array_equal(last, before)

    page.wait_for(still, "the end of the drawing")


def _cyan(picture):
    red, green, blue = np.moveaxis(picture, -1, 0) if picture.size else np.empty((3, 0, 0))
    return (blue - red > 100) & (green - red > 80)


def _amber(picture):
    red, green, blue = np.moveaxis(picture, -1, 0)
    return (red - blue > 100) & (green - blue > 60)


def _white(picture):
    return picture.min(axis=-1) > 230


def _found(mask, outline):
    """The fraction of an outline's points that have a pixel of a mask near."""
    distance = distance_transform_edt(~mask)
    x, y = np.round(outline).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < mask.shape[1]) & (y < mask.shape[0])
    return float(np.mean(distance[y[inside], x[inside]] <= NEAR))


def _text(field, selector):
    return [element.text for element in field.page.find(selector)]


def _details(field):
    rows = [element.text.split() for element in field.page.find(".stage3-details tr")]
    return {words[0]: words[1:] for words in rows if words}


def _chosen(field, row):
    """Whether a source is outlined in white."""
    return _found(_white(field.page.picture("Image")), field.outline(row)) > 0.9


def test_symbols_are_on_the_sources(field):
    picture = field.page.picture("Image")
    for mask, extended in ((_cyan(picture), True), (_amber(picture), False)):
        for row in field.isolated(extended):
            assert _found(mask, field.outline(row)) > 0.95, field.catalog["label"][row]
    field.page.screenshot("overlay-field")


def test_there_are_no_symbols_where_there_is_no_source(field):
    picture = field.page.picture("Image")
    away = np.ones(picture.shape[:2], dtype=bool)
    for row in range(len(field.catalog)):
        x, y = np.round(field.outline(row)).astype(int).T
        inside = (x >= 0) & (y >= 0) & (x < away.shape[1]) & (y < away.shape[0])
        away[y[inside], x[inside]] = False
    far = distance_transform_edt(away) > 2 * NEAR  # the points of large outlines are apart
    far &= ~field.near_segments(picture.shape[:2])
    far[: LEGEND[0], : LEGEND[1]] = False
    # jdaviz's icon of the catalog has the colour of the overlay
    height, width = ICONS
    assert _cyan(picture[:height, -width:]).sum() > 300
    far[:height, -width:] = False
    # a symbol has dozens; one pixel can be a blend of neighbours that only looks like one
    assert len(np.argwhere(far & (_cyan(picture) | _amber(picture)))) < 5


def test_line_on_the_source_under_the_cursor(field):
    def line():
        # without the frame of the viewer
        return _white(field.page.picture("Image"))[-CAPTION:-6, 6:300].sum()

    assert line() == 0
    field.page.point_at(*field.place(field.isolated(True)[0]))
    field.page.wait_for(lambda: line() > 100, "the line")
    field.page.screenshot("overlay-hover")
    field.look_away()
    field.page.wait_for(lambda: line() == 0, "the end of the line")


def test_source_that_is_clicked_is_shown(field):
    row = field.isolated(True)[1]
    assert not _chosen(field, row)
    field.page.point_at(*field.place(row), click=True)
    field.page.wait_for(lambda: _chosen(field, row), "the highlight")
    details = field.page.wait_for(lambda: _details(field), "the source's row")
    assert details["label"] == [str(field.catalog["label"][row])]
    value, unit = details["aper_total_flux"]
    assert float(value) == pytest.approx(field.catalog["aper_total_flux"][row].value, rel=1e-6)
    assert unit == "Jy"
    field.page.driver.execute_script(
        "document.querySelector('.stage3-details').scrollIntoView({block: 'center'})"
    )
    field.page.screenshot("overlay-selected")


def _type_filter(field, value):
    entry = field.page.field("Value and unit")
    entry.send_keys(Keys.CONTROL, "a")
    entry.send_keys(value)
    field.page.press("Add filter")


def test_filter_leaves_sources_out(field):
    total = len(field.catalog)
    assert _text(field, ".stage3-count") == [f"{total} of {total} shown"]
    assert field.page.field("Column").get_attribute("value") == "aper_total_flux"
    _type_filter(field, "1e-7 Jy")
    passing = int((field.catalog["aper_total_flux"].to_value("Jy") > 1e-7).sum())
    assert 0 < passing < total
    count = [f"{passing} of {total} shown"]
    field.page.wait_for(lambda: _text(field, ".stage3-count") == count, "the count")
    field.page.screenshot("overlay-filter")


def test_filter_with_a_unit_that_does_not_fit_says_which_does(field):
    count = _text(field, ".stage3-count")
    _type_filter(field, "3 mm")
    errors = field.page.wait_for(
        lambda: [text for text in _text(field, ".v-alert") if text], "the error"
    )
    assert "Jy" in errors[0] and "mm" in errors[0]
    assert _text(field, ".stage3-count") == count
    field.page.screenshot("overlay-error")


def test_table_opens_with_the_selected_row_checked(field):
    row = field.isolated(True)[1]
    field.page.press("Open table")
    field.page.wait_for(lambda: "Table" in field.page.viewers(), "the table")
    checked = field.page.wait_for(
        lambda: [
            e.text for e in field.page.find("tbody tr")
            if e.find_elements("css selector", "input[aria-checked=true]")
        ],
        "the row",
    )  # fmt: skip
    field.page.screenshot("overlay-table")
    assert len(checked) == 1
    assert str(field.catalog["label"][row]) in checked[0].split()
    headers = [e.text for e in field.page.find(".glue-data-table th")]
    assert "aper_total_flux [Jy]" in headers and not {"X", "Y", "ID"} & set(headers)
    field.page.wait_for(lambda: _is_seen(field), "the row in the part of the table that is seen")


def _is_seen(field):
    """Whether the row of the last selected source is below the headers and above the edge."""
    [row] = field.page.find(".highlightedRow")
    [head] = field.page.find(".glue-data-table thead")
    [box] = field.page.find(".glue-data-table .v-data-table__wrapper")
    low, high = head.rect["y"] + head.rect["height"], box.rect["y"] + box.rect["height"]
    return low - 1 <= row.rect["y"] and row.rect["y"] + row.rect["height"] <= high + 1


def _checked_rows(field):
    """Numbers of the table's rows on this page whose box is checked."""
    return [
        int(row.text.split()[0]) for row in field.page.find(".glue-data-table tbody tr")
        if row.find_elements("css selector", "input[aria-checked=true]") and row.text
    ]  # fmt: skip


def _rows_on_page(field):
    return [int(e.text.split()[0]) for e in field.page.find(".glue-data-table tbody tr") if e.text]


def _checks(field, rows):
    """A condition: these rows are checked and no others."""
    return lambda: set(_checked_rows(field)) == set(rows)


def _table_row(field, row):
    return next(
        e for e in field.page.find(".glue-data-table tbody tr") if e.text.split()[:1] == [str(row)]
    )


def test_boxes_of_the_table_are_checked_one_by_one(field):
    [first] = _checked_rows(field)
    numbers = _rows_on_page(field)
    others = [row for row in numbers if row != first][:2]
    wanted = {first}
    for row in [*others, first, others[0]]:
        _table_row(field, row).find_element(
            "css selector", ".v-input--selection-controls__ripple"
        ).click()
        wanted = wanted ^ {row}
        field.page.wait_for(_checks(field, wanted), f"the box of row {row}")
    field.page.wait_for(
        lambda: _details(field)["label"] == [str(field.catalog["label"][others[1]])], "its columns"
    )


def test_a_clicked_cell_selects_its_row_alone(field):
    [checked] = _checked_rows(field)
    numbers = _rows_on_page(field)
    row = next(row for row in numbers if row != checked)
    for cell in ("td.glue-selectable-cell", "td:first-child"):
        _table_row(field, row).find_element("css selector", cell).click()
        field.page.wait_for(lambda: _checked_rows(field) == [row], "the row alone")
        # a second row, for the next click on the first, which is highlighted already
        _table_row(field, checked).find_element(
            "css selector", ".v-input--selection-controls__ripple"
        ).click()
        field.page.wait_for(lambda: len(_checked_rows(field)) == 2, "the other as well")
    field.page.screenshot("overlay-table-rows")


def test_the_table_is_jdaviz_s_again_while_the_overlay_is_off(field):
    switch(field.page, "Show over images")
    field.page.wait_for(
        lambda: not field.page.find(".glue-data-table tbody .v-input--selection-controls__ripple"),
        "no boxes",
    )
    switch(field.page, "Show over images")
    field.page.wait_for(lambda: len(_checked_rows(field)) == 2, "the boxes again")


def test_keys_go_from_source_to_source_but_not_while_one_types(field):
    page = field.page
    first = _rows_on_page(field)[0]
    _table_row(field, first).find_element("css selector", "td.glue-selectable-cell").click()
    page.wait_for(lambda: _checked_rows(field) == [first], "a row alone")
    page.point_at(*field.place(field.isolated(True)[0]))  # the cursor brings the focus there
    ActionChains(page.driver).send_keys(Keys.ARROW_DOWN).perform()
    page.wait_for(lambda: _checked_rows(field) not in ([], [first]), "the next source")
    after = _checked_rows(field)
    assert len(after) == 1 and after[0] > first
    entry = page.field("Value and unit")
    entry.send_keys(Keys.CONTROL, "a")
    entry.send_keys("1", Keys.ARROW_LEFT, "2", Keys.ESCAPE)
    assert entry.get_property("value") == "21"
    assert _checked_rows(field) == after

    def at_a_viewer():
        ActionChains(page.driver).send_keys(Keys.TAB).perform()
        return page.find(".stage3-listens:focus-visible")

    page.wait_for(at_a_viewer, "a viewer that Tab stops at")
    page.screenshot("overlay-keyboard")
    ActionChains(page.driver).send_keys(Keys.ESCAPE).perform()
    page.wait_for(lambda: _checked_rows(field) == [], "the end of the selection")


def test_the_picture_that_export_saves_has_image_sources_and_colour_bar(field, tmp_path):
    page, path = field.page, tmp_path / "saved.png"
    page.find(".v-toolbar__items button")[1].click()

    def name():
        inputs = [e for e in page.find(".v-input") if e.text.split("\n")[0] == "Filename"]
        return inputs and inputs[0].find_element("css selector", "input")

    entry = page.wait_for(name, "the panel")
    entry.send_keys(Keys.CONTROL, "a")
    entry.send_keys(str(path), Keys.TAB)
    page.wait_for(lambda: entry.get_property("value") == str(path), "the path")
    page.press("Export")
    page.wait_for(lambda: path.exists() and path.stat().st_size, "the picture")
    saved = np.asarray(Image.open(path).convert("RGB"), dtype=int)
    shown = page.picture("Image")
    assert np.abs(np.subtract(saved.shape, shown.shape)).max() < 3
    assert _cyan(saved).sum() > 500
    grey = (np.ptp(saved, axis=-1) < 10) & (saved.mean(axis=-1) < 128)
    assert grey.mean() > 0.5, "the dark sky of the image"
    # the bar: from black to white at the upper right, with its numbers beside it
    strip = saved[20:80, -80:-20].mean(axis=-1)
    assert any((np.diff(column) < 0).mean() > 0.5 for column in strip.T)


def test_keys_in_a_viewer_that_has_a_window_of_its_own(field):
    page, before = field.page, set(field.page.driver.window_handles)
    here = page.driver.current_window_handle
    left, top, right, _ = page.box("Image")
    icons = [icon for icon in page.find(".mdi-application-export") if icon.is_displayed()]
    at = [icon.location for icon in icons]
    [icon] = [
        icon
        for icon, place in zip(icons, at, strict=True)
        if left < place["x"] < right and top - 50 < place["y"] < top
    ]
    icon.click()
    page.wait_for(lambda: set(page.driver.window_handles) - before, "a window")
    page.driver.switch_to.window(*set(page.driver.window_handles) - before)
    page.wait_for(lambda: page.find(".bqplot image"), "the figure, with the overlay")
    ActionChains(page.driver).send_keys(Keys.ARROW_DOWN).perform()
    page.driver.switch_to.window(here)
    first = _rows_on_page(field)[:1]  # not the second: it is heard in one page only
    page.wait_for(lambda: _checked_rows(field) == first, "the first source")


def test_browser_has_nothing_to_complain_about(field):
    assert field.page.complaints() == []
