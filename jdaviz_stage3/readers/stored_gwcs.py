"""The gwcs objects that a file keeps in its ASDF extension."""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import reason_of
from .extensions import open_product

if TYPE_CHECKING:
    from gwcs import WCS

__all__ = ["NO_GWCS", "StoredGwcs"]

#: The problem where there is none, in contrast to one that cannot be read.
NO_GWCS = "the file holds no gwcs"


class StoredGwcs:
    """The gwcs objects of one file; its ASDF extension is read when the first is asked for.

    Only the tree is read, and each object is built when it is asked for: the arrays of the file,
    which ``jwst.datamodels`` and ``asdf_in_fits`` go through, are left alone. A tree of many slits
    is megabytes of YAML, whose reading takes seconds.

    Parameters
    ----------
    path : path-like
    read : callable, optional
        Reads the content of the ASDF extension, where it is known where that is.

    Attributes
    ----------
    problem : str
        Why the last one that was asked for could not be had; empty if it could.
    """

    def __init__(self, path: str | os.PathLike, read: Callable[[], bytes] | None = None):
        self.path = path
        self._read = read
        self.problem = ""
        self._tree: Any = None
        self._part: Any = None

    def get(self, *keys: str | int) -> WCS | None:
        """Return one of the gwcs objects.

        Parameters
        ----------
        *keys : str or int
            Where in the tree the part of the file is that it belongs to: nothing for the file
            itself, ``('slits', 3)`` or ``('exposures', 0)``.

        Returns
        -------
        gwcs.WCS or None
            None if there is none, or none that the installed versions can read; `problem` says why.
        """
        return self._found(self._whole, keys)

    def of_slit(self, number: int) -> WCS | None:
        """Return the gwcs of one slit of many, whose part of the tree is read alone.

        That takes a hundredth of the time. The object holds until the next one is asked for.

        Parameters
        ----------
        number : int
            Of the slit in the tree, from 0.

        Returns
        -------
        gwcs.WCS or None
            As `get` does.
        """
        if self._tree is None:
            found = self._found(lambda: self._part_of(number), ("slits", 0))
            if found is not None:
                return found
        # there is none, or it needs what slits have in common, which is there once
        return self.get("slits", number)

    def prepare_all(self) -> None:
        """Read the whole tree, for many slits; what is wrong with it is found with the slits."""
        self.get()

    def _found(self, opened: Callable[[], Any], keys: Sequence[str | int]) -> WCS | None:
        import asdf

        self.problem = ""
        try:
            with warnings.catch_warnings():
                # of the versions that wrote the file; what cannot be read, fails
                warnings.simplefilter("ignore", asdf.exceptions.AsdfWarning)
                node = opened()
                for key in (*keys, "meta", "wcs"):
                    node = node[key]
        except (KeyError, IndexError, StopIteration):
            self.problem = NO_GWCS
            return None
        except Exception as err:  # asdf, its converters and gwcs share no error
            self.problem = f"its gwcs cannot be read ({reason_of(err)})"
            return None
        if not callable(node):  # a plain dict, where no converter for its tag is installed
            self.problem = "its gwcs is of a version that the installed gwcs cannot read"
            return None
        return node

    def _whole(self) -> Any:
        if self._tree is None:
            self._tree = _open(self._stored)
        return self._tree

    def _part_of(self, number: int) -> Any:
        part = _alone(self._stored, "slits", number)
        if part is None:
            raise IndexError(number)
        self._part = _open(part)  # kept, for the arrays of the gwcs are read from it
        return self._part

    @cached_property
    def _stored(self) -> bytes:
        if self._read is not None:
            return self._read()
        with open_product(self.path) as hdus:
            hdu = next(hdu for hdu in hdus if hdu.name == "ASDF")
            return hdu.data["ASDF_METADATA"].tobytes()


def _open(stored: bytes) -> Any:
    import asdf

    with asdf.config_context() as config:
        # what was written against the schemas is not held against them again: most of the time
        config.validate_on_read = False
        return asdf.open(
            io.BytesIO(stored),
            lazy_tree=True,
            lazy_load=True,  # the arrays of the file, named in it, are not looked for
            memmap=False,
            ignore_unrecognized_tag=True,
        )


def _alone(stored: bytes, name: str, index: int) -> bytes | None:
    """Leave only one item of a list at the top of a tree; None where it is not found.

    What is left out is filled up, for the blocks of arrays behind are found by their places.
    """
    text, end, blocks = stored.partition(b"\n...\n")
    begin = re.search(rb"^--- [^\n]*\n", text, re.MULTILINE)
    listed = re.search(rb"^%s:\n" % re.escape(name.encode()), text, re.MULTILINE)
    if begin is None or listed is None or not end:
        return None
    after = re.compile(rb"^[^ \-#]", re.MULTILINE).search(text, listed.end())
    content = text[listed.end() : after.start() if after else len(text)]
    places = [found.start() for found in re.finditer(rb"^- ", content, re.MULTILINE)]
    if not 0 <= index < len(places):
        return None
    item = content[places[index] : [*places, len(content)][index + 1]].rstrip()
    shared = _anchors(text, item, {})
    if shared is None:
        return None
    lines = b"".join(b"- " + node + b"\n" for node in shared.values())
    common = b"shared:\n" + lines if lines else b""
    kept = text[: begin.end()] + common + listed[0] + item + b"\n#"
    return kept.ljust(len(text)) + end + blocks if len(kept) <= len(text) else None


def _anchors(text: bytes, part: bytes, known: dict[bytes, bytes]) -> dict[bytes, bytes] | None:
    """What a part of a tree refers to (``*id001``) that stands elsewhere (``&id001``), by name.

    Those that others refer to come first. None where one is not found.
    """
    own = set(re.findall(rb"&(id\d+)\b", part))
    for name in dict.fromkeys(re.findall(rb"\*(id\d+)\b", part)):
        if name in own or name in known:
            continue
        found = re.search(rb"^( *)([^\n]*?)(&%s\b[^\n]*\n?)" % name, text, re.MULTILINE)
        if found is None:
            return None
        # the lines below that are further in than what it is the value of
        before = re.match(rb"(?:- )*", found[2])
        indent = len(found[1]) + (len(before[0]) if before else 0)
        below = re.compile(rb"(?: {%d}[^\n]*\n)*" % (indent + 1)).match(text, found.end())
        node = found[3] + (below[0] if below else b"")
        inner = _anchors(text, node, known)
        if inner is None:
            return None
        known = inner | {name: node.rstrip()}
    return known
