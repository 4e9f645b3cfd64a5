"""What there is one of for each app, and what follows all that comes into it."""

from __future__ import annotations

from typing import Any, Self

from glue.core import HubListener

from ..jdaviz_compat import application, kept_with

__all__ = ["AppFollower"]


class AppFollower(HubListener):
    """There is one of each subclass for an app; it goes with the app.

    Parameters
    ----------
    app : jdaviz application
        The inner one.
    """

    def __init__(self, app: Any) -> None:
        raise NotImplementedError

    def update(self) -> None:
        """Take up what is there now."""
        raise NotImplementedError

    @classmethod
    def of_app(cls, app: Any) -> Self:
        """Follow an app from now on, and take up what is there.

        Parameters
        ----------
        app : jdaviz helper, inner application, or importer
            Once for each app is enough, more is harmless.

        Returns
        -------
        AppFollower
            The one of this class and app.
        """
        found = kept_with(application(app), cls)
        found.update()
        return found
