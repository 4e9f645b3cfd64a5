"""With which parameters the steps of the pipeline ran, from the logs that products carry."""

from __future__ import annotations

import os
import re
import textwrap
from pathlib import Path
from typing import Any

import yaml

from ..errors import UnreadableProductError, UnsupportedProductError, reason_of
from ..products import identify
from ..readers.extensions import open_product

__all__ = ["step_parameters"]

# stpipe.Step.run logs them with these words, as YAML that is indented by two blanks.
_SAID = re.compile(r"Step (\S+) parameters are:\n(.*)", re.DOTALL)
_BLOCK = re.compile(rb"^cal_logs:(?:[ ].*)?\n(?:[ -].*\n|\n)*", re.MULTILINE)
_END_OF_TREE = b"\n...\n"
_LARGEST = 20_000_000  # bytes of logs; those of the archive have a hundredth of it
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where it is built


def step_parameters(path: str | os.PathLike) -> dict[str, dict[str, Any]]:
    """Read the parameters that each step ran with, where the file has them.

    Parameters
    ----------
    path : path-like
        A product in FITS. Since jwst 1.13 its ASDF extension keeps the logs of the pipelines, and
        in these, if they were kept at the level INFO, as in the archive, the parameters.

    Returns
    -------
    dict of str to dict
        By step, as ``'tweakreg'``, and for the pipelines themselves, as ``'Image3Pipeline'``, the
        parameters. Empty where the file does not have them.

    Raises
    ------
    UnknownProductError, UnreadableProductError, UnsupportedProductError
        If it is no product, is broken, or a table, which has no logs.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> stage3.step_parameters("jw…_i2d.fits")["tweakreg"]["snr_threshold"]    # doctest: +SKIP
    """
    path = Path(path)
    kind = identify(path)
    if kind.container != "fits":
        raise UnsupportedProductError(
            f"{path.name}: a {kind.container.upper()} file, which has no logs of the pipeline; ask "
            "for those of its i2d or x1dints"
        )
    found: dict[str, dict[str, Any]] = {}
    for messages in _logs(path).values():
        for message in messages if isinstance(messages, list) else []:
            said = _SAID.search(str(message))
            if said is None:
                continue
            try:
                values = yaml.load(textwrap.dedent(said[2]), Loader=_Loader)
            except (yaml.YAMLError, ValueError, RecursionError):
                continue  # the rest of the logs may be whole
            if isinstance(values, dict):
                steps = values.pop("steps", None)
                found[said[1]] = values
                found |= steps if isinstance(steps, dict) else {}
    return found


def _logs(path: Path) -> dict[str, Any]:
    """The logs by pipeline, each a list of messages."""
    with open_product(path) as hdus:
        names = [hdu.name for hdu in hdus]
        if "ASDF" not in names:
            return {}
        try:
            stored = hdus[names.index("ASDF")].data["ASDF_METADATA"].tobytes()
        except (KeyError, TypeError, AttributeError) as err:
            raise UnreadableProductError(
                f"{path.name}: its ASDF extension cannot be read ({reason_of(err)}); download it "
                "again"
            ) from err
    tree = stored.partition(_END_OF_TREE)[0] + b"\n"
    block = _BLOCK.search(tree)
    if block is None or len(block[0]) > _LARGEST:
        return {}
    try:
        logs = yaml.load(block[0].decode("utf-8", "replace"), Loader=_Loader)["cal_logs"]
    except (yaml.YAMLError, ValueError, RecursionError, KeyError, TypeError) as err:
        raise UnreadableProductError(
            f"{path.name}: its logs cannot be read ({reason_of(err)}); download it again"
        ) from err
    return logs if isinstance(logs, dict) else {}
