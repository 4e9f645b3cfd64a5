"""What a server decides about its tabs, without a server: whose, how many, which goes first."""

import argparse
import asyncio
import json
import logging
import pkgutil
import stat
import sys
import tomllib
from pathlib import Path

import pytest

from jdaviz_stage3.standalone import jupyter, memory, monitoring, network, tokens
from jdaviz_stage3.standalone.access import USER
from jdaviz_stage3.standalone.arguments import add_server_arguments, server_options
from jdaviz_stage3.standalone.base_url import BaseUrl, Below
from jdaviz_stage3.standalone.headers import protection
from jdaviz_stage3.standalone.limits import Limits, memory_size, minutes
from jdaviz_stage3.standalone.memory import Memory, MemoryWatch
from jdaviz_stage3.standalone.open_tabs import OpenTab, OpenTabs, is_of_a_person
from jdaviz_stage3.standalone.serving import Serving
from jdaviz_stage3.standalone.tab_watch import Bucket, TabWatch

GB = 2**30


class Tab(OpenTab):
    """A tab that notes when it is ended."""

    def __init__(self, tabs, key, used, connected=True, user=""):
        self.ended = False
        super().__init__(key, "owner", user, None, lambda: connected, self.finish, 0.0, used)
        self.tabs = tabs
        tabs.add(self)

    def finish(self):
        self.ended = True
        self.tabs.discard(self)


@pytest.fixture
def tabs(monkeypatch):
    monkeypatch.setattr("jdaviz_stage3.standalone.open_tabs.time.monotonic", lambda: 1000.0)
    return OpenTabs()


# ---- which tab goes first ----


def test_idle_tabs_are_those_that_nobody_sees_then_those_unused_for_longest(tabs):
    for key, used, connected in [
        ("old", 10, True), ("used", 990, True), ("older", 5, True), ("gone", 995, False),
        ("gone before", 900, False),
    ]:  # fmt: skip
        Tab(tabs, key, used, connected)
    assert [tab.key for tab in tabs.idle(60)] == ["gone before", "gone", "older", "old"]
    tabs.touch("older")
    assert [tab.key for tab in tabs.idle(60)] == ["gone before", "gone", "old"]


@pytest.mark.parametrize(
    ("message", "is_person"),
    [
        ('{"content": {"data": {"method": "custom", "content": {"event": "plugin_ping"}}}}', False),
        (b'....{"content": {"data": {"event": "plugin_ping"}}}', False),
        ('{"header": {"msg_type": "kernel_info_request"}}', False),
        ('{"content": {"data": {"method": "request_state"}}}', False),
        ('{"content": {"data": {"method": "update", "state": {"width": 3}}}}', True),
        (b'....{"content": {"data": {"method": "update"}}}', True),
    ],
)
def test_signs_of_the_page_are_no_person(message, is_person):
    assert is_of_a_person(message) is is_person


def test_memory_that_is_short_closes_one_app_and_waits_for_what_it_gives_back(tabs):
    old, new, used = Tab(tabs, "old", 10), Tab(tabs, "new", 20), Tab(tabs, "used", 999)
    watch = MemoryWatch(tabs, "8G")
    plenty, short = Memory(7 * GB, 50 * GB, 64 * GB), Memory(9 * GB, 50 * GB, 64 * GB)
    assert watch.look(plenty, 0) is None and len(tabs) == 3
    assert watch.look(short, 1) is old and old.ended and old.reason == "memory"
    assert watch.look(short, 2) is None
    assert watch.look(short, 100) is new
    assert watch.look(short, 200) is None and not used.ended  # somebody works there
    assert watch.closed == 2


@pytest.mark.parametrize(
    ("found", "limit", "is_short"),
    [
        (Memory(7 * GB, 50 * GB, 64 * GB), "8G", False),
        (Memory(9 * GB, 50 * GB, 64 * GB), "8G", True),
        (Memory(9 * GB, 50 * GB, 10 * GB), "80%", True),
        (Memory(7 * GB, 50 * GB, 10 * GB), "80%", False),
        (Memory(1 * GB, 1 * GB, 64 * GB), "80%", True),  # others have taken it
    ],
)
def test_memory_is_short(found, limit, is_short):
    assert found.is_short(limit) is is_short


def test_memory_is_measured(monkeypatch, tmp_path):
    assert 0 < memory.measure().used < memory.measure().total
    container = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "_LIMITS_OF_CONTAINERS", (container, tmp_path / "none"))
    container.write_text("123456\n")
    assert memory.measure().total == 123456
    container.write_text("max\n")
    assert memory.measure().total > 123456


# ---- how many ----


@pytest.fixture
def serving(tabs, monkeypatch):
    found = Serving(limits=Limits(apps=2, memory="8G"), tabs=tabs)
    found.short = False
    monkeypatch.setattr(found.memory, "is_short", lambda: found.short)
    return found


def test_a_user_gets_so_many_apps_and_what_nobody_sees_makes_room(serving, tabs):
    first = Tab(tabs, "1", 10, user="alice")
    assert serving.refusal("alice") == ""
    Tab(tabs, "2", 20, user="alice")
    assert "as may be (2)" in serving.refusal("alice")
    assert serving.refusal("bob") == ""
    first.is_connected = lambda: False
    assert serving.refusal("alice") == "" and first.ended
    assert [tab.key for tab in tabs] == ["2"]


def test_no_app_is_begun_where_memory_is_short_and_all_are_used(serving, tabs, monkeypatch):
    serving.short = True
    monkeypatch.setattr(
        "jdaviz_stage3.standalone.serving.measure", lambda: Memory(9 * GB, GB, 64 * GB)
    )
    Tab(tabs, "used", 999, user="alice")
    assert "short of memory" in serving.refusal("bob")
    old = Tab(tabs, "old", 1, user="alice")
    serving.memory._wait_until = 0
    assert serving.refusal("bob") == "" and old.ended


# ---- websockets ----


def websocket(watch, path="/jupyter/api/kernels/k1/channels", user="", messages=()):
    """Open a websocket through the watch, with these messages; gives what it sends."""
    sent, waiting = [], [{"type": "websocket.connect"}, *messages]

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    asyncio.run(watch({"type": "websocket", "path": path, USER: user}, receive, send))
    return sent


def watching(tabs, apps=1):
    waits = []

    async def application(scope, receive, send):
        await send({"type": "websocket.accept"})
        application.users = dict(tabs._users)
        try:
            while True:
                await receive()
        except IndexError:
            pass

    async def sleep(seconds):
        waits.append(seconds)

    return TabWatch(application, tabs, apps, sleep), waits


def test_a_kernel_is_of_the_user_who_opened_it(tabs):
    watch, _ = watching(tabs)
    with tabs.connected("k1", "alice"):
        assert websocket(watch, user="bob")[0]["type"] == "websocket.close"
        assert websocket(watch, user="alice")[0]["type"] == "websocket.accept"
    Tab(tabs, "k2", 1, user="alice")
    with tabs.connected("k2", "alice"):
        pass
    other = "/jupyter/api/kernels/k2/channels"
    assert websocket(watch, other, "bob")[0]["type"] == "websocket.close"
    tabs.get("k2").end()
    assert websocket(watch, other, "bob")[0]["type"] == "websocket.accept"
    assert tabs._users == {} and not +tabs._connections and not tabs._pages


def test_a_flood_of_kernels_waits_and_only_that_of_its_user(tabs):
    watch, waits = watching(tabs, apps=1)  # which may have four websockets at once
    for number in range(6):
        websocket(watch, f"/jupyter/api/kernels/new{number}/channels", "bob")
    assert waits == pytest.approx([5.0, 10.0])
    with tabs.connected("k1", "bob"):  # a page that is there already is no new one
        websocket(watch, user="bob")
    websocket(watch, "/jupyter/api/kernels/another/channels", "alice")
    assert len(waits) == 2


@pytest.mark.parametrize("path", ["/", "/jupyter/api/kernels/a b/channels", "/x/channels"])
def test_other_websockets_are_refused(tabs, path):
    assert websocket(watching(tabs)[0], path)[0]["type"] == "websocket.close"


def test_a_user_gets_so_many_websockets(tabs):
    watch, _ = watching(tabs, apps=1)
    open_ones = [tabs.connected(f"k{number}", "alice") for number in range(4)]
    for one in open_ones:
        assert one.__enter__()
    assert websocket(watch, "/jupyter/api/kernels/k9/channels", "alice")[0]["code"] == 1008
    assert websocket(watch, user="bob")[0]["type"] == "websocket.close"  # k1 is of Alice
    assert websocket(watch, "/jupyter/api/kernels/b/channels", "bob")[0]["type"].endswith("accept")
    for one in open_ones:
        one.__exit__(None, None, None)
    again = websocket(watch, "/jupyter/api/kernels/k9/channels", "alice")
    assert again[0]["type"] == "websocket.accept"


def test_a_server_that_ends_lets_nobody_in(serving, tabs):
    watch, _ = watching(tabs)
    ended = [Tab(tabs, "k1", 1.0), Tab(tabs, "k2", 2.0)]
    assert serving.end_all() == 2 and len(tabs) == 0
    assert all(tab.ended and tab.reason == "stopped" for tab in ended)
    assert websocket(watch)[0]["code"] == 1012


def test_a_flood_waits_and_what_a_person_sends_is_noted(tabs, monkeypatch):
    monkeypatch.setattr("jdaviz_stage3.standalone.tab_watch._MESSAGES_AT_ONCE", 10)
    watch, waits = watching(tabs)
    tab = Tab(tabs, "k1", 1.0)
    ping = {"type": "websocket.receive", "text": "plugin_ping"}
    websocket(watch, messages=[ping] * 9)
    assert waits == [] and tab.used == 1.0
    websocket(watch, messages=[ping] * 100 + [{**ping, "text": "{}"}])
    assert 0.5 < sum(waits) and tab.used == 1000.0
    waits.clear()
    websocket(watch, messages=[{"type": "websocket.receive", "bytes": bytes(60_000_000)}] * 2)
    assert 0.5 < sum(waits) < 1


def test_a_bucket_lets_so_many_through():
    bucket = Bucket(10, 5, 0)
    assert [bucket.wait(0) for _ in range(5)] == [0] * 5
    assert bucket.wait(0) == pytest.approx(0.1) and bucket.wait(0) == pytest.approx(0.2)
    assert bucket.wait(10) == 0 and bucket.wait(10, 14) == pytest.approx(1)


# ---- addresses ----


@pytest.mark.parametrize(
    ("text", "path", "origin"),
    [
        ("/", "/", ""), ("/jwst", "/jwst/", ""), ("jwst/", "/jwst/", ""),
        ("/user/a@b.c/proxy/80/", "/user/a@b.c/proxy/80/", ""),
        ("https://Tools.example.org", "/", "https://tools.example.org"),
        ("http://h:81/a/b", "/a/b/", "http://h:81"),
    ],
)  # fmt: skip
def test_base_urls(text, path, origin):
    assert BaseUrl.read(text) == BaseUrl(path, origin)


@pytest.mark.parametrize(
    "text", ["ftp://a/", "https://", "https://a@b/", "//a/b", "/a b/", "/a?b", "/a#b", "/../",
             "/a/./b", '/"/', "/<x>/", "https://a/%2e/", "/a;b/"]
)  # fmt: skip
def test_what_is_no_base_url(text):
    with pytest.raises(ValueError, match="no base address"):
        BaseUrl.read(text)


@pytest.mark.parametrize(
    ("path", "seen"),
    [("/a/", "/"), ("/a", "/"), ("/a/x/y", "/x/y"), ("/x", "/x"), ("/ab", "/ab"), ("/", "/")],
)
def test_the_base_is_taken_off_whoever_hands_it_on(path, seen):
    found = {}

    async def application(scope, receive, send):
        found.update(scope)

    asyncio.run(Below(application, "/a/")({"type": "http", "path": path}, None, None))
    assert found["path"] == seen


def test_the_printed_address_is_that_of_the_proxy():
    base = BaseUrl.read("https://tools.example.org/jwst/")
    found = network.addresses("localhost", 1, "secret", base)
    assert found == ["https://tools.example.org/jwst/?token=secret"]
    assert network.addresses("localhost", 1, None, BaseUrl("/a/")) == ["http://localhost:1/a/"]


@pytest.mark.parametrize(
    ("environ", "platform", "has_one"),
    [
        ({}, "linux", False), ({"DISPLAY": ":0"}, "linux", True), ({}, "darwin", True),
        ({"WAYLAND_DISPLAY": "w"}, "linux", True), ({"SSH_CONNECTION": "a"}, "darwin", False),
        ({"SSH_CONNECTION": "a", "DISPLAY": ":10"}, "linux", True), ({}, "win32", True),
    ],
)  # fmt: skip
def test_whether_a_browser_is_seen(environ, platform, has_one):
    assert network.has_browser(environ, platform) is has_one


def test_the_line_for_ssh(monkeypatch):
    monkeypatch.setattr(network.socket, "gethostname", lambda: "there")
    monkeypatch.setattr(network.getpass, "getuser", lambda: "me")
    line = network.ssh_line(8765, {"SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"})
    assert line == "ssh -N -L 8765:localhost:8765 me@there"
    assert " -p 2222 " in network.ssh_line(1, {"SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 2222"})
    assert network.ssh_line(1, {}) == "ssh -N -L 1:localhost:1 me@there"


# ---- tokens ----


def test_tokens_are_those_of_last_time(tmp_path):
    first = tokens.kept_tokens(tmp_path, ["alice", "bob"])
    assert sorted(first.values()) == ["alice", "bob"] and len(set(first)) == 2
    assert all(len(token) > 40 for token in first)
    assert stat.S_IMODE((tmp_path / "tokens.json").stat().st_mode) == 0o600
    again = tokens.kept_tokens(tmp_path, ["bob", "carol"])
    assert {token: user for token, user in again.items() if user == "bob"}.items() <= first.items()
    assert tokens.kept_tokens(tmp_path, ["alice", "bob"]) == first
    assert tokens.kept_tokens(None, [""]) != tokens.kept_tokens(None, [""])


_SAME = '{"alice": "0123456789abcdef", "bob": "0123456789abcdef"}'


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"alice": 1}', "mode", "folder", "[" * 100_000, _SAME]
)
def test_files_of_tokens_that_are_none(tmp_path, content):
    path = tmp_path / "tokens.json"
    if content == "folder":
        path.mkdir()
    else:
        path.write_text('{"alice": "0123456789abcdef"}' if content == "mode" else content)
        path.chmod(0o644 if content == "mode" else 0o600)
    with pytest.raises(network.ServerError, match="tokens.json: .*new"):
        tokens.kept_tokens(tmp_path, ["alice"])


def test_a_kept_token_that_is_none_is_made_anew(tmp_path):
    path = tmp_path / "tokens.json"
    path.write_text('{"alice": "0123456789abcdef\\r\\nSet-Cookie: a=b"}')
    path.chmod(0o600)
    [token] = tokens.kept_tokens(tmp_path, ["alice"])
    assert "Set-Cookie" not in token


def test_a_token_that_is_given():
    assert tokens.given_token({}) is None
    assert tokens.given_token({tokens.VARIABLE: "0123456789abcdef"}) == "0123456789abcdef"
    for bad in ("short", "0123456789abcdef;", "0123456789abcde\n0", "é" * 20):
        with pytest.raises(network.ServerError, match="16 characters"):
            tokens.given_token({tokens.VARIABLE: bad})


def test_folders_of_users(tmp_path):
    with pytest.raises(network.ServerError, match="no folder of a user"):
        tokens.user_folders(tmp_path)
    for name in ("bob", "alice", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("/etc")
    assert tokens.user_folders(tmp_path) == {n: tmp_path / n for n in ("alice", "bob")}
    with pytest.raises(network.ServerError, match="cannot be read"):
        tokens.user_folders(tmp_path / "none")


# ---- what it tells ----


def get(application, path):
    """Get a path; gives the status and the content, or None where another is asked."""
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(application({"type": "http", "path": path}, None, send))
    return (sent[0]["status"], sent[1]["body"].decode()) if sent else None


async def nothing(scope, receive, send):
    """An application that does not answer."""


def test_health():
    page = monitoring.HealthPage(nothing)
    assert get(page, "/healthz") == (200, "ok\n") and get(page, "/") is None
    page.is_stopping = True
    assert get(page, "/healthz") == (503, "stopping\n")


def test_metrics(serving, tabs, monkeypatch):
    pytest.importorskip("prometheus_client")
    from prometheus_client.parser import text_string_to_metric_families

    Tab(tabs, "1", 1)
    Tab(tabs, "2", 1, connected=False)
    serving.restored = 3
    page = monitoring.MetricsPage(nothing, serving)
    status, text = get(page, "/metrics")
    found = {f.name: f.samples[0].value for f in text_string_to_metric_families(text)}
    assert status == 200 and get(page, "/other") is None
    assert (found["jdaviz_stage3_apps"], found["jdaviz_stage3_apps_connected"]) == (2, 1)
    assert found["jdaviz_stage3_sessions_restored"] == 3
    assert found["jdaviz_stage3_memory_bytes"] > 1e6
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    assert get(page, "/metrics")[0] == 501


def test_the_log_is_a_line_of_json_whatever_is_in_it():
    record = logging.LogRecord("a", logging.WARNING, "", 0, 'x "%s"\n{}', ("\x1b[2J é",), None)
    record.user = "bob"
    line = monitoring.JsonFormatter().format(record)
    found = json.loads(line)
    assert "\n" not in line and "\x1b" not in line
    assert (found["message"], found["level"]) == ('x "\x1b[2J é"\n{}', "warning")
    assert found["user"] == "bob" and found["time"].endswith("+00:00")
    assert set(found) == {"time", "level", "logger", "message", "user"}


def test_the_browser_is_told_what_to_refuse():
    found = {name: value.decode() for name, value in protection()}
    policy = found[b"content-security-policy"]
    for part in ("frame-ancestors 'none'", "object-src 'none'", "script-src-attr 'none'",
                 "base-uri 'none'", "connect-src 'self'", "form-action 'self'"):  # fmt: skip
        assert part in policy
    assert "//" not in policy and found[b"x-content-type-options"] == "nosniff"
    [elsewhere, *_] = (value.decode() for _, value in protection("https://cdn.example"))
    assert elsewhere.count("https://cdn.example") == 5


# ---- arguments ----


@pytest.mark.parametrize(
    ("text", "size"),
    [("8G", 8 * GB), ("8gb", 8 * GB), ("1.5 GiB", 3 * GB // 2), ("50%", GB), ("1000", 1000)],
)
def test_amounts_of_memory(text, size):
    assert memory_size(text, 2 * GB) == size


@pytest.mark.parametrize("text", ["", "G", "x", "-1G", "0", "nan", "inf", "%", "1 2G"])
def test_what_is_no_amount_of_memory(text):
    with pytest.raises(ValueError, match="no amount of memory"):
        memory_size(text, GB)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "x", "1e7"])
def test_what_is_no_time(text):
    with pytest.raises(ValueError):
        minutes(text)


def options(*arguments):
    parser = argparse.ArgumentParser()
    add_server_arguments(parser)
    return server_options(parser.parse_args(arguments))


def test_the_defaults_of_the_command_are_those_of_the_limits(tmp_path):
    assert options()["limits"] == Limits() and options()["base"] == BaseUrl()
    found = options("--lost-minutes", "5", "--apps-limit", "3", "--memory-limit", "4G",
                    "--base-url", "/x", "--sessions", str(tmp_path))  # fmt: skip
    assert found["limits"] == Limits(5, 3, "4G")
    assert (found["base"].path, found["sessions"]) == ("/x/", tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--lost-minutes", "0"], ["--lost-minutes", "nan"], ["--apps-limit", "0"],
        ["--memory-limit", "120%"], ["--memory-limit", "much"], ["--base-url", "/a b/"],
        ["--log-format", "xml"], ["--port", "70000"],
    ],
)  # fmt: skip
def test_wrong_arguments_are_said(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        options(*arguments)
    assert end.value.code == 2 and arguments[0] in capsys.readouterr().err


# ---- Jupyter ----


def test_the_launcher_starts_a_server_that_only_the_proxy_can_ask():
    found, again = jupyter.setup(), jupyter.setup()
    token = found["environment"][tokens.VARIABLE]
    assert tokens.given_token(found["environment"]) == token
    assert found["request_headers_override"] == {"Authorization": f"Bearer {token}"}
    assert again["environment"] != found["environment"] and token not in str(found["command"])
    words = [word.format(port=1, base_url="/user/me/") for word in found["command"]]
    assert words[1:4] == ["-m", "jdaviz_stage3", "open"]
    assert options(*words[4:])["base"].path == "/user/me/jdaviz-stage3/"
    assert Path(found["launcher_entry"]["icon_path"]).read_text().startswith("<svg")
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    entry = project["entry-points"]["jupyter_serverproxy_servers"][jupyter.NAME]
    assert pkgutil.resolve_name(entry) is jupyter.setup
