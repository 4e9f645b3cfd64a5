"""The files of solara's front end: found, and no others fetched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jdaviz_stage3.standalone import network


def test_missing_page_files_are_named_with_the_cure(monkeypatch):
    pytest.importorskip("solara")
    from jdaviz_stage3.standalone import page_files

    monkeypatch.setattr(page_files.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(page_files.solara.settings.assets, "cdn", "http://127.0.0.1:1/")
    with pytest.raises(network.ServerError, match=r'solara-assets.*"jdaviz_stage3\[app\]"'):
        page_files.check()


def test_page_files_are_found_where_another_prefix_has_them(tmp_path, monkeypatch):
    """As of ``pip install --user``, or packages of another environment."""
    pytest.importorskip("solara_assets")
    from solara.server import settings

    from jdaviz_stage3.standalone import page_files

    names = ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH")
    for name in names:
        monkeypatch.setenv(name, "")  # for what is set is taken back afterwards
        monkeypatch.delenv(name)
    monkeypatch.setattr(settings.assets, "proxy_cache_dir", settings.assets.proxy_cache_dir)
    page_files.check()
    assert not set(names) & set(os.environ)  # they are beside the interpreter
    found = settings.assets.proxy_cache_dir
    settings.assets.proxy_cache_dir = tmp_path
    monkeypatch.setattr(page_files.solara.settings.assets, "proxy", False)
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *_: [str(tmp_path)])
    page_files.check()
    assert settings.assets.proxy_cache_dir == found and page_files.solara.settings.assets.proxy
    data, enabled = (Path(os.environ[name]) for name in names)
    assert (data / "nbextensions" / "jupyter-vue").is_dir()
    assert (enabled / "nbconfig" / "notebook.d" / "jupyter-vue.json").is_file()


@pytest.fixture
def cdn_folder(tmp_path, monkeypatch):
    """Serve this folder as solara's front-end files; gives it and what answers, by path."""
    pytest.importorskip("solara")
    import ipywidgets

    entered, left = ipywidgets.Output.__enter__, ipywidgets.Output.__exit__
    from solara.server import starlette

    from jdaviz_stage3.standalone import page_files

    # solara's server makes outputs of its pages of them, for the rest of the process: the tests
    # that follow draw into viewers outside of any page
    ipywidgets.Output.__enter__, ipywidgets.Output.__exit__ = entered, left

    file = tmp_path / "@widgetti" / "app@1" / "dist" / "main.js"
    file.parent.mkdir(parents=True)
    file.write_text("ours")
    [route] = [r for r in starlette.app.routes if r.path == f"/{starlette.cdn_url_path}"]
    monkeypatch.setattr(route, "app", route.app)
    monkeypatch.setattr(starlette.settings.assets, "proxy_cache_dir", tmp_path)
    fetched = []
    monkeypatch.setattr(
        "solara.server.cdn_helper.fetch_from_cdn", lambda url: fetched.append(url) or b"fetched"
    )

    def answer(path):
        page_files.only_serve(starlette, tmp_path)
        found, _ = route.app.lookup_path(path)
        return Path(found).read_text() if found and Path(found).is_file() else None

    return file, answer, fetched


FOLDERS = ["@widgetti", "@widgetti/app@1", "@widgetti/app@1/dist", "@widgetti/app@1/dist/..", "."]


@pytest.mark.parametrize("installed", [True, False])
@pytest.mark.parametrize("folder", FOLDERS)
def test_asking_for_a_folder_of_page_files_deletes_nothing(
    cdn_folder, monkeypatch, installed, folder
):
    file, answer, _ = cdn_folder
    monkeypatch.setattr("jdaviz_stage3.standalone.page_files._are_installed", lambda: installed)
    answer(folder)
    assert file.read_text() == "ours"
    assert answer("@widgetti/app@1/dist/main.js") == "ours"


def test_nothing_is_fetched_where_the_page_files_are_installed(cdn_folder, monkeypatch):
    _, answer, fetched = cdn_folder
    monkeypatch.setattr("jdaviz_stage3.standalone.page_files._are_installed", lambda: True)
    for path in ("evil@1/page.html", "evil", "@widgetti/app@1/dist/other.js", "../../etc/passwd"):
        assert answer(path) is None
    assert fetched == []
    monkeypatch.setattr("jdaviz_stage3.standalone.page_files._are_installed", lambda: False)
    assert answer("@widgetti/app@1/dist/other.js") == "fetched"
    assert len(fetched) == 1
