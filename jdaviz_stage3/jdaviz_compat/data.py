"""The data collection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from glue.core import Data

from ..origin import origin_of
from .application import application

__all__ = [
    "all_data",
    "as_read",
    "catalogs_of",
    "data_labels",
    "data_of",
    "find_links_of_images",
    "forget_removed_children",
    "has_images",
    "images_in",
    "images_of",
    "is_as_loaded",
    "is_catalog",
    "is_image",
    "links_at_once",
    "remove_data",
    "replace_image",
    "replace_spectrum",
    "spectrum_of_data",
    "stored_mask",
    "unique_data_label",
]


def as_read(data: Any) -> Any | None:
    """Return what our reader gave for data (glue) that were loaded; None for all other data.

    Whoever makes something of loaded data hands their meta on: jdaviz's plugins, specutils, users.
    What was made has another hash than what was loaded.

    Reason: the hash that jdaviz gives each entry is under a private key. jdaviz 5.1: the same.
    """
    origin = origin_of(data)
    return origin.source if origin is not None and is_as_loaded(data) else None


def is_as_loaded(data: Any) -> bool:
    """Whether data (glue) are as they were loaded from a file of ours, and not made of such data.

    Reason: as for `as_read`. jdaviz 5.1: the same.
    """
    origin = origin_of(data)
    return origin is not None and data.meta.get("_data_hash") == origin.data_hash


def all_data(app: Any) -> list:
    """Return the data (glue) of an app, layers without data (WCS orientations) aside.

    Reason: the data collection hangs on the inner application. jdaviz 5.1: the same.
    """
    collection = application(app).data_collection
    return [data for data in collection if not data.meta.get("_WCS_ONLY", False)]


def data_labels(app: Any) -> list[str]:
    """Return the labels of an app's data, layers without data (WCS orientations) aside.

    Reason: the public ``data_labels`` leaves children out. jdaviz 5.1: the same.
    """
    return [data.label for data in all_data(app)]


def remove_data(app: Any, labels: list[str]) -> None:
    """Remove data from an app and its viewers.

    Reason: ``data_item_remove`` hangs on the inner application, and a plugin that cannot bear what
    is left makes it raise after the removal: the others are removed all the same. jdaviz 5.1: the
    same.
    """
    inner = application(app)
    failed = None
    for label in labels:
        try:
            inner.data_item_remove(label)
        except Exception as err:  # whatever a plugin raises; what counts is whether it is gone
            if label in [data.label for data in inner.data_collection]:
                failed = failed or err
    if failed is not None:
        raise failed


def unique_data_label(app: Any, label: str) -> str:
    """Return the label, with a number after it if data of that label exist.

    Reason: jdaviz makes labels of single entries unique by itself, not those of several.
    jdaviz 5.1: the same.
    """
    return application(app).return_unique_name(label, typ="data")


def forget_removed_children(app: Any) -> None:
    """Forget which data belonged to which, of those that are no longer there.

    Reason: jdaviz 5.0.5 keeps that when data are removed; where an image comes back, it cannot show
    the flags that come back with it. jdaviz 5.1: to check.
    """
    inner = application(app)
    there = {data.label for data in inner.data_collection}
    kept = {label: facts for label, facts in inner._data_associations.items() if label in there}
    for facts in kept.values():
        facts["children"] = [child for child in facts["children"] if child in there]
    inner._data_associations.clear()
    inner._data_associations.update(kept)


def has_images(app: Any) -> bool:
    """Whether an app holds an image.

    Reason: the data collection hangs on the inner application. jdaviz 5.1: the same.
    """
    return any(data.ndim == 2 for data in application(app).data_collection)


def images_of(app: Any) -> list:
    """Return the images (glue data) of an app, or of that which a viewer is in.

    Reason: the data collection hangs on the inner application. jdaviz 5.1: the same.
    """
    inner = getattr(app, "jdaviz_app", None) or application(app)
    return [data for data in inner.data_collection if is_image(data)]


def images_in(viewer: Any) -> list:
    """Return the images (glue data) that are layers of a viewer, hidden ones too.

    Reason: orientations are layers as well, told apart by a private key. jdaviz 5.1: the same.
    """
    return [layer.layer for layer in viewer.layers if is_image(layer.layer)]


def is_image(data: Any) -> bool:
    """Whether data (glue) are an image, and neither an orientation nor a subset.

    Reason: orientations are data as well, told apart by a private key. jdaviz 5.1: the same.
    """
    return isinstance(data, Data) and data.ndim == 2 and not data.meta.get("_WCS_ONLY", False)


def find_links_of_images(app: Any) -> None:
    """Put the links between images before those of catalogs.

    Reason: jdaviz 5.0.5 looks for how two images are aligned along the links in their order, and
    stops with an AttributeError at the first of a catalog: after image, catalog, image the second
    image is read out without its coordinates. jdaviz 5.1: to check.
    """
    links = application(app).data_collection._link_manager._external_links
    if any(not hasattr(link, "data1") for link in links):
        links.sort(key=lambda link: not hasattr(link, "data1"))


def is_catalog(data: Any) -> bool:
    """Whether data are a catalog, ours or jdaviz's.

    Reason: jdaviz goes by the importer's class name. jdaviz 5.1: the same.
    """
    is_data = isinstance(data, Data) and data.ndim == 1
    return is_data and data.meta.get("_importer") == "CatalogImporter"


def catalogs_of(app: Any) -> list:
    """Return the catalogs (glue data) of an app.

    Reason: the data collection hangs on the inner application. jdaviz 5.1: the same.
    """
    return [data for data in application(app).data_collection if is_catalog(data)]


def data_of(app: Any, label: str) -> Any | None:
    """Return the data (glue) of a label, None if there is none.

    Reason: the data collection hangs on the inner application. jdaviz 5.1: the same.
    """
    return next((d for d in application(app).data_collection if d.label == label), None)


def spectrum_of_data(data: Any) -> Any:
    """Return data (glue) as a `~specutils.Spectrum` in its own units.

    Reason: jdaviz's public ``get_data`` collapses 2-D data unless told not to, which only the
    translator can be. jdaviz 5.1: the same.
    """
    from specutils import Spectrum

    return data.get_object(cls=Spectrum, statistic=None)


@contextmanager
def links_at_once(app: Any) -> Iterator[None]:
    """Let glue look for what follows from its links once, after several data were added.

    Reason: it does so after each addition, and takes longer the more data there are. The data
    collection hangs on the inner application. jdaviz 5.1: the same.
    """
    with application(app).data_collection.delay_link_manager_update():
        yield


def replace_spectrum(app: Any, label: str, spectrum: Any, viewers: list[str]) -> None:
    """Add a 1-D or 2-D spectrum to an app, in place of one of that label.

    Reason: jdaviz's own results component adds one at a time under the label in its field.
    jdaviz 5.1: the same.
    """
    inner = application(app)
    if data_of(inner, label) is not None:
        remove_data(inner, [label])
    kind = "1D Spectrum" if spectrum.flux.ndim == 1 else "2D Spectrum"
    inner._jdaviz_helper.load(
        spectrum, loader="object", format=kind, data_label=label, viewer=viewers,
        auto_extract=False, ignore_invalid_kwargs=True,
    )  # fmt: skip


def replace_image(app: Any, label: str, image: Any, viewers: list[str]) -> None:
    """Add an image (`~astropy.nddata.CCDData`) to an app, in place of one of that label.

    Reason: jdaviz's own results component adds one at a time under the label in its field.
    jdaviz 5.1: the same.
    """
    inner = application(app)
    if data_of(inner, label) is not None:
        remove_data(inner, [label])
    inner._jdaviz_helper.load(
        image, loader="object", format="Image", data_label=label, viewer=viewers,
        ignore_invalid_kwargs=True,
    )  # fmt: skip


def stored_mask(data: Any) -> np.ndarray:
    """Return where the data's mask component excludes samples (True); nowhere if it has none.

    Reason: the translator of spectra leaves the mask of data out that jdaviz's importer added,
    under a name that is not documented. jdaviz 5.1: to check.
    """
    names = [component.label for component in data.main_components]
    if "mask" not in names:
        return np.zeros(data.shape, dtype=bool)
    return np.asarray(data[data.main_components[names.index("mask")]]).astype(bool)
