"""Links between data: found once, and not from the beginning at each addition."""

from __future__ import annotations

import functools
import heapq
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from glue.core.component import DerivedComponent
from glue.core.data import BaseCartesianData
from glue.core.link_manager import LinkManager, equivalent_pixel_cids

from .application import application

__all__ = ["FoundLinks", "QuickLinkManager", "adding_linked", "link_once", "link_quickly"]


class FoundLinks:
    """What one data entry can be asked for along links, and how many links that takes.

    Parameters
    ----------
    data : glue data

    Attributes
    ----------
    steps : dict
        How many links it takes to each component ID; 0 for those of the data themselves.
    components : dict
        The derived components that were made of the last of these links, as glue keeps them.
    """

    def __init__(self, data: Any):
        self._own = _components_of(data)
        own = data.main_components + data.coordinate_components
        self.steps: dict[Any, int] = dict.fromkeys(own, 0)
        self.components: dict[Any, Any] = {}

    def still_holds(self, data: Any) -> bool:
        """Whether the data have the components that they had, and nobody else has linked them."""
        return (
            self.components is data._externally_derivable_components
            and self._own == _components_of(data)
        )

    def follow(self, links: Iterable[Any], links_from: dict[Any, list[Any]]) -> dict[Any, Any]:
        """Follow links that were not followed before, and all that go on from there.

        Each component ID is reached in as few steps as can be; a link that starts from several is
        one step after the farthest of them. That is what glue's ``discover_links`` ends with.

        Parameters
        ----------
        links : iterable of glue links
        links_from : dict
            All links, these among them, by each component ID that they start from.

        Returns
        -------
        dict
            By the component IDs that are reached now and were not, or in fewer steps than before:
            the last link to them.
        """
        steps = self.steps
        reached: dict[Any, Any] = {}
        order = count()  # links themselves cannot be ordered
        waiting: list[tuple[int, int, Any]] = []

        def consider(link: Any) -> None:
            needed = 1
            for cid in link.get_from_ids():
                if cid not in steps:
                    return
                needed = max(needed, steps[cid] + 1)
            known = steps.get(link.get_to_id())
            if known is None or needed < known:
                heapq.heappush(waiting, (needed, next(order), link))

        for link in links:
            consider(link)
        while waiting:
            needed, _, link = heapq.heappop(waiting)
            cid = link.get_to_id()
            known = steps.get(cid)
            if known is not None and needed >= known:
                continue
            steps[cid] = needed
            reached[cid] = link
            for following in links_from.get(cid, ()):
                consider(following)
        return reached


def _components_of(data: Any) -> list:
    """The components of data, by which a change is noticed; in glue's base class only their IDs."""
    components = getattr(data, "_components", None)
    if components is None:
        return data.main_components + data.coordinate_components
    return list(components.items())


class QuickLinkManager(LinkManager):
    """glue's link manager, with a memory.

    glue looks for the links of all data again at each addition, and starts anew after each link
    that it finds: with the cube of the number of data and more. What it ends with are the shortest
    ways to each component. Another link can only open new ways or shorten some, so that it is
    enough to follow that link and what goes on from it. Where a link is gone or leads elsewhere, or
    data have other components than before, the search starts from the beginning, each component
    once.

    Of several ways of equal length glue takes one by where the links happen to lie in memory; so
    does this.

    Attributes
    ----------
    nobody_uses : callable
        Of data: whether no viewer and no subset can know their component IDs yet. Other data that
        become able to derive nothing but these are not announced as changed, for which all their
        layers would be drawn again.
    is_behind : bool
        Whether there are data that no update has seen: see `expecting_links`.
    links_follow : int
        Above zero within `adding_linked`.
    """

    def __init__(self, data_collection: Any = None):
        super().__init__(data_collection)
        self.nobody_uses: Callable[[Any], bool] = lambda data: False
        self.is_behind = False
        self.links_follow = 0
        self._links_expected = 0
        self._seen_links: list = []  # external ones, at the last update
        self._updates = 0
        self._forget()

    @contextmanager
    def expecting_links(self) -> Iterator[None]:
        """Data that are added within this are linked next; until then nothing can be found."""
        self._links_expected += 1
        try:
            yield
        finally:
            self._links_expected -= 1

    def _forget(self) -> None:
        self._found: dict[Any, FoundLinks] = {}
        self._ends: dict[Any, tuple] = {}
        self._links_from: dict[Any, list[Any]] = {}

    def _data_removed(self, msg: Any) -> None:
        """Remove the links to data that are gone, and look for what is left once: see glue."""
        own = {cid for cid in msg.data.components if cid.parent is msg.data}
        gone = [link for link in self._external_links if any(cid in link for cid in own)]
        if gone:
            self.remove_link(gone)

    def update_externally_derivable_components(self, data: Any = None) -> None:
        """Give all data what they can derive from each other: see glue."""
        if self.data_collection is None:
            super().update_externally_derivable_components(data)
            return
        if self._links_expected and self._seen_links == self._external_links:
            self.is_behind = True
            return
        self.is_behind, self._seen_links = False, list(self._external_links)
        self._updates += 1
        this, links = self._updates, list(self._external_links)
        try:
            self._update()
            if self._updates != this:  # who was told of a change has had all links found anew
                self._forget()
                self._update()
            elif self._external_links != links:  # or has added some
                self._update()
        except BaseException:
            self._forget()  # half done
            raise

    def _update(self) -> None:
        collection = [d for d in self.data_collection if isinstance(d, BaseCartesianData)]
        added = self._links_to_follow()
        before, self._found = self._found, {}
        unused = {data for data in collection if self.nobody_uses(data)}
        new: set = set()
        reached: dict[Any, dict] = {}
        for data in collection:
            found = before.get(data)
            is_known = found is not None and found.still_holds(data)
            if not is_known:
                found = FoundLinks(data)
                new.add(data)
            reached[data] = found.follow(added if is_known else list(self._ends), self._links_from)
            derived = {cid: DerivedComponent(data, link) for cid, link in reached[data].items()}
            if is_known and all(cid.parent in unused for cid in derived):
                found.components.update(derived)
            else:
                data._set_externally_derivable_components(found.components | derived)
                found.components = data._externally_derivable_components
            self._found[data] = found
        self._compare_pixel_axes(collection, new, reached)

    def _links_to_follow(self) -> list[Any]:
        """Take stock of the links; forget what was found if one is not as it was."""
        links = self._links
        links |= {link.inverse for link in links if link.inverse is not None}
        ends = {link: (link.get_to_id(), *link.get_from_ids()) for link in links}
        if any(ends.get(link) != known for link, known in self._ends.items()):
            self._forget()
        added = [link for link in ends if link not in self._ends]
        for link in added:
            for cid in set(link.get_from_ids()):
                self._links_from.setdefault(cid, []).append(link)
        self._ends = ends
        return added

    def _compare_pixel_axes(self, collection: list, new: set, reached: dict[Any, dict]) -> None:
        """Find out which data lie on the pixels of others, where that may have changed."""
        owners: dict[Any, list[Any]] = {}
        for data in collection:
            for cid in data.pixel_component_ids:
                owners.setdefault(cid, []).append(data)
        doubtful: dict[Any, set] = {data: set(collection) for data in new}
        for other, cids in reached.items():
            for cid in cids:
                for data in owners.get(cid, ()):
                    doubtful.setdefault(data, set(new)).add(other)
        present = set(collection)
        for data in collection:
            others, known = doubtful.get(data, new), data.pixel_aligned_data
            aligned = {
                other: order
                for other, order in known.items()
                if other in present and other not in others
            }
            for other in others:
                if other is data or not self._may_be_aligned(other, data):
                    continue
                order = equivalent_pixel_cids(other, data)
                if order is not None:
                    aligned[other] = order
            if aligned or known:
                data._set_pixel_aligned_data(aligned)

    def _may_be_aligned(self, reference: Any, target: Any) -> bool:
        """Whether the way to no pixel axis of a target ends with a link that changes numbers."""
        components = self._found[reference].components
        ways = (components.get(cid) for cid in target.pixel_component_ids)
        return all(way is None or way.link.identity for way in ways)


def link_quickly(app: Any) -> QuickLinkManager | None:
    """Give an app the link manager with a memory, once.

    Reason: glue 1.28 searches all links of all data at each addition: of 51 s for 40 spectra, 41.
    glue's main branch: the same; proposed in ``docs/upstream.rst``.

    Parameters
    ----------
    app : jdaviz helper, inner application or importer

    Returns
    -------
    QuickLinkManager or None
        None where the app has a manager of another class than glue's.
    """
    collection = application(app).data_collection
    manager = collection._link_manager
    if isinstance(manager, QuickLinkManager):
        return manager
    if type(manager) is not LinkManager:
        return None
    quick = QuickLinkManager(collection)
    quick._external_links = manager._external_links
    manager.unregister(collection.hub)
    quick.register_to_hub(collection.hub)
    collection._link_manager = quick
    return quick


@contextmanager
def adding_linked(app: Any) -> Iterator[None]:
    """Add data within this as jdaviz's importers do, which link them right after they are there.

    Parameters
    ----------
    app : jdaviz helper, inner application or importer
    """
    collection = application(app).data_collection
    manager = collection._link_manager
    if not isinstance(manager, QuickLinkManager):
        yield
        return
    manager.links_follow += 1
    try:
        yield
    finally:
        manager.links_follow -= 1
        if manager.is_behind:
            collection._sync_link_manager()


def link_once() -> None:
    """Let what is added within `adding_linked` be linked in one go.

    Reason: jdaviz has all links updated as data are appended, and again as it links these.
    jdaviz 5.1: the same; proposed in ``docs/upstream.rst``.
    """
    from jdaviz.app import PrivateApplication as Application

    Application.add_data = _waiting_for_links(Application.add_data)
    link = Application._link_new_data_by_component_type
    Application._link_new_data_by_component_type = _no_more_behind(link)


def _waiting_for_links(method: Callable) -> Callable:
    @functools.wraps(method)
    def add_data(self: Any, *args: Any, **kwargs: Any) -> Any:
        manager = self.data_collection._link_manager
        if not getattr(manager, "links_follow", 0):
            return method(self, *args, **kwargs)
        with manager.expecting_links():
            return method(self, *args, **kwargs)

    return add_data


def _no_more_behind(method: Callable) -> Callable:
    @functools.wraps(method)
    def _link_new_data_by_component_type(self: Any, *args: Any, **kwargs: Any) -> Any:
        done = method(self, *args, **kwargs)
        if getattr(self.data_collection._link_manager, "is_behind", False):
            self.data_collection._sync_link_manager()
        return done

    return _link_new_data_by_component_type
