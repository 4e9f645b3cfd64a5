"""What is left of a browser tab's app when the tab is closed."""

from pathlib import Path

from forked_processes import ForkedProcess

from jdaviz_stage3.demo import demo_products

SCRIPT = Path(__file__).parents[1] / "drivers" / "closed_tabs.py"


def test_apps_of_closed_tabs_are_freed(tmp_path):
    output, errors = tmp_path / "output.txt", tmp_path / "errors.txt"
    products = map(str, demo_products())
    process = ForkedProcess("script", [str(SCRIPT), *products], output, errors)
    process.wait()
    assert output.read_text().split("\n")[:-1] == ["done"], errors.read_text()[-2000:]
