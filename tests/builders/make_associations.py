"""Associations, with files beside them that have the right names and next to nothing in them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["associate", "touch"]


def associate(
    folder: Path,
    products: dict[str, Iterable[tuple[str, str]]],
    *,
    kind: str | None = "image3",
    name: str = "jw09997-o001_20260401t000000_image3_00001_asn.json",
    **more: Any,
) -> Path:
    """An asn.json of products, each with its members: pairs of expname and exptype."""
    listed = [
        {"name": product, "members": [{"expname": e, "exptype": t} for e, t in members]}
        for product, members in products.items()
    ]
    content = {"asn_type": kind, "asn_id": "o001", "program": "09997", "products": listed} | more
    path = folder / name
    path.write_text(json.dumps(content))
    return path


def touch(folder: Path, *names: str) -> None:
    """Files that are found by their names only."""
    for name in names:
        (folder / name).write_bytes(b"x")
