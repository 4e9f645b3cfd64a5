"""Where data came from: stamps, parts, and what is as read and what is not."""

import copy
import os
import warnings

import jdaviz
import numpy as np
import pytest
from astropy.table import QTable
from glue.core import Data
from make_spectra import extracted, smooth_spectrum, two_segments
from specutils import Spectrum

import jdaviz_stage3 as stage3
from jdaviz_stage3.errors import UnreadableProductError
from jdaviz_stage3.jdaviz_compat import as_read, data_of, remove_data
from jdaviz_stage3.loaders.product import Product
from jdaviz_stage3.loaders.spectra import blank_excluded
from jdaviz_stage3.loaders.time_series import dynamic_spectrum, median_spectrum
from jdaviz_stage3.origin import ORIGIN, check_unchanged, file_stamp, origin_of, same_file


def entry(origin, **meta):
    """Data as they are in the app after loading."""
    data = Data(flux=np.ones(3), label="entry")
    data.meta.update({ORIGIN: origin, "_data_hash": origin.data_hash}, **meta)
    return data


@pytest.fixture
def series(tmp_path):
    return two_segments(tmp_path)


@pytest.fixture
def trace(series):
    return stage3.read(series).traces[0]


# ---- files ----


@pytest.mark.parametrize("change", ["size", "time"])
def test_a_stamp_tells_a_file_from_itself_after_a_change(series, change):
    stamp = file_stamp(series)
    check_unchanged(series, stamp)
    status = series.stat()
    if change == "size":
        with series.open("ab") as stream:
            stream.write(b"x")
        os.utime(series, ns=(status.st_atime_ns, status.st_mtime_ns))
    else:
        os.utime(series, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    with pytest.raises(UnreadableProductError, match="was written anew since it was opened; load"):
        check_unchanged(series, stamp)


def test_a_link_that_leads_elsewhere_is_another_file(series, tmp_path):
    other = tmp_path / "other" / series.name
    other.parent.mkdir()
    other.write_bytes(series.read_bytes())
    status = series.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    link = tmp_path / "link_x1dints.fits"
    link.symlink_to(series)
    stamp = file_stamp(link)
    assert stamp == file_stamp(series)
    link.unlink()
    link.symlink_to(other)
    assert file_stamp(link) != stamp


def test_what_is_read_later_is_refused_after_a_change(series, trace):
    data = entry(Product(series).origin("trace", source=trace))
    assert as_read(data) is trace
    os.utime(series, ns=(1, 1))
    with pytest.raises(UnreadableProductError, match="was written anew"):
        as_read(data).usable_flux(None)


def test_what_is_read_later_is_not_there_after_the_file_went(series, trace):
    data = entry(Product(series).origin("trace", source=trace))
    series.unlink()
    with pytest.raises(UnreadableProductError, match="the file is not there"):
        as_read(data).usable_flux(None)


def test_other_parts_of_one_file(series, trace):
    product = Product(series)
    one, other = (entry(product.origin(part, source=part)) for part in ("order 1", "order 2"))
    assert same_file(one, other)
    assert (as_read(one), as_read(other)) == ("order 1", "order 2")
    assert origin_of(one).data_hash != origin_of(other).data_hash
    other.meta["_data_hash"] = one.meta["_data_hash"]
    assert as_read(other) is None
    assert not same_file(Data(x=[1.0]), Data(x=[1.0])), "two that came from nowhere known"


# ---- copies, and what is made of data ----


def test_copies_of_meta_share_the_origin(series, trace):
    origin = Product(series).origin("trace", source=trace)
    meta = copy.deepcopy({ORIGIN: origin, "own": [1]})
    assert meta[ORIGIN] is origin
    dynamic = dynamic_spectrum(trace, origin=origin)
    assert origin_of(dynamic[:2]).source is trace
    assert repr(trace) not in repr(origin), "it is printed with the meta"


def test_a_median_is_of_the_file_but_not_as_read(series, trace):
    dynamic = dynamic_spectrum(trace, origin=Product(series).origin("trace"))
    median = median_spectrum(dynamic)
    assert same_file(median, dynamic)
    assert (origin_of(dynamic).source, origin_of(median).source) == (trace, None)


def test_a_spectrum_stays_in_memory_as_it_was_read(tmp_path):
    path = extracted(tmp_path, [(smooth_spectrum(), {})])
    spectrum = next(iter(stage3.read(path)))
    blanked = blank_excluded(spectrum, Product(path).origin(source=spectrum))
    path.unlink()
    assert origin_of(blanked).source is spectrum
    assert np.isnan(blanked.flux.value[spectrum.mask]).all()


# ---- in the app ----


@pytest.fixture(scope="module")
def app(built):
    app = jdaviz.new_app()
    paths = [built("cat", "current"), built("x1d", "SpecModel"),
             built("x1dints", "TSOMultiSpecModel"), built("whtlt", "3.0")]  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)
        app.entries = {stage3.identify(path).suffix: stage3.load(path, app=app) for path in paths}
    app.paths = {stage3.identify(path).suffix: path for path in paths}
    return app


def entry_of(app, suffix):
    return data_of(app, app.entries[suffix][0])


@pytest.mark.parametrize("suffix", ["cat", "x1d", "x1dints", "whtlt"])
def test_loaded_data_give_what_the_reader_gave(app, suffix):
    data, path = entry_of(app, suffix), app.paths[suffix]
    origin, found, read = origin_of(data), as_read(data), stage3.read(path)
    assert (origin.path, origin.suffix, origin.stamp) == (path, suffix, file_stamp(path))
    if suffix == "cat":
        assert found.colnames == read.colnames
        assert np.array_equal(found["label"], read["label"])
    elif suffix == "whtlt":
        assert np.array_equal(found[origin.column], read[origin.column])
        assert np.array_equal(found.time.jd1, read.time.jd1)
        assert np.array_equal(found.time.jd2, read.time.jd2)
    elif suffix == "x1d":
        assert np.array_equal(found.flux, read[0].flux, equal_nan=True)
        assert np.array_equal(found.meta["dq"], read[0].meta["dq"])
    else:
        assert np.array_equal(
            found.usable_flux(None), read.traces[0].usable_flux(None), equal_nan=True
        )


def test_the_median_of_a_series_is_not_as_read(app):
    dynamic, median = (data_of(app, label) for label in app.entries["x1dints"][:2])
    assert same_file(dynamic, median)
    assert as_read(median) is None


@pytest.mark.parametrize("suffix, kind", [("x1d", "1D Spectrum"), ("x1dints", "2D Spectrum")])
def test_what_is_made_of_loaded_data_is_not_as_read(app, suffix, kind):
    """The meta is handed on, as specutils and jdaviz's plugins do."""
    data = entry_of(app, suffix)
    spectrum = app.get_data(data.label)
    double = Spectrum(flux=2 * spectrum.flux, spectral_axis=spectrum.spectral_axis,
                      spectral_axis_index=spectrum.spectral_axis_index,
                      meta=copy.deepcopy(spectrum.meta))  # fmt: skip
    app.load(double, format=kind, data_label="double", auto_extract=False,
             ignore_invalid_kwargs=True)  # fmt: skip
    made = data_of(app, "double")
    try:
        assert origin_of(made) is origin_of(data)
        assert as_read(data) is not None
        assert as_read(made) is None
        assert "double" not in app.plugins["White Light Curve"].dataset.choices
    finally:
        remove_data(app, ["double"])


def test_tables_and_spectra_from_the_app_can_be_written(app, tmp_path):
    for suffix in ("cat", "whtlt"):
        path = tmp_path / f"{suffix}.ecsv"
        table = app.get_data(app.entries[suffix][0])
        table.meta.update(entry_of(app, suffix).meta)  # whatever jdaviz leaves out
        del table.meta["_native_data_cls"]  # jdaviz's, a class
        table.write(path)
        again = QTable.read(path)
        assert again.meta[ORIGIN]["path"] == str(app.paths[suffix])
        assert origin_of(again) is None
    spectrum = app.get_data(app.entries["x1d"][0])
    assert origin_of(spectrum) is not None
    spectrum.write(tmp_path / "x1d.fits", format="tabular-fits")
    again = Spectrum.read(tmp_path / "x1d.fits", format="tabular-fits")
    assert np.array_equal(again.flux, spectrum.flux, equal_nan=True)
