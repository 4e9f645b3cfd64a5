"""Light curves as tables in the app, and as the Python that takes them."""

from __future__ import annotations

from typing import Any

from astropy import units as u
from astropy.table import QTable
from astropy.time import Time
from astropy.timeseries import TimeSeries

from ...analysis.light_curves.table import light_curve_table
from .curves import LightCurves
from .sentences import band_name
from .settings import CurveSettings

__all__ = ["python_code", "table_of", "tables_of_curves"]

_COLUMNS = ("n_filled", "int_num", "segment", "n_points")  # of each point, beside its flux


def table_of(curve: TimeSeries, band: int | None = None) -> QTable:
    """Make the table of a light curve that a light-curve viewer shows.

    Parameters
    ----------
    curve : astropy.timeseries.TimeSeries
        With the columns ``time``, ``flux`` and ``flux_err``.
    band : int, optional
        Which band, where the flux has several.

    Returns
    -------
    QTable
        As `jdaviz_stage3.analysis.light_curves.table.light_curve_table` makes it, with what else
        is known of each point.
    """
    return light_curve_table(
        curve,
        words="Relative flux" if curve["flux"].unit == u.one else "Flux",
        flux_err="flux_err",
        flag="outlier" if "outlier" in curve.colnames else None,
        band=band,
        columns=[name for name in _COLUMNS if name in curve.colnames],
    )


def tables_of_curves(curves: LightCurves) -> dict[str, QTable]:
    """Return the tables of light curves, one for each band, by the labels they get in the app.

    Raises
    ------
    Stage3Error
        If the settings do not fit.
    """
    tables = {}
    for label, curve in curves.curves().items():
        bands = range(curve["flux"].shape[1]) if curve["flux"].ndim == 2 else [None]
        for band in bands:
            name = _result_label(label, curve, band, curves.settings)
            tables[name] = table_of(curve, band)
    return tables


def _result_label(label: str, curve: TimeSeries, band: int | None, settings: CurveSettings) -> str:
    parts = []
    if band is not None:
        parts.append(band_name(*curve.meta["bands"][band], curve.meta["band_unit"]))
    elif settings.band() is not None:
        parts.append(band_name(*curve.meta["band"], curve.meta["band_unit"]))
    if "bin_width" in curve.meta:
        parts.append(f"bins of {settings.bin_width:g} {settings.bin_unit}")
    if curve.meta["time_system"] == "MJD_UTC":
        parts.append("UTC")
    detail = f" ({', '.join(parts)})" if parts else ""
    return f"{label} light curve{detail}"


def python_code(curves: LightCurves) -> str:
    """Return Python code that takes the same light curves without the app."""
    settings, labels = curves.settings, curves.labels
    lines = [
        "import jdaviz_stage3 as stage3",
        "from astropy import units as u",
        "from astropy.time import Time",
        "",
    ]
    options = curves.options() | {
        "dq_bits": list(settings.dq_bits),
        "excluded": settings.excluded,
        "errors": settings.errors,
    }
    if options["reference"] is not None and settings.time_axis != "hours":
        options["reference"] = None
    if (width := settings.bins()) is not None:
        options["bin_width"] = width
    if len(labels) > 1:
        lines.append("curves = []")
    for trace in curves.traces.values():
        lines.append(f"series = stage3.read({str(trace.path)!r})")
        lines.append(f"trace = series[{(trace.detector, trace.order)!r}]")
        division = curves.division()
        name = "spectroscopic_light_curves" if division else "white_light_curve"
        lines.append(f"curve = stage3.analysis.{name}(")
        lines.append("    trace,")
        if (band := settings.band()) is not None:
            lines.append(f"    band={_code(band)},")
        lines += [f"    {key}={_code(value)}," for key, value in (division | options).items()]
        lines.append(")")
        if len(labels) > 1:
            lines.append("curves.append(curve)")
    return "\n".join(lines) + "\n"


def _code(value: Any) -> str:
    """Write a value as the Python that makes it."""
    if isinstance(value, Time):
        return f"Time({value.jd1!r}, {value.jd2!r}, format='jd', scale={value.scale!r})".replace(
            "np.float64(", "float("
        )
    if isinstance(value, u.Quantity):
        return f"{value.value.tolist()!r} * u.Unit({str(value.unit)!r})"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(_code(item) for item in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    return repr(value)
