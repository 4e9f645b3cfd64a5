"""Tables of what running medians do, computed when the documentation is built.

A Sphinx extension: it writes ``smoothing_table.inc`` and ``smoothing_edges.inc``, which the page of
Median Smooth includes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy
import numpy as np
import pandas
import scipy
import scipy.ndimage
import scipy.signal
import specutils
import specutils.manipulation
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from specutils import Spectrum

from jdaviz_stage3.analysis import Smoothed, median_smooth

WIDTH = 5
FLUX = np.array([10.0, 12, 11, 13, 12, 14, 13, 15, 14])
BAD = np.zeros(FLUX.size, dtype=bool)
BAD[3:6] = True
NAN, OUTLIERS = np.where(BAD, np.nan, FLUX), np.where(BAD, 900, FLUX)
SIGMA = np.ones(FLUX.size)
ROWS = np.repeat([[10.0], [90], [20], [30], [40]], FLUX.size, axis=1)
AT = 1  # the row that is shown

EDGES = ("shrink", "reflect", "nearest", "zero", "nan")


def _ours(flux, mask=None, sigma=None):
    return median_smooth(flux, WIDTH, mask=mask, uncertainty=sigma)


def _medfilt(flux, mask=None, sigma=None):
    return scipy.signal.medfilt(_masked(flux, mask), WIDTH)


def _median_filter(flux, mask=None, sigma=None):
    return scipy.ndimage.median_filter(_masked(flux, mask), WIDTH)


def _specutils(flux, mask=None, sigma=None):
    spectrum = Spectrum(
        flux=flux * u.Jy,
        spectral_axis=np.arange(1, FLUX.size + 1) * u.um,
        mask=mask,
        uncertainty=None if sigma is None else StdDevUncertainty(sigma),
    )
    smoothed = specutils.manipulation.median_smooth(spectrum, WIDTH)
    if sigma is None or smoothed.uncertainty is None:
        return smoothed.flux.value
    return Smoothed(smoothed.flux.value, smoothed.uncertainty.array)


def _pandas(flux, mask=None, sigma=None, **options):
    frame = pandas.DataFrame(_masked(flux, mask).T)  # which rolls down the columns
    return frame.rolling(WIDTH, center=True, **options).median().to_numpy().T.reshape(flux.shape)


def _pandas_min_periods(flux, mask=None, sigma=None):
    return _pandas(flux, mask, min_periods=1)


#: By the name in the tables: how each is called, and the function that does it.
TOOLS: dict[str, tuple[str, Callable]] = {
    "this package": (
        f"jdaviz_stage3.analysis.median_smooth(flux, {WIDTH}, mask=…, uncertainty=…)", _ours
    ),
    "medfilt": (f"scipy.signal.medfilt(flux, {WIDTH})", _medfilt),
    "median_filter": (f"scipy.ndimage.median_filter(flux, {WIDTH})", _median_filter),
    "specutils": (f"specutils.manipulation.median_smooth(spectrum, {WIDTH})", _specutils),
    "pandas": (f"pandas: rolling({WIDTH}, center=True).median()", _pandas),
    "pandas, min_periods=1": (
        f"pandas: rolling({WIDTH}, center=True, min_periods=1).median()", _pandas_min_periods
    ),
}  # fmt: skip


def _masked(flux: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """The array as a library takes it that has no argument for a mask."""
    return flux if mask is None else np.ma.array(flux, mask=mask)


def comparison_table() -> str:
    """What each does at the ends, with NaN, masked outliers, errors and rows."""
    versions = [f"{m.__name__} {m.__version__}" for m in (numpy, scipy, specutils, pandas)]
    lines = [
        f"Window: {WIDTH} pixels. Versions: {', '.join(versions)}.",
        "",
        ".. list-table::",
        "   :header-rows: 1",
        "",
        "   * - In the tables",
        "     - What is called",
    ]
    for name, (call, _) in TOOLS.items():
        lines += [f"   * - {name}", f"     - ``{call}``"]
    run = {name: tool for name, (_, tool) in TOOLS.items()}
    errors = {name: tool(FLUX, None, SIGMA) for name, tool in run.items()}
    cases = [
        ("The ends", FLUX, {name: tool(FLUX) for name, tool in run.items()}),
        ("Three samples are NaN", NAN, {name: tool(NAN) for name, tool in run.items()}),
        (
            "Three samples of 900 are masked",
            OUTLIERS,
            {name: tool(OUTLIERS, BAD) for name, tool in run.items()},
        ),
        (
            f"The second of {len(ROWS)} rows, of {', '.join(f'{v:g}' for v in ROWS[:, 0])}",
            ROWS[AT],
            {name: tool(ROWS)[AT] for name, tool in run.items()},
        ),
        (
            "The uncertainty; that of the input is 1 everywhere",
            SIGMA,
            {
                name: result.uncertainty if isinstance(result, Smoothed) else None
                for name, result in errors.items()
            },
        ),
    ]
    for title, given, results in cases:
        rows = [("*input*", given), *results.items()]
        lines += ["", f"**{title}.**", "", *_table(rows)]
    return "\n".join(lines) + "\n"


def edge_table() -> str:
    """What our median does at the ends, by the name of the edge."""
    rows = [("*input*", FLUX)]
    rows += [(f'``"{edge}"``', median_smooth(FLUX, WIDTH, edge=edge)) for edge in EDGES]
    return "\n".join(_table(rows)) + "\n"


def _table(rows: list[tuple[str, np.ndarray | None]]) -> list[str]:
    """A table with a name and the values in each row; None where there are none."""
    lines = [".. list-table::", "   :class: smoothing-table", ""]
    for name, values in rows:
        lines.append(f"   * - {name}")
        cells = ["–"] * FLUX.size if values is None else map(_cell, values)
        lines += [f"     - {cell}" for cell in cells]
    return lines


def _cell(value: float) -> str:
    return "NaN" if np.isnan(value) else f"{value:.3g}"


def _write(app) -> None:
    folder = Path(app.srcdir)
    (folder / "smoothing_table.inc").write_text(comparison_table(), encoding="utf-8")
    (folder / "smoothing_edges.inc").write_text(edge_table(), encoding="utf-8")


def setup(app) -> dict:
    """Write the tables before the pages are read."""
    app.connect("builder-inited", _write)
    return {"parallel_read_safe": True}
