"""Who is told of what in an app: the same as glue tells, and no loader that is done."""

from collections import Counter

import pytest
from fresh_apps import new_app
from glue.core.hub import Hub, HubListener
from glue.core.message import DataCollectionAddMessage, Message
from ipywidgets.widgets.widget import _instances
from make_spectra import extracted, smooth_spectrum

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import subscriptions


class Told(Message):
    pass


class ToldMore(Told):
    pass


class ToldElse(Message):
    pass


class ToldBoth(ToldMore, ToldElse):
    pass


class Listener(HubListener):
    pass


#: What listeners hear, in this order, with the priority of each.
HEARD = [
    {Message: 1},
    {Told: 10, Message: 30},
    {ToldElse: 10, Told: 20},
    {Told: 20, ToldElse: 10},
    {ToldMore: 5, Message: 40},
    {ToldBoth: 10},
    {DataCollectionAddMessage: 99},
    {ToldElse: 10, ToldMore: 10},
]


@pytest.mark.parametrize("kind", [Message, Told, ToldMore, ToldElse, ToldBoth])
def test_those_are_told_whom_glue_tells(kind):
    hub, listeners = Hub(), [Listener() for _ in HEARD]
    for listener, heard in zip(listeners, HEARD, strict=True):
        for number, (each, priority) in enumerate(heard.items()):
            hub.subscribe(listener, each, print, lambda _, n=number: n < 2, priority=priority)
    hub.subscribe(listeners[0], Told, lambda _: None, lambda _: False)
    ours = list(subscriptions._find_handlers(hub, kind(None)))
    assert ours == list(subscriptions._find_handlers_of_glue(hub, kind(None)))
    assert len(ours) >= (1 if kind is Message else 3)


def files(folder, count):
    for number in range(count):
        place = folder / f"x1d{number}"
        place.mkdir()
        header = {"source_id": number + 1, "source_type": "POINT"}
        yield extracted(place, [(smooth_spectrum(40), header)], suffix=f"s{number:05d}_x1d")


@pytest.mark.forked
def test_a_loader_that_is_done_is_told_nothing_and_leaves_no_widgets(tmp_path):
    app = new_app()
    paths = list(files(tmp_path, 3))
    with pytest.raises(stage3.Stage3Error):
        stage3.load(paths[0], app=app, spectra=["none of them"])
    stage3.load(paths[0], app=app)

    def kinds():
        told = [type(each) for each in app._app.hub._subscriptions]
        shown = [type(each) for each in _instances.values()]
        asking = app._app._trait_notifiers["existing_data_in_dc"]["change"]
        asked = [type(handler.__self__) for handler in asking]
        return [Counter(kind.__name__ for kind in found) for found in (told, shown, asked)]

    before = kinds()
    stage3.load(*paths[1:], app=app)
    new = [after - known for after, known in zip(kinds(), before, strict=True)]
    of_loaders = {"SpectrumImporter", "_ProductResolver", "CustomToolbarToggle", "Table",
                  "ViewerSelectCreateNew"}  # fmt: skip
    # widgets of other apps than this one are among those before
    for found in (*new, before[0], before[2]):
        assert "SpectrumImporter" not in found and "_ProductResolver" not in found
    assert not any(of_loaders & found.keys() for found in new)
    assert new[1]["LinesGL"] + new[1]["Lines"] == 2, "of the spectra"
    assert new[2] == Counter()
