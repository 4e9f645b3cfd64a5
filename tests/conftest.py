"""Fixtures of all the tests."""

import gc
import os
import tempfile
from pathlib import Path

import pytest
from forked_tests import MARK, run_forked
from hypothesis import settings

# A machine that is busy is slow, and that is no fault of what is tested. The examples are the same
# in every run, so that what passes here passes there.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")

# What tests list is not kept in the cache of whoever runs them.
if "JDAVIZ_STAGE3_CACHE" not in os.environ:
    _cache = tempfile.TemporaryDirectory(prefix="stage3-cache-")
    os.environ["JDAVIZ_STAGE3_CACHE"] = _cache.name

# A new app is tens of thousands of objects, none of which is garbage.
gc.set_threshold(20_000, 10, 20)


#: The modules that take longest, longest first.
SLOW = (
    "tests/standalone/browser/test_light_curve_in_browser.py",
    "tests/standalone/browser/test_standalone.py",
    "tests/plugins/white_light_curve/test_white_light_curve_bad_input.py",
    "tests/loaders/test_loading_order.py",
    "tests/plugins/median_smooth",
    "tests/standalone",
    "tests/plugins",
    "notebooks",
    "tests/loaders",
    "tests/viewers",
    "tests/session",
    "tests/analysis",
    "tests/test_hostile_files.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker is left alone with it in the end."""

    def place(item: pytest.Item) -> int:
        return next((i for i, start in enumerate(SLOW) if item.nodeid.startswith(start)), len(SLOW))

    items.sort(key=place)


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run those in a fork that are marked so."""
    return run_forked(item, nextitem) if item.get_closest_marker(MARK) else None


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Build a product once and hand out the same file: ``built(suffix, generation)``.

    Tests that change a file make a copy of it, or build their own.
    """
    # here, so that tests which build no product do not wait for the data models
    from make_products import BUILDERS

    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def build(suffix: str, generation: str) -> Path:
        # on disk, where forks and other workers find it
        note = shared / f"{suffix}-{generation}.built"
        if not note.exists():
            path = BUILDERS[suffix, generation](tmp_path_factory.mktemp(f"{suffix}-{generation}"))
            draft = own / note.name.replace(".built", ".draft")
            draft.write_text(str(path))
            draft.replace(note)
        return Path(note.read_text())

    return build


@pytest.fixture(scope="module", autouse=True)
def _apps_are_kept():
    """Let no search for garbage go through what earlier modules have left.

    jdaviz's apps never go, and hold tens of thousands of objects each.
    """
    gc.collect()
    gc.freeze()
