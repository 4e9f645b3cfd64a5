"""The messages that an app shows."""

from weakref import WeakKeyDictionary

from glue.core import HubListener
from jdaviz.core.events import SnackbarMessage


class Snackbars(HubListener):
    """Notes every message that an app shows."""

    def __init__(self, app):
        self.texts = []
        app._app.hub.subscribe(
            self, SnackbarMessage, lambda message: self.texts.append(message.text)
        )


_NOTED = WeakKeyDictionary()  # else every app would live as long as the tests run


def snackbar_texts(app):
    """The messages that an app has shown since it was first asked for them."""
    if app not in _NOTED:
        _NOTED[app] = Snackbars(app)
    return _NOTED[app].texts
