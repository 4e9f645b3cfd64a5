"""Data of one label: each has in the script's app the label that it had, and no other's."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fresh_apps import new_app
from glue.core.roi import CircularROI
from make_products import mosaic, mosaic_arrays

import jdaviz_stage3 as stage3
from jdaviz_stage3.errors import Stage3Error, Stage3Warning
from jdaviz_stage3.jdaviz_compat import (
    create_viewer,
    data_labels,
    data_of,
    glue_viewer,
    remove_data,
    rename_data,
    subset_groups,
)
from jdaviz_stage3.loaders import importing
from jdaviz_stage3.loaders.journal import Loading, Made, journal_of
from jdaviz_stage3.session import run_script
from jdaviz_stage3.session.code import Code
from jdaviz_stage3.session.labels import renamed_with, without_number
from jdaviz_stage3.session.loaded import DataLines


class Names:
    """The labels of an app as jdaviz gives them, without the app: {label: file}."""

    def __init__(self, missing=()):
        self.data, self.missing = {}, missing

    def load(self, path, labels=None, data_label=None):
        if path in self.missing:
            return
        label = data_label or "X"
        same = [name for name in self.data if without_number(name) == label]
        if same and data_label is None:
            label = f"X ({len(same)})"
        self.data[labels[0] if labels else label] = path

    def rename(self, old, new):
        if old in self.data:
            assert new not in self.data
            self.data[new] = self.data.pop(old)
            for name in list(self.data):
                if name != new:
                    self.data[renamed_with(name, old, new)] = self.data.pop(name)

    def remove(self, *labels):
        for label in labels:
            self.data.pop(label, None)


def lines_of(loads, there, made=()):
    """The lines that load files and make data, of (file, label as it came, options)."""
    journal = SimpleNamespace(
        loadings=[
            Loading(Path(f"{file}/X.fits"), None, more, {file: came}) for file, came, more in loads
        ],
        made=[Made("Smooth", {}, "smooth", (), {}, *more) for more in made],
    )
    code = Code()
    needed = {*there, *(uuid for one in journal.made for uuid in one.inputs.values())}
    draft = SimpleNamespace(
        journal=journal, there=there, needed=needed, code=code, lost=[],
        path=lambda path: path.parent.name,
        call=lambda name, *args, **more: code.call(f"session.{name}", *args, **more).split("\n"),
    )  # fmt: skip
    data = DataLines(draft, SimpleNamespace(lines=lambda *args, **more: []))
    return data.loading(), data.making()


@pytest.fixture(autouse=True)
def no_stamps(monkeypatch):
    monkeypatch.setattr("jdaviz_stage3.session.loaded._note_changes", lambda *args: None)


REF = {"data_label": "ref"}


@pytest.mark.parametrize(
    ("loads", "there"),
    [
        ([("v1", "X", {}), ("v2", "X", {})], {"v1": "old", "v2": "X"}),
        ([("v1", "X", {}), ("v2", "X (1)", {})], {"v2": "X (1)"}),
        ([("v1", "X", {}), ("v2", "X (1)", {})], {"v1": "X (1)", "v2": "X"}),
        ([("v1", "X", {}), ("v2", "X (1)", {}), ("v3", "X (2)", {})], {"v1": "X", "v3": "X (2)"}),
        ([("v1", "X", {}), ("v2", "X (1)", {}), ("v3", "X", {})],
         {"v1": "a", "v2": "b", "v3": "X"}),
        ([("v1", "X", {}), ("v2", "X", {}), ("v3", "X", {})], {"v1": "X", "v2": "a", "v3": "b"}),
        ([("v1", "ref", REF), ("v2", "ref", REF)], {"v1": "a", "v2": "ref"}),
        ([("v1", "ref", REF), ("v2", "ref", REF)], {"v1": "ref", "v2": "b"}),
    ],
)  # fmt: skip
def test_each_has_its_label_whichever_file_is_missing(loads, there):
    loading, making = lines_of(loads, there)
    for missing in ((), ("v1",), ("v2",)):
        session = Names(missing)
        exec("\n".join(loading + making), {"session": session})
        expected = {label: file for file, label in there.items() if file not in missing}
        assert session.data == expected


def test_one_file_needs_no_labels():
    loading, _ = lines_of([("v1", "X", {}), ("v2", "X[ERR]", {})], dict(v1="X", v2="X[ERR]"))
    assert loading == ['session.load("v1")', 'session.load("v2")']


def test_results_are_made_of_data_under_the_labels_that_these_had():
    # a result of the first X, which was renamed then, and of the second, which has gone
    made = [({"X": "v1"}, {"m1": "X (s)"}), ({"X": "v2"}, {"m2": "X (s)"})]
    loads = [("v1", "X", {}), ("v2", "X", {})]
    loading, making = lines_of(loads, {"v1": "old", "m1": "old (s)", "m2": "X (s)"}, made)
    body = iter([("X (s)", "m1"), ("X (s)", "m2")])
    session, made_of = Names(), []
    for line in loading + making:
        if "with" in line:
            made_of.append(session.data["X"])
            label, file = next(body)
            assert label not in session.data
            session.data[label] = file
        elif "plg" not in line:
            exec(line, {"session": session})
    assert made_of == ["v1", "v2"]
    assert session.data == {"old": "v1", "old (s)": "m1", "X (s)": "m2"}


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """Three reductions under one file name, of levels 1, 2 and 3."""
    folder = tmp_path_factory.mktemp("versions")
    found = []
    for level in (1, 2, 3):
        (folder / f"v{level}").mkdir()
        arrays = mosaic_arrays()
        arrays["data"] = np.full_like(arrays["data"], level)
        found.append(mosaic(folder / f"v{level}", arrays))
    return found


def levels(app):
    """What the images hold, by their labels."""
    found = {}
    for label in data_labels(app):
        data = data_of(app, label)
        found[label] = float(np.nanmedian(data[data.main_components[0]]))
    return found


@pytest.mark.forked
def test_versions_of_an_image_are_told_apart(versions, tmp_path):
    app = new_app()
    both = ["SCI", "ERR"]
    stage3.load(versions[0], app=app, extension=both)
    first = data_labels(app)[0]
    rename_data(app, first, "old")
    stage3.load(versions[1], app=app, extension=both)
    create_viewer(app, "imviz-image-viewer", "Beside")
    stage3.load(versions[2], app=app, viewer=["Beside"])
    remove_data(app, [first, f"{first}[ERR]"])
    before = levels(app)
    script = tmp_path / "session.py"
    script.write_text(stage3.session.to_python(app, tmp_path))
    other = new_app()
    run_script(script, other)
    assert levels(other) == before
    for viewer in ("Image", "Beside"):  # which is not there yet when the file is loaded
        shown = [
            {layer.layer.label for layer in glue_viewer(one, viewer).state.layers}
            for one in (app, other)
        ]
        assert shown[0] == shown[1]
    texts = [script.read_text(), stage3.session.to_python(other, tmp_path)]
    loading, again = (text.split("# the products")[1].split("# viewers")[0] for text in texts)
    assert again.split() == loading.replace('viewer=["Beside"],', "").split()
    # nor is anything done with data that the script does not mean
    with pytest.raises(Stage3Error, match="since before the session"):
        run_script(script, other)
    assert levels(other) == before


@pytest.mark.forked
def test_a_missing_version_is_not_replaced_by_another(versions, tmp_path):
    app = new_app()
    stage3.load(versions[0], app=app)
    stage3.load(versions[1], app=app)
    first, second = data_labels(app)
    glue_viewer(app, "Image").apply_roi(CircularROI(20, 12, 5))
    text = stage3.session.to_python(app, versions[0].parents[1])
    assert f'on="{first}"' in text
    script = tmp_path / "session.py"
    text = text.replace("v1/", "v0/")
    extra = f'        session.rename("{first}", "one")\n        session.rename("two", "three")\n'
    script.write_text(text.replace("\n\nif __name__", f"{extra}\n\nif __name__"))
    other = new_app()
    with pytest.warns(Stage3Warning) as caught:
        run_script(script, other)
    assert levels(other) == {second: 2}
    assert not subset_groups(other)
    said = [str(one.message) for one in caught if issubclass(one.category, Stage3Warning)]
    assert len(said) == 2  # what does not name the missing one is said
    assert "there is no such file" in said[0]
    assert said[1].startswith("three: not restored")


@pytest.mark.forked
def test_a_product_that_fails_half_way_is_no_change_of_the_person(tmp_path, monkeypatch):
    """It is removed again before the app is looked at, or the script would undo what never was."""
    app = new_app()
    stage3.load(mosaic(tmp_path), app=app)
    (other := tmp_path / "other").mkdir()
    loader = app.loaders["file"]
    loader.filepath = str(mosaic(other))
    before = data_labels(app), journal_of(app).changed(app)

    def fail(*_):
        raise ValueError("half way")

    loader.importer._obj.viewer.create_new.selected = "Image"
    monkeypatch.setattr(importing, "note_loading", fail)
    with pytest.raises(Stage3Error, match="half way"):
        loader.importer()  # as the import dialog does
    assert (data_labels(app), journal_of(app).changed(app)) == before
