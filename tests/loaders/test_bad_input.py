"""Bad input: one line that says what is wrong, and nothing lost or half loaded."""

import os
import warnings

import numpy as np
import pytest
from astropy.io import fits
from fresh_apps import new_app
from make_spectra import integrations, time_series
from snackbars import snackbar_texts

import jdaviz_stage3 as stage3

# An app is the slower the more it has held: each test has a copy of its own.
pytestmark = pytest.mark.forked


@pytest.fixture(scope="module")
def app(built):
    """An app with something in it that must stay."""
    app = new_app()
    stage3.load(built("i2d", "ImageModel"), built("c1d", "CombinedSpecModel"), app=app)
    snackbar_texts(app)
    return app


def state_of(app):
    return list(app.datasets), list(app.viewers)


@pytest.fixture
def unchanged(app):
    """The app, checked afterwards to hold what it held."""
    before = state_of(app)
    yield app
    assert state_of(app) == before


def refuse(app, path, *words, error=stage3.UnreadableProductError, bare=True):
    """Loading raises one line with the file's name and these words, by every way in."""
    with pytest.raises(error) as caught:
        stage3.load(path, app=app)
    message = str(caught.value)
    assert "\n" not in message
    assert os.path.basename(path) in message
    for word in words:
        assert word in message
    if bare:
        assert message in snackbar_texts(app)
        with pytest.raises(error) as caught:
            app.load(str(path))
        assert str(caught.value) == message
    return message


@pytest.mark.parametrize(
    "key",
    [
        ("i2d", "ImageModel"),
        ("segm", "SegmentationMapModel"),
        ("x1d", "WFSSMultiSpecModel"),
        ("c1d", "CombinedSpecModel"),
        ("x1dints", "TSOMultiSpecModel"),
        ("x1dints", "MultiSpecModel"),
    ],
    ids="-".join,
)
def test_truncated_file(key, built, tmp_path, unchanged):
    source = built(*key)
    with fits.open(source) as hdus:
        data = next(h for h in hdus if h.name in ("SCI", "EXTRACT1D", "COMBINE1D"))
        cut = data.fileinfo()["datLoc"] + 100
    path = tmp_path / source.name
    path.write_bytes(source.read_bytes()[:cut])
    refuse(unchanged, path, "truncated")


def test_empty_file(tmp_path, unchanged):
    path = tmp_path / "jw_i2d.fits"
    path.touch()
    refuse(unchanged, path, "empty", bare=False)


def test_text_named_fits(tmp_path, unchanged):
    path = tmp_path / "jw_x1d.fits"
    path.write_text("404 not found")
    refuse(unchanged, path, "content is not", bare=False)


def test_missing_path(tmp_path, unchanged):
    refuse(unchanged, tmp_path / "jw_c1d.fits", "No such file", bare=False)


def test_folder_without_products(tmp_path, unchanged):
    (tmp_path / "a.txt").write_text("a")
    refuse(unchanged, tmp_path, "no Stage 3 product", error=stage3.UnknownProductError, bare=False)


@pytest.mark.parametrize("column", ["FLUX", "WAVELENGTH"])
@pytest.mark.parametrize(
    "key", [("c1d", "CombinedSpecModel"), ("x1dints", "TSOMultiSpecModel")], ids="-".join
)
def test_table_without_a_column(key, column, built, tmp_path, unchanged):
    source = built(*key)
    path = tmp_path / source.name
    with fits.open(source) as hdus:
        for hdu in hdus:
            if hdu.name in ("EXTRACT1D", "COMBINE1D"):
                hdu.columns[column].name = "NET"
        hdus.writeto(path)
    refuse(unchanged, path, f"no {column} column", "NET")


def test_table_without_rows(built, tmp_path, unchanged):
    source = built("c1d", "CombinedSpecModel")
    path = tmp_path / source.name
    with fits.open(source) as hdus:
        hdus["COMBINE1D"].data = hdus["COMBINE1D"].data[:0]
        hdus.writeto(path)
    refuse(unchanged, path, "no rows")


def test_catalog_without_positions(built, tmp_path, unchanged):
    table = stage3.read(built("cat", "current"))
    for name in ("sky_centroid", "xcentroid", "ycentroid"):
        table.remove_column(name)
    path = tmp_path / "jw_cat.ecsv"
    table.write(path, format="ascii.ecsv")
    refuse(unchanged, path, "no source positions")


def test_broken_ecsv_header(built, tmp_path, unchanged):
    source = built("cat", "current")
    path = tmp_path / source.name
    path.write_text(source.read_text().replace("datatype:", "datatype: [", 1))
    refuse(unchanged, path, "not a readable ECSV")


def test_file_that_vanishes_after_it_was_picked(built, tmp_path, unchanged):
    source = built("c1d", "CombinedSpecModel")
    path = tmp_path / source.name
    path.write_bytes(source.read_bytes())
    loader = unchanged.loaders["file"]
    loader.filepath = str(path)
    path.unlink()
    with pytest.raises(stage3.Stage3Error, match="not there"):
        loader.load()
    loader._obj.importer.vue_import_clicked()  # what the button does: no traceback
    assert any("not there" in text for text in snackbar_texts(unchanged))
    loader.filepath = ""


def test_all_nan_flux_loads_with_a_warning(built, tmp_path):
    source = built("c1d", "CombinedSpecModel")
    path = tmp_path / source.name
    with fits.open(source) as hdus:
        hdus["COMBINE1D"].data["FLUX"] = np.nan
        if "SURF_BRIGHT" in hdus["COMBINE1D"].columns.names:
            hdus["COMBINE1D"].data["SURF_BRIGHT"] = np.nan
        hdus.writeto(path)
    app = new_app()
    snackbar_texts(app)
    with pytest.warns(stage3.Stage3Warning, match="no usable sample"):
        assert stage3.load(path, app=app)
    assert any("no usable sample" in text for text in snackbar_texts(app))


def test_of_several_files_the_good_ones_are_loaded(built, tmp_path):
    app = new_app()
    bad = tmp_path / "jw_i2d.fits"
    bad.touch()
    with pytest.raises(stage3.UnreadableProductError, match=r"jw_i2d.fits.*loaded: .* c1d"):
        stage3.load(bad, built("c1d", "CombinedSpecModel"), app=app)
    assert len(app.datasets) == 1


def test_a_failure_half_way_leaves_nothing_behind(built, monkeypatch, unchanged):
    from jdaviz_stage3.loaders import time_series

    def fail(dynamic):
        raise RuntimeError("disk on fire")

    monkeypatch.setattr(time_series, "median_spectrum", fail)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)
        with pytest.raises(stage3.Stage3Error, match="disk on fire"):
            stage3.load(built("x1dints", "TSOMultiSpecModel"), app=unchanged)


def orders_of_which_the_last_is_odd(folder, wavelengths):
    """An x1dints of three orders, the wavelengths of the last one as given."""
    parts = [integrations([1, 2, 3, 4]) for _ in range(3)]
    parts[2]["WAVELENGTH"] = wavelengths
    headers = [{"spectral_order": order, "detector": "NIS"} for order in (1, 2, 3)]
    return time_series(folder, list(zip(parts, headers, strict=True)))


@pytest.mark.parametrize(
    ("wavelengths", "words"),
    [
        (np.full(12, np.nan), "no wavelengths in the file"),
        (np.arange(12) % 3 + 1.0, "not in order"),
    ],
)
def test_a_trace_without_an_axis_is_left_out(tmp_path, wavelengths, words):
    app = new_app()
    path = orders_of_which_the_last_is_odd(tmp_path, wavelengths)
    with pytest.warns(stage3.Stage3Warning, match=f"order 3: .*{words}.*it is left out"):
        labels = stage3.load(path, app=app)
    assert [label.split("x1dints ")[1] for label in labels] == [
        "order 1", "order 1 (median)", "order 2", "order 2 (median)",
    ]  # fmt: skip
    before = state_of(app)
    with pytest.raises(stage3.UnreadableProductError, match=f"order 3: .*{words}"):
        stage3.load(path, app=app, order=3)
    assert state_of(app) == before


def test_what_no_plugin_can_bear_leaves_nothing_behind(tmp_path, monkeypatch, unchanged):
    """A dynamic spectrum without channels, which breaks who chooses it when others go."""
    from jdaviz_stage3.loaders import time_series as loader

    def axis(trace):
        keep = np.isfinite(trace.wavelength)
        return trace.wavelength[keep], keep

    monkeypatch.setattr(loader, "spectral_axis", axis)
    path = orders_of_which_the_last_is_odd(tmp_path, np.full(12, np.nan))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(stage3.Stage3Error, match=path.name):
            stage3.load(path, app=unchanged)


@pytest.mark.parametrize("options", [{"source_id": 7}, {"order": 1}], ids=str)
@pytest.mark.parametrize(
    "key", [("c1d", "CombinedSpecModel"), ("x1dints", "TSOMultiSpecModel")], ids="-".join
)
def test_a_broken_file_says_so_whatever_is_chosen_of_it(key, options, built, tmp_path, unchanged):
    source = built(*key)
    path = tmp_path / source.name
    path.write_bytes(source.read_bytes()[:9000])
    options = {name: value for name, value in options.items() if name == "order" or key[0] == "c1d"}
    with pytest.raises(stage3.UnreadableProductError, match=source.name):
        stage3.load(path, app=unchanged, **options)


def test_one_label_for_several_products_is_refused(built, unchanged):
    with pytest.raises(stage3.Stage3Error, match="would name 2 products"):
        stage3.load(
            built("i2d", "ImageModel"), built("cat", "current"), app=unchanged, data_label="field"
        )


def test_a_label_that_is_there_is_replaced_and_returned(built):
    app = new_app()
    path = built("i2d", "ImageModel")
    assert stage3.load(path, app=app, data_label="field") == ["field"]
    assert stage3.load(path, app=app, data_label="field") == ["field"]
    assert list(app.datasets) == ["field"]


def test_an_empty_folder_does_not_keep_the_others_from_loading(built, tmp_path):
    app = new_app()
    with pytest.raises(stage3.UnknownProductError, match="no Stage 3 product"):
        stage3.load(tmp_path, built("c1d", "CombinedSpecModel"), app=app)
    assert len(app.datasets) == 1


def test_a_file_that_may_not_be_read(built, tmp_path, monkeypatch, unchanged):
    import builtins

    source = built("c1d", "CombinedSpecModel")
    path = tmp_path / source.name
    path.write_bytes(source.read_bytes())
    real = builtins.open

    def refusing(file, *args, **kwargs):
        if str(file) == str(path):
            raise PermissionError(13, "Permission denied", str(file))
        return real(file, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", refusing)
    refuse(unchanged, path, "Permission denied", bare=False)


@pytest.mark.parametrize("options", [{"source_id": "seven"}, {"dq_bits": "NOT_A_FLAG"}], ids=str)
def test_a_value_that_makes_no_sense_is_an_error_of_ours(options, built, unchanged):
    with pytest.raises(stage3.Stage3Error):
        stage3.load(built("x1d", "WFSSMultiSpecModel"), app=unchanged, **options)
    assert stage3.load(built("x1d", "WFSSMultiSpecModel"), app=new_app(), order=1.0)
