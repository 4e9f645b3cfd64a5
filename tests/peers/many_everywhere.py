"""Imports this package, and has each app treat all data as it treats many spectra of ours.

Links are followed by `QuickLinkManager`, and menus wait, from the first data on, whosever they are.
That is nowhere so in use. jdaviz's own tests, run like this, show whether it changes anything.
"""

import functools

import jdaviz  # noqa: F401
from jdaviz.core.loaders.importers import BaseImporterToDataCollection

import jdaviz_stage3  # noqa: F401
from jdaviz_stage3.jdaviz_compat import adding_data, many_data

many_data.FEW = 0
_add = BaseImporterToDataCollection.add_to_data_collection


@functools.wraps(_add)
def add_to_data_collection(self, *args, **kwargs):
    with adding_data(self):
        return _add(self, *args, **kwargs)


BaseImporterToDataCollection.add_to_data_collection = add_to_data_collection
