"""What jdaviz is given of a catalog's columns."""

import numpy as np
from astropy.table import MaskedColumn
from make_tables import catalog_table

from jdaviz_stage3.loaders.catalog import catalog_for_jdaviz


def test_missing_text_and_truth_are_none():
    """Glue makes 'n' and True of them: the first letter of nan, and what is not 0."""
    table, missing = catalog_table(7), np.arange(7) == 2
    table["note"] = MaskedColumn(list("abcdefg"), mask=missing)
    table["good"] = MaskedColumn(np.ones(7, bool), mask=missing)
    found = catalog_for_jdaviz(table)
    assert found["note"].tolist() == ["a", "b", "", "d", "e", "f", "g"]
    np.testing.assert_array_equal(found["good"], np.where(missing, np.nan, 1))
    assert found["is_extended"].dtype == bool  # of all known
