"""Five thousand sources: what is joined, against a search of all pairs, and what is opened."""

import os
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import angular_separation
from make_fields import indexed, many_sources

from jdaviz_stage3.viewers.source_figures import SourceFigures

_opened: list[list[str]] = []


def _listen(event, arguments):
    if event == "open" and _opened and isinstance(arguments[0], str | os.PathLike):
        _opened[-1].append(os.fspath(arguments[0]))


@pytest.fixture(scope="module", autouse=True)
def listening():
    sys.addaudithook(_listen)  # stays; it does nothing outside of `opening`


@contextmanager
def opening(folder):
    """The names of the files of a folder that are opened within this."""
    _opened.append([])
    names: set[str] = set()
    yield names
    names |= {os.path.basename(path) for path in _opened.pop() if path.startswith(str(folder))}


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    made = many_sources(folder)
    with opening(folder) as names:
        index, said = indexed(folder)
    return folder, made, index, said, names


def test_nothing_is_opened_any_more_once_the_index_is_there(field):
    folder, made, index, _, names = field
    assert names == {path.name for path in folder.iterdir()}
    with opening(folder) as names:
        for label in index.labels:
            index.labelled(label)
        repr(index.table)
        index.nearest(index.positions[17])
    assert names == set()


def test_what_is_joined_is_what_a_search_of_all_pairs_finds(field):
    _, made, index, said, _ = field
    files = [name for name in made if name.endswith(".fits")]
    number = np.concatenate([made[name] for name in files])
    expected = dict.fromkeys(set(number.tolist()))  # number -> label, and by what
    place = np.radians(made["places"])
    ra, dec = np.radians([made["ra"], made["dec"]])
    for one in expected:
        away = np.degrees(angular_separation(*place[one - 1], ra, dec)) * 3600
        nearest = int(np.argmin(away))
        if away[nearest] < 0.2:
            label = int(made["label"][nearest])
            expected[one] = label, "label" if label == one else "position"
    found = {}
    for source in index:
        for product in source.products:
            assert found.setdefault(product.number, (source.label, product.by)) == (
                source.label, product.by,
            )  # fmt: skip
    lost = {one for one, where in expected.items() if where is None}
    assert len(lost) > 40 and {index.labelled(found[one][0]).catalog for one in lost} == {None}
    assert {one: where for one, where in found.items() if one not in lost} == {
        one: where for one, where in expected.items() if where is not None
    }
    # how many there are, of each type
    for suffix in ("x1d", "c1d"):
        count = sum(made[name].size for name in files if name.endswith(f"{suffix}.fits"))
        assert index.table[f"n_{suffix}"].sum() == count
    elsewhere = {one for one, w in expected.items() if w is not None and w[1] == "position"}
    first = sorted(made)[[name.endswith("c_x1d.fits") for name in sorted(made)].index(True)]
    count = len(elsewhere & set(made[first].tolist()))
    assert f"{first}: {count} of {made[first].size} sources lie elsewhere" in said[0]
    assert f"{len(lost & set(made[first].tolist()))} of 3500 sources are not in" in said[1]


def test_a_source_opens_its_own_files_only(field):
    folder, made, index, *_ = field
    figures = SourceFigures()
    seen = set()
    for label in index.labels[:40]:
        source = index.labelled(label)
        own = {product.path.name for product in source.products}
        with opening(folder) as names:
            figures.show(source, 2 * u.arcsec)
        assert names == own
        seen.add(len(own))
    assert seen >= {1, 2, 3}
