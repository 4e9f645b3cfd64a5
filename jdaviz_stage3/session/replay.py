"""A session made again from its script without running it: the script is read, step by step.

`run_script` runs what a person has written, and may do anything. What the standalone server keeps
of a tab is read here instead: the forms that `to_python` writes, and no others. Whoever changes
such a file can have other products opened, and nothing else done.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import regions
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time

from ..errors import Stage3Error, reason_of
from ..jdaviz_compat import tray_plugins
from ..loaders.journal import is_called_by_sessions
from ..loaders.observed import setting_names
from .code import REGION_PARTS
from .restoring import Restoring, restoring

__all__ = ["replay"]

_LONGEST = 4_000_000  # characters; a session with a thousand files has some 200 000
#: The methods of a Restoring that scripts call.
_CALLS = frozenset(
    name
    for name in dir(Restoring)
    if not name.startswith("_") and callable(getattr(Restoring, name))
) - {"plugin", "finish"}
_REGIONS = {
    f"{shape}{kind}": getattr(regions, f"{shape}{kind}")
    for shape in REGION_PARTS
    for kind in ("PixelRegion", "SkyRegion")
}
_MAKERS: dict[str, Callable[..., Any]] = {
    "Time": Time, "SkyCoord": SkyCoord, "PixCoord": regions.PixCoord, **_REGIONS,
}  # fmt: skip


@dataclass(frozen=True)
class _Call:
    """A method that is called: its name, and with what."""

    name: str
    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Setting:
    """A control of a plugin that is set."""

    name: str
    value: Any


@dataclass(frozen=True)
class _Plugin:
    """What is done with one plugin."""

    opening: _Call
    steps: list[_Call | _Setting]


def replay(
    script: str, app: Any, *, inside: Path | None = None, name: str = "session"
) -> list[str]:
    """Make a session again from the text of its script, which is not run.

    Parameters
    ----------
    script : str
        As `to_python` writes it, with a folder that is written out.
    app : jdaviz app
        The generalised app.
    inside : pathlib.Path, optional
        The only folder whose files may be opened, links followed.
    name : str
        What messages call it.

    Returns
    -------
    list of str
        What could not be restored.

    Raises
    ------
    Stage3Error
        If something in it is not as `to_python` writes it, or opens a file elsewhere: before
        anything is done.
    """
    try:
        folder, steps = _read(script)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as err:
        reason = str(err) if isinstance(err, Stage3Error) else f"no Python ({reason_of(err)})"
        raise Stage3Error(
            f"{name}: is not as jdaviz_stage3 writes sessions: {reason}; nothing of it was done"
        ) from err
    if inside is not None:
        _check_place(steps, folder, inside, name)
    with restoring(app, folder) as session:
        for step in steps:
            if isinstance(step, _Plugin):
                _work_plugin(session, app, step)
            else:
                getattr(session, step.name)(*step.args, **step.kwargs)
    return session.problems


def _check_place(steps: list[Any], folder: Path, inside: Path, name: str) -> None:
    """Let no step load a file that lies elsewhere, whatever links lead there."""
    root = inside.resolve()
    for step in steps:
        if isinstance(step, _Call) and step.name == "load":
            path = folder.expanduser() / str(
                step.args[0] if step.args else step.kwargs.get("path", "")
            )
            if not path.resolve().is_relative_to(root):
                raise Stage3Error(f"{name}: names {path}, which is not in {inside}")


def _work_plugin(session: Restoring, app: Any, step: _Plugin) -> None:
    with session.plugin(*step.opening.args, **step.opening.kwargs) as plugin:
        label = step.opening.args[0]
        known = setting_names(label, tray_plugins(app).get(label))
        for one in step.steps:
            if isinstance(one, _Setting):
                if one.name not in known:
                    raise Stage3Error(f"it has no setting {one.name!r}")
                setattr(plugin, one.name, one.value)
                continue
            method = getattr(plugin, one.name)
            if not is_called_by_sessions(method):
                raise Stage3Error(f"sessions do not call {one.name!r}")
            method(*one.args, **one.kwargs)


# ---- reading ----


def _read(script: str) -> tuple[Path, list[_Call | _Plugin]]:
    """The folder and the steps of a script."""
    if len(script) > _LONGEST:
        raise Stage3Error(f"it has {len(script)} characters, more than {_LONGEST}")
    tree = ast.parse(script)
    folder: Path | None = None
    steps: list[_Call | _Plugin] | None = None
    for node in tree.body:
        match node:
            case ast.Assign(
                targets=[ast.Name("FOLDER")],
                value=ast.Call(func=ast.Name("Path"), args=[ast.Constant(str(text))], keywords=[]),
            ):
                folder = Path(text)
            case ast.FunctionDef(name="restore", body=body):
                steps = _steps(body)
            case ast.Import() | ast.ImportFrom() | ast.If():
                pass  # what a person needs who runs it
            case _:
                raise _strange(node)
    if folder is None or steps is None:
        raise Stage3Error('there is no FOLDER = Path("…"), or no restore(app)')
    return folder, steps


def _steps(body: list[ast.stmt]) -> list[_Call | _Plugin]:
    """The steps in the body of ``restore``: a docstring, and ``with … restoring(…):``."""
    match body:
        case [ast.Expr(ast.Constant(str())), ast.With(items=[ast.withitem()], body=inner)]:
            found = [_step(node) for node in inner if not isinstance(node, ast.Pass)]
        case _:
            raise Stage3Error("restore(app) is another function")
    return found


def _step(node: ast.stmt) -> _Call | _Plugin:
    match node:
        case ast.Expr(ast.Call() as call):
            found = _call(call, "session")
            if found.name not in _CALLS:
                raise _strange(node)
            return found
        case ast.With(items=[ast.withitem(context_expr=ast.Call() as call)], body=body):
            opening = _call(call, "session")
            if opening.name != "plugin" or len(opening.args) != 1:
                raise _strange(node)
            return _Plugin(opening, [_plugin_step(inner) for inner in body])
    raise _strange(node)


def _plugin_step(node: ast.stmt) -> _Call | _Setting:
    match node:
        case ast.Expr(ast.Call() as call):
            found: _Call | _Setting = _call(call, "plg")
        case ast.Assign(targets=[ast.Attribute(value=ast.Name("plg"), attr=name)], value=value):
            found = _Setting(name, _value(value))
        case _:
            raise _strange(node)
    if found.name.startswith("_"):
        raise _strange(node)
    return found


def _call(node: ast.Call, of: str) -> _Call:
    """A call of a method of the name ``of``."""
    match node.func:
        case ast.Attribute(value=ast.Name(owner), attr=name) if owner == of:
            return _Call(name, [_value(arg) for arg in node.args], _keywords(node))
    raise _strange(node)


def _keywords(node: ast.Call) -> dict[str, Any]:
    if any(keyword.arg is None for keyword in node.keywords):
        raise _strange(node)
    return {str(keyword.arg): _value(keyword.value) for keyword in node.keywords}


def _value(node: ast.expr) -> Any:
    """What an expression is, of those that `code.Code` writes."""
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.List(elts=parts):
            return [_value(part) for part in parts]
        case ast.Tuple(elts=parts):
            return tuple(_value(part) for part in parts)
        case ast.Dict(keys=keys, values=values) if None not in keys:
            return {_value(k): _value(v) for k, v in zip(keys, values, strict=True)}
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _made(node, lambda: _value(left) * _unit(right))
        case ast.Call(func=ast.Name("float"), args=[ast.Constant(str(text))], keywords=[]):
            number = _made(node, lambda: float(text))
            if not math.isfinite(number):
                return number
        case ast.Call(func=ast.Name(name), args=args) if name in _MAKERS:
            made = [_value(arg) for arg in args]
            return _made(node, lambda: _MAKERS[name](*made, **_keywords(node)))
    raise _strange(node)


def _unit(node: ast.expr) -> u.UnitBase:
    found: Any = None
    match node:
        case ast.Attribute(value=ast.Name("u"), attr=name):
            found = getattr(u, name, None)
        case ast.Call(
            func=ast.Attribute(value=ast.Name("u"), attr="Unit"), args=[ast.Constant(str(text))]
        ):
            found = u.Unit(text)
    if not isinstance(found, u.UnitBase):
        raise _strange(node)
    return found


def _made(node: ast.expr, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except Stage3Error:
        raise
    except Exception as err:  # astropy's and regions' many
        raise Stage3Error(f"line {node.lineno}: {reason_of(err)}") from err


def _strange(node: ast.AST) -> Stage3Error:
    line = getattr(node, "lineno", 0)
    return Stage3Error(f"line {line}: {ast.unparse(node)[:60]!r}")
