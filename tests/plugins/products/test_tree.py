"""The tree of products: which rows are seen."""

from pathlib import Path

import pytest

from jdaviz_stage3.groups import ListedProduct, group_products
from jdaviz_stage3.plugins.products.tree import ProductTree, size_text
from jdaviz_stage3.products import named_suffix


def listed(name, target="STAR", **more):
    return ListedProduct(
        Path("/data") / name, 2_000_000, 1, named_suffix(name), "01234", "001", target,
        pipeline_version="1.18.0", **more,
    )  # fmt: skip


def tree_of(*entries):
    return ProductTree(group_products(list(entries)), {entry.path: entry for entry in entries})


I2D, CAT = "jw01234-o001_t001_nircam_f444w_i2d.fits", "jw01234-o001_t001_nircam_f444w_cat.ecsv"
X1D = "jw01234-o002_t002_miri_p750l_x1d.fits"


@pytest.fixture
def tree():
    return tree_of(listed(I2D, filter="F444W"), listed(CAT, ""), listed(X1D, "GALAXY"))


def titles(rows, kind=None):
    return [row["title"] for row in rows if kind in (None, row["kind"])]


def test_modes_targets_groups_and_files(tree):
    rows, more = tree.rows()
    assert more == 0
    assert [(row["level"], row["kind"]) for row in rows[:4]] == [
        (0, "mode"), (1, "target"), (2, "group"), (3, "file"),
    ]  # fmt: skip
    assert titles(rows, "mode") == ["Imaging", "Spectroscopy"]
    assert titles(rows, "target") == ["STAR", "GALAXY"]
    assert sorted(titles(rows, "file")) == sorted([I2D, CAT, X1D])
    assert titles(rows, "missing") == [
        "missing: segm (made by source_catalog)",
        "missing: s2d (made by resample_spec) or s3d (made by cube_build)",
    ]
    [group, _] = [row for row in rows if row["kind"] == "group"]
    assert "i2d, cat · pipeline 1.18.0" == group["detail"]


def test_rows_are_closed_and_opened(tree):
    [mode, *_] = tree.rows()[0]
    rows, _ = tree.rows(opened={mode["key"]})
    assert titles(rows)[:2] == ["Imaging", "Spectroscopy"]
    assert not rows[0]["open"]


@pytest.mark.parametrize(
    "search, found",
    [
        ("i2d", [I2D]),
        ("F444W", [CAT, I2D]),
        ("star cat", [CAT]),
        ("galaxy", [X1D]),
        ("spectroscopy x1d", [X1D]),
        ("imaging x1d", []),
        ("nothing", []),
    ],
)
def test_search(tree, search, found):
    assert sorted(titles(tree.rows(search=search)[0], "file")) == sorted(found)


def test_what_is_loaded_or_not_or_missing(tree):
    loaded = {f"/data/{I2D}"}
    assert titles(tree.rows(shown="loaded", loaded=loaded)[0], "file") == [I2D]
    assert titles(tree.rows(shown="not loaded", loaded=loaded)[0], "file") == [CAT, X1D]
    rows, _ = tree.rows(shown="missing", loaded=loaded)
    assert titles(rows, "file") == [] and len(titles(rows, "missing")) == 2
    [row] = [row for row in tree.rows(loaded=loaded)[0] if row.get("path") in loaded]
    assert row["loaded"]


def test_the_first_view_of_a_group_and_whether_it_is_ticked(tree):
    [row, _] = [row for row in tree.rows()[0] if row["kind"] == "group"]
    first = tree.first_of(row["key"])
    assert sorted(first) == sorted([f"/data/{I2D}", f"/data/{CAT}"])
    assert [r["ticked"] for r in tree.rows(ticked=first)[0] if r["kind"] == "group"] == [
        True,
        False,
    ]
    assert tree.first_of("group 99") == []


def test_thousands_are_bounded_and_asked_for():
    names = [f"jw01234-o001_s{n:09d}_nirspec_x1d.fits" for n in range(5000)]
    tree = tree_of(*map(listed, names))
    rows, more = tree.rows()
    assert len(rows) == 200 and more == 5000 + 3 + 1 - 200
    assert len(tree.rows(limit=400)[0]) == 400
    assert titles(tree.rows(search="s000004321")[0], "file") == [names[4321]]


def test_many_groups_begin_closed():
    names = [f"jw01234-o{n:03d}_t{n:03d}_nircam_i2d.fits" for n in range(100)]
    tree = tree_of(*(listed(name, f"T{n}") for n, name in enumerate(names)))
    rows, _ = tree.rows()
    assert {row["kind"] for row in rows} == {"mode", "target"}
    rows, _ = tree.rows(opened={"target Imaging/T7"})
    assert titles(rows, "group") == ["jw01234-o007_t007_nircam"]


def test_what_is_in_no_group_is_seen():
    broken = ListedProduct(Path("/data/a.fits"), 3, 1, problem="a.fits: the file is empty")
    rows, _ = tree_of(broken).rows()
    [row] = [row for row in rows if row["kind"] == "file"]
    assert (row["title"], row["problem"]) == ("a.fits", "a.fits: the file is empty")
    assert not row["can_load"]


@pytest.mark.parametrize(
    "size, text", [(3, "3 bytes"), (2_000, "2 kB"), (73_300_000, "73.3 MB"), (5e9, "5 GB")]
)
def test_sizes(size, text):
    assert size_text(size) == text
