"""Links between data: what glue's own search finds, after whatever was added or taken away."""

import numpy as np
from glue.core import Data, DataCollection, Hub, HubListener
from glue.core.component_link import ComponentLink
from glue.core.coordinates import IdentityCoordinates
from glue.core.link_helpers import LinkSame
from glue.core.message import ExternallyDerivableComponentsChangedMessage
from hypothesis import given
from hypothesis import strategies as st
from link_tools import check_links

from jdaviz_stage3.jdaviz_compat.links import QuickLinkManager

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "data",
                "same",
                "same",
                "same",
                "sum",
                "one way",
                "unlink",
                "remove",
                "component",
                "drop component",
                "at once",
                "links expected",
                "turn",
            ]  # fmt: skip
        ),
        st.integers(0, 99),
        st.integers(0, 99),
        st.integers(0, 99),
    ),
    max_size=25,
)


class Told(HubListener):
    """Notes which data were said to have changed."""

    def __init__(self, hub: Hub):
        self.data: list[Data] = []
        hub.subscribe(
            self,
            ExternallyDerivableComponentsChangedMessage,
            handler=lambda message: self.data.append(message.data),
        )


def collection_with_memory() -> DataCollection:
    collection = DataCollection()
    collection._link_manager = QuickLinkManager(collection)
    collection._link_manager.register_to_hub(collection.hub)
    return collection


def small_data(number: int, ndim: int) -> Data:
    shape = (2, 3)[:ndim]
    coords = IdentityCoordinates(n_dim=ndim) if number % 2 else None
    data = Data(label=f"data {number}", coords=coords)
    data["a"] = np.arange(np.prod(shape), dtype=float).reshape(shape)
    data["b"] = data["a"] + 1
    return data


def change(collection: DataCollection, number: int, kind: str, i: int, j: int, k: int) -> None:
    """Do one thing to a collection, whichever the numbers choose."""
    cids = [cid for data in collection for cid in data.components]
    if kind == "data" or len(collection) < 2:
        collection.append(small_data(number, 1 + i % 2))
        return
    first, second, third = cids[i % len(cids)], cids[j % len(cids)], cids[k % len(cids)]
    data = collection[i % len(collection)]
    if kind == "same" and first is not second:
        collection.add_link(LinkSame(first, second))
    elif kind == "one way" and first is not second:
        collection.add_link(ComponentLink([first], second, using=np.negative))
    elif kind == "sum" and third not in (first, second):
        collection.add_link(ComponentLink([first, second], third, using=np.add))
    elif kind == "unlink" and collection.external_links:
        collection.remove_link(collection.external_links[i % len(collection.external_links)])
    elif kind == "remove" and len(collection) > 2:
        collection.remove(data)
    elif kind == "component":
        data[f"c{number}"] = data["a"] * 2
    elif kind == "drop component":
        own = [cid for cid in data.main_components if cid.label.startswith("c")]
        if own:
            data.remove_component(own[0])
    elif kind == "at once":
        with collection.delay_link_manager_update():
            collection.append(small_data(number, 1))
            new = collection[-1].id["a"]
            collection.add_link([LinkSame(new, first), LinkSame(new, second)])
    elif kind == "links expected":
        with collection._link_manager.expecting_links():
            collection.append(small_data(number, 1))
            if i % 3 == 0:  # somebody has links meanwhile
                collection.add_link(LinkSame(first, second))
        if j % 3:
            collection.add_link(LinkSame(collection[-1].id["a"], first))
    elif kind == "turn" and first is not second:
        # links are objects that can be changed, and then nobody is told
        for link in collection.external_links:
            if isinstance(link, ComponentLink) and link.inverse is None:
                link.set_to_id(first if first not in link.get_from_ids() else link.get_to_id())
                break


@given(STEPS)
def test_the_same_is_found_as_by_glue(steps):
    collection = collection_with_memory()
    for number, (kind, i, j, k) in enumerate([("data", 0, 0, 0), ("data", 0, 0, 0), *steps]):
        change(collection, number, kind, i, j, k)
        collection._sync_link_manager()
        check_links(collection)
