"""What ami3 computes, to be imported in a process of its own: see `pipeline_ami_process`.

jwst.ami imports synphot, which registers units that jdaviz 5.0.5 then offers and cannot parse: no
spectrum can be loaded any more in a process that has imported it.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
from jwst.ami.instrument_data import NIRISS
from jwst.ami.lg_model import LgModel
from jwst.ami.nrm_core import FringeFitter
from jwst.ami.oifits import CalibOifits
from stdatamodels.jwst import datamodels

PIXEL = 0.0656 / 3600  # degrees
FLUX_RATIO = 0.05
N_INT, SIZE = 3, 80
BANDPASS = np.array([(1.0, 3.78e-6), (1.0, 3.80e-6), (1.0, 3.82e-6)])
V3_TO_IDEAL = 0.57  # V3I_YANG, degrees


def mask() -> SimpleNamespace:
    """The seven holes of NIRISS as the reference file has them (metres)."""
    holes = [(0, -2.64), (-2.28631, 0), (2.28631, -1.32), (-2.28631, 1.32), (-1.14315, 1.98),
             (2.28631, 1.32), (1.14315, 1.98)]  # fmt: skip
    places = {f"{'xy'[i]}_a{n + 1}": hole[i] for n, hole in enumerate(holes) for i in range(2)}
    return SimpleNamespace(**places, flat_to_flat=0.80, diameter=6.5, pupil_circumscribed=6.6)


@cache
def lone_star() -> np.ndarray:
    """A star in the middle of the subarray."""
    model = LgModel(mask(), np.radians(PIXEL), BANDPASS, over=3)
    star = np.zeros((SIZE, SIZE))
    star[9:74, 8:73] = model.simulate(65)
    return star


def image(shift: tuple[int, int]) -> np.ndarray:
    """That star, and its companion shifted by (x, y) pixels."""
    star = lone_star()
    return star + FLUX_RATIO * np.roll(star, shift[::-1], axis=(0, 1))


def exposure(shift: tuple[int, int], roll: float, vparity: int) -> datamodels.CubeModel:
    model = datamodels.CubeModel()
    rng = np.random.default_rng(3)
    one = image(shift)
    noise = rng.normal(size=(N_INT, SIZE, SIZE)) * 1e-4 * one.max()
    model.data = (one + noise).astype("f4")
    model.dq = np.zeros((N_INT, SIZE, SIZE), "u4")
    keywords = {"roll_ref": roll, "v3yangle": V3_TO_IDEAL, "vparity": vparity, "cdelt1": PIXEL,
                "cdelt2": PIXEL, "crpix1": 40.0, "crpix2": 40.0}  # fmt: skip
    for name, value in keywords.items():
        setattr(model.meta.wcsinfo, name, value)
    model.meta.instrument.name, model.meta.instrument.filter = "NIRISS", "F380M"
    model.meta.instrument.pupil = "NRM"
    model.meta.target.proposer_name = model.meta.target.catalog_name = "AB DOR"
    model.meta.target.ra, model.meta.target.dec = 82.187, -65.448
    model.meta.target.proper_motion_ra = model.meta.target.proper_motion_dec = 0.0
    model.meta.target.ra_uncertainty = model.meta.target.dec_uncertainty = 0.0
    model.meta.program.pi_name = "Nobody"
    model.meta.visit.start_time = "2026-04-01 09:36:00.0"
    model.meta.exposure.effective_exposure_time, model.meta.exposure.nints = 30.0, N_INT
    model.meta.filename = "jw01_calints.fits"
    return model


def analyzed(model: datamodels.CubeModel, path: str) -> None:
    """What the pipeline's ami_analyze writes of an exposure."""
    niriss = NIRISS("F380M", mask(), BANDPASS, run_bpfix=False)
    averaged, _, _ = FringeFitter(niriss, oversample=3).fit_fringes_all(model)
    averaged.meta.instrument.filter = "F380M"
    averaged.meta.calibration_software_version = "3.0.0"
    averaged.save(path)


def normalised(target: str, reference: str, path: str, mended: bool) -> None:
    """Write the aminorm-oi; mended: errors of V² are exchanged before calibrate exchanges them."""
    with datamodels.AmiOIModel(target) as star, datamodels.AmiOIModel(reference) as other:
        if mended:
            own, others = star.vis2["VIS2ERR"].copy(), other.vis2["VIS2ERR"].copy()
            star.vis2["VIS2ERR"], other.vis2["VIS2ERR"] = others, own
        CalibOifits(star, other).calibrate().save(path)


def run(job: dict) -> None:
    """Write what a job asks for."""
    if "shift" in job:
        analyzed(exposure(tuple(job["shift"]), job["roll"], job["vparity"]), job["path"])
    else:
        normalised(job["target"], job["reference"], job["path"], job["mended"])
