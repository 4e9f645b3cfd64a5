"""The page of a tab, without a browser and without an app."""

import sys

import pytest

solara = pytest.importorskip("solara")

from ipyvuetify import Btn  # noqa: E402

from jdaviz_stage3 import session  # noqa: E402
from jdaviz_stage3.standalone import page  # noqa: E402
from jdaviz_stage3.standalone.kept_sessions import KeptSession, KeptSessions  # noqa: E402
from jdaviz_stage3.standalone.open_tabs import OpenTab  # noqa: E402
from jdaviz_stage3.standalone.serving import Serving  # noqa: E402

KEPT = KeptSession("alice", "tab", "2026-12-01T10:32:00+00:00", "memory")


@pytest.fixture(autouse=True)
def _no_kernel(monkeypatch):
    """Outside of a server, whose modules change ipywidgets for the whole process."""
    monkeypatch.setattr(page, "_current_kernel", lambda: None)


@pytest.fixture
def serving(tmp_path, monkeypatch):
    """A server that keeps sessions; what is in the app of a tab is that."""
    kept = KeptSessions(tmp_path / "kept")
    monkeypatch.setattr("jdaviz_stage3.jdaviz_compat.all_data", lambda app: app)
    monkeypatch.setattr(session, "to_python", lambda app: app[0] if app[0] != "bad" else 1 / 0)
    found = Serving(kept=kept)
    page.serve_with(found)
    yield found
    page.serve_with(Serving())
    kept.close()


def tab_of(app):
    return OpenTab("kernel", "alice", "", app, lambda: True, lambda: None)


@pytest.mark.parametrize("restore", [True, False])
def test_the_person_is_asked(restore):
    answers = []
    box, context = solara.render(page._Question(KEPT, answers.append), handle_error=False)
    buttons = context.find(Btn).widgets
    assert [button.children for button in buttons] == [["Restore it"], ["Start anew"]]
    buttons[0 if restore else 1].click()
    assert answers == [restore]
    context.close()


@pytest.mark.parametrize(
    ("reason", "tries", "is_asked"),
    [("memory", 0, True), ("lost", 0, False), ("stopped", 1, False), ("lost", 2, True)],
)
def test_who_is_asked(reason, tries, is_asked):
    tab = page._Tab()
    tab.kept = KeptSession("alice", "tab", KEPT.when, reason, tries)
    assert (tab.question is not None) is is_asked
    assert "Restoring your session of" in tab.describe()


def test_a_session_that_nobody_wants_is_not_kept(serving):
    tab = page._Tab()
    tab.kept = serving.kept.keep("alice", "tab", "script", "memory")
    tab.decide(True)
    assert serving.kept.count() == 1 and tab.kept is not None
    tab.decide(False)
    assert serving.kept.count() == 0 and tab.kept is None


@pytest.mark.parametrize(
    ("reason", "app", "count"),
    [
        ("cull", ["script"], 1), ("evicted", ["script"], 1), ("unknown", ["script"], 1),
        ("page-close", ["script"], 0), ("cull", [], 0), ("cull", ["bad"], 0),
    ],
)  # fmt: skip
def test_what_goes_without_a_goodbye_is_kept(serving, reason, app, count):
    tab = page._Tab()
    tab.entry = tab_of(app)
    serving.tabs.add(tab.entry)
    tab._leave(reason)
    tab._leave(reason)  # once
    assert serving.kept.count() == count and len(serving.tabs) == 0


@pytest.mark.parametrize("reason", ["page-close", "cull"])
def test_what_a_tab_was_restored_from_goes_with_it(serving, reason):
    before, _ = serving.kept.take(serving.kept.keep("alice", "tab", "before", "lost"))
    tab = page._Tab()
    tab.entry = tab_of(["after"])
    tab.entry.kept = before
    tab._leave(reason)
    found = [path.read_text().partition("\n")[2] for path in serving.kept.folder.glob("*.py")]
    assert found == ([] if reason == "page-close" else ["after"])


def test_a_script_that_was_changed_is_said_and_the_app_is_empty(serving, capsys):
    kept = serving.kept.keep("alice", "tab", "import os; os.remove('x')", "lost")
    [(text, color)] = page._restore(object(), kept, None, "")
    assert color == "error" and "nothing of it was done" in text and serving.failed == 1
    assert "os.remove" not in sys.modules


def test_a_session_that_another_tab_has_taken_is_loaded_anew(serving):
    kept = serving.kept.keep("alice", "tab", "script", "lost")
    serving.kept.take(kept)
    assert page._restore(object(), kept, None, "") == []
