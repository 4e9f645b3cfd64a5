"""The command line, without a server."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from dataclasses import dataclass
from pathlib import Path

import pytest

from jdaviz_stage3 import cli, folders, products, summary
from jdaviz_stage3.errors import UnknownProductError


@dataclass
class Summary:
    """What `summary.summarize` gives, for tests of the table alone."""

    path: Path
    type: str = "i2d"
    name: str = "Mosaic"
    instrument: str = "NIRCAM"
    target: str = "NGC 1234"
    pipeline_version: str = "1.20.2"
    shape: str = "2048 x 2048"
    action: str = "opens in an image viewer"
    problem: str = ""


@pytest.fixture
def summaries(monkeypatch):
    """Make up what files are from their names."""

    def summarize(path):
        path = Path(path)
        if "broken" in path.name:
            return Summary(path, problem=f"{path.name}: truncated:\n3 of 9 MB are there")
        return Summary(path)

    def identify(path):
        if "i2d" not in Path(path).name:
            raise UnknownProductError(f"{path}: not a Stage 3 product")

    monkeypatch.setattr(summary, "summarize", summarize)
    monkeypatch.setattr(products, "identify", identify)
    monkeypatch.setattr(folders, "identify", identify)


@pytest.fixture
def folder(tmp_path):
    """A folder of empty files with such names."""
    for name in ("a_i2d.fits", "b_other.fits", "notes.txt", ".hidden_i2d.fits"):
        (tmp_path / name).touch()
    return tmp_path


def test_version_names_the_packages_of_a_bug_report(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert end.value.code == 0
    assert {"jdaviz_stage3", "jdaviz", "jwst"} <= set(capsys.readouterr().out.split())


@pytest.mark.parametrize("command", ["open", "info"])
def test_missing_path_is_one_line_and_exit_code_2(command, tmp_path, capsys):
    missing = tmp_path / "missing_i2d.fits"
    assert cli.main([command, str(missing)]) == 2
    error = capsys.readouterr().err
    assert str(missing) in error and error.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [[], ["info"], ["demo", "--port", "65536"], ["demo", "--port", "x"], ["nonsense"]],
)
def test_wrong_arguments_are_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 2


def test_info_imports_nothing_heavy(tmp_path):
    (tmp_path / "x_i2d.fits").touch()
    code = (
        "import sys; from jdaviz_stage3.cli import main; main(['info', sys.argv[1]]);"
        "print({name.partition('.')[0] for name in sys.modules} & "
        "{'jdaviz', 'jwst', 'solara', 'glue', 'ipywidgets', 'specutils', 'stdatamodels'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x_i2d.fits")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "set()"


def test_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "jdaviz_stage3", "open", "nowhere.fits"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr == "jdaviz-stage3: no such file or folder: nowhere.fits\n"


def test_info_prints_a_row_for_each_product(summaries, folder, capsys):
    assert cli.main(["info", str(folder / "a_i2d.fits")]) == 0
    out = capsys.readouterr().out
    for text in ("a_i2d.fits", "i2d", "NIRCAM", "NGC 1234", "1.20.2", "2048 x 2048", "viewer"):
        assert text in out


def test_info_of_a_folder_leaves_other_files_out(summaries, folder, capsys):
    assert cli.main(["info", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "a_i2d.fits" in out and "hidden" not in out and "notes" not in out
    assert "2 other files not shown" in out


def test_info_of_an_empty_folder_fails(summaries, tmp_path, capsys):
    assert cli.main(["info", str(tmp_path)]) == 1
    assert "no Stage 3 product" in capsys.readouterr().err


def test_info_says_what_is_wrong(summaries, folder, capsys):
    broken = folder / "broken_i2d.fits"
    broken.touch()
    assert cli.main(["info", str(folder / "a_i2d.fits"), str(broken)]) == 1
    assert f"{broken}: truncated: 3 of 9 MB are there\n" in capsys.readouterr().out


def test_info_of_a_folder_shows_broken_products(summaries, folder, capsys):
    (folder / "broken_i2d.fits").touch()
    assert cli.main(["info", str(folder)]) == 1
    assert "1 of 2 with a problem" in capsys.readouterr().out


def test_info_prints_json(summaries, folder, capsys):
    assert cli.main(["info", "--json", str(folder / "a_i2d.fits")]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["path"] == str(folder / "a_i2d.fits")
    assert (row["type"], row["problem"]) == ("i2d", "")


@pytest.mark.parametrize("columns", [100, 120, 400])
def test_table_fits_the_terminal(columns, summaries, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(columns))
    path = tmp_path / f"jw01234-o001_{'t001_' * 12}i2d.fits"
    path.touch()
    cli.main(["info", str(path)])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    assert lines[2].startswith("jw01234-o001_") and "i2d.fits" in lines[2]


def test_table_in_a_pipe_is_whole(summaries, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("COLUMNS", raising=False)
    path = tmp_path / f"jw01234-o001_{'t001_' * 12}i2d.fits"
    path.touch()
    cli.main(["info", str(path)])
    assert path.name in capsys.readouterr().out


def test_names_cannot_steer_the_terminal(summaries, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        summary, "summarize", lambda path: Summary(path, target="\x1b[2J", problem="\x1b[31mred")
    )
    path = tmp_path / "a_i2d.fits"
    path.touch()
    cli.main(["info", str(path)])
    assert "\x1b" not in capsys.readouterr().out


def test_open_of_nothing_that_can_be_shown_starts_no_server(tmp_path, capsys, monkeypatch):
    # importing it would fail
    monkeypatch.setitem(sys.modules, "jdaviz_stage3.standalone.server", None)
    association = tmp_path / "jw00001_asn.json"
    association.write_text('{"products": [')
    text = tmp_path / "jw00001_i2d.fits"
    text.write_text("404 not found")
    assert cli.main(["open", str(association), str(text)]) == 1
    said = capsys.readouterr().err
    assert "not a JWST association" in said
    assert "the name says FITS" in said


def test_open_takes_what_loading_takes(tmp_path, monkeypatch):
    served = {}
    server = types.ModuleType("server")
    server.ServerError = RuntimeError
    server.serve = lambda paths, **options: served.update(options, paths=paths)
    monkeypatch.setitem(sys.modules, "jdaviz_stage3.standalone.server", server)
    path = tmp_path / "mine.csv"  # which jdaviz's own importers may know
    path.write_text("wavelength,flux")
    assert cli.main(["open", str(path), "--source", "3,7", "--order=-1", "--format", "Image"]) == 0
    assert served["paths"] == [path]
    assert served["options"] == {"source_id": [3, 7], "order": [-1], "format": "Image"}
    assert cli.main(["open", str(path)]) == 0
    assert served["options"] == {}
    assert cli.main(["open"]) == 0  # an empty app, which says what to do
    assert served["paths"] == [] and served["demo"] is False
    assert cli.main(["open", str(path), "--users-folder", str(tmp_path)]) == 2
    with pytest.raises(SystemExit):
        cli.main(["open", str(path), "--source", "three"])


def test_open_takes_a_script_alone(tmp_path, monkeypatch, capsys):
    served = {}
    server = types.ModuleType("server")
    server.ServerError = RuntimeError
    server.serve = lambda paths, **options: served.update(options, paths=paths)
    monkeypatch.setitem(sys.modules, "jdaviz_stage3.standalone.server", server)
    script = tmp_path / "session.py"
    script.write_text("def restore(app): ...")
    assert cli.main(["open", str(script)]) == 0
    assert (served["paths"], served["script"]) == ([], script)
    served.clear()
    for more in ([str(tmp_path)], ["--order", "1"]):
        assert cli.main(["open", str(script), *more]) == 2
        assert "it is opened alone" in capsys.readouterr().err
    assert served == {}
