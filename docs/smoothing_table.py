"""Tables of what running medians do, computed when the documentation is built.

A Sphinx extension: it writes ``smoothing_table.inc`` and ``smoothing_edges.inc``, which the page of
Median Smooth includes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas
import scipy.ndimage
import scipy.signal
import specutils.manipulation
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from specutils import Spectrum

from jdaviz_stage3.analysis import Smoothed, median_smooth

WIDTH = 5
FLUX = np.array([10.0, 12, 11, 13, 12, 14, 13, 15, 14])
NAN = FLUX.copy()
NAN[3:6] = np.nan
OUTLIER = FLUX.copy()
OUTLIER[4] = 900
MASK = OUTLIER == 900
SIGMA = np.ones(FLUX.size)
ROWS = np.repeat([[10.0], [90], [20], [30]], FLUX.size, axis=1)
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


#: How each is called, and the function that does it.
TOOLS: dict[str, Callable] = {
    f"stage3.analysis.median_smooth(flux, {WIDTH}, mask=…, uncertainty=…)": _ours,
    f"scipy.signal.medfilt(flux, {WIDTH})": _medfilt,
    f"scipy.ndimage.median_filter(flux, {WIDTH})": _median_filter,
    f"specutils.manipulation.median_smooth(spectrum, {WIDTH})": _specutils,
    f"pandas: rolling({WIDTH}, center=True).median()": _pandas,
    f"pandas: rolling({WIDTH}, center=True, min_periods=1).median()": _pandas_min_periods,
}


def _masked(flux: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """The array as a library takes it that has no argument for a mask."""
    return flux if mask is None else np.ma.array(flux, mask=mask)


def comparison_table() -> str:
    """What each does at the edges, with NaN, a masked outlier, errors and rows."""
    lines = []
    errors = {name: tool(FLUX, None, SIGMA) for name, tool in TOOLS.items()}
    cases = [
        ("The ends", FLUX, {name: tool(FLUX) for name, tool in TOOLS.items()}),
        ("Three samples are NaN", NAN, {name: tool(NAN) for name, tool in TOOLS.items()}),
        (
            "The sample of 900 is masked",
            OUTLIER,
            {name: tool(OUTLIER, MASK) for name, tool in TOOLS.items()},
        ),
        (
            "Uncertainty of the result; the input has 1 everywhere",
            SIGMA,
            {
                name: result.uncertainty if isinstance(result, Smoothed) else None
                for name, result in errors.items()
            },
        ),
        (
            f"The second of four rows of {', '.join(f'{v:g}' for v in ROWS[:, 0])}",
            ROWS[AT],
            {name: tool(ROWS)[AT] for name, tool in TOOLS.items()},
        ),
    ]
    for title, given, results in cases:
        rows = [("*input*", given)]
        rows += [(f"``{name}``", result) for name, result in results.items()]
        lines += [f"**{title}.**", "", *_table(rows), ""]
    return "\n".join(lines)


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
        cells = ["none"] + [""] * (FLUX.size - 1) if values is None else map(_cell, values)
        lines += [f"     - {cell}".rstrip() for cell in cells]
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
