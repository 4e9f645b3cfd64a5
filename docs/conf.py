"""Sphinx configuration. Nothing here needs a network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jdaviz_stage3
from jdaviz_stage3 import PRODUCT_TYPES, ProductType

project = "jdaviz_stage3"
author = "the jdaviz_stage3 developers"
copyright = "2026, the jdaviz_stage3 developers"
release = version = jdaviz_stage3.__version__

sys.path.append(str(Path(__file__).parent))  # for the extension that is a file here
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "outlier_table",
    "smoothing_table",
]
exclude_patterns = ["_build", "changes"]
templates_path = ["_templates"]
default_role = "py:obj"  # `SpectrumSequence` in a docstring links where there is a target
autodoc_typehints = "none"  # the docstrings give the types
autosummary_generate = True
numpydoc_show_class_members = False  # our class template lists them

html_theme = "pydata_sphinx_theme"
html_title = "jdaviz_stage3"
html_static_path = ["_static"]
html_css_files = ["stage3.css"]
html_show_sourcelink = False
html_sidebars = {"[!a]*": []}  # only the API reference has pages below it
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": False,
    "header_links_before_dropdown": 8,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
}

_APPS = {"deconfigged": "generalised", "imviz": "Imviz", "specviz": "Specviz"}


def _row(kind: ProductType) -> str:
    """One row of the table on the page of products; its first cell is the target of links."""
    opens = f":ref:`{kind.viewer} <opens-{kind.suffix}>`" if kind.can_load else "–"
    return (
        f"   * - _`{kind.suffix}`\n"
        f"     - **{kind.name}**: {kind.description}\n"
        f"     - {', '.join(kind.pipelines)}\n"
        f"     - {kind.container.upper()}\n"
        f"     - {opens}\n"
        f"     - {', '.join(_APPS[name] for name in kind.configurations) or '–'}\n"
    )


def product_table() -> str:
    """The table of product types, from the package's own and in its order."""
    head = (
        ".. list-table::\n   :header-rows: 1\n   :widths: 12 38 10 8 20 12\n"
        "   :class: product-table\n\n"
        "   * - Suffix\n     - Product\n     - Pipeline\n     - File\n"
        "     - Opens in\n     - App\n"
    )
    return head + "".join(map(_row, PRODUCT_TYPES))


def unreleased_changes(root: Path) -> str:
    """What the changelog of the next version will be, from the fragments in docs/changes."""
    command = ["towncrier", "build", "--draft", "--version", "Unreleased", "--date", ""]
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=root, check=True, capture_output=True, text=True
    ).stdout


def setup(app) -> None:
    """Write the parts of pages that are made: see the files that include them."""
    folder = Path(app.srcdir)
    (folder / "product_table.inc").write_text(product_table(), encoding="utf-8")
    unreleased = unreleased_changes(folder.parent).replace("Unreleased ()", "Unreleased")
    (folder / "unreleased.inc").write_text(unreleased, encoding="utf-8")
