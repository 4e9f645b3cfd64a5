"""How large the tree of an ASDF file is, before anybody walks through it.

YAML can name a part once and mean it again and again: 300 bytes can stand for a tree of millions of
parts, through each of which asdf goes, for hours and in a thread that nobody can stop.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import Stage3Error

__all__ = ["check_tree"]

_BEGINNING = b"#ASDF "
_END = b"\n...\n"
_LARGEST_TEXT = 50_000_000  # bytes
_MOST_PARTS = 1_000_000  # of those that are written once, a file of 20 MB has as many


def check_tree(path: Path) -> None:
    """Refuse an ASDF file whose tree is too large to be walked through.

    Parameters
    ----------
    path : pathlib.Path
        Of any file; one that is no ASDF is let through, and so is one whose tree cannot be read.

    Raises
    ------
    Stage3Error
    """
    with open(path, "rb") as stream:
        if stream.read(len(_BEGINNING)) != _BEGINNING:
            return
        text = stream.read(_LARGEST_TEXT)
    if _has_too_many(text.partition(_END)[0]):
        raise Stage3Error(
            f"{path.name}: not opened, for its tree has more than {_MOST_PARTS} parts, counting "
            "those that are named again"
        )


def _has_too_many(text: bytes) -> bool:
    """Whether a tree has too many parts; each event is looked at once, whatever it stands for."""
    import yaml

    sizes: dict[str, int] = {}  # of what has a name
    open_parts: list[tuple[str | None, int]] = [(None, 0)]
    start = text.find(b"%YAML")
    try:
        for event in yaml.parse(text[max(0, start) :], Loader=_loader(yaml)):
            if isinstance(event, yaml.CollectionStartEvent):
                open_parts.append((event.anchor, 1))
                continue
            if isinstance(event, yaml.AliasEvent):
                name, size = None, sizes.get(event.anchor, 1)
            elif isinstance(event, yaml.ScalarEvent):
                name, size = event.anchor, 1
            elif isinstance(event, yaml.CollectionEndEvent):
                name, size = open_parts.pop()
            else:
                continue
            if name is not None:
                sizes[name] = size
            above, counted = open_parts[-1]
            open_parts[-1] = (above, counted + size)
            if counted + size > _MOST_PARTS:
                return True
    except yaml.YAMLError:
        pass  # asdf says what is wrong with it
    return False


def _loader(yaml: object) -> type:
    """The fast one, where it is there."""
    return getattr(yaml, "CSafeLoader", None) or yaml.SafeLoader  # type: ignore[attr-defined]
