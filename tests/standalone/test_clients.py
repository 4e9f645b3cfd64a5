"""What browsers can do with the files of a server that is reached from other machines."""

import re
import warnings

import jdaviz
import pytest
from ipyvue.VueTemplateWidget import FUNCTION_REF, VueTemplate
from ipywidgets import Widget
from ipywidgets.widgets.widget import _instances
from jdaviz.configs.default.plugins.data_tools import file_chooser
from jdaviz.configs.default.plugins.export.export import Export

from jdaviz_stage3 import Stage3Error, load
from jdaviz_stage3.demo import demo_products
from jdaviz_stage3.jdaviz_compat import clients, hide_server_files, refuse_files_to_browsers

# More than what is refused by, so that a new name which is like those is looked at.
SUSPICIOUS = re.compile(
    "file|path|dir|folder|export|save|saving|overwrite|url|uri|server|remote|setting|upload|disk",
    re.I,
)
# What only sounds so, or is the browser's own: names, with the reason.
HARMLESS = {
    "fit_radial_profile": "a profile of brightness",
    "horne_ext_profile_items": "a profile of brightness",
    "horne_ext_profile_selected": "a profile of brightness",
    "setting_defaults": "a flag of a panel",
    "saved_to": "what a panel says; the place is kept in Python",
    "saved_text": "what a panel says",
    "nfiles": "how many were dropped",
    "file_info": "of the files that the browser sends",
    "esm_export": "of the page's own code",
}
HARMLESS_EVENTS = {"upload": "a piece of a file that the browser sends"}
PLUGINS = ("Catalog Overlay", "Median Smooth", "White Light Curve")


@pytest.fixture(scope="module")
def patch():
    """Take back afterwards what is changed for the whole process."""
    with pytest.MonkeyPatch.context() as patch:
        changed = (
            (Widget, "_handle_msg"),
            (Export, "export"),
            (file_chooser, "FileChooser"),
            (jdaviz.App, "_default_configuration"),
        )
        for owner, name in changed:
            patch.setattr(owner, name, getattr(owner, name))
        patch.setattr(Widget, "handle_comm_opened", staticmethod(Widget.handle_comm_opened))
        yield patch


@pytest.fixture(scope="module")
def app(patch):
    """An app as the server makes it in token mode, with products in it."""
    hide_server_files()
    refuse_files_to_browsers()
    before = set(_instances)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app = jdaviz.new_app()
        wanted = ("_i2d.fits", "_cat.ecsv", "_c1d.fits", "_x1dints.fits")
        load(*(path for path in demo_products() if path.name.endswith(wanted)), app=app)
    app.widgets = [w for model_id, w in _instances.items() if model_id not in before]
    return app


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder that the app runs in, and where nothing must come."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


def receive(widget, method, **data):
    """Have a widget get a message, as from the browser."""
    widget._handle_msg({"content": {"data": {"method": method, **data}}, "buffers": []})


def forged(value, folder):
    """Another value of the same kind, which names a file where it can."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return str(folder / "forged")
    if isinstance(value, (int, float)):
        return value + 1
    return {} if isinstance(value, dict) else []


def test_no_trait_that_names_files_is_set_by_a_browser(app, folder):
    found, tried = set(), set()
    for widget in app.widgets:
        for name in widget.keys:
            if not SUSPICIOUS.search(name):
                continue
            found.add(name)
            if name in HARMLESS:
                continue
            tried.add((type(widget).__name__, name))
            before = getattr(widget, name)
            receive(widget, "update", state={name: forged(before, folder)})
            assert getattr(widget, name) is before, f"{name} of {type(widget).__name__}"
    for name in ("can_save", "export_name", "export_overwrite"):
        assert {
            ("CatalogOverlay", name),
            ("MedianSmooth", name),
            ("WhiteLightCurve", name),
        } <= tried
    assert {("Export", "filename_value"), ("Export", "serverside_enabled")} <= tried
    assert ("Footprints", "from_file") in tried
    assert set(HARMLESS) - {"esm_export"} <= found  # else the list is out of date


def test_no_event_that_names_files_arrives(app, folder, monkeypatch):
    tried = set()
    for widget in app.widgets:
        for event in getattr(widget, "events", None) or ():
            if not SUSPICIOUS.search(event) or event in HARMLESS_EVENTS:
                continue
            called = []
            monkeypatch.setattr(widget, f"vue_{event}", called.append, raising=False)
            receive(widget, "custom", content={"event": event, "data": {}})
            assert called == [], f"{event} of {type(widget).__name__}"
            monkeypatch.undo()
            monkeypatch.chdir(folder)
            tried.add(event)
    assert {"save_file", "export_from_ui", "overwrite_from_ui", "file_import_accept"} <= tried


def test_other_traits_and_events_arrive(app, folder):
    plugin = app.plugins["Median Smooth"]._obj
    receive(plugin, "update", state={"width": 7, "export_name": "x"})
    assert (plugin.width, plugin.export_name) == (7, "")
    plugin.python_code = ""
    receive(plugin, "custom", content={"event": "show_python", "data": {}})
    assert "plg.width = 7" in plugin.python_code
    drop = next(w for w in app.widgets if type(w).__name__ == "FileDropZone")
    receive(drop, "update", state={"file_info": []})
    inner = app._app
    receive(inner, "update", state={"state": {"drawer_content": "loaders"}})
    assert inner.state.drawer_content == "loaders"


def test_the_settings_of_the_app_stay(app):
    inner = app._app
    before = dict(inner.state.settings)
    assert before["server_is_remote"]
    settings = {**before, "server_is_remote": False, "disabled_loaders": []}
    sent = {"state": {"settings": settings, "drawer_content": "plugins", "server": 1}}
    message = {"content": {"data": {"method": "update", "state": sent}}}
    # what arrives is sent back to the page, whose settings must stay, too
    kept = clients._permitted(inner, message)["content"]["data"]["state"]["state"]
    assert kept["settings"]["server_is_remote"] and kept["settings"]["disabled_loaders"]
    assert set(kept) == {"settings", "drawer_content"}
    receive(inner, "update", state=sent)
    assert dict(inner.state.settings) == before
    assert inner.state.drawer_content == "plugins"


@pytest.mark.parametrize("name", PLUGINS)
def test_our_plugins_decide_about_saving_on_the_server(app, folder, name):
    """Also where the message arrives: what a trait holds is the browser's."""
    plugin = app.plugins[name]._obj
    assert plugin.can_save is False
    plugin.can_save, plugin.export_name = True, str(folder / "x")
    plugin.vue_save_file("catalog")
    assert (plugin.export_done, plugin.export_error) == ("", "")
    plugin.can_save, plugin.export_name = False, ""


def test_jdaviz_exports_nothing(app, folder):
    plugin = app.plugins["Export"]
    with pytest.raises(Stage3Error, match="another machine"):
        plugin.export(str(folder / "x.png"))
    plugin._obj.vue_export_from_ui()
    plugin._obj.vue_overwrite_from_ui()


def test_no_file_chooser_lists_the_server(app):
    for widget in app.widgets:
        assert not type(widget).__module__.startswith("jdaviz.configs.default.plugins.data_tools")
    choosers = [w._file_chooser for w in app.widgets if hasattr(w, "_file_chooser")]
    assert choosers
    assert all(chooser.children == () for chooser in choosers)
    assert [item["name"] for item in app._app.state.loader_items] == ["file drop"]


@pytest.mark.parametrize("message", ["create_widget", "update_ref", "destroy_widget"])
def test_ipyvue_makes_no_objects_and_calls_no_methods(app, folder, message):
    plugin = app.plugins["Catalog Overlay"]._obj
    call = {FUNCTION_REF: "export_catalog", "args": [str(folder / "x.ecsv")]}
    content = {"create_widget": ["ipywidgets", "Text"], "props": {"value": call}, "id": "1"}
    if message == "update_ref":
        content = {"update_ref": call, "prop": "hover_text", "id": plugin.model_id}
    if message == "destroy_widget":
        content = {"destroy_widget": plugin.model_id, "event": "clear_selection"}
    receive(plugin, "custom", content=content)
    assert plugin._component_instances == []


def test_viewers_are_called_only_as_the_page_does(app, folder, monkeypatch):
    inner = app._app
    label, viewer = next(iter(inner._viewer_store.items()))
    called = []
    for name in ("save", "load_data", "prev_row"):
        monkeypatch.setattr(viewer, name, lambda *_, name=name: called.append(name), raising=False)
        data = {"id": label, "method": name, "args": [str(folder / "x.png")]}
        receive(inner, "custom", content={"event": "call_viewer_method", "data": data})
    assert called == ["prev_row"]


def test_a_browser_opens_no_widget(app):
    """Some classes that it could name write files: ipywebrtc's recorders."""
    closed = []

    class Comm:
        comm_id = "forged"

        def close(self):
            closed.append(self)

    before = len(_instances)
    state = {"_model_module": "@jupyter-widgets/controls", "_model_module_version": "2.0.0",
             "_model_name": "TextModel", "_view_module": "@jupyter-widgets/controls",
             "_view_module_version": "2.0.0", "_view_name": "TextView"}  # fmt: skip
    message = {"metadata": {"version": "2.1.0"}, "content": {"data": {"state": state}}}
    Widget.handle_comm_opened(Comm(), message)
    assert len(closed) == 1
    assert len(_instances) == before


def test_buffers_stay_with_their_traits(app):
    """Values that are sent beside a message are found by their order."""
    widget = app.plugins["Median Smooth"]._obj
    message = {
        "content": {
            "data": {
                "method": "update",
                "state": {"export_name": None, "width": None},
                "buffer_paths": [["export_name"], ["width"]],
            }
        },
        "buffers": [b"forged", b"kept"],
    }
    kept = clients._permitted(widget, message)
    assert kept["content"]["data"]["state"] == {"width": None}
    assert kept["content"]["data"]["buffer_paths"] == [["width"]]
    assert kept["buffers"] == [b"kept"]


def test_every_widget_with_events_is_looked_at(app):
    assert sum(isinstance(widget, VueTemplate) for widget in app.widgets) > 50
