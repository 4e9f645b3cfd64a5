"""Conditions on catalogs: their text, and what they select."""

import math
import operator
import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, QTable, Table
from astropy.utils.masked import Masked
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jdaviz_stage3.analysis import Condition, select_sources
from jdaviz_stage3.errors import ConditionError, Stage3Error

OPERATORS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
UNITS = [None, "Jy", "MJy/sr", "mag(AB)", "deg", "%", "10**-7 Jy", "erg / (s cm2)"]

names = st.text(min_size=1) | st.from_regex(r"[a-z_]+(\.[a-z]+)?", fullmatch=True)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70)
conditions = st.builds(
    Condition,
    column=names,
    operator=st.sampled_from([*OPERATORS, "=", "≤", "≥", "≠"]),
    value=numbers,
    unit=st.sampled_from(UNITS),
    divisor=st.none() | names,
) | st.builds(
    Condition,
    column=names,
    operator=st.sampled_from([*OPERATORS]),
    value=st.booleans() | st.text() | st.sampled_from(["True", "1e5", "3 Jy", "inf", "''"]),
    divisor=st.none() | names,
)


@pytest.fixture
def table() -> QTable:
    table = QTable(
        {
            "label": np.arange(1, 6),
            "aper_total_flux": [1, 2, np.nan, 4, np.inf] * u.Jy,
            "aper_total_flux_err": [1e5, 1e6, 1, 0, np.nan] * u.uJy,
            "abmag": u.Magnitude([20, 21, 22, 23, np.nan], "mag(AB)"),
            "plain_mag": [20, 21, 22, 23, np.nan] * u.mag,
            "is_extended": [True, False, True, False, True],
            "kind": ["star", "galaxy", "inf", "O'Neill", "True"],
            "sharpness": [0.1, 0.2, 0.3, 0.4, 0.5],
            "sky_centroid": SkyCoord([1, 2, 3, 4, 5] * u.deg, [5, 4, 3, 2, 1] * u.deg),
            "sky_bbox_ll.ra": [1, 2, 3, 4, 5] * u.deg,
            "flux (a/b)": [5.0, 4.0, 3.0, 2.0, 1.0],
        }
    )
    table["masked"] = MaskedColumn([1.0, 2.0, 3.0, 4.0, 5.0], mask=[1, 0, 0, 0, 0])
    table["masked_flux"] = Masked([1, 2, 3, 4, 5] * u.Jy, mask=[0, 1, 0, 0, 0])
    return table


def labels(table, *conditions) -> list[int]:
    return [int(label) for label in table["label"][select_sources(table, *conditions)]]


@given(conditions)
def test_text_of_a_condition_parses_to_it(condition):
    parsed = Condition.parse(str(condition))
    assert parsed == condition
    assert type(parsed.value) is type(condition.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flux>1e-7", Condition("flux", ">", 1e-7)),
        (" flux ≤ -3 ", Condition("flux", "<=", -3)),
        ("flux ≠ .5Jy", Condition("flux", "!=", 0.5, "Jy")),
        ("flux < 3 MJy/sr", Condition("flux", "<", 3, "MJy/sr")),
        ("mag<22.5 mag(AB)", Condition("mag", "<", 22.5, "mag(AB)")),
        ("mag < 22.5 ABmag", Condition("mag", "<", 22.5, "mag(AB)")),
        ("mag < 22.5 AB mag", Condition("mag", "<", 22.5, "mag(AB)")),
        ("mag < 22.5STmag", Condition("mag", "<", 22.5, "mag(ST)")),
        ("is_extended = false", Condition("is_extended", "==", False)),
        ("kind == 'True'", Condition("kind", "==", "True")),
        ('kind == "a ""b"""', Condition("kind", "==", 'a "b"')),
        ("kind == extended source", Condition("kind", "==", "extended source")),
        ("flux/flux_err >= 5", Condition("flux", ">=", 5, divisor="flux_err")),
        ("`a/b` / `c``d` > 1", Condition("a/b", ">", 1, divisor="c`d")),
        ("sky_bbox_ll.ra > 10 deg", Condition("sky_bbox_ll.ra", ">", 10, "deg")),
    ],
)
def test_spellings(text, expected):
    assert Condition.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a condition.*like aper_total_flux > 0.1 uJy"),
        ("flux", "not a condition"),
        ("total flux > 1", "backticks"),
        ("5 < flux", "not a condition; write a column"),
        ("flux ~ 5", "no operator '~'; use one of < <= > >= == !="),
        ("flux => 5", "no operator '=>'"),
        ("flux >", "'' is not a value"),
        ("flux > inf", "inf is not a finite number"),
        ("flux > -inf Jy", "-inf is not a finite number"),
        ("flux != NaN", "nan is not a finite number"),
        ("flux > 1e999", "not a finite number"),
        ("flux > 1" + 400 * "0", "not a finite number"),
        ("flux > 5 parsnips", "no unit is called 'parsnips'"),
        ("flux > 5 3", "no unit is called '3'"),
        ("flux > 5 and label < 3", "one condition at a time"),
        ("0 < flux < 3", "not a condition"),
        ("flux < x < 3", "one condition at a time"),
        ("kind == 'star", "not a value"),
        ("kind == __import__('os')", "not a value"),
    ],
)
def test_text_that_is_no_condition(text, message):
    with pytest.raises(ConditionError, match=message):
        Condition.parse(text)


@pytest.mark.parametrize(
    "arguments",
    [
        ("f", "like", 1),
        ("", ">", 1),
        ("f", ">", math.nan),
        ("f", ">", None),
        ("f", "==", "a", "Jy"),
    ],
)
def test_conditions_are_checked_when_made(arguments):
    with pytest.raises(ConditionError):
        Condition(*arguments)


def test_no_condition_selects_all(table):
    assert select_sources(table).tolist() == [True] * 5
    assert select_sources({"a": np.zeros(3), "b": np.zeros(3)}).tolist() == [True] * 3
    assert select_sources(Table()).shape == (0,)
    assert select_sources(table[:0], "label > 3").shape == (0,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("aper_total_flux > 1.5", [2, 4, 5]),
        ("aper_total_flux > 1500000 uJy", [2, 4, 5]),
        ("aper_total_flux != 1", [2, 4, 5]),  # the NaN does not count
        ("aper_total_flux / aper_total_flux_err > 5", [1]),  # Jy / uJy is a factor of 1e6
        ("aper_total_flux / aper_total_flux_err < 500 %", [2]),
        ("aper_total_flux / aper_total_flux_err != 7", [1, 2]),  # not the zero, not the NaNs
        ("aper_total_flux / label > 0.9 Jy", [1, 2, 4, 5]),
        ("aper_total_flux / label > 0.9", [1, 2, 4, 5]),
        ("abmag < 21.5", [1, 2]),
        ("abmag < 21.5 mag(AB)", [1, 2]),
        ("abmag < 21.5 mag", [1, 2]),
        ("plain_mag < 21.5 mag", [1, 2]),
        ("plain_mag < 21.5 mag(AB)", [1, 2]),
        ("is_extended == True", [1, 3, 5]),
        ("is_extended != 1", [2, 4]),
        ("is_extended == 0", [2, 4]),
        ("kind == star", [1]),
        ("kind != 'inf'", [1, 2, 4, 5]),
        ("kind == 'O''Neill'", [4]),
        ("kind == 'True'", [5]),
        ("label >= 2.5", [3, 4, 5]),
        ("label != 2.5", [1, 2, 3, 4, 5]),
        ("sky_centroid.ra > 150 arcmin", [3, 4, 5]),
        ("sky_bbox_ll.ra > 2.5 deg", [3, 4, 5]),
        ("`flux (a/b)` < 2.5", [4, 5]),
        ("masked < 3", [2]),
        ("masked != 3", [2, 4, 5]),
        ("masked_flux > 0.1 Jy", [1, 3, 4, 5]),
    ],
)
def test_selection(table, text, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert labels(table, text) == expected
        assert labels(table, Condition.parse(text)) == expected


def test_conditions_are_joined_by_and(table):
    assert labels(table, "label > 1", "label < 4", "is_extended == True") == [3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("aper_flux > 1", "aper_flux among the 13.*closest: aper_total_flux"),
        ("qqqq > 1", "no column is called qqqq"),
        ("kind < 3", "kind holds text; compare it with == or !="),
        ("kind == 3", "kind == '3'"),
        ("kind < 'b'", "== or !="),
        ("aper_total_flux > 5 km", "in Jy, to which km does not convert"),
        ("aper_total_flux < 5 mag(AB)", r"in Jy, to which mag\(AB\) does not convert"),
        ("abmag < 3 Jy", r"in mag\(AB\), to which Jy does not convert"),
        ("abmag < 3 mag(ST)", r"in mag\(AB\)"),
        ("label > 3 Jy", "label has no unit"),
        ("aper_total_flux == True", "holds numbers, not True"),
        ("sharpness > star", "holds numbers, not 'star'"),
        ("is_extended > 0", "holds True or False"),
        ("is_extended == 2", "holds True or False"),
        ("is_extended == yes", "holds True or False"),
        ("sky_centroid > 3", r"sky positions.*sky_centroid\.ra"),
        ("abmag / abmag > 3", "cannot be divided"),
        ("aper_total_flux / kind > 3", "only columns of numbers can be divided"),
        ("aper_total_flux / absent > 3", "no column is called absent"),
    ],
)
def test_conditions_that_do_not_fit(table, text, message):
    with pytest.raises(ConditionError, match=message) as caught:
        select_sources(table, text)
    assert isinstance(caught.value, Stage3Error)
    assert "\n" not in str(caught.value)


def test_columns_of_other_shapes_and_types():
    table = {"vector": np.zeros((3, 2)), "complex": np.zeros(3, complex)}
    for name in table:
        with pytest.raises(ConditionError, match="one number, truth value or text a row"):
            select_sources(table, f"{name} > 0")


@pytest.mark.parametrize("dtype", ["U3", "S3", "O", "T"])
def test_text_columns(dtype):
    column = np.array(["a", "b", "a"], dtype=np.dtypes.StringDType() if dtype == "T" else dtype)
    assert select_sources({"c": column}, "c == a").tolist() == [True, False, True]
    assert select_sources({"c": column}, "c != a").tolist() == [False, True, False]


def test_missing_text_is_never_selected():
    column = np.array(["a", None, "b"], dtype=object)
    assert select_sources({"c": column}, "c != a").tolist() == [False, False, True]
    masked = Table({"c": MaskedColumn(["a", "b", "c"], mask=[False, True, False])})
    assert select_sources(masked, "c != a").tolist() == [False, False, True]


@given(
    arrays(np.float64, st.integers(1, 20), elements=st.floats(width=64)),
    st.sampled_from(list(OPERATORS)),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_floats_like_python_compares_them(column, symbol, value):
    expected = [not math.isnan(x) and OPERATORS[symbol](x, value) for x in column.tolist()]
    assert select_sources({"c": column}, Condition("c", symbol, value)).tolist() == expected


@given(
    arrays(np.int64, st.integers(1, 20), elements=st.integers(-(2**63), 2**63 - 1)),
    st.sampled_from(list(OPERATORS)),
    st.data(),
)
def test_integers_are_compared_exactly(column, symbol, data):
    # near the column's own values, and beyond 2**53, where floats skip integers
    near = st.sampled_from(column.tolist()).flatmap(lambda x: st.sampled_from([x, x + 1, float(x)]))
    value = data.draw(near | st.floats(-300, 300) | st.integers(-(2**80), 2**80))
    expected = [OPERATORS[symbol](x, value) for x in column.tolist()]  # exact in Python
    assert select_sources({"c": column}, Condition("c", symbol, value)).tolist() == expected


@given(
    arrays(np.float64, 10, elements=st.floats(width=32)),
    arrays(np.float64, 10, elements=st.sampled_from([0.0, -0.0, 1.0, 3.0, math.nan, math.inf])),
    st.sampled_from(list(OPERATORS)),
    st.floats(-10, 10),
)
def test_ratios_like_python_divides_them(column, divisor, symbol, value):
    def satisfied(x, y):
        return y != 0 and not math.isnan(x / y) and OPERATORS[symbol](x / y, value)

    table = {"c": column, "d": divisor}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = select_sources(table, Condition("c", symbol, value, divisor="d"))
    assert found.tolist() == [
        satisfied(x, y) for x, y in zip(column.tolist(), divisor.tolist(), strict=True)
    ]


def test_value_beyond_the_column_type():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert select_sources({"c": np.ones(2, np.float32)}, "c < 1e300").all()
        assert select_sources({"c": np.ones(2, np.uint8)}, "c > -1").all()
        assert select_sources({"c": np.ones(2, np.uint8)}, "c < 300").all()


def test_magnitudes_without_a_unit_take_theirs_by_name():
    table = {"aper_total_abmag": np.array([24.0, 26.0]), "flux": np.array([1.0, 2.0])}
    for text in (
        "aper_total_abmag < 25",
        "aper_total_abmag < 25 mag",
        "aper_total_abmag < 25 mag(AB)",
        "aper_total_abmag < 25 ABmag",
        "aper_total_abmag < 25 mag_AB",
    ):
        assert select_sources(table, text).tolist() == [True, False]
    with pytest.raises(ConditionError, match="has no unit"):
        select_sources(table, "flux < 25 mag")


@pytest.mark.parametrize("unit", [None, u.mag])
@pytest.mark.parametrize(
    ("column", "value", "system"),
    [
        ("aper_total_vegamag", "24 ABmag", "Vega"),
        ("aper_total_vegamag", "24 mag(ST)", "Vega"),
        ("isophotal_abmag", "24 STmag", "AB"),
        ("VEGAMAG", "24 AB mag", "Vega"),
    ],
)
def test_magnitudes_of_another_zero_point_are_refused(unit, column, value, system):
    values = np.array([23.0, 25.0])
    table = {column: values if unit is None else values * unit}
    with pytest.raises(ConditionError, match=f"{column} holds {system} magnitudes.*zero point"):
        select_sources(table, f"{column} < {value}")
    for text in (f"{column} < 24", f"{column} < 24 mag"):
        assert select_sources(table, text).tolist() == [True, False]
