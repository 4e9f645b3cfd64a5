"""Data models whose schemas are parsed once, and that are validated once.

asdf parses the YAML of a schema anew for each reference to it, a hundred times for one small file:
a quarter of what the tests of readers took. Each value that is set is validated, and all of them
when the file is written, which is enough.
"""

import functools
import os

from asdf._jsonschema.validators import RefResolver
from stdatamodels.jwst import datamodels

__all__ = ["datamodels"]

os.environ["VALIDATE_ON_ASSIGNMENT"] = "false"
_parsed: dict[str, object] = {}


def _parsing_once(stock):
    @functools.wraps(stock)
    def resolve_remote(self, uri):
        if uri not in _parsed:
            _parsed[uri] = stock(self, uri)
        return _parsed[uri]

    return resolve_remote


RefResolver.resolve_remote = _parsing_once(RefResolver.resolve_remote)
