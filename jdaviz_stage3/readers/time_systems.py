"""The time systems of light curves: their names, scales, columns and words, in one table."""

from __future__ import annotations

from dataclasses import dataclass

from astropy.time import Time

from ..errors import Stage3Error

__all__ = ["TIME_SYSTEMS", "TimeSystem", "time_system_of"]


@dataclass(frozen=True)
class TimeSystem:
    """One time system, as it is called where it is met.

    Attributes
    ----------
    name : str
        What people give and read: ``time_system='BJD_TDB'``.
    date : str
        Name of a full Julian date in it: of a column, on an axis, in the read-out.
    scale : str
        astropy's name of its time scale.
    agreeing : tuple of str
        Scales that agree with it to 2 ms, itself among them.
    attribute : str
        Of a `SpectralTrace`, that holds its times.
    style : str
        Format in which its times are printed.
    columns : tuple of str
        Its columns in the files of light curves (whtlt, phot), of whatever pipeline version.
    spectra_column : str
        Its column in the files of spectra (x1dints).
    """

    name: str
    date: str
    scale: str
    agreeing: tuple[str, ...]
    attribute: str
    style: str
    columns: tuple[str, ...]
    spectra_column: str

    def date_label(self, zero: float) -> str:
        """Label an axis of days from a Julian date.

        Parameters
        ----------
        zero : float
            The date that the days count from, a whole one.

        Returns
        -------
        str
        """
        return f"{self.date} − {zero:.0f} (d)"

    def hours_label(self, zero: Time) -> str:
        """Label an axis of hours from a time.

        Parameters
        ----------
        zero : `~astropy.time.Time`, scalar
            The time that the hours count from.

        Returns
        -------
        str
        """
        return f"Hours from {self.date} {zero.jd:.5f}"


#: By name. The files' "BJD_TDB" and "TDB-MID" hold BJD - 2400000.5 (59989.977, not 2459990.477).
TIME_SYSTEMS = {
    system.name: system
    for system in (
        TimeSystem(
            "BJD_TDB", "BJD_TDB", "tdb", ("tdb", "tt"), "time", "jd", ("BJD_TDB",), "TDB-MID"
        ),
        TimeSystem(
            "MJD_UTC", "JD_UTC", "utc", ("utc",), "time_utc", "mjd", ("MJD_UTC", "MJD"), "MJD-AVG"
        ),
    )
}


def time_system_of(time: Time) -> TimeSystem:
    """Return the time system that times are in.

    Parameters
    ----------
    time : Time

    Returns
    -------
    TimeSystem

    Raises
    ------
    Stage3Error
        If they are in the scale of none.
    """
    for system in TIME_SYSTEMS.values():
        if time.scale in system.agreeing:
            return system
    scales = " or ".join(repr(system.scale) for system in TIME_SYSTEMS.values())
    raise Stage3Error(f"the times are in the scale {time.scale!r}; expected {scales}")
