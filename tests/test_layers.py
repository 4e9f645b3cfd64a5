"""Imports go one way, and the lower layers do not drag in the upper ones' libraries."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from make_products import BUILDERS

import jdaviz_stage3
from jdaviz_stage3.products import PRODUCT_TYPES, product_type

PACKAGE = Path(jdaviz_stage3.__file__).parent

# What a module may import: modules further down only, or its own folder. A new module at the top
# of the package must be given its place here.
LAYERS = [
    ["__main__"],
    ["cli"],
    ["info_command", "report_command"],
    ["looked_files"],
    ["standalone"],
    ["__init__"],
    ["registration"],
    ["app"],
    ["chosen_products"],
    ["plugins", "widgets"],
    ["session"],
    ["loaders", "viewers"],
    ["jdaviz_compat"],
    ["identity", "quicklook"],
    ["demo", "groups", "layout", "plot", "summary"],
    ["analysis"],
    ["readers"],
    ["folders"],
    ["products"],
    ["table_headers"],
    ["fits_structure", "product_types", "progress", "saving"],
    ["origin"],
    ["fits_extension", "fits_stream"],
    ["command_line", "confinement", "errors", "version"],
]
HEIGHT = {name: -i for i, names in enumerate(LAYERS) for name in names}

# Folders whose modules docs/structure.rst lists one by one, beside the package's own.
LISTED = (
    "jdaviz_compat",
    "groups",
    "identity",
    "readers",
    "analysis",
    "standalone",
    "viewers",
    "plugins",
    "widgets",
    "session",
    "plot",
    "quicklook",
)

FRONT_END = {
    "jdaviz", "glue", "glue_jupyter", "glue_astronomy", "ipywidgets", "ipyvue", "ipyvuetify",
    "traitlets", "bqplot", "IPython", "solara",
}  # fmt: skip
SOURCES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def component(parts: tuple[str, ...]) -> str:
    """The file or folder directly below the package that a module is in."""
    return parts[0].removesuffix(".py") if parts else "__init__"


def imports(source: Path) -> list[tuple[str, ...]]:
    """Every import of a file, inside functions too, as absolute names split at the dots."""
    found = []
    folder = ("jdaviz_stage3", *source.parts[:-1])
    for node in ast.walk(ast.parse((PACKAGE / source).read_text())):
        if isinstance(node, ast.Import):
            found += [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = folder[: len(folder) - node.level + 1] if node.level else ()
            module = (*start, *(node.module.split(".") if node.module else ()))
            if module == ("jdaviz_stage3",):
                found += [(*module, alias.name) for alias in node.names]
            else:
                found.append(module)
    return found


def test_every_module_has_its_layer():
    assert {component(source.parts) for source in SOURCES} <= set(HEIGHT)


def test_the_page_on_the_structure_names_every_module():
    # beside the tests, for the package may be installed elsewhere
    page = (Path(__file__).parents[1] / "docs" / "structure.rst").read_text()
    named = set(re.findall(r"\w+\.py\b", page))
    named |= {f"{row.reader.split(':')[0]}.py" for row in PRODUCT_TYPES if row.reader}  # the table
    listed = [source for source in SOURCES if source.parts[:-1] == () or source.parts[0] in LISTED]
    missing = [str(source) for source in listed if source.name not in named]
    assert [name for name in missing if not Path(name).name.startswith("__")] == []


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_imports_go_down(source):
    own = component(source.parts)
    for module in imports(source):
        if module[0] != "jdaviz_stage3":
            continue
        target = component(module[1:])
        if target not in HEIGHT:  # a name of the package itself, such as __version__
            target = "__init__"
        assert target == own or HEIGHT[target] < HEIGHT[own], f"{source} imports {'.'.join(module)}"


LOWER = (
    "confinement", "errors", "origin", "saving", "fits_structure", "product_types", "products",
    "readers", "analysis", "folders", "groups", "identity", "layout", "summary",
)  # fmt: skip


@pytest.mark.parametrize("source", [s for s in SOURCES if component(s.parts) in LOWER], ids=str)
def test_lower_layers_know_no_front_end(source):
    assert not FRONT_END & {module[0] for module in imports(source)}


def test_identification_needs_only_astropy():
    allowed = {"__future__", "jdaviz_stage3", "astropy", *sys.stdlib_module_names}
    for source in map(
        Path,
        (
            "confinement.py",
            "errors.py",
            "origin.py",
            "fits_structure.py",
            "product_types.py",
            "products.py",
        ),
    ):
        assert {module[0] for module in imports(source)} <= allowed


def test_the_check_sees_imports_of_every_form(tmp_path, monkeypatch):
    """The checks above are worth nothing if `imports` overlooks some."""
    (tmp_path / "readers").mkdir()
    (tmp_path / "readers" / "a.py").write_text(
        "import jdaviz.core\nfrom ..app import load\nfrom .. import loaders\nfrom . import b\n"
        "def f():\n    from jdaviz_stage3.viewers.light_curve import LightCurveViewer\n"
    )
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    assert set(imports(Path("readers/a.py"))) == {
        ("jdaviz", "core"),
        ("jdaviz_stage3", "app"),
        ("jdaviz_stage3", "loaders"),
        ("jdaviz_stage3", "readers"),
        ("jdaviz_stage3", "viewers", "light_curve"),
    }


# ---- private names of jdaviz ----


def trees() -> dict[Path, ast.Module]:
    return {source: ast.parse((PACKAGE / source).read_text()) for source in SOURCES}


def names_of_our_own(found: dict[Path, ast.Module]) -> set[str]:
    """What modules, classes and functions here define, and set on themselves."""
    names = set()
    for tree in found.values():
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                names.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
                    names.add(node.attr)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
    return names


def private_names(tree: ast.Module) -> set[str]:
    """The private names that a module reads of something, or imports."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.update(alias.name for alias in node.names)
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def keys(tree: ast.Module) -> set[str]:
    """The texts of a module that are private names: keys of meta, names for getattr."""
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and re.fullmatch(r"_[a-z]\w+", text)}


def test_private_names_of_others_stand_in_jdaviz_compat():
    found = trees()
    own = names_of_our_own(found)
    compat = {source for source in found if component(source.parts) == "jdaviz_compat"}
    theirs = set().union(*(keys(found[source]) for source in compat)) - own
    used = {
        str(source): (private_names(tree) - own) | (keys(tree) & theirs)
        for source, tree in found.items()
        if source not in compat
    }
    assert {source: names for source, names in used.items() if names} == {}
    # the check is worth something only if it sees what jdaviz_compat has
    assert {"_data_hash", "_importer"} <= theirs
    assert "_register_new_app_hook" in set().union(*(private_names(found[s]) for s in compat))


# ---- at run time ----


def loaded_after(statements: str, *arguments: object) -> set[str]:
    """The top-level packages that a new interpreter has loaded after some statements."""
    report = "import sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    command = [sys.executable, "-c", f"{statements}\n{report}", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def test_identifying_loads_next_to_nothing(built):
    """It takes milliseconds; jdaviz, jwst and specutils take 2 to 25 seconds."""
    loaded = loaded_after(
        "import sys, jdaviz_stage3\n"
        "for path in sys.argv[1:]: print(jdaviz_stage3.identify(path).suffix)",
        *(built(*key) for key in BUILDERS),
    )
    assert {"jdaviz_stage3", "astropy", "amilg", "whtlt"} <= loaded, "it did identify them"
    assert not loaded & (FRONT_END | {"jwst", "stdatamodels", "specutils", "gwcs", "asdf"})


def test_reading_loads_no_front_end(built):
    keys = [key for key in BUILDERS if product_type(key[0]).reader]
    loaded = loaded_after(
        "import sys, warnings, jdaviz_stage3\nfor path in sys.argv[1:]: jdaviz_stage3.read(path)",
        *(built(*key) for key in keys),
    )
    assert {"jdaviz_stage3", "specutils"} <= loaded
    assert not loaded & ({"jdaviz", "glue", "glue_jupyter", "ipywidgets", "ipyvue", "bqplot",
                          "solara", "jwst"})  # fmt: skip
