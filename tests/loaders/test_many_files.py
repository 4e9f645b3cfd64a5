"""Folders of many files of spectra: some are loaded, and it is said how to have the others."""

import shutil
from collections import Counter

import jdaviz
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from fresh_apps import new_app
from make_products import mosaic
from make_spectra import (
    extracted,
    extracted_single,
    grism_source,
    one_source_each,
    slitless,
    smooth_spectrum,
)
from snackbars import snackbar_texts

import jdaviz_stage3 as stage3
from jdaviz_stage3.chosen_products import chosen_products
from jdaviz_stage3.jdaviz_compat import shown_in
from jdaviz_stage3.loaders.flux_levels import flux_level, of_like_flux
from jdaviz_stage3.loaders.importing import FileSelect
from jdaviz_stage3.readers import stored_table

N_FILES = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One mosaic, and 24 files of one source each: source 1 to 24."""
    made = tmp_path_factory.mktemp("many")
    mosaic(made)
    one_source_each(made, N_FILES)
    return made


@pytest.fixture(scope="module")
def app():
    return jdaviz.new_app()


def collected(folder, *, at_most=20, **options) -> list[int]:
    """The files that loading takes of a folder, the spectra by their sources."""
    chosen = chosen_products([folder], options, at_most)
    products, failures = chosen.products, chosen.failures
    assert not failures
    names = [product.path.name for product in products]
    assert names[0].endswith("_i2d.fits"), "it is no file of spectra"
    return [int(name.split("_s")[1][:5]) for name in names[1:]]


def test_of_many_files_some_are_loaded_and_the_rest_is_named(folder):
    with pytest.warns(stage3.Stage3Warning, match=r"20 of 24 x1d files.*at_most=None"):
        assert collected(folder) == list(range(1, 21))
    assert collected(folder, at_most=None) == list(range(1, 25))
    assert collected(folder, at_most=24) == list(range(1, 25))


def test_of_a_folder_the_sources_that_are_asked_for(folder, app):
    assert collected(folder, source_id=[3, 22], at_most=2) == [3, 22]
    with pytest.warns(stage3.Stage3Warning, match="1 of 2 x1d files"):
        assert collected(folder, source_id=[3, 22], at_most=1) == [3]
    labels = stage3.load(folder, app=app, source_id=[3, 22])
    assert [label.split()[0].split("_")[1] for label in labels[1:]] == ["s00003", "s00022"]


def test_a_source_that_no_file_has(folder, app):
    before = list(app.datasets)
    with pytest.raises(stage3.Stage3Error, match=r"none of its 24 files.*source_id = 99"):
        stage3.load(folder, app=app, source_id=99)
    assert list(app.datasets) == before


def test_paths_that_are_given_are_all_loaded(folder):
    paths = sorted(folder.glob("*_x1d.fits"))
    assert len(chosen_products(paths, {}, 3).products) == N_FILES


@pytest.mark.parametrize("wrong", [0, -1, "5", 2.5])
def test_a_number_of_files_that_is_none(folder, app, wrong):
    with pytest.raises(stage3.Stage3Error, match="expected a whole number"):
        stage3.load(folder, app=app, at_most=wrong)


def test_a_broken_file_is_named_whatever_is_asked_for(folder, tmp_path, app):
    for number in (1, 2):
        shutil.copy(folder / f"jw09997-o001_s{number:05d}_nirspec_clear-prism_x1d.fits", tmp_path)
    path = tmp_path / "jw09997-o001_s00002_nirspec_clear-prism_x1d.fits"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(stage3.Stage3Error, match="s00002.*loaded: .*s00001"):
        stage3.load(tmp_path, app=app, source_id=1)


@pytest.mark.forked
def test_spectra_of_very_different_flux_are_apart_unless_a_viewer_is_chosen(tmp_path):
    app = new_app()
    paths = {}
    for number, factor in enumerate((1, 20, 1000, 2000, 1000)):
        (folder := tmp_path / str(number)).mkdir()
        path = extracted_single(folder)
        with fits.open(path, mode="update") as hdus:
            hdus[0].header["TARGNAME"] = "STAR"
            hdus["EXTRACT1D"].data["FLUX"] *= factor
        paths[number] = path.rename(folder / f"o{number}_x1d.fits")

    def viewers_after(number, **options):
        [label] = stage3.load(paths[number], app=app, **options)
        return {viewer.reference for viewer in shown_in(app, label)}

    assert viewers_after(0) == viewers_after(1) == {"1D Spectrum"}
    messages = snackbar_texts(app)
    assert viewers_after(2) == {"1D Spectrum STAR"}
    [text] = [text for text in messages if "flat line" in text]
    # 1000 over 20, which is the brightest that is there
    assert text.startswith("o2_x1d.fits: 50 times brighter than what '1D Spectrum' shows")
    assert "viewer='1D Spectrum'" in text
    assert viewers_after(3) == {"1D Spectrum STAR"}, "there is a viewer that fits"
    assert viewers_after(4, viewer="1D Spectrum") == {"1D Spectrum"}, "chosen, as by default"


@pytest.mark.forked
def test_targets_have_viewers_of_their_own_and_what_belongs_to_one_shares_it(tmp_path):
    app = new_app()
    labels = {}
    for number, target in enumerate(("STAR", "GALAXY", "STAR")):
        (folder := tmp_path / str(number)).mkdir()
        path = extracted_single(folder)
        fits.setval(path, "TARGNAME", value=target)
        path = path.rename(folder / f"o{number}_x1d.fits")
        labels[number] = stage3.load(path, app=app)
    first, second, third = (
        {viewer.reference for label in labels[n] for viewer in shown_in(app, label)} for n in labels
    )
    assert first == third == {"1D Spectrum"} and second == {"1D Spectrum GALAXY"}
    # unless that is asked for
    again = stage3.load(tmp_path / "1" / "o1_x1d.fits", app=app, viewer="1D Spectrum")
    assert [v.reference for label in again for v in shown_in(app, label)] == ["1D Spectrum"]
    # where a new viewer is asked for, it takes nobody's place
    viewers = list(app.viewers)
    loader = app.loaders["file"]
    loader.filepath = str(tmp_path / "1" / "o1_x1d.fits")
    loader.importer._obj.viewer.create_new.selected = "1D Spectrum"
    loader.importer()
    assert list(app.viewers) == [*viewers, "1D Spectrum GALAXY (1)"]


@pytest.mark.forked
def test_spectra_of_very_different_flux_in_one_file_are_apart_unless_a_viewer_is_chosen(tmp_path):
    factors = (1, 1000, 20, 50_000, 2)  # of the sources 1 to 5
    spectra = []
    for number, factor in enumerate(factors, 1):
        columns = smooth_spectrum()
        columns["FLUX"] = columns["FLUX"] * factor
        header = {"source_id": number, "source_type": "POINT", "name": f"S{number}"}
        spectra.append((columns, header))
    path = extracted(tmp_path, spectra)
    fits.setval(path, "TARGNAME", value="FIELD")

    def viewers(labels):
        return [[viewer.reference for viewer in shown_in(app, label)] for label in labels]

    app = new_app()
    messages = snackbar_texts(app)
    labels = stage3.load(path, app=app)
    # in the order of the viewers
    assert [int(label.split("source ")[1].split()[0]) for label in labels] == [1, 3, 5, 2, 4]
    fainter, brighter, brightest = ["1D Spectrum"], ["1D Spectrum FIELD"], ["1D Spectrum FIELD (1)"]
    assert viewers(labels) == [fainter, fainter, fainter, brighter, brightest]
    texts = [text for text in messages if "flat line" in text]
    assert len(texts) == 2 and "50 times brighter than what '1D Spectrum' shows" in texts[0]
    # again: each where it fits
    assert viewers(stage3.load(path, app=app)) == viewers(labels)
    assert viewers(stage3.load(path, app=app, viewer="1D Spectrum")) == [fainter] * 5


def test_groups_of_like_flux():
    def groups(*levels):
        return of_like_flux([flux_level(np.full(3, level) * u.Jy) for level in levels])

    assert groups(1, 2, 3) == [[0, 1, 2]]
    assert groups(1, 100) == [[0], [1]] and groups(100, 1) == [[0], [1]]
    assert groups(1, 30, 31) == [[0], [1, 2]]  # by the brightest
    assert groups(np.nan, 1, 100, 0) == [[0, 1, 3], [2]]
    assert groups(np.nan, 0) == [[0, 1]] and groups(5) == [[0]]


@pytest.mark.forked
def test_the_spectra_of_a_slitless_file_are_gone_through_a_few_times(tmp_path, monkeypatch):
    """Of each row: two reads, one option. Of another source nothing of that is read again."""
    ids = range(1, 301)
    exposures = [{"group_id": f"exposure{n}", "spectral_order": 1} for n in (1, 2)]
    path = slitless(
        tmp_path, [([grism_source(i, 4) for i in ids], each) for each in exposures], width=4
    )
    n_rows, done = 2 * len(ids), Counter()
    to_item, read_parts = FileSelect._to_item, stored_table.read_parts

    def counted_item(item):
        done["items"] += 1
        return to_item(item)

    def counted_parts(*args, count=1, **kwargs):
        done["rows"] += count
        return read_parts(*args, count=count, **kwargs)

    monkeypatch.setattr(FileSelect, "_to_item", staticmethod(counted_item))
    monkeypatch.setattr(stored_table, "read_parts", counted_parts)
    app = new_app()
    columns, pieces = 5, 2  # of the one spectrum; of a row, in which its columns lie apart
    stage3.load(path, app=app, source_id=250, exposure=1)
    assert done["items"] == n_rows and n_rows <= done["rows"] <= pieces * n_rows + columns
    done.clear()
    labels = stage3.load(path, app=app, source_id=[7, 8], exposure=2)
    assert done["items"] == n_rows and 0 < done["rows"] <= 2 * columns
    assert [label.split("source ")[1] for label in labels] == [
        "7 exposure exposure2", "8 exposure exposure2",
    ]  # fmt: skip
