"""Exposures that a product of an observation and one of a candidate have in common."""

import make_exposures
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from make_fields import IDS, catalog, indexed, observed, slitless

from jdaviz_stage3.identity import each_exposure_once
from jdaviz_stage3.viewers.source_figures import SourceFigures


def names(*numbers):
    return [f"jw09997001001_10102_{number}_1" for number in numbers]


@pytest.fixture
def shared(tmp_path):
    """Exposures 1 and 2 of an observation, and 1, 2 and 3 of a candidate; c1d of both."""
    catalog(tmp_path)
    made = "2024-01-01T00:00:00.000"
    own = slitless(tmp_path, exposures=names(1, 2), DATE=made)
    both = slitless(tmp_path, exposures=names(1, 2, 3), association="c1001", DATE=made)
    slitless(tmp_path, combined=True)
    slitless(tmp_path, combined=True, association="c1001")
    return tmp_path, own, both


def test_each_is_drawn_once_and_that_is_said(shared):
    folder, own, both = shared
    source = indexed(folder)[0].labelled(5)
    assert len(source.of_type("x1d")) == 5  # what there is, there is
    kept, notes = each_exposure_once(source.of_type("x1d"))
    assert [(one.path, one.exposure) for one in kept] == [
        (both, names(3)[0]), *((own, name) for name in names(1, 2)),
    ]  # fmt: skip
    assert notes == (f"2 exposures of {own.name} are in {both.name}, too: drawn once",)
    figures = SourceFigures()
    figures.show(source, 2 * u.arcsec)
    [panel] = figures._shown
    assert panel._spectra.y.shape[0] == 3
    assert figures.notes[0] == notes[0]
    assert figures.notes[1].endswith(
        "of 2 combined spectra that of jw09997-c1001_t001_niriss_c1d.fits is shown"
    )
    for label in IDS:  # of each source, whatever its place in the tables
        once, _ = each_exposure_once(indexed(folder)[0].labelled(label).of_type("x1d"))
        assert {one.spectrum().meta["source_id"] for one in once} == {label} and len(once) == 3


def test_the_newer_product_counts(shared):
    folder, own, both = shared
    fits.setval(both, "DATE", value="2024-01-02T00:00:00.000")
    kept, notes = each_exposure_once(indexed(folder)[0].labelled(5).of_type("x1d"))
    assert {one.path for one in kept} == {both} and len(kept) == 3
    assert notes == (f"2 exposures of {both.name} are in {own.name}, too: drawn once",)


def test_what_is_not_known_to_be_one_exposure_stays(tmp_path):
    """Names that are not the pipeline's; another order, another detector of one exposure."""
    catalog(tmp_path)
    slitless(tmp_path)
    slitless(tmp_path, number=2)
    for number, detector in ((3, "NRCALONG"), (4, "NRCBLONG")):
        path = slitless(tmp_path, number=number, exposures=names(7), DETECTOR=detector)
    order = slitless(tmp_path, number=5, exposures=names(7), DETECTOR=detector)
    fits.setval(order, "SPORDER", value=2, extname="EXTRACT1D")
    products = indexed(tmp_path)[0].labelled(5).of_type("x1d")
    assert len(products) == 7 and path != order
    assert each_exposure_once(products) == (products, ())


def test_an_image_of_two_associations_is_shown_once(tmp_path):
    """In the folders that the archive makes, or in one."""
    _, [first, second] = make_exposures.field(tmp_path, ((0, 0), (1, 0)))
    stem = "jw09997001001_02101_0000{}_nrcalong"
    made = []
    for number, source in ((1, first), (2, second)):
        for association in ("o001", "c1001"):
            folder = tmp_path / (association if number == 1 else "same")
            folder.mkdir(exist_ok=True)
            path = folder / f"{stem.format(number)}_{association}_crf.fits"
            path.write_bytes(source.read_bytes())
            for name, value in (("EXP_TYPE", "NRC_IMAGE"), ("DATE", "2024-01-01T00:00:00")):
                fits.setval(path, name, value=value)
            made.append(path)
    for path in (first, second):
        path.unlink()
    catalog(tmp_path)
    index, [said] = indexed(tmp_path)
    assert set(index.exposures) == {made[0], made[2]}
    assert f"{made[0].name} is of the same exposure as {made[1].name}: drawn once" in said
    assert said.endswith("(and the like of 1 more)")


def test_slits_of_exposures(tmp_path):
    slits = [("S1", 4, (6, 9)), ("S1", 4, (6, 9))]
    for association in ("o001", "c1001"):
        made = make_exposures.slit_exposures("MultiExposureModel", "cal", tmp_path, slits)
        path = observed(
            made, f"jw09997-{association}_s000000004_nirspec_cal.fits", EXP_TYPE="NRS_MSASPEC",
            FILTER="CLEAR", DATE="2024-01-01T00:00:00",
        )  # fmt: skip
        with fits.open(path, mode="update") as hdus:
            for number, hdu in enumerate([hdu for hdu in hdus if hdu.name == "SCI"], 1):
                hdu.header["FILENAME"] = f"jw09997001001_03101_0000{number}_nrs1_cal.fits"
    figures = SourceFigures()
    [source] = indexed(tmp_path)[0]
    assert len(source.of_type("cal")) == 4
    figures.show(source, 2 * u.arcsec, exposures=True)
    assert len(figures._exposures._strips_box.children) == 2
    assert any("2 exposures of" in note and "-c1001_" in note for note in figures.notes)
    assert np.isnan(source.position.ra.deg)
