"""What a server has while it serves, without a server."""

import pytest

from jdaviz_stage3.standalone.limits import Limits
from jdaviz_stage3.standalone.open_tabs import OpenTabs
from jdaviz_stage3.standalone.serving import Serving


@pytest.fixture
def tabs(monkeypatch):
    """Tabs of a server whose clock stands at 1000 s."""
    monkeypatch.setattr("jdaviz_stage3.standalone.open_tabs.time.monotonic", lambda: 1000.0)
    return OpenTabs()


@pytest.fixture
def serving(tabs, monkeypatch):
    """A server of two apps for each address, whose memory is short where a test says so."""
    found = Serving(limits=Limits(apps=2, memory="8G"), tabs=tabs)
    found.short = False
    monkeypatch.setattr(found.memory, "is_short", lambda: found.short)
    return found
