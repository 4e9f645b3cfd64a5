"""The gwcs objects that a file keeps in its ASDF extension."""

from __future__ import annotations

import io
import os
import warnings
from typing import TYPE_CHECKING, Any

from ..errors import reason_of
from .extensions import open_product

if TYPE_CHECKING:
    from gwcs import WCS

__all__ = ["NO_GWCS", "StoredGwcs"]

#: The problem where there is none, in contrast to one that cannot be read.
NO_GWCS = "the file holds no gwcs"


class StoredGwcs:
    """The gwcs objects of one file; its ASDF extension is read when the first is asked for.

    Only the tree is read, and each object is built when it is asked for: the arrays of the file,
    which ``jwst.datamodels`` and ``asdf_in_fits`` go through, are left alone. A tree of many slits
    is megabytes of YAML, whose reading takes seconds.

    Parameters
    ----------
    path : path-like

    Attributes
    ----------
    problem : str
        Why the last one that was asked for could not be had; empty if it could.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = path
        self.problem = ""
        self._tree: Any = None

    def get(self, *keys: str | int) -> WCS | None:
        """Return one of the gwcs objects.

        Parameters
        ----------
        *keys : str or int
            Where in the tree the part of the file is that it belongs to: nothing for the file
            itself, ``('slits', 3)`` or ``('exposures', 0)``.

        Returns
        -------
        gwcs.WCS or None
            None if there is none, or none that the installed versions can read; `problem` says why.
        """
        self.problem = ""
        import asdf

        try:
            with warnings.catch_warnings():
                # of the versions that wrote the file; what cannot be read, fails
                warnings.simplefilter("ignore", asdf.exceptions.AsdfWarning)
                node = self._open()
                for key in (*keys, "meta", "wcs"):
                    node = node[key]
        except (KeyError, IndexError, StopIteration):
            self.problem = NO_GWCS
            return None
        except Exception as err:  # asdf, its converters and gwcs share no error
            self.problem = f"its gwcs cannot be read ({reason_of(err)})"
            return None
        if not callable(node):  # a plain dict, where no converter for its tag is installed
            self.problem = "its gwcs is of a version that the installed gwcs cannot read"
            return None
        return node

    def _open(self) -> Any:
        if self._tree is None:
            import asdf

            with open_product(self.path) as hdus:
                hdu = next(hdu for hdu in hdus if hdu.name == "ASDF")
                stored = hdu.data["ASDF_METADATA"].tobytes()
            self._tree = asdf.open(
                io.BytesIO(stored),
                lazy_tree=True,
                lazy_load=True,  # the arrays of the file, named in it, are not looked for
                memmap=False,
                ignore_unrecognized_tag=True,
            )
        return self._tree
