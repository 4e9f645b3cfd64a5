"""Transit models: against an integral over the stellar disc, by symmetry, and bad parameters."""

import sys
import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time
from hypothesis import given, settings
from hypothesis import strategies as st

from jdaviz_stage3.analysis import LIMB_DARKENING_LAWS, hours_from, transit_light_curve
from jdaviz_stage3.errors import Stage3Error, Stage3Warning

T0 = Time(2459990, 0.4773425, format="jd", scale="tdb")
HOT_JUPITER = {"period": 4.05 * u.day, "radius_ratio": 0.145, "scaled_axis": 11.4}
COEFFICIENTS = {
    "uniform": [],
    "linear": [0.3],
    "quadratic": [0.1, 0.3],
    "squareroot": [0.1, 0.3],
    "logarithmic": [0.2, 0.1],
    "exponential": [0.2, 0.01],
    "power2": [0.3, 0.6],
    "nonlinear": [0.5, 0.1, 0.1, -0.1],
}
INTENSITY = {
    "uniform": lambda mu, c: np.ones_like(mu),
    "linear": lambda mu, c: 1 - c[0] * (1 - mu),
    "quadratic": lambda mu, c: 1 - c[0] * (1 - mu) - c[1] * (1 - mu) ** 2,
    "squareroot": lambda mu, c: 1 - c[0] * (1 - mu) - c[1] * (1 - np.sqrt(mu)),
    "nonlinear": lambda mu, c: 1 - sum(c[n] * (1 - mu ** ((n + 1) / 2)) for n in range(4)),
}


@pytest.fixture
def batman():
    return pytest.importorskip("batman", reason="batman-package is not installed")


def around(hours):
    """Times around mid-transit, added as small numbers."""
    return T0 + np.asarray(hours) * u.hour


def disc_integral(separation, radius_ratio, law, coefficients, n=1500):
    """Relative flux with a planet at this distance from the star's centre: a sum over a grid.

    What the planet hides is summed over cells of its own disc, what the star sends over rings.
    """
    intensity = INTENSITY[law]
    edges = np.linspace(-radius_ratio, radius_ratio, n + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    x, y = np.meshgrid(middle, middle)
    from_star = (x + separation) ** 2 + y**2
    hidden = (x**2 + y**2 < radius_ratio**2) & (from_star < 1)
    mu = np.sqrt(1 - from_star[hidden])
    lost = intensity(mu, coefficients).sum() * (edges[1] - edges[0]) ** 2
    radius = (np.arange(200_000) + 0.5) / 200_000
    whole = 2 * np.pi * np.mean(intensity(np.sqrt(1 - radius**2), coefficients) * radius)
    return 1 - lost / whole


@pytest.mark.parametrize("law", sorted(INTENSITY))
def test_against_a_sum_over_the_disc(batman, law):
    inclination, coefficients = 87.8, COEFFICIENTS[law]
    hours = np.array([-1.9, -1.35, -1.2, -0.7, 0.0, 0.3, 1.25, 1.4])
    phase = 2 * np.pi * hours / 24 / HOT_JUPITER["period"].value
    separation = HOT_JUPITER["scaled_axis"] * np.sqrt(
        1 - (np.sin(np.radians(inclination)) * np.cos(phase)) ** 2
    )
    assert separation.min() < 0.5 and 0.9 < separation[1] < 1.1  # within, and across the limb
    expected = [disc_integral(z, 0.145, law, coefficients) for z in separation]
    found = transit_light_curve(
        around(hours), t0=T0, inclination=inclination, law=law, limb_darkening=coefficients,
        **HOT_JUPITER,
    )  # fmt: skip
    np.testing.assert_allclose(found, expected, rtol=0, atol=4e-6)


@pytest.mark.parametrize("law", sorted(LIMB_DARKENING_LAWS))
def test_every_law_is_symmetric_and_one_outside(batman, law):
    hours = np.linspace(-4, 4, 161)
    flux = transit_light_curve(
        around(hours), t0=T0, law=law, limb_darkening=COEFFICIENTS[law], **HOT_JUPITER
    )
    np.testing.assert_allclose(flux, flux[::-1], rtol=0, atol=1e-9)
    assert np.all(flux[np.abs(hours) > 2] == 1)
    assert flux[80] <= flux.min() + 1e-12


def test_depth_without_limb_darkening_is_the_ratio_of_the_areas(batman):
    flux = transit_light_curve(
        around([0, 0.5]), t0=T0, law="uniform", limb_darkening=[], **HOT_JUPITER
    )
    np.testing.assert_allclose(1 - flux, 0.145**2, rtol=1e-12)


def test_a_microsecond_changes_the_flux_as_the_slope_says(batman):
    """In the ingress the flux falls by about 2 % in half an hour: 1e-11 a microsecond."""
    step = 1e-6 * u.s
    first, second, later = (
        transit_light_curve(around([-1.3]) + n * step, t0=T0, **HOT_JUPITER)[0]
        for n in (0, 1, 10**7)
    )
    slope = (later - first) / 1e7
    assert slope < 0
    assert second - first == pytest.approx(slope, rel=0.05)


def test_many_periods_later_it_is_the_same(batman):
    hours = np.linspace(-2, 2, 41)
    flux = transit_light_curve(around(hours), t0=T0, **HOT_JUPITER)
    later = around(hours) + 1000 * HOT_JUPITER["period"]
    np.testing.assert_allclose(
        transit_light_curve(later, t0=T0, **HOT_JUPITER), flux, rtol=0, atol=1e-10
    )


def test_an_exposure_is_the_mean_over_it(batman):
    hours = np.array([-1.45, -1.3, 0, 1.2])
    within = (np.arange(2001) - 1000) / 2001 * 0.2
    fine = transit_light_curve(around(hours[:, None] + within), t0=T0, **HOT_JUPITER).mean(axis=1)
    flux = transit_light_curve(around(hours), t0=T0, exposure=0.2 * u.hour, **HOT_JUPITER)
    np.testing.assert_allclose(flux, fine, rtol=0, atol=5e-6)
    sharp = transit_light_curve(around(hours), t0=T0, **HOT_JUPITER)
    assert np.abs(sharp - fine).max() > 1e-4


def test_eccentric_orbit_at_periastron_is_faster(batman):
    hours = np.linspace(-2, 2, 401)
    round_one = transit_light_curve(around(hours), t0=T0, **HOT_JUPITER)
    fast = transit_light_curve(around(hours), t0=T0, eccentricity=0.3, **HOT_JUPITER)
    slow = transit_light_curve(
        around(hours), t0=T0, eccentricity=0.3, periastron=-90 * u.deg, **HOT_JUPITER
    )
    inside = [np.sum(flux < 1) for flux in (fast, round_one, slow)]
    assert inside == sorted(inside) and inside[0] < inside[2]


def test_masked_times_and_shapes(batman):
    days = np.ma.masked_array(T0.mjd + np.arange(6.0).reshape(2, 3) / 50, False)
    days[0, 1] = np.ma.masked
    time = Time(days, format="mjd", scale="tdb")
    flux = transit_light_curve(time, t0=T0, **HOT_JUPITER)
    assert type(flux) is np.ndarray and flux.shape == (2, 3)
    np.testing.assert_array_equal(np.isnan(flux), [[False, True, False], [False] * 3])
    assert transit_light_curve(T0, t0=T0, **HOT_JUPITER).shape == ()
    gone = Time(np.ma.masked_array([1.0, 2.0], True), format="mjd", scale="tdb")
    assert np.isnan(transit_light_curve(gone, t0=T0, **HOT_JUPITER)).all()


def test_no_planet_no_transit(batman):
    nothing = HOT_JUPITER | {"radius_ratio": 0}
    assert np.all(transit_light_curve(around([-1, 0, 1]), t0=T0, **nothing) == 1)


@settings(max_examples=60)
@given(
    radius_ratio=st.floats(0, 0.9),
    scaled_axis=st.floats(1.1, 300),
    inclination=st.floats(0, 180),
    limb=st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)),
    period=st.floats(0.3, 1e4),
)
def test_flux_is_within_what_is_hidden(radius_ratio, scaled_axis, inclination, limb, period):
    """Between 1 and a planet in front of the brightest part, symmetric, whatever the geometry."""
    pytest.importorskip("batman", reason="batman-package is not installed")
    days = np.linspace(-0.24, 0.24, 41) * min(period, 4)  # behind the star from a quarter on
    flux = transit_light_curve(
        T0 + days * u.day, t0=T0, period=period * u.day, radius_ratio=radius_ratio,
        scaled_axis=scaled_axis, inclination=inclination, limb_darkening=limb,
    )  # fmt: skip
    brightest = 1 / (1 - limb[0] / 3 - limb[1] / 6)  # centre over mean of the disc
    assert np.all(flux <= 1 + 1e-9)
    assert np.all(flux >= 1 - radius_ratio**2 * brightest - 1e-6)
    np.testing.assert_allclose(flux, flux[::-1], rtol=0, atol=1e-6)


# ---- hours ----


@settings(max_examples=50)
@given(epoch=st.integers(-500, 500), hours=st.floats(-11.9, 11.9))
def test_hours_from_the_nearest_transit(epoch, hours):
    period = 1 * u.day
    time = T0 + epoch * period + [hours] * u.hour
    found = hours_from(time, T0, period)
    assert found.unit == u.hour
    assert found[0].value == pytest.approx(hours, abs=1e-8)
    assert hours_from(time, T0)[0].value == pytest.approx(24 * epoch + hours, abs=1e-8)


def test_hours_of_masked_times_are_nan():
    time = Time(np.ma.masked_array([T0.mjd, T0.mjd], [False, True]), format="mjd", scale="tdb")
    np.testing.assert_array_equal(np.isnan(hours_from(time, T0)), [False, True])


def test_utc_times_are_subtracted_as_utc_without_a_warning():
    start = Time("2016-12-31T23:00:00", scale="utc")  # a leap second an hour later
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hours = hours_from(Time(["2017-01-01T00:00:00"], scale="utc"), start)
    assert hours[0].to_value("s") == pytest.approx(3601, abs=1e-6)


def test_times_of_two_scales_are_converted_with_a_warning():
    time = Time([60000.0], format="mjd", scale="utc")
    with pytest.warns(Stage3Warning, match="time is in UTC and t0 in TDB.*light travel time"):
        hours = hours_from(time, Time(60000.0, format="mjd", scale="tdb"))
    assert hours[0].to_value("s") == pytest.approx(37 + 32.184, abs=0.01)  # leap seconds, TT - TAI


# ---- bad parameters ----


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"radius_ratio": -0.1}, "radius_ratio is -0.1; it must be at least 0 and finite"),
        ({"radius_ratio": np.nan}, "radius_ratio is nan"),
        ({"radius_ratio": "big"}, "radius_ratio is 'big'; one number is needed"),
        ({"radius_ratio": [0.1, 0.2]}, "radius_ratio is .*one number is needed"),
        ({"scaled_axis": 1}, "scaled_axis is 1; it must be greater than 1 and finite"),
        ({"scaled_axis": np.inf}, "scaled_axis is inf"),
        ({"inclination": 181}, "inclination is 181; it must be at least 0 and at most 180"),
        ({"inclination": -1 * u.deg}, "inclination is -1.0; it must be at least 0"),
        ({"inclination": 3 * u.m}, "inclination has the unit m; an angle is needed"),
        ({"eccentricity": 1}, "eccentricity is 1; it must be at least 0 and less than 1"),
        ({"eccentricity": 0.95}, "bring the planet to 0.57 stellar radii"),
        ({"periastron": np.nan}, "periastron is nan; it must be finite"),
        ({"period": 4.05}, "period is 4.05; a Quantity in units of time"),
        ({"period": 3 * u.m}, "period is <Quantity 3. m>; a Quantity in units of time"),
        ({"period": [1, 2] * u.day}, "period is .*a Quantity in units of time"),
        ({"period": 0 * u.day}, "period is 0.0 d; it must be greater than zero"),
        ({"period": np.nan * u.day}, "period is nan d"),
        ({"exposure": -1 * u.s}, "exposure is -1.0 s"),
        ({"law": "claret"}, "law is 'claret'; it must be one of uniform, linear, quadratic"),
        ({"law": None}, "law is None"),
        ({"law": "linear"}, "limb_darkening has 2 coefficients, but the linear law has 1"),
        ({"limb_darkening": [0.1]}, "has 1 coefficient, but the quadratic law has 2"),
        ({"limb_darkening": [0.1, np.nan]}, "limb_darkening is .*must be finite"),
        ({"limb_darkening": "ab"}, "limb_darkening is 'ab'; numbers are needed"),
        ({"t0": 2459990.5}, "t0 is float; an astropy Time is needed"),
        ({"t0": Time([1.0, 2.0], format="mjd", scale="tdb")}, "t0 is .*; one time is needed"),
    ],
)
def test_bad_parameters(changes, words):
    with pytest.raises(Stage3Error, match=words) as caught:
        transit_light_curve(around([0.0]), **({"t0": T0} | HOT_JUPITER | changes))
    assert "\n" not in str(caught.value)


def test_times_that_are_no_times():
    with pytest.raises(Stage3Error, match="time is ndarray; an astropy Time is needed"):
        transit_light_curve(np.zeros(3), t0=T0, **HOT_JUPITER)


def test_without_batman_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "batman", None)
    with pytest.raises(Stage3Error, match="pip install batman-package"):
        transit_light_curve(around([0.0]), t0=T0, **HOT_JUPITER)
