"""Which viewers lie where in the generalised app."""

import pytest

from jdaviz_stage3.layout import CELLS, layout_of

IMAGE, CUBE, SPECTRUM, DYNAMIC, CURVE, OBSERVABLES, TABLE = (kinds[0] for kinds in CELLS.values())


def cells(viewers):
    layout = layout_of(viewers)
    assert list(layout) == ["col"] and all(list(row) == ["row"] for row in layout["col"])
    return [row["row"] for row in layout["col"]]


def test_two_by_two_in_the_order_of_the_cells():
    viewers = {TABLE: ["Table"], CURVE: ["Curve"], IMAGE: ["Image", "Image (1)"],
               SPECTRUM: ["Spectrum"], DYNAMIC: ["Dynamic"]}  # fmt: skip
    assert cells(viewers) == [
        [("Image", "Image (1)"), ("Spectrum",)], [("Dynamic",), ("Curve",)], [("Table",)],
    ]  # fmt: skip


def test_kinds_of_one_cell_are_tabs_in_its_order():
    viewers = {"histogram-viewer": ["Histogram"], "scatter-viewer": ["Scatter"], TABLE: ["Table"],
               "spectrum-2d-viewer": ["2D"], DYNAMIC: ["Dynamic"]}  # fmt: skip
    assert cells(viewers) == [[("Dynamic", "2D"), ("Table", "Scatter", "Histogram")]]


@pytest.mark.parametrize("dynamic", [True, False])
def test_median_spectra_are_with_their_dynamic_spectra(dynamic):
    viewers = {SPECTRUM: ["Median spectrum order 1", "1D Spectrum"]}
    if not dynamic:
        assert cells(viewers) == [[("Median spectrum order 1", "1D Spectrum")]]
        return
    viewers[DYNAMIC] = ["Dynamic spectrum order 1"]
    assert cells(viewers) == [
        [("1D Spectrum",), ("Dynamic spectrum order 1", "Median spectrum order 1")]
    ]


def test_2d_spectra_of_slits_are_above_the_1d_spectra():
    viewers = {"spectrum-2d-viewer": ["2-D spectrum source 3", "2-D spectrum source 8", "other"],
               SPECTRUM: ["1D Spectrum"], IMAGE: ["Image"]}  # fmt: skip
    slits = ("2-D spectrum source 3", "2-D spectrum source 8")
    assert cells(viewers) == [
        [("Image",), {"col": [slits, ("1D Spectrum",)]}], [("other",)],
    ]  # fmt: skip
    assert cells({"spectrum-2d-viewer": list(slits)}) == [[slits]]


def test_viewers_that_no_cell_is_for_come_last_each_alone():
    viewers = {"profile-viewer": ["images", "b"], IMAGE: ["Image"]}
    assert cells(viewers) == [[("Image",), ("images",)], [("b",)]]


def test_no_viewers():
    assert cells({}) == []


def test_each_observable_and_each_kind_of_stack_has_a_cell():
    viewers = {IMAGE: ["Image", "psfsub stack", "psfstack", "psfsub stack (1)"],
               OBSERVABLES: ["Squared visibility", "Closure phase"]}  # fmt: skip
    assert cells(viewers) == [
        [("Image",), ("psfsub stack", "psfsub stack (1)")],
        [("psfstack",), ("Squared visibility",)],
        [("Closure phase",)],
    ]


def test_no_more_than_three_rows():
    """Then stacks share a cell, observables of one kind, and what is left over the last one."""
    viewers = {
        IMAGE: ["Image", "psfsub stack", "psfstack"], CUBE: ["Cube"], SPECTRUM: ["1D Spectrum"],
        "spectrum-2d-viewer": ["2-D spectrum source 3"], DYNAMIC: ["Dynamic"],
        OBSERVABLES: ["Squared visibility", "Closure phase", "Squared visibility by number"],
        "profile-viewer": ["a", "b"],
    }  # fmt: skip
    first = [
        [("Image",), ("psfsub stack", "psfstack")],
        [("Cube",), {"col": [("2-D spectrum source 3",), ("1D Spectrum",)]}],
    ]
    squared = ("Squared visibility", "Squared visibility by number")
    assert cells(viewers) == [*first, [("Dynamic",), (*squared, "Closure phase", "a", "b")]]
    del viewers["profile-viewer"], viewers[DYNAMIC]
    assert cells(viewers) == [*first, [squared, ("Closure phase",)]]
