"""Inspect Sources, as a person at a browser meets it: keys, fields, lines that are dragged."""

from __future__ import annotations

import shutil
import signal

import pytest
from astropy.table import Table
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from jdaviz_stage3.demo import demo_folder

pytestmark = pytest.mark.browser

ROOT = "jw09998-o001_t001_nircam_clear-f444w-sub320"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The demo's field and its spectra, where something can be written."""
    top = tmp_path_factory.mktemp("field")
    for path in demo_folder().glob("jw09998-o00[12]*"):
        shutil.copy(path, top)
    return top


@pytest.fixture(scope="module")
def server(start_server, folder):
    return start_server("open", str(folder))


@pytest.fixture(scope="module")
def page(server, start_browser):
    page = start_browser()
    begin(page, server)
    return page


def begin(page, server) -> None:
    """Open the plugin, which goes to the first source with a spectrum."""
    page.open(server.url)
    page.wait_for(lambda: page.picture("1D Spectrum").size, "the viewer")
    page.open_plugin("Inspect Sources")
    page.press("Find sources")
    page.wait_for(lambda: "Source 6" in heading(page), "the first source with a spectrum")


def heading(page) -> str:
    return " ".join(e.text for e in page.find(".stage3-source-heading"))


def kept(folder) -> dict:
    path = folder / f"{ROOT}_inspection.ecsv"
    return {row["label"]: row for row in Table.read(path)} if path.exists() else {}


def test_step_flag_and_describe(page, folder):
    body = page.driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.ARROW_RIGHT)
    page.wait_for(lambda: "Source 16" in heading(page), "the next source")
    body.send_keys("3")
    page.wait_for(lambda: "16" in kept(folder), "the flag on the disk")
    comment = page.field("Comment")
    comment.send_keys("<b>strong</b> line 5")  # keys in a field are no flags
    page.wait_for(lambda: kept(folder)["16"]["comment"] == "<b>strong</b> line 5", "the comment")
    assert kept(folder)["16"]["flag"] == 3
    redshift = page.field("Redshift")
    redshift.send_keys("5.57", Keys.TAB)
    page.wait_for(lambda: kept(folder)["16"]["redshift"] == 5.57, "the redshift")
    assert "Source 16" in heading(page)


def test_lines_are_dragged_to_where_the_spectrum_has_them(page, folder):
    choose(page, "Line list", "SDSS")
    page.wait_for(lambda: lines(page), "lines over the spectrum")
    page.screenshot("inspect-sources")
    figure = page.find(".stage3-source .bqplot")[-1]
    drag = ActionChains(page.driver).move_to_element(figure).click_and_hold()
    for _ in range(4):
        drag = drag.move_by_offset(10, 0)
    drag.release().perform()
    page.wait_for(lambda: kept(folder)["16"]["redshift"] > 5.57, "the redshift after the drag")
    assert 5.58 < kept(folder)["16"]["redshift"] < 5.75
    assert not page.complaints()


def choose(page, field: str, choice: str) -> None:
    def chosen() -> bool:
        items = [
            e for e in page.find(".menuable__content__active .v-list-item") if e.text == choice
        ]
        if items:
            items[0].click()
        return bool(items)

    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", page.field(field))
    page.field(field).find_element(By.XPATH, "./ancestor::*[@role='button']").click()
    page.wait_for(chosen, choice)


def lines(page) -> list:
    return page.find(".stage3-source .bqplot text.label, .stage3-source .bqplot .label")


def test_what_was_typed_outlives_a_server_that_is_killed(
    page, server, start_own_server, start_own_browser, folder
):
    """Each field, a comment while it is typed too; the next session goes on from there."""
    path = folder / f"{ROOT}_inspection.ecsv"
    body = page.driver.find_element(By.TAG_NAME, "body")
    page.driver.execute_script("document.activeElement.blur()")
    body.send_keys(Keys.ARROW_LEFT)
    page.wait_for(lambda: "Source 6" in heading(page), "the source before")
    body.send_keys("7")
    page.wait_for(lambda: kept(folder).get("6", {"flag": -1})["flag"] == 7, "the flag")
    page.field("Redshift").send_keys("0.62", Keys.TAB)
    page.wait_for(lambda: kept(folder)["6"]["redshift"] == 0.62, "the redshift")
    page.field("Comment").send_keys("two lines")  # the field is not left
    page.wait_for(lambda: kept(folder)["6"]["comment"] == "two lines", "the comment")
    assert server.stop(signal.SIGKILL) != 0
    assert [each.name for each in folder.glob("*inspection*")] == [path.name]  # no half a file
    again = start_own_browser()
    begin(again, start_own_server("open", str(folder)))
    assert again.field("Redshift").get_attribute("value") == "0.62"
    assert again.find('.stage3-flags [aria-pressed="true"]')[0].text == "7"
    assert again.field("Comment").get_attribute("value") == "two lines"
    again.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.ARROW_RIGHT)
    again.wait_for(lambda: "Source 16" in heading(again), "the next source")
    again.wait_for(
        lambda: again.field("Comment").get_attribute("value") == "<b>strong</b> line 5",
        "the comment of the next",
    )
