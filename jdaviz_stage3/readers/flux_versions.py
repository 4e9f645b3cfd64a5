"""The version of the pipeline whose catalogs hold wrong fluxes; a module that imports nothing."""

from __future__ import annotations

import re

__all__ = ["wrong_fluxes"]

_BROKEN_FLUX_VERSION = "1.20.0"


def wrong_fluxes(version: str) -> str:
    """Say what is wrong with the fluxes of catalogs that a version of the pipeline wrote.

    Parameters
    ----------
    version : str
        Of jwst.

    Returns
    -------
    str
        Empty where nothing is known to be wrong: only 1.20.0 has this defect, by the release notes
        of 1.20.1.
    """
    if not re.fullmatch(re.escape(_BROKEN_FLUX_VERSION) + r"(\.dev.*)?", version):
        return ""
    return (
        f"written by jwst {version}, whose catalog fluxes are not in Jy and include the "
        "background; reprocess with 1.20.1 or later before using fluxes or magnitudes"
    )
