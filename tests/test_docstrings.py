"""The docstrings of the layers without widgets: who uses them finds what goes in and comes out."""

import importlib
import inspect
import tomllib
from dataclasses import fields, is_dataclass
from functools import cached_property
from pathlib import Path
from types import FunctionType

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "jdaviz_stage3"

#: The codes of numpydoc.validate that may not be found: form of the text (GL), summary (SS),
#: parameters (PR), what is returned or yielded (RT, YD). Not checked:
#: EX01, SA01, ES01 - not every function needs an example, a See Also or more than its summary;
#: PR07, RT03 - ``path : path`` and ``Returns: SpectrumSequence`` say all there is to say;
#: GL09, PR08, PR09, RT02, RT04, RT05, SA02-SA04 - matters of taste, in which ours is another.
CHECKED = {
    "GL01", "GL02", "GL03", "GL05", "GL06", "GL07", "GL08",
    "SS01", "SS02", "SS03", "SS04", "SS05", "SS06",
    "PR01", "PR02", "PR03", "PR04", "PR05", "PR06", "PR10",
    "RT01", "YD01",
}  # fmt: skip
METHODS = (FunctionType, property, cached_property, classmethod, staticmethod)


def modules() -> list[str]:
    """The modules of the files and folders that mypy checks, which are those without widgets."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found = []
    for name in config["tool"]["mypy"]["files"]:
        path = ROOT / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            module = file.parent if file.name == "__init__.py" else file.with_suffix("")
            found.append(".".join(module.relative_to(PACKAGE).parts))
    return found


def public(module) -> dict[str, object]:
    """The public classes and functions of a module, and the classes' own methods, by name."""
    found = {}
    for name in getattr(module, "__all__", ()):
        thing = getattr(module, name)
        if getattr(thing, "__module__", None) != module.__name__:
            continue  # a constant, or checked where it is from
        found[name] = thing
        for own, value in vars(thing).items() if inspect.isclass(thing) else ():
            if not own.startswith("_") and isinstance(value, METHODS):
                found[f"{name}.{own}"] = value
    return found


def record_fields(thing: object) -> set[str]:
    """The public fields of a dataclass or NamedTuple; none of anything else."""
    if not inspect.isclass(thing):
        return set()
    names = [f.name for f in fields(thing)] if is_dataclass(thing) else []
    return {name for name in [*names, *getattr(thing, "_fields", ())] if not name.startswith("_")}


def missing_fields(thing: object) -> set[str]:
    """The fields of a record that neither its Attributes nor its Parameters name."""
    doc = NumpyDocString(inspect.getdoc(thing) or "")
    entries = [*doc["Attributes"], *doc["Parameters"]]
    return record_fields(thing) - {name for e in entries for name in e.name.split(", ")}


def says_what_it_returns(thing: object) -> bool:
    """Whether a docstring needs no Returns section.

    One line that starts with *Return* does, of a method that takes nothing but itself: it is read
    like that of a property.
    """
    doc = inspect.getdoc(thing) or ""
    parameters = list(inspect.signature(thing).parameters) if inspect.isfunction(thing) else None
    return parameters == ["self"] and doc.startswith("Return ") and "\n" not in doc


def faults(name: str, thing: object) -> list[str]:
    """What is wrong with the docstring of a class, function, method or property."""
    found = []
    for code, message in validate(name)["errors"]:
        if code not in CHECKED:
            continue
        if code == "PR01" and record_fields(thing):  # the Attributes of a record say it: see below
            continue
        if code == "RT01" and says_what_it_returns(thing):
            continue
        found.append(f"{name}: {code} {message}")
    if absent := missing_fields(thing):
        found.append(f"{name}: fields {', '.join(sorted(absent))} not documented")
    return found


@pytest.mark.parametrize("name", modules())
def test_docstrings_say_what_goes_in_and_comes_out(name):
    module = importlib.import_module(f"jdaviz_stage3.{name}")
    found = [
        fault
        for part, thing in public(module).items()
        for fault in faults(f"{module.__name__}.{part}", thing)
    ]
    assert not found, "\n".join(found)
