"""Traces made of arrays, with what `jdaviz_stage3.analysis` asks of a SpectralTrace."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.time import Time

from jdaviz_stage3.readers.quality import excluded
from jdaviz_stage3.readers.times import days_to_time

START = 60000.0  # MJD
CADENCE = 60.0  # s


@dataclass
class ArrayTrace:
    """A trace whose arrays are given; each call returns new ones, as the real one does."""

    wavelength: u.Quantity
    flux: np.ndarray
    variance: np.ndarray | None = None
    dq: np.ndarray | None = None
    days: np.ndarray | None = None
    error: np.ndarray | None = None
    unit: u.UnitBase = u.Jy
    segment: np.ndarray | None = None
    has_tdb: bool = True
    has_utc: bool = True
    label: str = "order 1"
    path: Path = Path("jw09997-o001_t001_niriss_x1dints.fits")

    def __post_init__(self):
        if self.days is None:
            self.days = START + np.arange(self.n_integrations) * CADENCE / 86400
        if self.segment is None:
            self.segment = np.ones(self.n_integrations, dtype=int)

    @property
    def n_integrations(self) -> int:
        return self.flux.shape[0]

    @property
    def n_wavelengths(self) -> int:
        return self.flux.shape[1]

    @property
    def int_num(self) -> np.ndarray:
        return np.arange(1, self.n_integrations + 1)

    @property
    def time(self) -> Time | None:
        return days_to_time(self.days, "tdb") if self.has_tdb else None

    @property
    def time_utc(self) -> Time | None:
        return days_to_time(self.days - 0.003, "utc") if self.has_utc else None

    def usable_flux(self, dq_bits="DO_NOT_USE") -> u.Quantity:
        flux = self.flux.astype(float)
        flux[excluded(flux, self.dq, dq_bits)] = np.nan
        return u.Quantity(flux, self.unit)

    def flux_variance(self, errors="random") -> u.Quantity | None:
        if errors == "random":
            return None if self.variance is None else self.variance.astype(float) * self.unit**2
        return None if self.error is None else self.error.astype(float) ** 2 * self.unit**2


def star(n_int: int = 40, n_wave: int = 100, *, level: float = 1000.0, noise: float = 5.0, seed=0,
         light: np.ndarray | float = 1.0, **changes) -> ArrayTrace:  # fmt: skip
    """A spectrum of all brightnesses, times the light of each integration (and channel)."""
    rng = np.random.default_rng(seed)
    wavelength = np.linspace(1, 2, n_wave)
    spectrum = level * (1 + 0.5 * np.sin(9 * wavelength)) * (1 + wavelength)
    light = np.reshape(light, (-1, 1)) if np.ndim(light) == 1 else light
    flux = np.broadcast_to(spectrum * light, (n_int, n_wave))
    flux = flux + rng.normal(0, noise, (n_int, n_wave))
    return ArrayTrace(**{"wavelength": wavelength * u.um, "flux": flux,
                         "variance": np.full((n_int, n_wave), noise**2)} | changes)  # fmt: skip


def flagged(shape: tuple[int, int], fraction: float, seed: int = 1) -> np.ndarray:
    """Data-quality flags with this part of the samples DO_NOT_USE, at random."""
    return (np.random.default_rng(seed).random(shape) < fraction).astype(np.uint32)
