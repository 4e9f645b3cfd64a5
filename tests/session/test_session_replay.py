"""Scripts of sessions that are read, and not run."""

import re

import numpy as np
import pytest
from app_states import assert_same_state
from fresh_apps import new_app
from glue.core.roi import CircularROI
from make_products import mosaic
from make_tables import catalog

import jdaviz_stage3 as stage3
from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.jdaviz_compat import data_labels, glue_viewer
from jdaviz_stage3.session.code import Code
from jdaviz_stage3.session.replay import _read, replay

SCRIPT = """# A session
from pathlib import Path

import jdaviz
import jdaviz_stage3 as stage3

FOLDER = Path("/nowhere")


def restore(app):
    \"\"\"Make the session again in an app of jdaviz.\"\"\"
    with stage3.session.restoring(app, FOLDER) as session:
        {}


if __name__ == "__main__":
    restore(jdaviz.new_app())
"""


def script(*lines):
    """A script of these steps."""
    return SCRIPT.format("\n        ".join(lines))


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, -2.5, 1e-30, float("inf"), "it's", "']; import os #", [], ("a",),
        [1, ("b", -2.5)], {"row": ["a", ("b", "c")]}, np.float32(0.5),
    ],
)  # fmt: skip
def test_values_are_read_as_they_were_written(value):
    _, [step] = _read(script(f"session.draw({Code().of(value)})"))
    assert step.args == [value] and type(step.args[0]) is type(_plain(value))


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value


@pytest.mark.parametrize(
    "text",
    [
        "CirclePixelRegion(PixCoord(50.5, 60.25), 12)",
        'EllipseSkyRegion(SkyCoord(1.5, -2.5, unit="deg"), 3 * u.arcsec, 4 * u.Unit("arcsec"))',
        'Time(2460000.5, 0.25, format="jd", scale="tdb")',
    ],
)
def test_what_astropy_has_is_read(text):
    _, [step] = _read(script(f'session.subset("S", {text})'))
    assert type(step.args[1]).__name__ == text.partition("(")[0]


@pytest.mark.parametrize(
    "line",
    [
        'import os; os.system("touch forged")',
        '__import__("os").system("touch forged")',
        'session.load(__import__("os").system("touch forged"))',
        'session.load("a", **{"b": 1})',
        'session.load(*["a"])',
        'session._step("a")',
        "session.finish()",
        'session.__class__("a")',
        'app.load("a")',
        "session.load([x for x in ()])",
        'session.load(f"{app}")',
        "session.load((lambda: 1)())",
        "session.load(u.__loader__ * u.m)",
        'session.load(1 * u.def_unit("x"))',
        'session.load(Time("nonsense"))',
        'session.load(open("forged", "w"))',
        'session.load(float("1") * 1)',
        "session.load(1 + 1)",
        "while True: pass",
        'with session.plugin("Export") as plg, open("forged", "w") as f:\n            pass',
        'with session.plugin("A") as plg:\n            plg._obj = 1',
        'with session.plugin("A") as plg:\n            plg.a.b = 1',
        'with session.plugin("A") as plg:\n            plg.a.b()',
        'with session.plugin("A") as plg:\n            app.b()',
        'with session.load("A") as plg:\n            pass',
        'session.load("a") if True else 1',
        "(" * 3000 + ")" * 3000,
    ],
)
def test_anything_else_is_refused_before_anything_is_done(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Stage3Error, match="nothing of it was done"):
        replay(script('session.load("a.fits")', line), app=None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "x = 1", SCRIPT.format("pass").replace("FOLDER =", "F =")])
def test_other_python_is_refused(text):
    with pytest.raises(Stage3Error, match="not as jdaviz_stage3 writes"):
        replay(text, app=None)


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../b.fits", "link.fits", "in/../../b.fits", "folder/b.fits",
     "folder/../b.fits", "//etc/passwd", "/proc/self/environ"],
)  # fmt: skip
def test_files_elsewhere_are_refused(tmp_path, path):
    inside = tmp_path / "user"
    inside.mkdir()
    (tmp_path / "b.fits").touch()
    (inside / "link.fits").symlink_to(tmp_path / "b.fits")
    (inside / "folder").symlink_to(tmp_path)
    text = script(f"session.load({path!r})").replace("/nowhere", str(inside))
    with pytest.raises(Stage3Error, match="which is not in"):
        replay(text, app=None, inside=inside)


def test_the_home_of_another_account_is_elsewhere(tmp_path, monkeypatch):
    """As a folder of the script, which is looked up only when files are loaded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/another")
    text = script('session.load("b.fits")').replace("/nowhere", "~")
    with pytest.raises(Stage3Error, match="/home/another/b.fits, which is not in"):
        replay(text, app=None, inside=tmp_path)


@pytest.mark.forked
def test_an_app_is_made_again_and_no_file_written(tmp_path, monkeypatch):
    """With subsets, styles and a plugin; what sessions do not call stays undone, with words."""
    folder = tmp_path / "files"
    folder.mkdir()
    app = new_app()
    stage3.load(mosaic(folder), catalog(folder), app=app)
    glue_viewer(app, "Image").apply_roi(CircularROI(20.5, 12, 6))
    overlay = app.plugins["Catalog Overlay"]
    overlay.filters = ["aper_total_flux > 1e-8 Jy"]
    overlay.select([1])
    glue_viewer(app, "Image").state.layers[0].stretch = "log"
    text = stage3.session.to_python(app)
    assert all(part in text for part in ("plg.select(", 'stretch="log"', "CirclePixelRegion"))
    other = new_app()
    monkeypatch.chdir(tmp_path)
    assert replay(text, other, inside=folder) == []
    assert_same_state(app, other)
    before = data_labels(other)
    forged = re.sub(r"plg\.select\(.*\)", 'plg.export_catalog("forged.ecsv")', text)
    with pytest.warns(stage3.Stage3Warning, match="sessions do not call 'export_catalog'"):
        replay(forged, new_app())
    forged = re.sub(r"plg\.select\(.*\)", 'plg.hover_text = "x"', text)
    with pytest.warns(stage3.Stage3Warning, match="no setting 'hover_text'"):
        replay(forged, new_app())
    assert data_labels(other) == before
    assert [path.name for path in tmp_path.iterdir()] == ["files"]
