"""What the script of a session calls: it takes each step, and says which it could not."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from glue.config import colormaps
from regions import Region

from ..errors import Stage3Error, Stage3Warning, reason_of
from ..jdaviz_compat import (
    all_data,
    application,
    arrange_viewers,
    configuration,
    create_viewer,
    data_of,
    drawn_once,
    glue_viewer,
    layers_in_order,
    layers_of,
    open_panels_of,
    plugin_api,
    put_layers_in_order,
    put_markers,
    remove_data,
    remove_viewers,
    rename_only,
    set_limits,
    show_message,
    show_only,
    subset_groups,
    viewer_kind,
    viewer_labels,
)
from .arrivals import Arrivals
from .labels import renamed_with
from .subset_states import restore_subset

__all__ = ["Restoring", "restoring"]


class Restoring(Arrivals):
    """An app on its way to what it was: what a script of `to_python` calls.

    Parameters
    ----------
    app : jdaviz app
        The generalised app, new or not.
    folder : path-like
        Where the files are.
    """

    def remove(self, *labels: str) -> None:
        """Remove data that came with a file.

        Parameters
        ----------
        *labels : str
        """
        with self._step("remove"):
            there = [data.label for data in self._own_data()]
            remove_data(self._app, [label for label in labels if label in there])

    def rename(self, old: str, new: str) -> None:
        """Rename data.

        Parameters
        ----------
        old, new : str
        """
        if self._is_lost(old):
            self._lost.add(new)
        with self._step(new, old):
            self._check(old)
            rename_only(self._app, old, new, lambda label: renamed_with(label, old, new))

    def subset(
        self,
        label: str,
        region: Region | tuple[float, float],
        *,
        on: str | None = None,
        axes: str | tuple[str, str] | None = None,
        unit: str = "",
        mode: str = "new",
        color: str = "",
    ) -> None:
        """Draw a subset, or add to one.

        Parameters
        ----------
        label : str
        region : regions.Region or (low, high)
            In pixels, on the sky, or a range of values.
        on : str, optional
            The label of the data on whose pixels or axis it was drawn; not for regions on the sky.
        axes : str or (str, str), optional
            Which axis a range is of, or which axes a region that is not of an image's pixels.
        unit : str, optional
            That of the range.
        mode : {'new', 'or', 'and', 'xor', 'andnot'}
            What becomes of what the subset is already.
        color : str, optional
            In all viewers.
        """
        if on is not None and self._is_lost(on):
            self._lost.add(label)
        with self._step(label):
            if on is not None:
                self._check(on)
            restore_subset(self._app, label, region, on, axes, unit, mode)
            for group in subset_groups(self._app):
                if color and group.label == label:
                    group.style.color = color

    @contextmanager
    def plugin(self, label: str, *, labels: Sequence[str] | None = None) -> Iterator[Any]:
        """Give a plugin, to set its controls and call it: ``with session.plugin(…) as plg:``.

        Parameters
        ----------
        label : str
            Its label in the tray.
        labels : sequence of str, optional
            Which the data are to have that it adds, as of `load`.

        Yields
        ------
        plugin
            Its public API.
        """
        with self._step(label):
            found = plugin_api(self._app, label)
            before = {data.uuid for data in all_data(self._app)}
            yield _NoPlugin(label) if found is None else found
            if labels is not None:
                self._labelled(label, self._since(before), labels)

    def viewer(self, label: str, kind: str, data: Sequence[str] = (), **axes: Any) -> None:
        """Let there be a viewer that shows these data and no others.

        Parameters
        ----------
        label : str
            It is created where there is none.
        kind : str
            The name under which its class is registered.
        data : sequence of str
            The labels of what it shows.
        **axes
            What else is chosen of it: ``color_mode``, ``x_att``, ….
        """
        with self._step(label, *data):
            found = glue_viewer(self._app, label)
            if found is not None and viewer_kind(found) != kind:
                remove_viewers(self._app, [label])
                found = None
            if found is None:
                create_viewer(self._app, kind, label)
            own = [one.label for one in self._own_data()]
            there = [name for name in data if name in own]
            show_only(self._app, label, there)
            state = glue_viewer(self._app, label).state
            for name, value in axes.items():
                _set(state, name, value, data_of(self._app, there[0]) if there else None)
            lost = [name for name in data if name not in there and not self._is_lost(name)]
            if lost:
                raise Stage3Error(f"there are no data {', '.join(map(repr, lost))}")

    def close_all_but(self, *labels: str) -> None:
        """Close the other viewers, which loading has opened.

        Parameters
        ----------
        *labels : str
        """
        with self._step("close_all_but"):
            others = [label for label in viewer_labels(self._app) if label not in labels]
            remove_viewers(self._app, others)

    def draw(self, viewer: str, data: str, **style: Any) -> None:
        """Draw data in a viewer in a style.

        Parameters
        ----------
        viewer, data : str
            Their labels; those of subsets, too.
        **style
            By glue's names: ``visible``, ``color``, ``alpha``, ``linewidth``, ``size``, ``cmap``,
            ``stretch``, ``percentile``, ``v_min``, ``v_max``, ….
        """
        with self._step(f"{data} in {viewer}", data):
            found = self._viewer(viewer)
            states = [state for state in layers_of(found) if state.layer.label == data]
            states = [s for s in states if getattr(s.layer, "uuid", None) not in self._others]
            if not states:
                raise Stage3Error("it is not shown there")
            for state in states:
                for name, value in style.items():
                    _set(state, name, value, state.layer)

    def limits(self, viewer: str, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Set the limits of a viewer's axes.

        Parameters
        ----------
        viewer : str
        x, y : (float, float)
            In the units of the axes.
        """
        with self._step(viewer):
            set_limits(self._viewer(viewer), tuple(map(float, (*x, *y))))

    def order(self, viewer: str, *labels: str) -> None:
        """Draw the layers of a viewer over each other in this order.

        Parameters
        ----------
        viewer : str
        *labels : str
            Of data and subsets, from the lowest; of those that share a label, one after another.
        """
        with self._step(viewer, *labels):
            found = self._viewer(viewer)
            left = layers_in_order(found)
            wanted = []
            for label in labels:
                state = next((state for state in left if state.layer.label == label), None)
                if state is not None:
                    left.remove(state)
                    wanted.append(state)
            put_layers_in_order(found, [*wanted, *left])

    def markers(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Mark places in images, as jdaviz's *Markers* does.

        Parameters
        ----------
        rows : sequence of mapping
            What its table has in each row; ``viewer`` and ``data_label`` are needed.
        """
        for row in rows:
            with self._step("Markers", row["data_label"]):
                self._check(row["data_label"])
                self._viewer(row["viewer"])
                put_markers(self._app, [row])

    def open_panels(self, *labels: str) -> None:
        """Open the panels of plugins in the tray.

        Parameters
        ----------
        *labels : str
        """
        with self._step("open_panels"):
            open_panels_of(self._app, labels)

    def layout(self, *rows: Any) -> None:
        """Lay out the viewers.

        Parameters
        ----------
        *rows
            From the top: the label of a viewer, a tuple of labels that are tabs, or
            ``{'row': […]}`` and ``{'col': […]}`` of such.
        """
        with self._step("layout"):
            arrange_viewers(self._app, {"col": list(rows)})

    # ---- what goes wrong ----

    @contextmanager
    def _step(self, what: str, *names: str) -> Iterator[None]:
        """Take a step, and note that it fails, but for what a missing file has to do with."""
        try:
            yield
        except Exception as err:  # whatever jdaviz makes of it; the other steps are taken
            reason = reason_of(err)
            # a missing file opens no viewer, and messages of plugins name the data
            words = [rf"(?<!\w){re.escape(name)}(?!\w)" for name in self._lost]
            of_lost = isinstance(err, _NotThere) or any(re.search(one, reason) for one in words)
            if not (self._lost and (of_lost or any(map(self._is_lost, (what, *names))))):
                self._problems.append(f"{what}: not restored ({reason})")

    def _check(self, label: str) -> None:
        found = [data for data in application(self._app).data_collection if data.label == label]
        if not found or found[0].uuid in self._others:
            raise Stage3Error(f"there are no data {label!r}")

    def _viewer(self, label: str) -> Any:
        found = glue_viewer(self._app, label)
        if found is None:
            raise _NotThere(f"there is no viewer {label!r}")
        return found

    @property
    def problems(self) -> list[str]:
        """What could not be restored."""
        return list(self._problems)

    def finish(self) -> list[str]:
        """Say what could not be restored, and return it."""
        for problem in self._problems:
            show_message(self._app, problem, color="warning")
            warnings.warn(problem, Stage3Warning, stacklevel=3)
        return self._problems


@contextmanager
def restoring(app: Any, folder: str | os.PathLike = ".") -> Iterator[Restoring]:
    """Restore a session in an app: ``with restoring(app, FOLDER) as session:``.

    What cannot be restored, a missing file for one, is said at the end; the rest is restored.

    Parameters
    ----------
    app : jdaviz app
        The generalised app.
    folder : path-like
        Where the files are.

    Yields
    ------
    Restoring

    Raises
    ------
    Stage3Error
        If the app is another.
    """
    if configuration(app) != "deconfigged":
        raise Stage3Error(
            "a session is restored in the generalised app (jdaviz.new_app()), not in "
            f"{configuration(app)}"
        )
    session = Restoring(app, folder)
    with drawn_once(app):
        yield session
    session.finish()


class _NotThere(Stage3Error):
    """A viewer, or a plugin, which there may be only with certain data."""


class _NoPlugin:
    """Stands for a plugin that there is not, until something is asked of it."""

    def __init__(self, label: str):
        object.__setattr__(self, "_label", label)

    def __getattr__(self, name: str) -> Any:
        raise _NotThere(f"there is no plugin {self._label!r} now")

    def __setattr__(self, name: str, value: Any) -> None:
        self.__getattr__(name)


def _set(state: Any, name: str, value: Any, data: Any) -> None:
    """Set an attribute of a state of glue, colour maps and columns by their names."""
    if name == "cmap":
        value = next((found for _, found in colormaps.members if found.name == value), None)
        if value is None:
            raise Stage3Error("there is no such colour map")
    elif name.endswith("_att") and data is not None:
        value = next(found for found in data.components if found.label == value)
    setattr(state, name, value)
