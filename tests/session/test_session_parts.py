"""Paths, subsets and what is said to be lost, without an app."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from glue.core import Data
from glue.core.roi import CircularROI, PointROI
from glue.core.subset import RoiSubsetState

from jdaviz_stage3.loaders import dropped_files
from jdaviz_stage3.loaders.journal import Loading
from jdaviz_stage3.session import loaded, writing
from jdaviz_stage3.session.code import Code
from jdaviz_stage3.session.draft import Draft
from jdaviz_stage3.session.subset_states import subset_color


@pytest.mark.parametrize("target", ["a.fits", "data/a.fits", "a/b/link/a.fits"])
def test_paths_lead_to_the_files_through_links(tmp_path, target):
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "scripts").symlink_to("a/b/c")
    (tmp_path / "a/b/link").symlink_to("../../data")
    (tmp_path / target).write_text("")
    for folder in (tmp_path / "scripts", tmp_path, tmp_path / "a/b"):
        written = Draft.path(SimpleNamespace(folder=folder), tmp_path / target)
        assert (folder / written).exists()
        assert not Path(written).is_absolute()


def test_files_that_were_dropped_are_said_to_go(monkeypatch):
    draft = SimpleNamespace(lost=[])
    monkeypatch.setattr(dropped_files, "_dropped", [])
    path = dropped_files.keep_dropped("a_i2d.fits", 0, None)
    loaded._note_changes(draft, Loading(path, None, {}, {}))
    dropped_files._dropped[0].folder.cleanup()
    [text] = draft.lost
    assert text.startswith("a_i2d.fits: was dropped into the browser")
    assert "load it by its path" in text


def groups_on(*labels, roi=None):
    """Subsets (glue), one on each of some images, in glue's colours."""
    found = []
    for number, label in enumerate(labels):
        ids = Data(label=label, flux=np.zeros((20, 30))).pixel_component_ids
        state = RoiSubsetState(ids[1], ids[0], CircularROI(9, 8, 5))
        if roi is not None:
            state = RoiSubsetState(ids[1], ids[0], roi) | state
        style = SimpleNamespace(color=subset_color(number))
        found.append(SimpleNamespace(label=f"S{number}", subset_state=state, style=style))
    return found


def draft_of(groups, monkeypatch):
    monkeypatch.setattr(writing, "subset_groups", lambda app: groups)
    code = Code()
    return SimpleNamespace(
        app=None, there={"1": "i2d", "2": "made"}, lost=[], lost_data=set(), code=code,
        call=lambda name, *args, **more: [code.call(name, *args, **more)],
    )  # fmt: skip


def test_subsets_keep_their_colors_when_they_come_in_another_order(monkeypatch):
    draft = draft_of(groups_on("made", "i2d", "made"), monkeypatch)
    early, late = writing._subset_lines(draft, {"1": "i2d"})
    assert [f'color="{subset_color(1)}"' in line for line in early] == [True]
    colors = [f'color="{subset_color(0)}"', f'color="{subset_color(2)}"']
    assert [color in line for color, line in zip(colors, late, strict=True)] == [True, True]
    draft = draft_of(groups_on("i2d", "i2d"), monkeypatch)
    assert "color" not in "".join(writing._subset_lines(draft, {"1": "i2d"})[0])


def test_a_subset_with_a_step_that_has_no_code_is_left_out(monkeypatch):
    draft = draft_of(groups_on("i2d", roi=PointROI(3, 4)), monkeypatch)
    assert writing._subset_lines(draft, {"1": "i2d"}) == ([], [])
    [text] = draft.lost
    assert text.startswith("S0: a subset (a Point")
