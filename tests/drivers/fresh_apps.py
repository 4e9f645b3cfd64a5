"""New apps: a test in a fork of the process (see `forked_tests`) gets one that is there already."""

from __future__ import annotations

import warnings
from typing import Any

_spare: dict[str, Any] = {}
_in_fork = False


def new_app(configuration: str = "deconfigged") -> Any:
    """A new app, of its kind the current one.

    Parameters
    ----------
    configuration : str
        ``'deconfigged'`` for the generalised app, ``'specviz'``, ``'imviz'`` or ``'cubeviz'``, with
        what is ours attached.
    """
    if _in_fork and configuration in _spare:
        app = _spare.pop(configuration)
        _make_current(app)
        return app
    return _made(configuration)


def keep_spare(configurations: tuple[str, ...] = ("deconfigged",)) -> None:
    """Let there be an app of each of these kinds, for the forks of this process."""
    if not _spare:
        _warm_up()
    for configuration in configurations:
        if configuration not in _spare:
            app = _spare[configuration] = _made(configuration)
            options = app._app.get_tray_item_from_name("g-plot-options")
            assert options.stretch_histogram  # else made with the first layer, a tenth of a load


def begin_fork() -> None:
    """From now on this process is a fork, and may use what is spare."""
    global _in_fork
    _in_fork = True


def _warm_up() -> None:
    """Do here what is done when a product is first loaded: each fork would do it again."""
    import jdaviz_stage3 as stage3
    from jdaviz_stage3.demo import demo_products

    [path] = (path for path in demo_products() if path.stem.endswith("_c1d"))
    stage3.load(path, app=_made("deconfigged"))


def _make_current(app: Any) -> None:
    """What is loaded without a word of where goes to it, though others were made after it."""
    import jdaviz

    apps = jdaviz.get_all_apps()
    if app in apps:  # the generalised ones are
        jdaviz._current_index = apps.index(app)


def _made(configuration: str) -> Any:
    import jdaviz

    import jdaviz_stage3 as stage3

    if configuration == "deconfigged":
        return jdaviz.new_app()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jdaviz 5.2 drops these classes
        return stage3.attach(getattr(jdaviz, configuration.capitalize())())
