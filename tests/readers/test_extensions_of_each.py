"""Which extensions belong together in files with several SCI."""

import numpy as np
import pytest
from astropy.io import fits

from jdaviz_stage3.readers.extensions import extensions_of_each

NAMES = ("SCI", "ERR", "DQ")


def file_of(*extensions):
    """Extensions given as ``'SCI,2'``: name and EXTVER."""
    hdus = fits.HDUList([fits.PrimaryHDU()])
    for name, version in (extension.split(",") for extension in extensions):
        hdus.append(fits.ImageHDU(np.zeros((2, 2)), name=name, ver=int(version)))
    return hdus


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        (("SCI,1", "ERR,1", "SCI,2", "ERR,2"), [(1, 2), (3, 4)]),
        (("SCI,2", "SCI,1", "ERR,1", "ERR,2"), [(1, 4), (2, 3)]),
        (("SCI,1", "SCI,2", "ERR,2"), [(1,), (2, 3)]),
        # all put together as number 1: by their order, whichever way they lie
        (("SCI,1", "ERR,1", "SCI,1", "ERR,1"), [(1, 2), (3, 4)]),
        (("SCI,1", "SCI,1", "ERR,1", "ERR,1"), [(1, 3), (2, 4)]),
        # of which it is cannot be known
        (("SCI,1", "SCI,1", "ERR,1"), [(1,), (2,)]),
        (("SCI,1", "SCI,2", "ERR,1", "ERR,1"), [(1,), (2,)]),
    ],
)
def test_each_has_its_own(extensions, expected):
    found = extensions_of_each(file_of(*extensions), NAMES)
    assert [tuple(planes.values()) for planes in found] == expected


def test_what_is_none_is_not_taken():
    hdus = file_of("SCI,1", "ERR,1")
    assert extensions_of_each(hdus, NAMES, lambda hdu: hdu.name != "ERR") == [{"SCI": 1}]
