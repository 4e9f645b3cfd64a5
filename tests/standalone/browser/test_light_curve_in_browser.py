"""The White Light Curve plugin over the demo's transit, as a person at a browser meets it."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass

import numpy as np
import pytest
from astropy.io import fits
from make_spectra import integrations, time_series
from plots_in_browser import (
    Plot,
    alerts,
    choose,
    drag,
    field,
    front,
    readout,
    says,
    still,
    switch,
    type_into,
    until,
)  # fmt: skip
from scipy.ndimage import binary_dilation, label

from jdaviz_stage3.demo import demo_products

pytestmark = pytest.mark.browser

POINT, FLAGGED, CURSOR = (0x1F, 0x77, 0xB4), (0xD6, 0x27, 0x28), (0xFF, 0x7F, 0x0E)
RANGE = 240, 248, 240  # its green, through which white is seen
MISSING = 0.76 * 255, 0.87 * 255, 0.95 * 255
CURVE, DYNAMIC, SPECTRUM = "White light curve", "Dynamic spectrum", "Median spectrum"
NEAR = 3  # screen pixels


@dataclass
class Series:
    """What the product says, read without the package."""

    wavelength: np.ndarray
    flux: np.ndarray
    days: np.ndarray  # BJD_TDB − 2461118

    @classmethod
    def read(cls, path):
        with fits.open(path) as file:
            tables = [file["EXTRACT1D", i].data for i in (1, 2)]
            flux, days = (np.concatenate([t[n] for t in tables]) for n in ("FLUX", "TDB-MID"))
            return cls(np.array(tables[0]["WAVELENGTH"][0]), flux, days + 2400000.5 - 2461118)

    def curve(self, low=0.0, high=99.0):
        """The white light curve of a band, flaws filled and normalised."""
        band = (self.wavelength >= low) & (self.wavelength <= high)
        band &= np.isfinite(self.flux).mean(axis=0) > 0.5
        flux, middle = self.flux[:, band], np.nanmedian(self.flux[:, band], axis=0)
        there = np.where(np.isfinite(flux), middle, 0).sum(axis=1)
        curve = np.nansum(flux, axis=1) * middle.sum() / there
        return curve / np.median(curve)


@pytest.fixture(scope="module")
def products():
    return [p for p in demo_products() if p.name.endswith(("_x1dints.fits", "_whtlt.ecsv"))]


@pytest.fixture(scope="module")
def series(products):
    return Series.read(next(path for path in products if path.suffix == ".fits"))


@pytest.fixture(scope="module")
def server(start_server, products):
    return start_server("open", *map(str, products))


@pytest.fixture(scope="module")
def page(start_browser, server):
    """A browser with the demo's time series and the plugin open."""
    page = start_browser()
    page.open(server.url)
    page.wait_for(lambda: "Light curve" in page.viewers(), "the last product")
    still(page, "Light curve")
    page.open_plugin("White Light Curve")
    # else the bands flicker where the browser is too busy to say that the plugin is open
    page.wait_for(lambda: page.find(".v-expansion-panel--active .v-input--switch"), "the panel")
    switch(page, "Keep active")
    page.wait_for(lambda: CURVE in page.viewers(), "the viewer of the light curve")
    page.wait_for(lambda: Plot(page, CURVE).has(POINT).sum() > 500, "the light curve")
    still(page, CURVE)
    return page


def follows(page, curve, days, name=CURVE):
    """Wait until every point of a curve is drawn, flagged or not, and nothing else is."""

    def drawn():
        plot = Plot(page, name)
        far = np.minimum(plot.far(POINT, days, curve), plot.far(FLAGGED, days, curve) - NEAR)
        return far.max() < NEAR and plot

    until(drawn, "the points of the curve")
    plot = still(page, name)
    column, row = plot.place(days, curve)
    rows, columns = np.nonzero(plot.has(POINT))
    gaps = np.hypot(columns[:, None] + plot.left - column, rows[:, None] + plot.top - row)
    assert gaps.min(axis=1).max() < 3 * NEAR
    return plot


def test_the_points_are_the_sums_of_the_band(page, series):
    follows(page, series.curve(), series.days)
    page.screenshot("light-curve")


def test_flagged_points_are_red(page, series):
    curve, hit = series.curve(), 49  # by a cosmic ray that the pipeline has missed
    page.open_section("Normalisation")
    type_into(page, "Flag beyond (σ)", "4")

    def red():
        plot = Plot(page, CURVE)
        return plot.far(FLAGGED, series.days[hit], curve[hit]) < 2 * NEAR and plot

    until(red, "the ring")
    flagged = label(binary_dilation(follows(page, curve, series.days).has(FLAGGED), iterations=2))
    assert f"; {flagged[1]} point" in " ".join(e.text for e in page.find(".stage3-hint"))
    page.screenshot("light-curve-flagged")


def test_the_axes_say_unit_and_time_system(page, series):
    assert Plot(page, CURVE).labels == ["BJD_TDB − 2461118 (d)", "Relative flux"]
    assert Plot(page, DYNAMIC).labels == ["Wavelength (um)", "BJD_TDB − 2461118 (d)"]
    assert Plot(page, "Light curve").labels == ["BJD_TDB − 2461118 (d)", "White-light flux (Jy)"]
    # the colour bar is beside the picture, its numbers are of the normalised flux
    [bar] = page.find(".stage3-scale")
    assert "flux / median" in bar.get_attribute("title")
    numbers = [float(each.text) for each in page.find(".stage3-numbers span")]
    assert len(numbers) > 1 and 0.5 < min(numbers) < max(numbers) < 2
    assert bar.rect["x"] > Plot(page, DYNAMIC).place(series.wavelength.max(), series.days[9])[0]


def test_the_dynamic_spectrum_says_what_is_under_the_cursor(page, series):
    channel, row = int(np.argmin(np.abs(series.wavelength - 7.9))), 47
    plot = Plot(page, DYNAMIC)
    place = plot.place(series.wavelength[channel], series.days[row])
    where = rf"Wavelength {series.wavelength[channel]:.6g} um[\s\S]*Integration\s*{row + 1}\s"
    text = readout(page, *place, where)
    assert f"Flux {series.flux[row, channel]:.6g} Jy" in text
    assert f"BJD_TDB {2461118 + series.days[row]:.6f}" in text


def test_what_is_missing_is_pale_blue(page, series):
    # ten channels of one integration
    row, channel = np.argwhere(
        np.lib.stride_tricks.sliding_window_view(np.isnan(series.flux), 10, axis=1).all(axis=2)
    )[2]
    place = series.wavelength[channel + 5], series.days[row]
    plot = Plot(page, DYNAMIC)
    assert np.abs(plot.near(*place) - MISSING).max() < 3
    assert np.ptp(plot.near(place[0], series.days[row - 6])) < 6  # grey
    readout(page, *plot.place(*place), "Flux excluded or missing")


def test_the_light_curve_says_what_is_under_the_cursor(page, series):
    curve = series.curve()
    place = Plot(page, CURVE).place(series.days[20], curve[20])
    text = readout(page, *place, r"Integration\s*21\s")
    value = re.search(r"lux (\S+) ± (\S+)", text)
    assert float(value[1]) == pytest.approx(curve[20], abs=2 * float(value[2]))
    assert f"BJD_TDB {2461118 + series.days[20]:.6f}" in re.sub(r"\s+", " ", text)


def test_an_edge_is_dragged_in_the_dynamic_spectrum(page, series):
    plot = Plot(page, DYNAMIC)
    x, y, high = plot.value(0.6, 0.5)
    drag(page, (plot.right - 2, y), (x, y))
    high = says(page, "To (um)", high, 0.02)
    assert field(page, "From (um)") == ""
    follows(page, series.curve(high=high), series.days)
    assert np.abs(still(page, DYNAMIC).warm(0) - x).min() < NEAR
    page.screenshot("light-curve-band-dragged")


def test_an_edge_is_dragged_in_the_spectrum(page, series):
    plot = front(page, SPECTRUM)
    x, y, low = plot.value(0.25, 0.6)
    drag(page, (plot.left + 2, y), (x, y))
    edges = says(page, "From (um)", low, 0.05), float(field(page, "To (um)"))
    assert edges[0] < edges[1]
    follows(page, series.curve(*edges), series.days)
    page.screenshot("light-curve-band-in-spectrum")
    page.press("Whole trace")
    follows(page, series.curve(), series.days)
    assert field(page, "From (um)") == field(page, "To (um)") == ""
    front(page, DYNAMIC)


def test_a_click_is_the_time_cursor(page, series):
    page.open_section("Time cursor")
    row = 36
    plot = Plot(page, CURVE)
    x, y = plot.place(series.days[row], 0.99)
    page.point_at(x + 2, y, click=True)
    until(lambda: field(page, "Integration") == str(row + 1), "the integration")
    assert np.abs(still(page, CURVE).warm(0) - x).max() < NEAR
    dynamic = still(page, DYNAMIC)
    assert np.abs(dynamic.warm(1) - dynamic.place(0, series.days[row])[1]).min() < NEAR
    said = [e.text for e in page.find(".stage3-hint")]
    assert f"Integration {row + 1}, BJD_TDB {2461118 + series.days[row]:.6f}" in said
    page.screenshot("light-curve-cursor")
    spectrum = front(page, SPECTRUM)
    there = np.isfinite(series.flux[row]) & (series.wavelength > 5) & (series.wavelength < 11)
    far = spectrum.far(CURSOR, series.wavelength[there], series.flux[row, there])
    assert np.percentile(far, 95) < NEAR
    page.screenshot("light-curve-cursor-spectrum")
    front(page, DYNAMIC)


def test_a_click_in_the_dynamic_spectrum_is_the_time_cursor(page, series):
    page.open_section("Time cursor")
    x, y = Plot(page, DYNAMIC).place(8, series.days[60])
    page.point_at(x, y, click=True)
    until(lambda: field(page, "Integration") == "61", "the integration")
    plot = still(page, CURVE)
    assert np.abs(plot.warm(0) - plot.place(series.days[60], 1)[0]).max() < NEAR


def differ(one, other):
    """Whether pictures differ, where both are: the colour bar's numbers take more or less room."""
    rows, columns = np.minimum(one.shape, other.shape)[:2]
    return np.abs(one[:rows, :columns] - other[:rows, :columns]).mean() > 20


def test_normalised_by_its_median_it_shows_the_transit(page, series):
    before = still(page, DYNAMIC).picture
    page.open_section("Dynamic spectrum")
    choose(page, "Divide each channel by", "none")
    until(lambda: differ(Plot(page, DYNAMIC).picture, before), "another picture")
    undivided = still(page, DYNAMIC).picture
    choose(page, "Divide each channel by", "median")
    until(lambda: differ(Plot(page, DYNAMIC).picture, undivided), "the first again")
    plot = still(page, DYNAMIC)
    for wavelength in (5, 6, 7, 8, 9):
        inside, outside = (
            np.mean([plot.near(wavelength + s, series.days[row]) for row in rows
                     for s in np.linspace(0, 0.8, 12)])
            for rows in (range(34, 50), (*range(5, 25), *range(64, 80)))
        )  # fmt: skip
        assert inside < outside - 60, wavelength
    page.screenshot("light-curve-normalised")


def test_a_range_is_dragged_in_the_light_curve(page, series):
    page.open_section("Normalisation")
    switch(page, "Drag in the light curve for a new range")
    plot = Plot(page, CURVE)
    x_0, y, day_0 = plot.value(0.05, 0.2)
    x_1, _, day_1 = plot.value(0.3, 0.2)
    drag(page, (x_0, y), (x_1, y))
    said = until(lambda: field(page, "Baseline (hours)"), "the range")
    low, high = (float(edge) for edge in said.split(" to "))
    hour = 1 / 24 / (day_1 - day_0) * (x_1 - x_0)  # pixels
    assert low == pytest.approx((day_0 - series.days[0]) * 24, abs=NEAR / hour)
    assert high == pytest.approx((day_1 - series.days[0]) * 24, abs=NEAR / hour)
    switch(page, "Drag in the light curve for a new range")
    edge = plot.value(0.2, 0)[0]
    drag(page, (x_1, y), (edge, y))  # edges can be dragged without the switch
    until(lambda: field(page, "Baseline (hours)") != said, "the other end")
    plot = still(page, CURVE)
    green = np.flatnonzero(plot.has(RANGE, 4).mean(axis=0) > 0.6) + plot.left
    assert np.abs(green[[0, -1]] - (x_0, edge)).max() < NEAR + 2  # within the lines at its ends
    page.screenshot("light-curve-baseline")


def test_nonsense_is_told_in_words(page, series):
    type_into(page, "Baseline (hours)", "never")
    until(lambda: any("'never' is no range" in said for said in alerts(page)), "the alert")
    assert len(alerts(page)) == 1
    follows(page, series.curve(), series.days)  # which does not need it
    page.screenshot("light-curve-problem")
    type_into(page, "Baseline (hours)", "")
    until(lambda: not alerts(page), "the end of the alert")
    type_into(page, "From (um)", "77")
    said = until(lambda: [text for text in alerts(page) if "77" in text], "the alert")
    assert "Traceback" not in said[0] and "\n" not in said[0]
    assert not still(page, CURVE).has(POINT).any()  # no curve of other settings
    page.press("Whole trace")
    until(lambda: not alerts(page), "the end of the alert")
    follows(page, series.curve(), series.days)


def test_add_to_data_has_error_bars(page, series):
    type_into(page, "From (um)", "11.5")
    type_into(page, "To (um)", "11.9")
    follows(page, curve := series.curve(11.5, 11.9), series.days)
    page.press("Add to data")
    until(lambda: "Light curves" in page.viewers(), "the viewer")
    plot = front(page, "Light curves")
    assert plot.labels == ["BJD_TDB − 2461118 (d)", "Relative flux"]
    dark = plot.picture.max(axis=-1) < 225
    column, row = plot.place(series.days, curve)
    column, row = (np.round(v).astype(int) for v in (column - plot.left, row - plot.top))
    flags = plot.far(FLAGGED, series.days, curve) < 3 * NEAR
    heights = [dark[r - 12 : r + 13, c - 1 : c + 2].any(axis=1).sum()
               for r, c, flag in zip(row, column, flags, strict=True) if not flag]  # fmt: skip
    assert np.median(heights) > 8  # of a point alone: 6
    page.screenshot("light-curve-added")
    page.press("Whole trace")
    front(page, CURVE)


def test_the_plot_can_be_in_the_panel(page, series):
    switch(page, "Draw in a viewer")  # jdaviz's menu of a viewer that closes looks for a parent
    until(lambda: page.find(".stage3-plot .bqplot"), "the plot")
    page.driver.execute_script(
        "document.querySelector('.stage3-plot').scrollIntoView({block: 'center'})"
    )
    plot = follows(page, series.curve(), series.days, "panel")
    assert plot.labels == ["BJD_TDB − 2461118 (d)", "Relative flux"]
    page.screenshot("light-curve-in-panel")
    switch(page, "Draw in a viewer")
    until(lambda: not page.find(".stage3-plot .bqplot"), "the end of the plot")
    follows(page, series.curve(), series.days)


def test_a_model_that_is_incomplete_leaves_the_curve(page, series):
    page.open_section("Comparison and model")
    switch(page, "Transit model")
    said = until(lambda: alerts(page), "the alert")
    assert len(said) == 1
    assert said[0].startswith("No transit model: mid_transit and period are empty")
    follows(page, series.curve(), series.days)
    page.screenshot("light-curve-no-model")
    switch(page, "Transit model")
    until(lambda: not alerts(page), "the end of the alert")


def test_the_pipelines_curve_is_compared(page, series):
    choose(page, "The pipeline's white light curve", "whtlt")
    until(lambda: page.find(".stage3-plot .bqplot"), "the residual")
    labels = ["BJD_TDB − 2461118 (d)", "This − pipeline (ppm)"]
    until(lambda: Plot(page, "panel").labels == labels, "the residual's labels")
    said = " ".join(e.text for e in page.find(".stage3-hint"))
    assert "The pipeline's curve is the plain sum of all FLUX." in said
    page.screenshot("light-curve-pipeline")


def test_bands_and_cursor_come_back_after_the_server_stalled(page, server):
    """jdaviz takes the panel for closed, and finds it open again while the bands are cleared."""
    page.open_section("Time cursor")
    type_into(page, "Integration", "61")
    switch(page, "Keep active")
    for stall in range(1, 4):
        server.process.send_signal(signal.SIGSTOP)
        # not a deadline: a longer stall is a stall, too; 3 s are none, see SteadyPanel
        page.driver.execute_async_script("setTimeout(arguments[0], 3600)")
        server.process.send_signal(signal.SIGCONT)
        until(
            lambda: Plot(page, DYNAMIC).warm(0).size and Plot(page, CURVE).warm(0).size,
            f"bands and cursor after stall {stall}",
        )
    page.screenshot("light-curve-after-stalls")
    switch(page, "Keep active")


def test_there_is_nothing_to_complain_about(page, server):
    assert page.complaints() == []
    assert "Traceback" not in server.errors.read_text()


def test_a_gap_in_time_is_empty(start_own_server, start_own_browser, tmp_path):
    numbers = np.r_[1:13, 21:31]
    path = time_series(tmp_path, [(integrations(numbers, n_wave=40), {"spectral_order": 1})])
    page = start_own_browser()
    page.open(start_own_server("open", str(path)).url)
    page.wait_for(lambda: page.picture(DYNAMIC).size, "the dynamic spectrum")
    until(lambda: Plot(page, DYNAMIC).has(MISSING, 3).mean() > 0.2, "the gap")
    plot = still(page, DYNAMIC)
    day = 60000.003 + 2400000.5
    zero = int(re.search(r"BJD_TDB − (\d+) \(d\)", plot.labels[1])[1])
    empty = plot.has(MISSING, 3).all(axis=1)
    ends = [plot.place(0, day - zero + n / 1000)[1] - plot.top for n in (12.5, 20.5)]
    rows = np.flatnonzero(empty)
    assert np.all(np.diff(rows) == 1)
    assert np.abs(rows[[0, -1]] - ends[::-1]).max() < NEAR
    readout(page, *plot.place(1.5, day - zero + 16 / 1000), "no integration here")
    readout(page, *plot.place(1.5, day - zero + 8 / 1000), r"Integration\s*\d")
    page.screenshot("light-curve-gap")
    assert page.complaints() == []
