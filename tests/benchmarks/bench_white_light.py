"""How fast light curves are, as ratios to their peers, in one run with all taking turns.

Run by hand: ``python tests/benchmarks/bench_white_light.py --chromatic PYTHON --table FILE``. It
takes about three minutes a run and 1.5 GB of memory. PYTHON is a Python in which
chromatic-lightcurves is installed, by default this one; it runs as a process of its own, which
times itself, on the same arrays. With several ``--runs``, each row is of the run in which its peer
was quickest: that in which the machine had least else to do.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from astropy import units as u

from jdaviz_stage3.analysis import BandSums, spectroscopic_light_curves, white_light_curve

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "builders"))
from make_spectra import integrations, time_series
from make_traces import ArrayTrace

from jdaviz_stage3.readers.quality import excluded

N_INT, N_WAVE = 1000, 2048
BAND, N_BANDS, BIN = (1.0, 2.0), 20, 10  # micron, number, minutes
CHROMATIC, STEP = "chromatic", "jwst.white_light"
PASS, READ = "one pass over the arrays", "reading, and one pass"
#: What is asked of the step: its options, and neither normalisation nor outliers.
LIKE_THE_STEP = {
    "dq_bits": None, "excluded": "ignore", "normalize": None, "outlier_sigma": None,
    "time_system": "MJD_UTC",
}  # fmt: skip
WEIGHTED = {"statistic": "weighted mean", "normalize": None, "outlier_sigma": None}

# Run by the Python that has chromatic: a line of input is a piece of work, one of output its time.
_CHROMATIC = """
import sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
from astropy import units as u
import chromatic
from chromatic import Rainbow

folder, low, high, n_bands, minutes = sys.argv[1], *map(float, sys.argv[2:6])
load = lambda name: np.load(f"{folder}/{name}.npy")
hours = load("days") * 24
rainbow = Rainbow(wavelength=load("wavelength") * u.um, time=hours * u.hour,
                  flux=np.ascontiguousarray(load("flux").T),
                  uncertainty=np.ascontiguousarray(load("error").T))
start, step = hours[0] - (hours[1] - hours[0]) / 2, minutes / 60
times = np.arange(start, hours[-1] + step, step) * u.hour
work = {
    "white": lambda: rainbow.get_average_lightcurve_as_rainbow(),
    "band": lambda: rainbow.trim_wavelengths(w_min=low * u.um, w_max=high * u.um)
                           .get_average_lightcurve_as_rainbow(),
    "binned": lambda: rainbow.get_average_lightcurve_as_rainbow().bin(time_edges=times),
    "bands": lambda: rainbow.bin(wavelength_edges=load("edges") * u.um, trim=False),
}
print("version", chromatic.version(), flush=True)
for line in sys.stdin:
    begin = time.perf_counter()
    result = work[line.strip()]()
    seconds = time.perf_counter() - begin
    np.save(f"{folder}/found.npy", np.array([result.flux, result.uncertainty]))
    print("seconds", seconds, flush=True)
"""


def _seconds(function: Callable) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


class Trace(ArrayTrace):
    """A trace that copies its arrays once, as that of a file reads them once."""

    def usable_flux(self, dq_bits: str | None = "DO_NOT_USE") -> u.Quantity:
        flux = self.flux.copy()
        flux[excluded(flux, self.dq, dq_bits)] = np.nan
        return u.Quantity(flux, self.unit, copy=False)

    def flux_variance(self, errors: str = "random") -> u.Quantity:
        return u.Quantity(self.variance.copy(), self.unit**2, copy=False)


def make_trace(flagged: float = 0) -> Trace:
    """A star with noise that grows with wavelength; so many samples, or this part, flagged."""
    rng = np.random.default_rng(0)
    wavelength = np.linspace(0.6, 2.8, N_WAVE)
    error = np.broadcast_to(1e-3 * (1 + wavelength), (N_INT, N_WAVE))
    dq = np.zeros((N_INT, N_WAVE), dtype=np.uint32)
    count = int(flagged if flagged >= 1 else flagged * dq.size)
    dq.ravel()[rng.choice(dq.size, count, replace=False)] = 1
    flux = rng.normal(1, error)
    return Trace(wavelength * u.um, flux, variance=error**2, error=error.copy(), dq=dq)


def band_edges(wavelength: np.ndarray) -> np.ndarray:
    """The borders of bands that divide all channels, each on a border of two channels."""
    step = wavelength[1] - wavelength[0]
    channel = np.linspace(0, wavelength.size, N_BANDS + 1).round()
    return wavelength[0] + (channel - 0.5) * step


class Chromatic:
    """The process that has chromatic."""

    def __init__(self, python: str, trace: Trace, folder: Path):
        self.folder = folder
        arrays = {"flux": trace.flux, "error": trace.error, "days": trace.days - trace.days[0],
                  "wavelength": trace.wavelength.value,
                  "edges": band_edges(trace.wavelength.value)}  # fmt: skip
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)
        settings = [folder, *BAND, N_BANDS, BIN]
        self._process = subprocess.Popen(
            [python, "-c", _CHROMATIC, *map(str, settings)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.version = self._answer("version")

    def _answer(self, kind: str) -> str:
        for line in self._process.stdout:
            word, _, rest = line.strip().partition(" ")
            if word == kind:
                return rest
        raise SystemExit("chromatic does not run in that Python; see --chromatic")

    def seconds(self, work: str) -> float:
        self._process.stdin.write(f"{work}\n")
        self._process.stdin.flush()
        return float(self._answer("seconds"))

    def result(self, work: str) -> tuple[np.ndarray, np.ndarray]:
        """Flux and its errors, shape (n_times, n_bands) each."""
        self.seconds(work)
        flux, error = np.load(self.folder / "found.npy")
        return flux.T, error.T

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def one_pass(trace: Trace) -> tuple[np.ndarray, np.ndarray]:
    """The mask of the flags and of what is not finite, and masked sums of flux and variance."""
    good = np.isfinite(trace.flux)
    good &= (trace.dq & 1) == 0
    flux, variance = (np.where(good, values, 0).sum(axis=1)
                      for values in (trace.flux, trace.variance))  # fmt: skip
    return flux, variance


def one_pass_of_file(trace: object) -> tuple[np.ndarray, np.ndarray]:
    """The same of a trace that is read from its file."""
    flux, variance = trace.usable_flux().value, trace.flux_variance().value
    good = np.isfinite(flux)
    flux, variance = (np.where(good, values, 0).sum(axis=1) for values in (flux, variance))
    return flux, variance


# ---- rows: work, peer, aim, seconds of the peer, seconds here, how often ----


def chromatic_rows(peer: Chromatic, trace: Trace) -> list[tuple]:
    kept = BandSums(trace)
    edges = band_edges(trace.wavelength.value) * u.um
    bands = np.stack([edges[:-1], edges[1:]], axis=1)
    ours = {
        "white": lambda: white_light_curve(trace, **WEIGHTED),
        "band": lambda: white_light_curve(kept, BAND * u.um, **WEIGHTED),
        "binned": lambda: white_light_curve(trace, bin_width=BIN * u.min, **WEIGHTED),
        "bands": lambda: spectroscopic_light_curves(trace, bands, **WEIGHTED),
    }
    words = {
        "white": "weighted mean of all channels, from the arrays",
        "band": "another band, the trace kept",
        "binned": f"all channels in bins of {BIN} min, from the arrays",
        "bands": f"{N_BANDS} spectroscopic bands, from the arrays",
    }
    for work, function in ours.items():
        curve = function()
        flux, error = (np.reshape(curve[name].value, (len(curve), -1))
                       for name in ("flux", "flux_err"))  # fmt: skip
        theirs = peer.result(work)
        np.testing.assert_allclose(flux, theirs[0], rtol=1e-9, err_msg=work)
        np.testing.assert_allclose(error, theirs[1], rtol=1e-9, err_msg=work)
    return [
        (words[work], CHROMATIC, "", lambda work=work: peer.seconds(work),
         lambda function=function: _seconds(function), 2)
        for work, function in ours.items()
    ]  # fmt: skip


def write_file(trace: Trace, folder: Path) -> Path:
    columns = integrations(
        np.arange(1, N_INT + 1), N_WAVE, FLUX=trace.flux, FLUX_ERROR=trace.error,
        FLUX_VAR_POISSON=trace.variance, FLUX_VAR_RNOISE=np.zeros_like(trace.variance),
        DQ=trace.dq, WAVELENGTH=trace.wavelength.value,
        **{"MJD-AVG": trace.days - 0.003, "TDB-MID": trace.days},
    )  # fmt: skip
    return time_series(folder, [(columns, {"spectral_order": 1, "detector": "NIS"})])


def step_rows(trace: Trace, folder: Path) -> list[tuple]:
    from jwst.white_light.white_light import white_light
    from stdatamodels.jwst import datamodels

    import jdaviz_stage3 as stage3

    path = write_file(trace, folder)
    model = datamodels.TSOMultiSpecModel(path)

    def from_file() -> object:
        with datamodels.TSOMultiSpecModel(path) as opened:
            return white_light(opened)

    def ours_from_file(**options) -> object:
        return white_light_curve(stage3.read(path).traces[0], **options)

    theirs = white_light(model)["whitelight_flux"].value
    for curve in (white_light_curve(trace, **LIKE_THE_STEP), ours_from_file(**LIKE_THE_STEP)):
        np.testing.assert_allclose(curve["flux"].value, theirs, rtol=1e-12)
    np.testing.assert_allclose(from_file()["whitelight_flux"].value, theirs, rtol=0)
    return [
        ("plain sum like the step's, arrays in memory", STEP, "",
         lambda: _seconds(lambda: white_light(model)),
         lambda: _seconds(lambda: white_light_curve(trace, **LIKE_THE_STEP)), 15),
        ("the same from the file", STEP, "", lambda: _seconds(from_file),
         lambda: _seconds(lambda: ours_from_file(**LIKE_THE_STEP)), 7),
        ("from the file with flags, filling, errors, outliers", STEP, "",
         lambda: _seconds(from_file), lambda: _seconds(ours_from_file), 7),
    ]  # fmt: skip


def pass_rows(folder: Path) -> list[tuple]:
    import jdaviz_stage3 as stage3

    rows, files = [], []
    for flagged, words in ((0, "nothing"), (20, "20 samples"), (1e-3, "0.1 %"), (0.05, "5 %")):
        trace = make_trace(flagged)
        curve = BandSums(trace, excluded="ignore").light_curve()
        flux, variance = one_pass(trace)
        np.testing.assert_allclose(curve.flux, flux, rtol=1e-12)
        np.testing.assert_allclose(curve.flux_err, np.sqrt(variance), rtol=1e-12)
        aim = "≤ 1.2" if flagged in (0, 20) else ""
        rows.append(
            (f"preparing and the first band, {words} flagged", PASS, aim,
             lambda trace=trace: _seconds(lambda: one_pass(trace)),
             lambda trace=trace: _seconds(lambda: BandSums(trace).light_curve()), 15)
        )  # fmt: skip
        if flagged in (20, 0.05):
            (folder / words).mkdir()
            [read] = stage3.read(write_file(trace, folder / words)).traces
            np.testing.assert_allclose(one_pass_of_file(read), (flux, variance), rtol=1e-12)
            files.append(
                (f"the same from a file, {words} flagged", READ, aim,
                 lambda read=read: _seconds(lambda: one_pass_of_file(read)),
                 lambda read=read: _seconds(lambda: BandSums(read).light_curve()), 15)
            )  # fmt: skip
    low, high = BAND * u.um
    for flagged, words in ((0, "nothing"), (1e-3, "0.1 %")):
        kept = BandSums(trace := make_trace(flagged))
        kept.light_curve()
        files.append(
            (f"a band after the first, {words} flagged", PASS, "< 1 ms",
             lambda trace=trace: _seconds(lambda: one_pass(trace)),
             lambda kept=kept: _seconds(lambda: kept.light_curve(low, high)), 25)
        )  # fmt: skip
    return rows + files


def dragging_rows(folder: Path) -> list[tuple]:
    """One step of dragging a band's edge in the plugin, in Python; no peer does this."""
    import jdaviz

    import jdaviz_stage3 as stage3

    trace = make_trace(1e-3)
    path = write_file(trace, folder)
    app = jdaviz.new_app()
    stage3.load(path, app=app)
    plugin = app.plugins["White Light Curve"]
    plugin.show(band_high=BAND[1])
    edges = iter(BAND[0] + np.arange(1, 100_000) * 1e-5)

    def drag() -> None:
        plugin.band_low = next(edges)

    plain = {"bin_width": "", "bin_unit": "min", "integration": "", "division": "one band"}
    settings = {
        "the curve": plain,
        f"and bins of {BIN} min": plain | {"bin_width": BIN},
        "and the spectrum at the cursor": plain | {"bin_width": BIN, "integration": 400},
        f"{N_BANDS} bands": plain | {"division": "number of bands", "division_value": N_BANDS},
    }
    shown = {}

    def drag_with(changes: dict) -> float:
        if shown != changes:
            plugin.show(**changes)
            shown.clear()
            shown.update(changes)
            drag()
        return _seconds(drag)

    def alone() -> float:
        return _seconds(lambda: one_pass(trace))

    return [
        (f"a step of dragging in the plugin: {words}", PASS, "< 50 ms", alone,
         lambda changes=changes: drag_with(changes), 25)
        for words, changes in settings.items()
    ]  # fmt: skip


def measure(rows: list[tuple]) -> list[tuple[float, float]]:
    """Median seconds of the peer and here for each row, both in turns."""
    found = []
    for work, peer, _, theirs, ours, repeat in rows:
        ours()  # what is imported and compiled the first time
        times = [(theirs(), ours()) for _ in range(repeat)]
        found.append(tuple(statistics.median(column) for column in zip(*times, strict=True)))
        load = f"load {os.getloadavg()[0]:.1f}"
        print(work, peer, *map(_milliseconds, found[-1]), load, sep="  ", flush=True)
    return found


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f}" if seconds > 0.1 else f"{1000 * seconds:.2g}"


def as_list_table(rows: list[list[str]]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for cells in rows:
        lines.append(f"   * - {cells[0]}")
        lines += [f"     - {cell}".rstrip() for cell in cells[1:]]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, help="write the table to this file")
    parser.add_argument("--chromatic", default=sys.executable, help="Python that has chromatic")
    parser.add_argument("--runs", type=int, default=1)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        trace = make_trace()
        peer = Chromatic(arguments.chromatic, trace, folder)
        print("chromatic", peer.version, flush=True)
        folders = [folder / name for name in ("step", "pass", "app")]
        for each in folders:
            each.mkdir()
        rows = [*chromatic_rows(peer, trace), *step_rows(trace, folders[0]),
                *pass_rows(folders[1]), *dragging_rows(folders[2])]  # fmt: skip
        runs = [measure(rows) for _ in range(arguments.runs)]
        peer.close()
    table = [["1000 × 2048 samples", "Compared with", "Peer (ms)", "Here (ms)", "Ratio", "Aim"]]
    for (work, name, aim, *_), times in zip(rows, zip(*runs, strict=True), strict=True):
        peer_time, own_time = min(times)
        table.append([work, name, _milliseconds(peer_time), _milliseconds(own_time),
                      f"{own_time / peer_time:.2g}", aim])  # fmt: skip
        print("  ".join(table[-1]))
    if arguments.table:
        arguments.table.write_text(as_list_table(table), encoding="utf-8")


if __name__ == "__main__":
    main()
