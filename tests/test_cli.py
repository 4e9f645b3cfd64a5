"""The command line, and the server's checks of addresses and requests, without a browser."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import socket
import subprocess
import sys
import types
from dataclasses import dataclass
from pathlib import Path

import pytest

from jdaviz_stage3 import cli, folders, products, summary
from jdaviz_stage3.errors import UnknownProductError
from jdaviz_stage3.standalone import network
from jdaviz_stage3.standalone.access import USER, AccessGuard, is_local
from jdaviz_stage3.standalone.base_url import BaseUrl


@dataclass
class Summary:
    """What `summary.summarize` gives, for tests of the table alone."""

    path: Path
    type: str = "i2d"
    name: str = "Mosaic"
    instrument: str = "NIRCAM"
    target: str = "NGC 1234"
    pipeline_version: str = "1.20.2"
    shape: str = "2048 x 2048"
    action: str = "opens in an image viewer"
    problem: str = ""


@pytest.fixture
def summaries(monkeypatch):
    """Make up what files are from their names."""

    def summarize(path):
        path = Path(path)
        if "broken" in path.name:
            return Summary(path, problem=f"{path.name}: truncated:\n3 of 9 MB are there")
        return Summary(path)

    def identify(path):
        if "i2d" not in Path(path).name:
            raise UnknownProductError(f"{path}: not a Stage 3 product")

    monkeypatch.setattr(summary, "summarize", summarize)
    monkeypatch.setattr(products, "identify", identify)
    monkeypatch.setattr(folders, "identify", identify)


@pytest.fixture
def folder(tmp_path):
    """A folder of empty files with such names."""
    for name in ("a_i2d.fits", "b_other.fits", "notes.txt", ".hidden_i2d.fits"):
        (tmp_path / name).touch()
    return tmp_path


def test_version_names_the_packages_of_a_bug_report(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert end.value.code == 0
    assert {"jdaviz_stage3", "jdaviz", "jwst"} <= set(capsys.readouterr().out.split())


@pytest.mark.parametrize("command", ["open", "info"])
def test_missing_path_is_one_line_and_exit_code_2(command, tmp_path, capsys):
    missing = tmp_path / "missing_i2d.fits"
    assert cli.main([command, str(missing)]) == 2
    error = capsys.readouterr().err
    assert str(missing) in error and error.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [[], ["info"], ["demo", "--port", "65536"], ["demo", "--port", "x"], ["nonsense"]],
)
def test_wrong_arguments_are_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 2


def test_info_imports_nothing_heavy(tmp_path):
    (tmp_path / "x_i2d.fits").touch()
    code = (
        "import sys; from jdaviz_stage3.cli import main; main(['info', sys.argv[1]]);"
        "print({name.partition('.')[0] for name in sys.modules} & "
        "{'jdaviz', 'jwst', 'solara', 'glue', 'ipywidgets', 'specutils', 'stdatamodels'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x_i2d.fits")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "set()"


def test_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "jdaviz_stage3", "open", "nowhere.fits"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr == "jdaviz-stage3: no such file or folder: nowhere.fits\n"


def test_info_prints_a_row_for_each_product(summaries, folder, capsys):
    assert cli.main(["info", str(folder / "a_i2d.fits")]) == 0
    out = capsys.readouterr().out
    for text in ("a_i2d.fits", "i2d", "NIRCAM", "NGC 1234", "1.20.2", "2048 x 2048", "viewer"):
        assert text in out


def test_info_of_a_folder_leaves_other_files_out(summaries, folder, capsys):
    assert cli.main(["info", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "a_i2d.fits" in out and "hidden" not in out and "notes" not in out
    assert "2 other files not shown" in out


def test_info_of_an_empty_folder_fails(summaries, tmp_path, capsys):
    assert cli.main(["info", str(tmp_path)]) == 1
    assert "no Stage 3 product" in capsys.readouterr().err


def test_info_says_what_is_wrong(summaries, folder, capsys):
    broken = folder / "broken_i2d.fits"
    broken.touch()
    assert cli.main(["info", str(folder / "a_i2d.fits"), str(broken)]) == 1
    assert f"{broken}: truncated: 3 of 9 MB are there\n" in capsys.readouterr().out


def test_info_of_a_folder_shows_broken_products(summaries, folder, capsys):
    (folder / "broken_i2d.fits").touch()
    assert cli.main(["info", str(folder)]) == 1
    assert "1 of 2 with a problem" in capsys.readouterr().out


def test_info_prints_json(summaries, folder, capsys):
    assert cli.main(["info", "--json", str(folder / "a_i2d.fits")]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["path"] == str(folder / "a_i2d.fits")
    assert (row["type"], row["problem"]) == ("i2d", "")


@pytest.mark.parametrize("columns", [100, 120, 400])
def test_table_fits_the_terminal(columns, summaries, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(columns))
    path = tmp_path / f"jw01234-o001_{'t001_' * 12}i2d.fits"
    path.touch()
    cli.main(["info", str(path)])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    assert lines[2].startswith("jw01234-o001_") and "i2d.fits" in lines[2]


def test_table_in_a_pipe_is_whole(summaries, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("COLUMNS", raising=False)
    path = tmp_path / f"jw01234-o001_{'t001_' * 12}i2d.fits"
    path.touch()
    cli.main(["info", str(path)])
    assert path.name in capsys.readouterr().out


def test_names_cannot_steer_the_terminal(summaries, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        summary, "summarize", lambda path: Summary(path, target="\x1b[2J", problem="\x1b[31mred")
    )
    path = tmp_path / "a_i2d.fits"
    path.touch()
    cli.main(["info", str(path)])
    assert "\x1b" not in capsys.readouterr().out


@pytest.fixture
def busy_port():
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_next_free_port_is_taken(busy_port, monkeypatch):
    monkeypatch.setattr(network, "DEFAULT_PORT", busy_port)
    assert network.choose_port("127.0.0.1", None) > busy_port


def test_busy_port_that_was_asked_for_is_an_error(busy_port):
    with pytest.raises(network.ServerError, match=os.strerror(errno.EADDRINUSE)):
        network.choose_port("127.0.0.1", busy_port)


def test_unusable_host_is_an_error():
    with pytest.raises(network.ServerError, match="cannot listen on 192.0.2.1"):
        network.choose_port("192.0.2.1", None)


def test_addresses():
    assert network.addresses("localhost", 8765, None) == ["http://localhost:8765/"]
    assert network.addresses("::1", 8765, None) == ["http://[::1]:8765/"]
    assert network.addresses("0.0.0.0", 1, "secret")[-1] == "http://127.0.0.1:1/?token=secret"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "::1", "[::1]"])
def test_this_machine_needs_no_token(host):
    assert is_local(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "192.168.0.1", "localhost.example", "me"])
def test_every_other_host_needs_a_token(host):
    assert not is_local(host)


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
    from jdaviz_stage3.standalone import page_files

    names = ("SOLARA_ASSETS_PROXY_CACHE_DIR", "JUPYTER_PATH", "JUPYTER_CONFIG_PATH")
    for name in names:
        monkeypatch.setenv(name, "")  # for what is set is taken back afterwards
        monkeypatch.delenv(name)
    page_files.check()
    assert not set(names) & set(os.environ)  # they are beside the interpreter
    monkeypatch.setattr(page_files.sys, "prefix", str(tmp_path))
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *_: [str(tmp_path)])
    page_files.check()
    cdn, data, settings = (Path(os.environ[name]) for name in names)
    assert (cdn / "@widgetti").is_dir() and (data / "nbextensions" / "jupyter-vue").is_dir()
    assert (settings / "nbconfig" / "notebook.d" / "jupyter-vue.json").is_file()


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


def _ask(
    guard: AccessGuard,
    kind: str = "http",
    query: bytes = b"",
    method: str = "GET",
    path: str = "/",
    **headers,
):
    """Send a request through the guard; gives the messages that it sends back."""
    sent = []
    values = [v if isinstance(v, bytes) else v.encode() for v in headers.values()]
    names = dict(zip((name.replace("_", "-").encode() for name in headers), values, strict=True))
    scope = {"type": kind, "headers": list(names.items()), "query_string": query, "path": path}
    if kind == "http":
        scope["method"] = method

    async def receive():
        return {"type": f"{kind}.connect"}

    async def send(message):
        sent.append(message)

    asyncio.run(guard(scope, receive, send))
    return sent


@pytest.fixture
def application():
    """An application that answers everything with 200, or accepts it."""

    async def answer(scope, receive, send):
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})

    return answer


def _allowed(messages) -> bool:
    return messages[0].get("status") == 200 or messages[0]["type"] == "websocket.accept"


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"host": "localhost:8765"}, True),
        ({"host": "127.0.0.1:9"}, True),
        ({"host": "[::1]:8765"}, True),
        ({"host": "localhost:8765", "origin": "http://localhost:8765"}, True),
        ({"host": "LocalHost:8765", "origin": "http://localhost:8765"}, True),
        ({"host": "localhost:8765", "origin": "http://localhost:8766"}, False),
        ({"host": "localhost:8765", "origin": "null"}, False),
        ({"host": "evil.example"}, False),
        ({"host": "evil.example", "origin": "http://evil.example"}, False),
        ({"host": "[broken"}, False),
        ({"host": "x@localhost"}, False),
        ({"host": "x:y@localhost:8765"}, False),
        ({}, False),
    ],
)
def test_guard_of_a_local_server(application, headers, allowed):
    guard = AccessGuard(application)
    assert _allowed(_ask(guard, "websocket", **headers)) is allowed
    assert _allowed(_ask(guard, method="POST", **headers)) is allowed


LINK = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
FETCH = {"sec_fetch_mode": "no-cors", "sec_fetch_dest": "empty"}
FRAME = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}
SCRIPT = {"sec_fetch_mode": "no-cors", "sec_fetch_dest": "script"}


@pytest.mark.parametrize("site", ["cross-site", "same-site", "something-new"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/_solara/cdn/a@1/b", "/static/main.js", "/readyz", "/x"])
@pytest.mark.parametrize("how", [LINK, FETCH, FRAME, SCRIPT, {}], ids=str)
@pytest.mark.parametrize("token", [None, "secret"])
def test_of_other_pages_only_links_to_ours_are_followed(
    application, site, method, path, how, token
):
    guard = AccessGuard(application, token, local=token is None)
    asked = {"query": b"token=secret", "method": method, "path": path}
    headers = {"host": "localhost:8765", "sec_fetch_site": site, **how}
    allowed = how is LINK and path == "/" and method in ("GET", "HEAD")
    assert _allowed(_ask(guard, **asked, **headers)) is allowed


@pytest.mark.parametrize("site", ["same-origin", "none"])
@pytest.mark.parametrize("how", [LINK, FETCH, SCRIPT, {}], ids=str)
def test_our_own_page_and_typed_addresses_get_everything(application, site, how):
    guard = AccessGuard(application)
    for method, path in (("GET", "/"), ("GET", "/_solara/cdn/a@1/b.js"), ("POST", "/close")):
        headers = {"host": "localhost:8765", "sec_fetch_site": site, **how}
        assert _allowed(_ask(guard, method=method, path=path, **headers))


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_websocket_of_another_page(application, site):
    """With the origin that other pages cannot forge, and without."""
    guard = AccessGuard(application, "secret", local=False)
    for origin in ({}, {"origin": "http://localhost:8765"}):
        headers = {"host": "localhost:8765", "sec_fetch_site": site, "sec_fetch_mode": "websocket"}
        assert not _allowed(_ask(guard, "websocket", b"token=secret", **headers, **origin))


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "http://localhost:1", "null"])
def test_reading_from_another_origin_is_no_link(application, origin):
    """A link has no origin; browsers send one where a script wants to read the answer."""
    assert not _allowed(_ask(AccessGuard(application), host="localhost:8765", origin=origin))
    own = {"host": "localhost:8765", "origin": "http://localhost:8765"}
    assert _allowed(_ask(AccessGuard(application), **own))


@pytest.mark.parametrize("headers", [{"host": "localhost"}, {"host": "evil.example"}], ids=str)
@pytest.mark.parametrize("token", [None, "secret"])
def test_no_answer_can_be_framed(application, headers, token):
    for query in (b"", b"token=secret"):
        [start, *_] = _ask(
            AccessGuard(application, token, local=token is None), query=query, **headers
        )
        found = dict(start["headers"])
        assert b"frame-ancestors 'none'" in found[b"content-security-policy"]
        assert found[b"x-frame-options"] == b"DENY"


@pytest.mark.parametrize(
    "other",
    ['a="b', "a=b c", "bad name=1", "=1", "a", "{}", 'j={"a": [1, 2]}', "a=\xff", "a=b,c", "a=\x01",
     "a=1;;; ", "[x]=1", "a@b=1", 'a="\\"'],
)  # fmt: skip
def test_a_cookie_of_another_service_locks_nobody_out(application, other):
    """Cookies are shared by all services of a host, and some break the rules."""
    guard = AccessGuard(application, "secret", local=False, cookie="key")
    for cookies in (f"{other}; key=secret", f"key=secret; {other}", f"{other};key=secret;{other}"):
        assert _allowed(_ask(guard, host="me:1", cookie=cookies.encode("latin-1")))
    assert not _allowed(_ask(guard, host="me:1", cookie=f"{other}; key=wrong".encode("latin-1")))
    assert not _allowed(_ask(guard, host="me:1", cookie=f"{other}; xkey=secret".encode("latin-1")))


def test_an_old_cookie_of_the_same_name_does_not_hide_the_token(application):
    guard = AccessGuard(application, "secret", local=False, cookie="key")
    for cookies in ("key=old; key=secret", "key=secret; key=old"):
        assert _allowed(_ask(guard, host="me:1", cookie=cookies))


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("query", "headers", "allowed"),
    [
        (b"token=secret", {}, True),
        (b"a=b&token=secret", {}, True),
        (b"", {"cookie": "other=1; key=secret"}, True),
        (b"token=wrong", {"cookie": "key=secret"}, True),
        (b"", {}, False),
        (b"token=", {}, False),
        (b"token=Secret", {}, False),
        (b"token=%C3%BC%FF", {}, False),
        (b"", {"cookie": "key=wrong"}, False),
        (b"", {"cookie": "other=secret"}, False),
    ],
)
def test_guard_of_a_server_with_a_token(application, kind, query, headers, allowed):
    guard = AccessGuard(application, "secret", local=False, cookie="key")
    assert _allowed(_ask(guard, kind, query, host="me:1", **headers)) is allowed


def test_guard_of_a_server_behind_a_proxy(application):
    base = BaseUrl.read("https://Tools.example.org/jwst/")
    guard = AccessGuard(application, "secret", cookie="key", base=base)
    come = {"host": "tools.example.org", "origin": "https://tools.example.org"}
    for kind in ("http", "websocket"):
        assert _allowed(_ask(guard, kind, b"token=secret", **come))
        assert _allowed(_ask(guard, kind, b"token=secret", **come | {"host": "localhost:8765"}))
        for other in ({"host": "elsewhere.example"}, {"origin": "https://elsewhere.example"}):
            assert not _allowed(_ask(guard, kind, b"token=secret", **come | other))
        assert not _allowed(_ask(guard, kind, **come))
    [start, *_] = _ask(guard, query=b"token=secret", **come)
    assert (
        b"Path=/jwst/; HttpOnly; SameSite=Strict; Secure" in dict(start["headers"])[b"set-cookie"]
    )


@pytest.mark.parametrize("scheme", ["Bearer", "token", "TOKEN"])
def test_a_proxy_of_this_machine_sends_the_token_itself(application, scheme):
    """As jupyter-server-proxy does, under whatever name the page has; its cookies are no proof."""
    guard = AccessGuard(application, "secret")
    come = {"host": "hub.example", "origin": "https://hub.example"}
    assert _allowed(_ask(guard, "websocket", authorization=f"{scheme} secret", **come))
    assert not _allowed(_ask(guard, "websocket", authorization=f"{scheme} wrong", **come))
    assert not _allowed(_ask(guard, "websocket", authorization="Basic secret", **come))
    assert not _allowed(_ask(guard, "websocket", b"token=secret", **come))  # another's name for us
    foreign = come | {"origin": "https://elsewhere.example"}
    assert not _allowed(_ask(guard, "websocket", authorization=f"{scheme} secret", **foreign))


def test_of_several_tokens_each_is_of_its_user():
    seen = []

    async def answer(scope, receive, send):
        seen.append(scope[USER])
        await send({"type": "http.response.start", "status": 200, "headers": []})

    guard = AccessGuard(answer, {"secret-a": "alice", "secret-b": "bob"}, local=False, cookie="key")
    [start, *_] = _ask(guard, query=b"token=secret-b", host="me", cookie="key=secret-a")
    assert b"key=secret-b;" in dict(start["headers"])[b"set-cookie"]
    _ask(guard, host="me", cookie="key=secret-a")
    assert not _allowed(_ask(guard, host="me", cookie="key=alice"))
    assert seen == ["bob", "alice"]


def test_guard_gives_the_cookie_for_the_token_only(application):
    guard = AccessGuard(application, "secret", local=False, cookie="key")
    names = [name for name, _ in _ask(guard, query=b"token=secret", host="me")[0]["headers"]]
    assert b"set-cookie" in names
    names = [name for name, _ in _ask(guard, host="me", cookie="key=secret")[0]["headers"]]
    assert b"set-cookie" not in names


def test_guard_leaves_the_start_of_the_application_alone(application):
    assert _ask(AccessGuard(application, "secret", local=False), "lifespan")


def test_open_of_nothing_that_can_be_shown_starts_no_server(tmp_path, capsys, monkeypatch):
    # importing it would fail
    monkeypatch.setitem(sys.modules, "jdaviz_stage3.standalone.server", None)
    association = tmp_path / "jw00001_asn.json"
    association.write_text('{"products": [')
    text = tmp_path / "jw00001_i2d.fits"
    text.write_text("404 not found")
    assert cli.main(["open", str(association), str(text)]) == 1
    said = capsys.readouterr().err
    assert "not a JWST association" in said
    assert "the name says FITS" in said


def test_open_takes_what_loading_takes(tmp_path, monkeypatch):
    served = {}
    server = types.ModuleType("server")
    server.ServerError = RuntimeError
    server.serve = lambda paths, **options: served.update(options, paths=paths)
    monkeypatch.setitem(sys.modules, "jdaviz_stage3.standalone.server", server)
    path = tmp_path / "mine.csv"  # which jdaviz's own importers may know
    path.write_text("wavelength,flux")
    assert cli.main(["open", str(path), "--source", "3,7", "--order=-1", "--format", "Image"]) == 0
    assert served["paths"] == [path]
    assert served["options"] == {"source_id": [3, 7], "order": [-1], "format": "Image"}
    assert cli.main(["open", str(path)]) == 0
    assert served["options"] == {}
    assert cli.main(["open"]) == 0  # an empty app, which says what to do
    assert served["paths"] == [] and served["demo"] is False
    assert cli.main(["open", str(path), "--users-folder", str(tmp_path)]) == 2
    with pytest.raises(SystemExit):
        cli.main(["open", str(path), "--source", "three"])


def test_open_takes_a_script_alone(tmp_path, monkeypatch, capsys):
    served = {}
    server = types.ModuleType("server")
    server.ServerError = RuntimeError
    server.serve = lambda paths, **options: served.update(options, paths=paths)
    monkeypatch.setitem(sys.modules, "jdaviz_stage3.standalone.server", server)
    script = tmp_path / "session.py"
    script.write_text("def restore(app): ...")
    assert cli.main(["open", str(script)]) == 0
    assert (served["paths"], served["script"]) == ([], script)
    served.clear()
    for more in ([str(tmp_path)], ["--order", "1"]):
        assert cli.main(["open", str(script), *more]) == 2
        assert "it is opened alone" in capsys.readouterr().err
    assert served == {}
