"""Names of files, targets and sources are text: the page never takes them for its own code."""

from __future__ import annotations

from pathlib import Path

__all__ = ["as_tab_title", "show_tooltips_as_text"]

_RAW = 'v-html="getTooltipHtml()"'
_CLEANED = 'v-html="stage3Plain(getTooltipHtml())"'
_METHODS = "  methods: {\n"
#: What jdaviz's own tooltips are made of; of all else only the text is shown.
_CLEANER = """    stage3Plain(html) {
      const kept = ['BR', 'DIV', 'STRONG', 'SPAN', 'B', 'I', 'P', 'UL', 'LI'];
      const page = new DOMParser().parseFromString(html, 'text/html');  // nothing in it runs
      [...page.body.querySelectorAll('*')].reverse().forEach((each) => {
        if (!kept.includes(each.tagName)) {
          each.replaceWith(page.createTextNode(each.outerHTML));
          return;
        }
        [...each.attributes].forEach(({ name }) => {
          if (name !== 'style' && name !== 'class') each.removeAttribute(name);
        });
      });
      return page.body.innerHTML;
    },
"""


def show_tooltips_as_text() -> bool:
    """Let tooltips show as text what is in the names of layers, in the current kernel.

    Reason: jdaviz's component for tooltips shows HTML, and the one of a layer is its label: a file
    name or target with a script in it would run. jdaviz 5.1: the same; reported.

    Returns
    -------
    bool
        False where jdaviz's component is another than what is known here; it stays as it is.
    """
    import ipyvue
    import jdaviz
    from jdaviz.app import custom_components

    stock = Path(jdaviz.__file__).parent / custom_components["j-tooltip"]
    template = stock.read_text(encoding="utf-8")
    if template.count(_RAW) != 1 or template.count(_METHODS) != 1:
        return False
    template = template.replace(_RAW, _CLEANED).replace(_METHODS, _METHODS + _CLEANER)
    ipyvue.register_component_from_string("j-tooltip", template)
    return True


def as_tab_title(label: str) -> str:
    """Return a label for a viewer that the page shows as it is.

    Reason: golden-layout, which draws the tabs of viewers, takes their titles for HTML.
    jdaviz 5.1: the same.
    """
    return label.replace("<", "‹").replace(">", "›")
