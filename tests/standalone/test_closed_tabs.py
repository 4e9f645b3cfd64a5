"""What is left of a browser tab's app when the tab is closed."""

import subprocess
import sys
from pathlib import Path

from jdaviz_stage3.demo import demo_products

SCRIPT = Path(__file__).parents[1] / "drivers" / "closed_tabs.py"


def test_apps_of_closed_tabs_are_freed():
    command = [sys.executable, str(SCRIPT), *map(str, demo_products())]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.stdout.split("\n")[:-1] == ["done"], result.stderr[-2000:]
