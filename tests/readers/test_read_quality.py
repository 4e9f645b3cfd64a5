"""Data-quality flags by name, and which samples they exclude."""

import numpy as np
import pytest
from stdatamodels.jwst.datamodels.dqflags import pixel

from jdaviz_stage3.readers.quality import dq_mask, dq_value, excluded


@pytest.mark.parametrize("name", pixel)
def test_every_flag_of_the_pipeline_has_its_bit(name):
    assert dq_value(name) == dq_value(name.lower()) == pixel[name]


def test_dq_value():
    assert dq_value("DO_NOT_USE") == 1
    assert dq_value("SATURATED") == 2
    assert dq_value("jump_det+HOT | REFERENCE_PIXEL") == 2**2 + 2**11 + 2**31
    assert dq_value(["NON_SCIENCE", "DEAD"]) == 2**9 + 2**10
    assert (dq_value(12), dq_value(np.uint32(5)), dq_value(None)) == (12, 5, 0)
    with pytest.raises(ValueError, match="called COSMIC, RAY; flags: .*DO_NOT_USE.*REFERENCE"):
        dq_value("COSMIC+DEAD+RAY")


def test_dq_mask():
    dq = np.array([0, 1, 2, 3, 2**31, 2**31 + 1], "u4")
    assert dq_mask(dq).tolist() == [False, True, False, True, False, True]
    assert dq_mask(dq, "REFERENCE_PIXEL").tolist() == [False] * 4 + [True] * 2
    assert dq_mask(dq, 3).tolist() == [False, True, True, True, False, True]
    assert not dq_mask(dq, None).any()


def test_excluded_is_flagged_or_not_finite():
    flux = np.array([1, np.nan, np.inf, 4, 5])
    dq = np.array([0, 0, 0, 1, 2], "u4")
    assert excluded(flux, dq).tolist() == [False, True, True, True, False]
    assert excluded(flux, dq, "SATURATED").tolist() == [False, True, True, False, True]
    assert excluded(flux, None).tolist() == [False, True, True, False, False]
