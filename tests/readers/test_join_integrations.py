"""However integrations are spread over a file, a trace joins them as a brute-force join does."""

from pathlib import Path

import numpy as np
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make_spectra import integrations, spectral_table, table_dtype

from jdaviz_stage3.readers.time_series import read_spectral_time_series

QUICK = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@st.composite
def campaigns(draw):
    """Integrations in any order, dealt out to segments of two traces, with their padding."""
    n_wave = draw(st.integers(1, 6))
    traces = {}
    for key in draw(st.sampled_from([[("NIS", 1)], [("NIS", 1), ("NIS", 2)],
                                     [("NRS1", 1), ("NRS2", 1)]])):  # fmt: skip
        numbers = draw(st.lists(st.integers(1, 999), min_size=1, max_size=12, unique=True))
        cuts = sorted(draw(st.lists(st.integers(0, len(numbers)), max_size=3)))
        traces[key] = [part.tolist() for part in np.split(np.array(numbers), cuts)]
    padding = draw(st.integers(0, 3))
    shuffle = draw(st.randoms(use_true_random=False))
    return n_wave, padding, traces, shuffle


def columns_of(numbers, n_wave, segment, salt):
    """Columns whose every value tells trace, integration and wavelength apart."""
    numbers = np.asarray(numbers, dtype=int)
    rng = [np.random.default_rng([number, salt]) for number in numbers]
    shape = (len(numbers), n_wave)
    return integrations(numbers, n_wave, segment) | {
        "FLUX": np.array([r.normal(size=n_wave) for r in rng]).reshape(shape),
        "FLUX_ERROR": np.array([r.uniform(size=n_wave) for r in rng]).reshape(shape),
        "DQ": np.array([r.integers(0, 2**32, n_wave) for r in rng], "u4").reshape(shape),
    }


def write(path: Path, extensions) -> None:
    """Write tables with astropy alone: quicker than the data models, in their layout."""
    primary = fits.PrimaryHDU(header=fits.Header({"TELESCOP": "JWST"}))
    hdus = [primary]
    for table, header in extensions:
        hdu = fits.BinTableHDU(table, header=fits.Header(header), name="EXTRACT1D")
        hdu.ver = len(hdus)
        hdus.append(hdu)
    fits.HDUList(hdus).writeto(path, overwrite=True)


def expected_of(parts, n_wave, salt):
    """All integrations of a trace, one by one, then sorted by number."""
    rows = {}
    for numbers in parts:
        for number in numbers:
            row = columns_of([number], n_wave, 1, salt)
            rows[number] = [row[name][0] for name in ("FLUX", "FLUX_ERROR", "DQ", "TDB-MID")]
    return sorted(rows), [
        np.array(values) for values in zip(*(rows[n] for n in sorted(rows)), strict=True)
    ]


def assert_joined(path, traces, n_wave):
    series = read_spectral_time_series(path)
    assert set(series) == set(traces)
    for salt, (key, parts) in enumerate(traces.items()):
        numbers, (flux, error, dq, tdb) = expected_of(parts, n_wave, salt)
        trace = series[key]
        assert trace.int_num.tolist() == numbers
        assert trace.n_integrations == len(numbers)
        np.testing.assert_array_equal(trace.flux.value, flux)
        np.testing.assert_array_equal(trace.uncertainty.array, error)
        np.testing.assert_array_equal(trace.dq, dq)
        np.testing.assert_array_equal(trace.time.mjd, tdb)
        np.testing.assert_array_equal(trace.wavelength.value, np.linspace(1, 2, n_wave))
        usable = np.where(dq % 2 == 1, np.nan, flux)  # DO_NOT_USE is the lowest bit
        np.testing.assert_array_equal(trace.usable_flux().value, usable)


@QUICK
@given(campaigns())
def test_rows_in_any_order_over_any_segments(tmp_path, campaign):
    n_wave, padding, traces, shuffle = campaign
    extensions = []
    for salt, ((detector, order), parts) in enumerate(traces.items()):
        for segment, numbers in enumerate(parts, start=1):
            columns = columns_of(numbers, n_wave, segment, salt)
            table = spectral_table("TSOSpecModel", len(numbers), {}, n_wave + padding)
            for name, values in columns.items():
                if table.dtype[name].shape:
                    table[name][:, :n_wave] = values
                else:
                    table[name] = values
            extensions.append((table, {"DETECTOR": detector, "SPORDER": order}))
    shuffle.shuffle(extensions)
    path = tmp_path / "a_x1dints.fits"
    write(path, extensions)
    assert_joined(path, traces, n_wave)


@QUICK
@given(campaigns())
def test_one_extension_an_integration_in_any_order(tmp_path, campaign):
    n_wave, _, traces, shuffle = campaign
    plain = table_dtype("SpecModel").names
    extensions = []
    for salt, ((detector, order), parts) in enumerate(traces.items()):
        for number in sum(parts, []):
            columns = columns_of([number], n_wave, 1, salt)
            table = spectral_table("SpecModel", n_wave, {
                name: np.ravel(columns[name]) for name in columns if name in plain
            })  # fmt: skip
            header = {"DETECTOR": detector, "SPORDER": order, "INT_NUM": number}
            header |= {key: columns[key][0] for key in ("MJD-AVG", "TDB-MID")}
            extensions.append((table, header))
    shuffle.shuffle(extensions)
    path = tmp_path / "a_x1dints.fits"
    write(path, extensions)
    assert_joined(path, traces, n_wave)
