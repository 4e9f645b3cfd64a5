"""The documentation says what the package does."""

from __future__ import annotations

import doctest
import re
import runpy
from pathlib import Path

import pytest

from jdaviz_stage3 import PRODUCT_TYPES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SHOWN = [kind for kind in PRODUCT_TYPES if kind.can_load]


@pytest.fixture(scope="module")
def product_table() -> str:
    return runpy.run_path(str(DOCS / "conf.py"))["product_table"]()


@pytest.mark.parametrize("kind", PRODUCT_TYPES, ids=lambda kind: kind.suffix)
def test_product_table_has_every_row(kind, product_table):
    assert product_table.count(f"   * - _`{kind.suffix}`\n     - **{kind.name}**") == 1
    assert kind.docs == f"products.html#{kind.suffix}"


@pytest.mark.parametrize("kind", SHOWN, ids=lambda kind: kind.suffix)
def test_products_that_open_are_described(kind):
    assert f".. _opens-{kind.suffix}:" in (DOCS / "products.rst").read_text(encoding="utf-8")


def test_readme_names_the_pipelines_whose_products_open():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE)
    assert sorted(rows) == sorted({name for kind in SHOWN for name in kind.pipelines})


@pytest.mark.parametrize("page, fewest", [("reading.rst", 20), ("groups.rst", 12)])
def test_examples_of_reading_run(page, fewest):
    failed, tried = doctest.testfile(str(DOCS / page), module_relative=False, encoding="utf-8")
    assert tried > fewest and failed == 0


def test_each_picture_is_a_screenshot_of_a_browser_test():
    """Or the pages show what the app was like once; that of the widgets is made in a notebook."""
    made = runpy.run_path(str(DOCS / "update_pictures.py"))["SCREENSHOTS"]
    there = {path.stem for path in (DOCS / "_static").glob("*.png")}
    assert there == {*made, "widgets"}
    tests = (ROOT / "tests" / "standalone" / "browser").glob("*.py")
    taken = "".join(path.read_text(encoding="utf-8") for path in tests)
    assert [name for name in made.values() if f'screenshot("{name}")' not in taken] == []
