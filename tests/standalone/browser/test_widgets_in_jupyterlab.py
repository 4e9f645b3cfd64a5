"""The widgets of single products in JupyterLab, with what jdaviz needs there and no more."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from widget_pages import NAME, inked, served, write_notebook

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_spec("jupyterlab") is None, reason="jupyterlab is not installed"),
]
_OPTIONS = (
    "--ip=127.0.0.1",
    "--allow-root",
    "--IdentityProvider.token=",
    "--ServerApp.open_browser=False",
    "--LabApp.news_url=",
)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Of the server."""
    folder = tmp_path_factory.mktemp("lab")
    write_notebook(folder)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CONFIG", "DATA", "RUNTIME"):  # nothing of whoever runs this
            patch.setenv(f"JUPYTER_{name}_DIR", str(folder / name.lower()))
        patch.setenv("JUPYTERLAB_WORKSPACES_DIR", str(folder / "workspaces"))
        with served(folder, "jupyterlab", _OPTIONS, "api") as address:
            yield address


def test_each_widget_is_drawn(address, start_browser):
    page = start_browser()
    page.driver.get(f"{address}lab/tree/{NAME}?reset")
    page.wait_for(lambda: page.find(".jp-Notebook .jp-Cell"), "the notebook")
    chosen(page, ".lm-MenuBar-itemLabel", "Run")
    chosen(page, ".lm-Menu-itemLabel", "Run All Cells")
    page.wait_for(lambda: len(page.find("table tbody tr")) >= 10, "the rows of the table")
    page.wait_for(lambda: len(page.find(".bqplot")) == 4, "the figures")
    page.wait_for(lambda: min(inked(page)) > 20, "what is drawn in each")
    page.screenshot("jupyterlab")


def chosen(page, selector, text):
    """Click what says this, once it is there and nothing lies over it."""

    def clicked():
        found = [e for e in page.find(selector) if e.text == text]
        for dialog in page.find(".jp-Dialog button"):
            page.driver.execute_script("arguments[0].click()", dialog)
        if found:
            found[0].click()
        return bool(found)

    page.wait_for(clicked, text)
