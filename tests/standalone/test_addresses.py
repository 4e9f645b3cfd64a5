"""Where visitors find the page, and what is printed of it."""

import asyncio
import errno
import os
import socket

import pytest

from jdaviz_stage3.standalone import network
from jdaviz_stage3.standalone.base_url import BaseUrl, Below


@pytest.mark.parametrize(
    ("text", "path", "origin"),
    [
        ("/", "/", ""), ("/jwst", "/jwst/", ""), ("jwst/", "/jwst/", ""),
        ("/user/a@b.c/proxy/80/", "/user/a@b.c/proxy/80/", ""),
        ("https://Tools.example.org", "/", "https://tools.example.org"),
        ("http://h:81/a/b", "/a/b/", "http://h:81"), ("http://[::1]:81/", "/", "http://[::1]:81"),
        # as a browser writes it: the usual port is left out
        ("https://h:443/", "/", "https://h"), ("http://H:080/", "/", "http://h"),
        ("http://h:443/", "/", "http://h:443"),
    ],
)  # fmt: skip
def test_base_urls(text, path, origin):
    assert BaseUrl.read(text) == BaseUrl(path, origin)


@pytest.mark.parametrize(
    "text", ["ftp://a/", "https://", "https://a@b/", "//a/b", "/a b/", "/a?b", "/a#b", "/../",
             "/a/./b", '/"/', "/<x>/", "https://a/%2e/", "/a;b/",
             "https://a b/", "https://[::1/", "https://[::1]x/", "https://a@b:80/"]
)  # fmt: skip
def test_what_is_no_base_url(text):
    with pytest.raises(ValueError, match="no base address"):
        BaseUrl.read(text)


@pytest.mark.parametrize("port", ["0", "65536", "99999999999", "", "x", "-1", "8a", "٣", "1:2"])
def test_what_is_no_port(port):
    with pytest.raises(ValueError, match=f"'{port}' is no port of h: .*from 1 to 65535, 443"):
        BaseUrl.read(f"https://h:{port}/")


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

    def nobody():
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr(network.getpass, "getuser", nobody)  # as in many containers
    assert network.ssh_line(1, {}).endswith(" USER@there")


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
