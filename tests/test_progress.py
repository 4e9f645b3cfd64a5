"""Signs of work: at once where somebody sees them, and gone at the end."""

import contextlib
import sys
import types

import pytest

import jdaviz_stage3 as stage3
from jdaviz_stage3.progress import said_meanwhile


def test_in_a_terminal_it_stands_there_until_the_end(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with pytest.raises(ZeroDivisionError), said_meanwhile("Working …"):
        assert capsys.readouterr().err == "Working …\r"
        1 / 0  # noqa: B018
    assert capsys.readouterr().err.strip() == ""


def test_in_a_notebook_it_is_a_line_that_becomes_empty(monkeypatch):
    shown = []

    def display(data, raw, display_id):
        shown.append(data["text/plain"])
        update = lambda data, raw: shown.append(data["text/plain"])  # noqa: E731
        return types.SimpleNamespace(update=update)

    ipython = types.SimpleNamespace(get_ipython=lambda: object())
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", types.SimpleNamespace(display=display))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    with said_meanwhile("Working …"):
        assert shown == ["Working …"]
    assert shown == ["Working …", ""]


def test_a_script_whose_output_goes_to_a_file_has_none(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: None))
    with said_meanwhile("Working …"):
        pass
    assert capsys.readouterr() == ("", "")


def test_who_is_the_first_to_import_jdaviz_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "jdaviz", types.ModuleType("jdaviz"))
    assert isinstance(stage3._said_of_jdaviz("app"), contextlib.nullcontext)
    monkeypatch.delitem(sys.modules, "jdaviz")
    assert not isinstance(stage3._said_of_jdaviz("app"), contextlib.nullcontext)
    assert isinstance(stage3._said_of_jdaviz("readers"), contextlib.nullcontext)
