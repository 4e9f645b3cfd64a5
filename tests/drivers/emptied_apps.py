"""An app that several tests use one after another: emptied, it costs a fifth of a new one.

Plugins keep their settings and jdaviz its display units: a test about these takes a new app.
"""

from jdaviz_stage3.jdaviz_compat import data_labels, remove_data, remove_viewers, viewer_labels


def emptied(app):
    """The app without data, viewers, subsets and messages."""
    for group in list(app._app.data_collection.subset_groups):
        app._app.data_collection.remove_subset_group(group)
    remove_data(app, data_labels(app))
    remove_viewers(app, viewer_labels(app))
    app.plugins["Logger"].clear_history()
    assert list(app.datasets) == list(app.viewers) == []
    return app
