"""Small products of ami3: seven holes, a known sky, and files of jwst before 1.14."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from astropy.io import fits
from make_spectra import save
from make_tables import ROOT
from schemas_once import datamodels

__all__ = ["HOLES", "MAS", "WAVELENGTH", "binary", "fringe_fit", "fringe_parameters", "oifits"]

MAS = np.pi / 180 / 3600e3  # radians
WAVELENGTH = 3.8e-6  # metres
#: East and north of the holes in metres: a mask as that of NIRISS, turned.
HOLES = np.array(
    [[0, -2.64], [-2.28631, 0], [2.28631, -1.32], [-2.28631, 1.32],
     [-1.14315, 1.98], [2.28631, 1.32], [1.14315, 1.98]]
) @ np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])  # fmt: skip

Sky = Callable[[np.ndarray, np.ndarray], np.ndarray]


def binary(east: float, north: float, ratio: float) -> Sky:
    """Complex visibility of a star of flux 1 and a companion, at offsets in mas."""

    def visibility(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        turn = np.exp(-2j * np.pi * (u * east + v * north) * MAS / WAVELENGTH)
        return (1 + ratio * turn) / (1 + ratio)

    return visibility


def _observables(sky: Sky, rng: np.random.Generator, n_int: int, noise: float) -> SimpleNamespace:
    """Observables of each integration, (n_rows, n_int), from noisy complex visibilities."""
    pairs, triples, quads = (list(combinations(range(7), n)) for n in (2, 3, 4))
    uv = np.array([HOLES[i] - HOLES[j] for i, j in pairs])
    vis = sky(uv[:, 0], uv[:, 1])[:, None] * np.ones(n_int)
    vis = vis + noise * (rng.normal(size=vis.shape) + 1j * rng.normal(size=vis.shape))
    of = dict(zip(pairs, vis, strict=True))
    bispectrum = np.array([of[i, j] * of[j, k] * of[i, k].conj() for i, j, k in triples])
    closure = np.array([abs(of[i, j] * of[k, q] / of[i, k] / of[j, q]) for i, j, k, q in quads])
    sides = np.array([[HOLES[i] - HOLES[j], HOLES[j] - HOLES[k]] for i, j, k in triples])
    of_quads = np.array(
        [[HOLES[i] - HOLES[j], HOLES[j] - HOLES[k], HOLES[k] - HOLES[q]] for i, j, k, q in quads]
    )
    return SimpleNamespace(pairs=np.array(pairs) + 1, triples=np.array(triples) + 1,
                           quads=np.array(quads) + 1, uv=uv, sides=sides, of_quads=of_quads,
                           vis=vis, bispectrum=bispectrum, closure=closure)  # fmt: skip


def _columns(values: dict[str, np.ndarray], dtype: np.dtype, multi: bool) -> np.ndarray:
    """A table of the pipeline: the data columns are vectors where there are integrations."""
    vectors = ("VIS2", "VISA", "VISP", "T3A", "T3P", "Q4A", "Q4P")
    kinds = []
    for name in dtype.names:
        width = values[name].shape[1:] if multi and name.startswith(vectors) else None
        kinds.append((name, dtype[name]) if width is None else (name, "<f8", width))
    table = np.zeros(len(values["FLAG"]), kinds)
    for name in dtype.names:
        mean = name.startswith(vectors) and not multi
        table[name] = values[name].mean(axis=1) if mean else values[name]
    return table


def oifits(
    suffix: str,
    folder: Path,
    *,
    sky: Sky | None = None,
    seed: int = 5,
    n_int: int = 6,
    noise: float = 0.002,
    root: str = ROOT,
    **keywords: str,
) -> Path:
    """One of the OIFITS products of ami3; a point source by default."""
    seen = _observables(sky or binary(0, 0, 0.0), np.random.default_rng(seed), n_int, noise)
    multi = suffix == "amimulti-oi"
    error = 0.0 if multi else noise / np.sqrt(n_int)

    def rows(n: int, indices: np.ndarray) -> dict[str, np.ndarray]:
        start = {"TARGET_ID": np.ones(n), "TIME": np.zeros(n), "MJD": np.full(n, 61041.0),
                 "INT_TIME": np.full(n, 30.0)}  # fmt: skip
        return start | {"STA_INDEX": indices, "FLAG": np.zeros(n)}

    def pair(name: str, values: np.ndarray, scale: float) -> dict[str, np.ndarray]:
        error_name = f"{name.removesuffix('DATA')}ERR"
        return {name: values, error_name: np.full(values.shape, error * scale)}

    degrees = 180 / np.pi
    tables = {
        "vis": rows(21, seen.pairs) | pair("VISAMP", abs(seen.vis), 1)
        | pair("VISPHI", np.angle(seen.vis, deg=True), degrees)
        | {"UCOORD": seen.uv[:, 0], "VCOORD": seen.uv[:, 1]},
        "vis2": rows(21, seen.pairs) | pair("VIS2DATA", abs(seen.vis) ** 2, 2)
        | {"UCOORD": seen.uv[:, 0], "VCOORD": seen.uv[:, 1]},
        "t3": rows(35, seen.triples) | pair("T3AMP", abs(seen.bispectrum), 3**0.5)
        | pair("T3PHI", np.angle(seen.bispectrum, deg=True), 3**0.5 * degrees)
        | {f"{'UV'[a]}{s + 1}COORD": seen.sides[:, s, a] for s in range(2) for a in range(2)},
        "q4": rows(35, seen.quads) | pair("Q4AMP", seen.closure, 2)
        | pair("Q4PHI", np.zeros((35, n_int)), 2 * degrees)
        | {f"{'UV'[a]}{s + 1}COORD": seen.of_quads[:, s, a] for s in range(3) for a in range(2)}
        | {"U4COORD": np.zeros(35), "V4COORD": np.zeros(35)},
    }  # fmt: skip
    model = datamodels.AmiOIModel()
    for name, values in tables.items():
        setattr(model, name, _columns(values, model.get_dtype(name), multi))
    target = np.zeros(1, model.get_dtype("target"))
    target["TARGET_ID"], target["TARGET"], target["RAEP0"], target["DECEP0"] = (
        1,
        "AB DOR",
        82.2,
        -65.4,
    )
    array = np.zeros(7, [("TEL_NAME", "S16"), ("STA_NAME", "S16"), ("STA_INDEX", "<i2"),
                         ("DIAMETER", "<f4"), ("STAXYZ", "<f8", (3,)), ("FOV", "<f8"),
                         ("FOVTYPE", "S6"), ("CTRS_EQT", "<f8", (2,)), ("PISTONS", "<f8"),
                         ("PIST_ERR", "<f8")])  # fmt: skip
    array["STA_NAME"] = array["TEL_NAME"] = [f"A{i}" for i in range(1, 8)]
    array["STA_INDEX"] = np.arange(1, 8)
    array["CTRS_EQT"] = HOLES[:, ::-1]
    wavelength = np.zeros(1, model.get_dtype("wavelength"))
    wavelength["EFF_WAVE"], wavelength["EFF_BAND"] = WAVELENGTH, 2e-7
    model.target, model.array, model.wavelength = target, array, wavelength
    model.meta.telescope = "JWST"
    model.meta.origin = "STSCI"
    model.meta.program.pi_name = "Nobody"
    model.meta.target.proposer_name = keywords.get("target", "AB DOR")
    model.meta.instrument.name = "NIRISS"
    model.meta.instrument.filter = keywords.get("filter", "F380M")
    model.meta.observation.date = "2026-01-01"
    model.meta.oifits.array_name = "jwst_ami"
    model.meta.oifits.instrument_mode = "NRM"
    return save(model, folder / f"{root}_{suffix}.fits")


def fringe_fit(folder: Path, n_int: int = 3, shape: tuple[int, int] = (9, 9)) -> Path:
    """An amilg: interferograms, a model, residuals."""
    product = datamodels.AmiLgFitModel()
    rng = np.random.default_rng(8)
    product.meta.telescope, product.meta.instrument.name = "JWST", "NIRISS"
    fit = rng.uniform(1, 2, (n_int, *shape)).astype("f4")
    resid = rng.normal(0, 0.1, fit.shape).astype("f4")
    product.fit_image, product.resid_image, product.centered_image = fit, resid, fit + resid
    peak = product.centered_image.max()
    product.norm_fit_image, product.norm_resid_image = fit / peak, resid / peak
    product.norm_centered_image = (fit + resid) / peak
    product.solns_table = np.zeros(n_int, [("coeffs", "f8", (44,))])
    return save(product, folder / f"{ROOT}_amilg.fits")


def fringe_parameters(suffix: str, folder: Path, *, seed: int = 4) -> Path:
    """An ami, amiavg, psf-amiavg or aminorm of jwst before 1.14, whose model class is gone."""
    rng = np.random.default_rng(seed)
    primary = fits.PrimaryHDU()
    primary.header["DATAMODL"], primary.header["INSTRUME"] = "AmiLgModel", "NIRISS"
    primary.header["TELESCOP"] = "JWST"
    hdus = [primary]
    for name in ("FIT", "RESID"):
        hdus.append(fits.ImageHDU(rng.normal(size=(8, 8)).astype("f4"), name=name))
    for name, column, n in (("CLOSURE_AMP", "coeffs", 35), ("CLOSURE_PHA", "coeffs", 35),
                            ("FRINGE_AMP", "coeffs", 21), ("FRINGE_PHA", "coeffs", 21),
                            ("PUPIL_PHA", "coeffs", 7), ("SOLNS", "coeffs", 44)):  # fmt: skip
        values = rng.uniform(0.5, 1.5, n)
        hdus.append(
            fits.BinTableHDU.from_columns([fits.Column(column, "D", array=values)], name=name)
        )
    path = folder / f"{ROOT}_{suffix}.fits"
    hdus[0].header["FILENAME"] = path.name
    fits.HDUList(hdus).writeto(path)
    return path
