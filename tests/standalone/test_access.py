"""Who may talk to a server: tokens, cookies, names of hosts, and other pages."""

from __future__ import annotations

import asyncio

import pytest

from jdaviz_stage3.standalone.access import USER, AccessGuard, is_local
from jdaviz_stage3.standalone.base_url import BaseUrl


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "::1", "[::1]"])
def test_this_machine_needs_no_token(host):
    assert is_local(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "192.168.0.1", "localhost.example", "me"])
def test_every_other_host_needs_a_token(host):
    assert not is_local(host)


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


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ([("content-length", "4")], 200), ([("transfer-encoding", "chunked")], 200),
        ([("content-length", "4"), ("transfer-encoding", "chunked")], 403),
        ([("origin", "http://localhost"), ("origin", "http://evil")], 403),
        ([("origin", "http://localhost"), ("origin", "http://localhost")], 200),
        ([("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], 403),
        ([("sec-fetch-site", "none"), ("sec-fetch-site", "same-origin")], 200),
    ],
)  # fmt: skip
def test_headers_that_contradict_each_other(application, more, status):
    found = ask_with(AccessGuard(application), [("host", "localhost"), *more])
    assert found["status"] == status
    is_unclear = len(more) == 2 and more[0][0] != more[1][0]
    assert ((b"connection", b"close") in found["headers"]) is is_unclear


def test_no_origin_is_ours_where_the_host_is_empty(application):
    guard = AccessGuard(application, "secret", local=False)
    headers = [("host", ""), ("origin", "null"), ("authorization", "Bearer secret")]
    assert ask_with(guard, headers)["status"] == 403


def ask_with(guard, headers):
    """What is answered to a request with these headers, of which some may come twice."""
    sent = []
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"",
             "headers": [(name.encode(), value.encode()) for name, value in headers]}  # fmt: skip

    async def send(message):
        sent.append(message)

    asyncio.run(guard(scope, None, send))
    return sent[0]


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


def test_cookies_of_the_application_are_for_our_path_only():
    """On one host there may be several servers below different paths, as of JupyterHub."""

    async def answer(scope, receive, send):
        cookies = ("id=1; Path=/; SameSite=lax", "a=2; path=/", "b=3; Path=/x; Secure")
        headers = [(b"set-cookie", cookie.encode()) for cookie in cookies]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    guard = AccessGuard(answer, base=BaseUrl("/jwst/"))
    [start, *_] = _ask(guard, host="localhost")
    cookies = [value.decode() for name, value in start["headers"] if name == b"set-cookie"]
    assert cookies == [
        "id=1; Path=/jwst/; SameSite=lax",
        "a=2; Path=/jwst/",
        "b=3; Path=/x; Secure",
    ]


def test_guard_leaves_the_start_of_the_application_alone(application):
    assert _ask(AccessGuard(application, "secret", local=False), "lifespan")
