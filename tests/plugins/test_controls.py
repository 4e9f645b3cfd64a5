"""Controls that are declared once: what follows from the declaration."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import jdaviz
import pytest
from traitlets import TraitError

from jdaviz_stage3.plugins import controls as module
from jdaviz_stage3.plugins import names_for
from jdaviz_stage3.plugins.controls import DQ_BITS, By, Control, DeclaredControls, panel_of

PARTS = sorted((Path(module.__file__).parent / "parts").glob("*.vue"))
WIDTH = Control("width", "number", "Width", "of the window", default=11, above=0, unit="px")
COUNT = Control("count", "integer", "Count", default="", optional=True, placeholder="rest")
SHAPE = Control("shape", "choice", "Shape", "what is drawn", choices={"Box": "square", "Disc": ""})
COLOR = Control("color", "color", "Color", default="#ff0000", when={"shape": ("Disc",)})
BANDS = Control("bands", "text", "Bands", default="1 to 2", trait="bands_text")
FILL = Control("fill", "switch", By("shape", {"Box": "Fill it"}), default=True)


class Panel(panel_of(WIDTH, COUNT, SHAPE, COLOR, BANDS, FILL, DQ_BITS, folded=["Rare"])):
    """A panel.

    * ``first``: by hand
    {controls}
    * ``last``: by hand
    """


def test_each_control_has_its_traits():
    panel = Panel()
    assert (panel.width, panel.count, panel.color, panel.bands_text) == (
        11,
        "",
        "#ff0000",
        "1 to 2",
    )
    assert panel.fill is True and panel.folded_sections == ["Rare"]
    assert (panel.shape_items, panel.shape_selected) == ([], "")  # until the app is there
    assert (panel.dq_bits_selected, panel.dq_bits_multiselect) == ([], True)
    declared = ("width", "count", "shape_selected", "color", "bands_text", "fill")
    assert Panel.control_traits() == (*declared, "dq_bits_selected")
    assert all(panel.trait_metadata(name, "sync") for name in Panel.control_traits())
    assert Panel.control_names() == ("width", "count", "shape", "color", "bands", "fill", "dq_bits")


@pytest.mark.parametrize("name, value", [("width", "wide"), ("count", 1.5), ("fill", "maybe")])
def test_a_value_of_another_kind_is_refused(name, value):
    with pytest.raises(TraitError, match=name):
        setattr(Panel(), name, value)


@pytest.mark.parametrize(
    "control, value, said",
    [
        (WIDTH, 3.5, ""),
        (WIDTH, 0, "expected a number above 0"),
        (WIDTH, "", "expected a number above 0"),
        (WIDTH, float("nan"), "expected a number above 0"),
        (replace(WIDTH, above=None), float("inf"), "expected a finite number"),
        (COUNT, "", ""),
        (COUNT, float("inf"), "expected a finite number, or '' for the rest"),
        (COLOR, "#00ff7f", ""),
        (COLOR, "red", "expected a colour as '#rrggbb'"),
        (FILL, False, ""),
    ],
)
def test_what_is_expected_is_said(control, value, said):
    assert control.expected(value) == said


def test_the_docstring_lists_the_controls():
    lines = Panel.__doc__.splitlines()
    assert lines[2] == "* ``first``: by hand" and lines[-1] == "* ``last``: by hand"
    assert "* ``width``: of the window" in lines
    assert "* ``shape``: what is drawn (``'Box'``, ``'Disc'``)" in lines
    assert len(lines) == 4 + len(Panel.declared)


def test_the_template_is_told_what_it_draws():
    told = {entry["name"]: entry for entry in json.loads(json.dumps(Panel().controls))}
    assert list(told) == list(Panel.control_names())
    assert told["shape"]["trait"] == "shape_selected" and not told["shape"]["several"]
    assert told["shape"]["hint"]["texts"] == {"Box": "square", "Disc": ""}
    assert told["dq_bits"]["several"] and told["bands"]["trait"] == "bands_text"
    assert told["color"]["when"] == {"shape": ["Disc"]}
    assert told["fill"]["label"]["texts"] == {"Box": "Fill it"}


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.stem)
def test_parts_close_their_tags(path):
    """They are parsed as HTML: what follows <tag /> would be inside it, and never seen."""
    template = path.read_text().split("</template>\n\n<script>")[0]
    assert re.findall(r"<[\w-]+[^<]*?/>", template) == []


@pytest.fixture(scope="module")
def panels():
    app = jdaviz.new_app()._app
    plugins = [app.get_tray_item_from_name(name) for name in names_for("deconfigged")]
    return [plugin for plugin in plugins if isinstance(plugin, DeclaredControls)]


def test_every_plugin_exposes_and_describes_its_controls(panels):
    assert panels
    for panel in panels:
        assert set(panel.control_names()) <= set(dir(panel.user_api)), type(panel)
        listed = re.findall(r"(?m)^\* ``(\w+)``: \S", type(panel).__doc__)
        assert set(panel.control_names()) <= set(listed), type(panel)


def test_every_section_of_a_panel_is_in_its_template(panels):
    for panel in panels:
        template = panel.template.template
        sections = {control.section for control in panel.declared} | set(panel.folded_sections)
        drawn = set(re.findall(r'<stage3-section\s+(?:name="([^"]*)")?', template))
        assert sections <= drawn, type(panel)
