"""What the demo program's exposures and associations say about themselves."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from astropy.time import Time

PROGRAM = "09998"
ORIGIN = "SIMULATED (jdaviz_stage3 demo)"
POOL = f"jw{PROGRAM}_20260401t000000_pool.csv"

_DONE = (
    "assign_wcs",
    "dark_sub",
    "dq_init",
    "flat_field",
    "jump",
    "linearity",
    "photom",
    "ramp_fit",
    "saturation",
)


def describe(model: Any, facts: Mapping[str, Any]) -> Any:
    """
    Write metadata into a data model.

    Parameters
    ----------
    model : JwstDataModel
        Changed in place.
    facts : mapping
        Values by their dotted place below ``meta``, as in ``{'target.ra': 53.1}``.

    Returns
    -------
    JwstDataModel
        The same ``model``.
    """
    for place, value in facts.items():
        model[f"meta.{place}"] = value
    return model


def program_facts(observation: int, exposure: int, start: Time, seconds: float) -> dict[str, Any]:
    """
    Return the metadata that every exposure of the program has.

    Parameters
    ----------
    observation, exposure : int
        Numbers within the program.
    start : Time
        Start of the exposure, UTC.
    seconds : float
        How long the exposure lasts.

    Returns
    -------
    dict
        For `describe`.
    """
    number = f"{observation:03d}"
    begin = start.isot.split("T")
    days = seconds / 86400
    facts = {
        "telescope": "JWST",
        "time_sys": "UTC",
        "origin": ORIGIN,
        "program.title": "A demonstration field that does not exist",
        "program.pi_name": "Demo, Ada",
        "program.category": "GO",
        "program.science_category": "Galaxies",
        "observation.date": begin[0],
        "observation.time": begin[1],
        "observation.date_beg": start.isot,
        "observation.program_number": PROGRAM,
        "observation.observation_number": number,
        "observation.visit_number": "001",
        "observation.visit_id": f"{PROGRAM}{number}001",
        "observation.visit_group": "02",
        "observation.sequence_id": "1",
        "observation.activity_id": "01",
        "observation.exposure_number": str(exposure),
        "exposure.start_time": start.mjd,
        "exposure.mid_time": start.mjd + days / 2,
        "exposure.end_time": start.mjd + days,
        "exposure.duration": seconds,
        "exposure.exposure_time": seconds,
        "exposure.measurement_time": seconds,
        "exposure.effective_exposure_time": seconds,
        "exposure.elapsed_exposure_time": seconds,
        "target.type": "FIXED",
        "velocity_aberration.scale_factor": 1.0,
        "asn.pool_name": POOL,
    }
    return facts | {f"cal_step.{step}": "COMPLETE" for step in _DONE}


def exposure_name(
    observation: int, exposure: int, detector: str, segment: int | None = None
) -> str:
    """
    Return the name of an exposure's files, without the suffix.

    Parameters
    ----------
    observation, exposure : int
        Numbers within the program.
    detector : str
        As in file names: ``'nrcblong'``.
    segment : int, optional
        The segment, where the exposure is split over several files.

    Returns
    -------
    str
        For example ``'jw09998001001_02101_00001_nrcblong'``.
    """
    part = "" if segment is None else f"-seg{segment:03d}"
    return f"jw{PROGRAM}{observation:03d}001_02101_{exposure:05d}{part}_{detector}"


def write_association(kind: str, rule: str, product: str, members: Sequence[str]) -> Path:
    """
    Write the association of a Stage 3 product to the current directory.

    Parameters
    ----------
    kind : str
        ``'image3'``, ``'spec3'`` or ``'tso3'``.
    rule : str
        The rule that would have made it, such as ``'Asn_Lv3Image'``.
    product : str
        The product's name without its suffix.
    members : sequence of str
        The names of the science exposures' files.

    Returns
    -------
    Path
        The association file.
    """
    observation, target = product.split("-")[1].split("_")[:2]
    contents = {
        "asn_type": kind,
        "asn_rule": rule,
        "version_id": "20260401t000000",
        "code_version": "3.0.0",
        "degraded_status": "No known degraded exposures in association.",
        "program": PROGRAM,
        "constraints": "No constraints",
        "asn_id": observation,
        "target": target,
        "asn_pool": POOL,
        "products": [
            {
                "name": product,
                "members": [{"expname": name, "exptype": "science"} for name in members],
            }
        ],
    }
    path = Path(f"jw{PROGRAM}-{observation}_20260401t000000_{kind}_00001_asn.json")
    path.write_text(json.dumps(contents, indent=4) + "\n")
    return path
