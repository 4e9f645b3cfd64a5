"""The products that belong together by their association, and which of them are there."""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import UnreadableProductError
from ..products import named_suffix, product_root

__all__ = ["FilesBeside", "GroupProduct", "Member", "ProductGroup"]

_SEGMENT = re.compile(r"-seg(\d+)(?=_)")
# What cube_build appends to the name in the association: channel and band of MIRI MRS, grating and
# filter of NIRSpec.
_CUBE = r"(?:_(?:ch[1-4](?:-[1-4])*-[a-z-]+|(?:g\d{3}[hm]|prism)-[a-z0-9]+))?"
# spec3 fills {source_id} with s000000007, b and v before it for background and virtual slits, and
# appends it where the name in the association has no such place.
_SOURCE_ID = r"[sbv]?\d+"
_APPENDED_ID = r"(?:_[sbv]\d{5,})?"
_FILE_TYPE = re.compile(r"\.fits?(?=\W|$)|\.ecsv(?=\W|$)", re.IGNORECASE)


class FilesBeside:
    """The files in a file's folder, listed once.

    Parameters
    ----------
    path : path
        A file in the folder.

    Attributes
    ----------
    places : dict of str to str
        For each name the path where it is, or an empty text where the name is a link that leads
        out of the folder.

    Raises
    ------
    UnreadableProductError
        If the folder cannot be read.
    """

    def __init__(self, path: Path):
        folder = path.absolute().parent
        inside = os.path.join(os.path.realpath(folder), "")
        self.places: dict[str, str] = {}
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if not entry.is_symlink():
                        if entry.is_file():
                            self.places[entry.name] = entry.path
                    elif not os.path.realpath(entry.path).startswith(inside):
                        self.places[entry.name] = ""
                    elif os.path.isfile(entry.path):
                        self.places[entry.name] = entry.path
        except OSError as err:
            raise UnreadableProductError(
                f"{folder}: cannot be read ({err.strerror or err})"
            ) from err
        self._of_root: dict[str, list[tuple[str, str]]] = {}
        for name in sorted(self.places):
            suffix = named_suffix(name)
            if suffix and _FILE_TYPE.search(name):
                self._of_root.setdefault(product_root(name).lower(), []).append((suffix, name))
        self._roots = sorted(self._of_root)

    def of_root(self, root: str) -> list[tuple[str, str]]:
        """Find products by what their names have in common.

        Parameters
        ----------
        root : str
            In small letters.

        Returns
        -------
        list of (str, str)
            Suffix and name of each.
        """
        return self._of_root.get(root, [])

    def of_product(self, name: str) -> list[tuple[str, str]]:
        """Find the products of a name, as the pipeline fills and extends it.

        Parameters
        ----------
        name : str
            ``'jw…-o066_{source_id}_nirspec_…'``.

        Returns
        -------
        list of (str, str)
            Suffix and name of each.
        """
        pattern = _pattern(name)
        start = name.lower().partition("{")[0]
        found = []
        for root in self._roots[bisect_left(self._roots, start) :]:
            if not root.startswith(start):
                break
            if pattern.fullmatch(root):
                found += self._of_root[root]
        return found


@dataclass(frozen=True)
class Member:
    """One of the files that a product is made from.

    Attributes
    ----------
    name : str
        Base name of the file.
    exptype : str
        What it is there for: ``'science'``, ``'psf'``, ``'background'``, ``'sourcecat'``, …
    path : path or None
        Where it is; None where it is not beside the association, or must not be opened.
    refused : str
        What the association asked for that was not done, in words: a path that leads out of its
        folder is not followed. Empty where there is nothing.
    """

    name: str
    exptype: str
    path: Path | None = None
    refused: str = ""

    @classmethod
    def of(cls, expname: str, exptype: str, beside: FilesBeside) -> Member:
        """Look for a member by its base name.

        Parameters
        ----------
        expname : str
            As the association has it.
        exptype : str
        beside : FilesBeside

        Returns
        -------
        Member
        """
        parts = re.split(r"[/\\]", expname)
        name, refused = parts[-1], ""
        if name in ("", ".", ".."):
            return cls(expname, exptype, None, f"{expname!r} is no name of a file")
        if not parts[0] or parts[0].endswith(":"):
            refused = f"{expname}: an absolute path, which is not followed"
        elif ".." in parts:
            refused = f"{expname}: leads out of the folder, and is not followed"
        elif [part for part in parts[:-1] if part != "."]:
            refused = f"{expname}: in another folder, which is not searched"
        place = beside.places.get(name)
        if place == "":
            return cls(name, exptype, None, f"{name}: a link out of the folder, not followed")
        if place is None:
            return cls(name, exptype, None, refused)
        return cls(name, exptype, Path(place), f"{refused}; {name} is beside it" if refused else "")

    @property
    def exposure(self) -> str:
        """Name of its exposure, the same for all segments."""
        return _SEGMENT.sub("", product_root(self.name))

    @property
    def segment(self) -> int | None:
        """Number of its segment; None where the exposure has none."""
        found = _SEGMENT.search(self.name)
        return int(found[1]) if found else None


@dataclass(frozen=True)
class GroupProduct:
    """One product of an association: what it is made from, and what of it is there.

    Attributes
    ----------
    name : str
        As the association has it, without file type: ``'jw…-o066_{source_id}_nirspec_…'``.
    members : tuple of Member
    files : dict of str to tuple of path
        The products of this name beside the association, by suffix: ``{'i2d': (…,)}``. Several
        where they are made for each source, or each channel and band.
    exposure_files : dict of str to tuple of path
        What Stage 3 makes of each member: crf, psfsub, ami-oi, … by suffix.
    refused : tuple of str
        Products that are links out of the folder, in words.
    """

    name: str
    members: tuple[Member, ...] = ()
    files: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    exposure_files: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    refused: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, name: str, members: tuple[Member, ...], number: str, beside: FilesBeside
    ) -> GroupProduct:
        """Look for the files of a product.

        Parameters
        ----------
        name : str
            As the association has it.
        members : tuple of Member
        number : str
            ``asn_id``, which is in the names of what is made of each member.
        beside : FilesBeside

        Returns
        -------
        GroupProduct
        """
        name = re.sub(r"\.fits(\.gz)?$", "", re.split(r"[/\\]", name)[-1], flags=re.IGNORECASE)
        done = {member.name for member in members}
        files: dict[str, list[Path]] = {}
        of_exposures: dict[str, list[Path]] = {}
        refused = []
        stems = dict.fromkeys(product_root(member.name).lower() for member in members)
        made_of = {stem: None for s in stems for stem in (s, f"{s}_{number.lower()}")}
        found = [(files, entry) for entry in beside.of_product(name)]
        found += [(of_exposures, entry) for stem in made_of for entry in beside.of_root(stem)]
        for kept, (suffix, file) in found:
            if file in done:
                continue
            done.add(file)  # where an exposure has the name of the product
            if beside.places[file]:
                kept.setdefault(suffix, []).append(Path(beside.places[file]))
            else:
                refused.append(f"{file}: a link out of the folder, not followed")
        return cls(
            name,
            members,
            {suffix: tuple(paths) for suffix, paths in files.items()},
            {suffix: tuple(paths) for suffix, paths in of_exposures.items()},
            tuple(refused),
        )

    @property
    def found(self) -> tuple[Member, ...]:
        """The members that are there."""
        return tuple(member for member in self.members if member.path is not None)

    @property
    def missing(self) -> tuple[Member, ...]:
        """The members that are not there, or must not be opened."""
        return tuple(member for member in self.members if member.path is None)

    @property
    def exposures(self) -> dict[str, tuple[Member, ...]]:
        """The members by exposure: the segments of one are one series, in their order."""
        series: dict[str, list[Member]] = {}
        for member in self.members:
            series.setdefault(member.exposure, []).append(member)
        return {
            name: tuple(sorted(members, key=lambda m: m.segment or 0))
            for name, members in series.items()
        }


@dataclass(frozen=True)
class ProductGroup:
    """What an association says, and what of it is there; or what of a folder belongs together.

    Attributes
    ----------
    path : path
        The association; without one the folder of the files.
    kind : str
        ``asn_type``: ``'image3'``, ``'spec3'``, ``'tso3'``, ``'coron3'``, ``'ami3'``; empty where
        the association does not say.
    rule : str
        ``asn_rule``.
    program, target : str
    number : str
        ``asn_id``: ``'o001'``, ``'c1027'``.
    pool : str
        ``asn_pool``.
    code_version : str
        Of the software that made the association.
    products : tuple of GroupProduct
    """

    path: Path
    kind: str = ""
    rule: str = ""
    program: str = ""
    target: str = ""
    number: str = ""
    pool: str = ""
    code_version: str = ""
    products: tuple[GroupProduct, ...] = ()

    @property
    def members(self) -> tuple[Member, ...]:
        """The members of all products, each file once."""
        return tuple({m.name: m for product in self.products for m in product.members}.values())

    @property
    def refused(self) -> tuple[str, ...]:
        """All that was not opened or not followed, in words."""
        said = [member.refused for member in self.members if member.refused]
        said += [text for product in self.products for text in product.refused]
        return tuple(dict.fromkeys(said))

    def __repr__(self) -> str:
        here = sum(member.path is not None for member in self.members)
        lines = [f"<ProductGroup {self.path.name}: {self.kind or 'of unknown type'}"]
        for product in self.products:
            files = product.files | product.exposure_files
            have = ", ".join(f"{len(v)} {k}" if len(v) > 1 else k for k, v in files.items())
            lines.append(f"  {product.name}: {have or 'no products here'}")
        if self.members:
            lines.append(f"  {here} of {len(self.members)} members here")
        return "\n".join(lines) + ">"


def _pattern(name: str) -> re.Pattern[str]:
    """What the names of the files of a product look like, without their suffix."""
    pieces = re.split(r"(\{\w+\})", name.lower())
    filled = [
        _SOURCE_ID
        if piece == "{source_id}"
        else "[^_]+"
        if re.fullmatch(r"\{\w+\}", piece)
        else re.escape(piece)
        for piece in pieces
    ]
    return re.compile("".join(filled) + ("" if "{source_id}" in pieces else _APPENDED_ID) + _CUBE)
