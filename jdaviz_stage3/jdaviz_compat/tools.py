"""The tools of viewers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["keep_from_matching"]


def keep_from_matching(apart: Callable[[Any, Any], bool]) -> None:
    """Keep jdaviz's tools that zoom 1-D and 2-D spectra together from pairs of viewers.

    Reason: these tools convert limits in the wrong direction once wavelengths are shown in another
    unit than that of the data, and go by the first data of the app. Where viewers follow each other
    by our link, they would be sent to wavelengths that are none. No public way to choose which
    viewers a tool matches. jdaviz 5.1: to check.

    Parameters
    ----------
    apart : callable
        Called with the (glue) viewer of the tool and another, says whether it is to be left alone.
    """
    from jdaviz.configs.specviz.plugins.tools import _MatchedXZoomMixin

    stock = _MatchedXZoomMixin._is_matched_viewer

    def matched(self: Any, viewer: Any) -> bool:
        return stock(self, viewer) and not apart(self.viewer, viewer)

    _MatchedXZoomMixin._is_matched_viewer = matched
