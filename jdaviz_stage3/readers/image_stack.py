"""A stack of images in its file: an integration or a PSF each, read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, NDData, StdDevUncertainty
from astropy.time import Time
from astropy.wcs import WCS

from ..origin import FileStamp, check_unchanged
from .exposure_image import fits_wcs_of_exposure
from .stack_frames import StackFrames
from .stack_times import IntegrationTimes
from .stored_array import StoredArray
from .stored_gwcs import StoredGwcs
from .stored_parts import PartOfArray

if TYPE_CHECKING:
    from gwcs import WCS as GWCS

__all__ = ["ImageStack"]


class ImageStack(StackFrames, NDData):
    """Images of one size, with an integration or a PSF along the first axis; never a wavelength.

    ``stack[3]`` reads one image; ``data``, ``mask`` and ``uncertainty`` read the whole of their
    arrays when they are first asked for, and keep them.

    Parameters
    ----------
    path : path
    stamp : FileStamp
        Of the file when it was opened. From a file that was written anew nothing is read.
    arrays : mapping of str to StoredArray or None
        ``SCI``, ``ERR``, ``DQ`` and ``WAVELENGTH``, None for what the file has not.
    axes : tuple of str
        ``('integration', 'y', 'x')``, ``('psf', 'y', 'x')``, or both before y and x.
    unit : Unit
        Of SCI and ERR.
    header : astropy.io.fits.Header
        Of SCI, for its coordinates.
    meta : dict
        Keywords of the primary header and of SCI.
    dq_bits : optional
        The flags that exclude a pixel: see `jdaviz_stage3.readers.quality.dq_value`.
    integrations : IntegrationTimes, optional
        Numbers and times of the integrations.

    Attributes
    ----------
    path : pathlib.Path
        The file; of joined segments the first.
    paths : tuple of pathlib.Path
        All of the files.
    stamp : FileStamp
    axes : tuple of str
        What each axis is; also in ``meta['axes']``.
    science : StoredArray
        SCI as it is stored.
    error, dq : StoredArray or None
        ERR and DQ as they are stored; None where the file has none.
    dq_bits : str, int, iterable of str, or None
        The flags that exclude a pixel.
    int_num : ndarray of int, shape (n_int,), or None
        Numbers of the integrations in the exposure, from 1.
    integrations : IntegrationTimes
        Numbers and times, also those of the start and the end.
    coefficients : ndarray, shape (n_int, n_coefficients), or None
        SOLNS of an amilg: flux, then cosine and sine of each baseline, and an offset, by
        integration; divided by the flux.
    """

    coefficients: np.ndarray | None = None

    def __init__(
        self,
        path: Path,
        stamp: FileStamp,
        arrays: Mapping[str, StoredArray | None],
        axes: tuple[str, ...],
        unit: u.UnitBase,
        header: fits.Header,
        meta: dict[str, Any],
        dq_bits: str | int | Iterable[str] | None = "DO_NOT_USE",
        integrations: IntegrationTimes | None = None,
    ):
        science = arrays["SCI"]
        assert science is not None
        # takes no memory: it stands for the array until that is asked for
        nothing = np.broadcast_to(np.float32(0), science.shape)
        super().__init__(nothing, unit=unit, meta=meta | {"axes": axes})
        self.path, self.stamp, self.axes, self.dq_bits = Path(path), stamp, axes, dq_bits
        self.paths: tuple[Path, ...] = (self.path,)
        self.science, self.error, self.dq = science, arrays.get("ERR"), arrays.get("DQ")
        self._wavelength = arrays.get("WAVELENGTH")
        self._header = header
        self._whole: ImageStack | None = None  # that of four axes, of which it is a part
        self.integrations = integrations or IntegrationTimes()
        self.int_num = self.integrations.int_num
        self._unread = {"data", "mask", "uncertainty"}

    @classmethod
    def joined(
        cls,
        stacks: Sequence[ImageStack],
        arrays: Mapping[str, StoredArray | None],
        integrations: IntegrationTimes,
    ) -> ImageStack:
        """Make one of several that were found to fit together: see `join_integrations`.

        Parameters
        ----------
        stacks : sequence of ImageStack
            In their order; the first gives coordinates, wavelengths and keywords.
        arrays : mapping of str to StoredArray or None
            Joined ``SCI``, ``ERR`` and ``DQ``.
        integrations : IntegrationTimes

        Returns
        -------
        ImageStack
        """
        first = stacks[0]
        stack = cls(
            first.path,
            first.stamp,
            {**arrays, "WAVELENGTH": first._wavelength},
            first.axes,
            first.unit,
            first._header,
            first.meta | {"segments": [each.path.name for each in stacks]},
            first.dq_bits,
            integrations,
        )
        stack.paths = tuple(each.path for each in stacks)
        return stack

    def __repr__(self) -> str:
        sizes = " × ".join(f"{n} {axis}" for n, axis in zip(self.shape, self.axes, strict=True))
        return f"<ImageStack {self.path.name}: {sizes}, {str(self.unit) or 'no unit'}>"

    __str__ = __repr__

    def __getitem__(self, index: int | tuple[int, ...]) -> CCDData | ImageStack:
        """Read one image with its mask, errors, flags and coordinates.

        Of four axes ``stack[2]`` is the stack of the PSFs for integration 2, ``stack[2, 0]`` one of
        them.
        """
        if len(self.axes) == 4 and not isinstance(index, tuple):
            return self._stack_at(index)
        place = self._place(index)
        values = self._floats(self.science[place])
        error, flags = self.frame_error(place), self.frame_flags(place)
        return CCDData(
            values,
            unit=self.unit or u.dimensionless_unscaled,
            uncertainty=None if error is None else StdDevUncertainty(error, copy=False),
            mask=self.excludes(values, flags),
            flags=flags,
            wcs=self.wcs,
            meta=dict(self.meta),
        )

    def _stack_at(self, index: int) -> ImageStack:
        place, *_ = self._place((index, 0))
        arrays = {"SCI": self.science, "ERR": self.error, "DQ": self.dq}
        part = ImageStack(
            self.path,
            self.stamp,
            {name: array and PartOfArray(array, place) for name, array in arrays.items()},
            self.axes[1:],
            self.unit,
            self._header,
            dict(self.meta),
            self.dq_bits,
        )
        part._whole = self
        return part

    # ---- all of it ----

    @property
    def data(self) -> np.ndarray:
        """The values as they are in the file, of the shape of the stack; read whole."""
        if self._asked("data"):
            self._data = self.science[...]
        return self._data

    @property
    def mask(self) -> np.ndarray | None:
        """True where a pixel has one of ``dq_bits``, or is not finite; read whole."""
        if self._asked("mask"):
            flags = None if self.dq is None else self.dq[...]
            self._mask: np.ndarray | None = self.excludes(self.data, flags)
        return self._mask

    @mask.setter
    def mask(self, value: np.ndarray | None) -> None:
        if hasattr(self, "_unread"):
            self._unread.discard("mask")
        self._mask = value

    @property
    def uncertainty(self) -> StdDevUncertainty | None:
        """A standard deviation, from ERR; None where the file has none; read whole."""
        if self._asked("uncertainty") and self.error is not None:
            self.uncertainty = StdDevUncertainty(self.error[...], copy=False)
        return NDData.uncertainty.fget(self)

    @uncertainty.setter
    def uncertainty(self, value: Any) -> None:
        if hasattr(self, "_unread"):
            self._unread.discard("uncertainty")
        NDData.uncertainty.fset(self, value)

    # ---- where and when ----

    @property
    def wcs(self) -> WCS | None:
        """FITS WCS of an image: two celestial axes, in agreement with the gwcs; None without.

        None for spectra, whose keywords say something else, and with a warning where there should
        be one. Of a psfstack it is that of the first of its exposures.
        """
        return self._fits_wcs

    @wcs.setter
    def wcs(self, value: Any) -> None:
        if value is not None:
            raise AttributeError("the WCS of an ImageStack is that of its file")

    @cached_property
    def _fits_wcs(self) -> WCS | None:
        if self._whole is not None:
            return self._whole.wcs
        if self._wavelength is not None:
            return None  # a spectrum, whose keywords say nothing of the sky, if there are any
        return fits_wcs_of_exposure(self._header, self.path, self.frame_shape)

    @cached_property
    def gwcs(self) -> GWCS | None:
        """Pixels to sky (and wavelength) as the pipeline has it; None where there is none."""
        check_unchanged(self.path, self.stamp)
        return StoredGwcs(self.path).get()

    @cached_property
    def wavelength(self) -> np.ndarray | None:
        """Wavelength of each pixel of a spectrum in micron, shape (ny, nx), from WAVELENGTH.

        Of one for each integration that of the first. None for images, and for spectra whose
        wavelengths are in the gwcs only.
        """
        stored = self._wavelength
        if stored is None:
            return None
        return self._floats(stored[(0,) * (stored.ndim - 2)] if stored.ndim > 2 else stored[...])

    @property
    def times(self) -> Time | None:
        """Barycentric mid-times (TDB), shape (n_int,), masked where missing; None without any."""
        return self.integrations.time("mid", "BJD_TDB")

    @property
    def times_utc(self) -> Time | None:
        """Mid-times at the telescope (UTC), shape (n_int,), masked where missing, or None."""
        return self.integrations.time("mid", "MJD_UTC")

    def _asked(self, what: str) -> bool:
        """Whether an array is asked for the first time since this stands for a file."""
        if what not in self.__dict__.get("_unread", ()):
            return False
        self._unread.discard(what)
        return True
