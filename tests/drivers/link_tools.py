"""What glue's own search finds along the links of a data collection."""

from glue.core import Data, DataCollection
from glue.core.link_manager import discover_links, equivalent_pixel_cids


def steps_of(data: Data, links: dict) -> dict:
    """How many links it takes to each component ID, one after the other as they are kept."""
    steps = dict.fromkeys(data.main_components + data.coordinate_components, 0)

    def count(cid, seen=()):
        assert cid not in seen, "a circle"
        if cid not in steps:
            ways = [count(start, (*seen, cid)) for start in links[cid].get_from_ids()]
            steps[cid] = 1 + max(ways, default=0)
        return steps[cid]

    for cid in links:
        count(cid)
    return steps


def check_links(collection: DataCollection) -> None:
    """Compare what the data of a collection can derive with what glue's own search finds."""
    manager = collection._link_manager
    links = manager._links | manager._inverse_links
    for data in collection:
        found = {
            cid: component.link for cid, component in data._externally_derivable_components.items()
        }
        assert all(cid is link.get_to_id() for cid, link in found.items())
        # of several shortest ways glue takes any
        assert steps_of(data, found) == steps_of(data, discover_links(data, links))
        assert set(found.values()) <= links
        orders = {other: equivalent_pixel_cids(other, data) for other in collection}
        expected = {
            other: order
            for other, order in orders.items()
            if other is not data and order is not None
        }
        assert data.pixel_aligned_data == expected
