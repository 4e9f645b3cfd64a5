"""Removing data: what hung on them is linked again, once."""

import numpy as np
import pytest
from fresh_apps import new_app
from link_tools import check_links
from make_spectra import extracted, smooth_spectrum

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import data_labels, remove_data

pytestmark = pytest.mark.forked


def test_removals_do_not_multiply_links(tmp_path):
    """The first of the spectra is that which all others are linked to."""
    headers = [{"source_type": "POINT", "source_id": number} for number in range(1, 6)]
    app = new_app()
    stage3.load(extracted(tmp_path, [(smooth_spectrum(), header) for header in headers]), app=app)
    collection = app._app.data_collection
    per_entry = len(collection.external_links) / 4
    assert per_entry >= 2  # wavelengths and pixels
    while len(collection) > 2:
        remove_data(app, data_labels(app)[:1])
        assert len(collection.external_links) <= per_entry * len(collection)
        check_links(collection)
        [wavelength] = collection[0].world_component_ids
        for other in collection:
            np.testing.assert_allclose(other[wavelength], collection[0][wavelength])
