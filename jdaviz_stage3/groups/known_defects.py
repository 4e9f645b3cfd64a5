"""The table of known defects of products: what tells each, and where it is written down.

A rule is here only where it tells for sure: a warning about a good product is worse than none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..readers.flux_versions import wrong_fluxes
from .processing import Provenance
from .soss_white_light import wrong_orders
from .versions import release_of

__all__ = ["GROUP_RULES", "PRODUCT_RULES", "GroupRule", "ProductRule"]

_ISSUES = "https://github.com/spacetelescope/jwst/issues/"
#: From this version on, source_catalog takes blended sources apart unless told not to.
_DEBLENDS = (3, 0, 0)
#: The first version whose combine_1d divides the square root of the summed variances.
_COMBINED_ERRORS = (1, 15, 0)
_NAMED_MOST = 4


@dataclass(frozen=True)
class ProductRule:
    """A known defect of one product: how it is recognised, and where it is described.

    Attributes
    ----------
    name : str
        As it is called in findings and in JSON.
    source : str
        Where the defect is described: release notes, an issue, the code of a step.
    check : callable
        Of the product's provenance: what is wrong, in words; empty where nothing is.
    by_reader : bool
        Whether reading the product warns of it, so that loading must not say it again.
    """

    name: str
    source: str
    check: Callable[[Provenance], str]
    by_reader: bool = False


@dataclass(frozen=True)
class GroupRule:
    """A way in which products of one observation do not fit together.

    Attributes
    ----------
    name, source : str
        As of a `ProductRule`.
    check : callable
        Of what there is of the observation: the products concerned, and what is wrong, in words;
        nothing and an empty text where nothing is.
    """

    name: str
    source: str
    check: Callable[[Sequence[Provenance]], tuple[Sequence[Provenance], str]]


def _catalog_fluxes(made: Provenance) -> str:
    return wrong_fluxes(made.pipeline_version) if made.suffix == "cat" else ""


def _combined_errors(made: Provenance) -> str:
    release = release_of(made.pipeline_version)
    if made.suffix != "c1d" or release is None or release >= _COMBINED_ERRORS:
        return ""
    return (
        f"written by jwst {made.pipeline_version}, whose combine_1d gives errors too large by "
        "the square root of the summed weights (column WEIGHT); divide ERROR and SB_ERROR by that, "
        "or reprocess with 1.15.0 or later"
    )


def _failed_steps(made: Provenance) -> str:
    failed = [name for name, state in made.steps.items() if state.upper() == "FAILED"]
    if not failed:
        return ""
    return f"{_listed(failed)} did not succeed (FAILED); the product was made without"


def _mixed_exposures(made: Provenance) -> str:
    said = [
        f"{what} ({', '.join(made.mixed[name])})"
        for name, what in (
            ("pipeline_version", "versions of the pipeline"),
            ("crds_context", "CRDS contexts"),
        )
        if name in made.mixed
    ]
    if not said:
        return ""
    return (
        f"made of exposures that were calibrated with different {' and '.join(said)}; reprocess "
        "them with one before comparing what depends on calibration"
    )


def _white_light_orders(made: Provenance) -> str:
    if made.suffix != "whtlt" or made.exposure_type != "NIS_SOSS":
        return ""
    return wrong_orders(made.path)


def _labels(group: Sequence[Provenance]) -> tuple[Sequence[Provenance], str]:
    """Catalog and segmentation map that different versions have made."""
    pair = [one for one in group if one.suffix in ("cat", "segm") and one.pipeline_version]
    if len(pair) < 2 or len({one.pipeline_version for one in pair}) < 2:
        return (), ""
    releases = [release_of(one.pipeline_version) for one in pair]
    known = [release for release in releases if release is not None]
    why = ""
    if known and min(known) < _DEBLENDS <= max(known):
        why = ", and from 3.0.0 on blended sources are taken apart"
    return pair, (
        f"were written by different versions of the pipeline ({_by_version(pair)}){why}: labels "
        "of the catalog need not be those of the map; join them by position, or reprocess both"
    )


def _mixed_versions(group: Sequence[Provenance]) -> tuple[Sequence[Provenance], str]:
    if _labels(group)[0]:  # has said it of the catalog
        group = [one for one in group if one.suffix != "cat"]
    return _mixed(group, "pipeline_version", "different versions of the pipeline")


def _mixed_contexts(group: Sequence[Provenance]) -> tuple[Sequence[Provenance], str]:
    if _mixed_versions(group)[0]:  # who has reprocessed some of them knows by that already
        return (), ""
    return _mixed(group, "crds_context", "different CRDS contexts, so with other reference files")


def _mixed(group: Sequence[Provenance], name: str, what: str) -> tuple[Sequence[Provenance], str]:
    saying = [one for one in group if getattr(one, name)]
    if len({getattr(one, name) for one in saying}) < 2:
        return (), ""
    return saying, (
        f"were made with {what}: {_by_version(saying, name)}; they are no products of one "
        "reduction: reprocess them together before combining their numbers"
    )


def _by_version(group: Iterable[Provenance], name: str = "pipeline_version") -> str:
    """``'2.0.0 (cat), 3.0.0 (i2d, 12 x1d)'``."""
    found: dict[str, Counter[str]] = {}
    for one in group:
        found.setdefault(getattr(one, name), Counter())[one.suffix] += 1
    said = []
    for version in sorted(found):
        kinds = [f"{n} {kind}" if n > 1 else kind for kind, n in found[version].items()]
        said.append(f"{version} ({', '.join(kinds)})")
    return ", ".join(said)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED_MOST} more" if len(names) > _NAMED_MOST else ""
    return ", ".join(names[:_NAMED_MOST]) + more


#: All rules about single products, in the order in which findings are listed.
PRODUCT_RULES: tuple[ProductRule, ...] = (
    ProductRule(
        "catalog fluxes of jwst 1.20.0", f"jwst 1.20.1, release notes: {_ISSUES}9939",
        _catalog_fluxes, by_reader=True,
    ),
    ProductRule(
        "errors of combined spectra before jwst 1.15.0",
        f"jwst 1.15.0, release notes: {_ISSUES}8520", _combined_errors,
    ),
    ProductRule(
        "white light of SOSS beyond order 1",
        "jwst 1.20.0 to 3.0.0, white_light.py: the limits found for the first order are handed on "
        f"to the next, whose own are never asked for (limits since {_ISSUES}9650)",
        _white_light_orders,
    ),
    ProductRule(
        "steps that failed", f"the header; jwst 3.0.0, release notes: {_ISSUES}10497",
        _failed_steps,
    ),
    ProductRule(
        "exposures of several reductions", "HDRTAB of the product: CAL_VER, CRDS_CTX",
        _mixed_exposures,
    ),
)  # fmt: skip
#: All rules about several products, in that order.
GROUP_RULES: tuple[GroupRule, ...] = (
    GroupRule(
        "labels of another build",
        f"the headers; jwst 3.0.0, release notes: {_ISSUES}10612 (deblend)", _labels,
    ),
    GroupRule("several versions of the pipeline", "the headers: CAL_VER", _mixed_versions),
    GroupRule("several CRDS contexts", "the headers: CRDS_CTX", _mixed_contexts),
)  # fmt: skip
