"""The standalone app, as a person at a browser meets it."""

from __future__ import annotations

import http.client
import signal
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from jdaviz_stage3.demo import demo_folder, demo_products

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo_server(start_server):
    """A server of the demo products, which lets in everybody on this machine."""
    return start_server("demo", "--no-token")


@pytest.fixture(scope="module")
def demo(demo_server, start_browser):
    """A browser with the demo products open."""
    page = start_browser(log_requests=True)
    page.open(demo_server.url)
    page.wait_for(lambda: len(page.viewers()) >= 3, "the demo's viewers")
    yield page
    page.screenshot("demo")


def _product(ending: str) -> str:
    """The path of the demo product whose name ends so."""
    return next(str(path) for path in demo_products() if path.name.endswith(ending))


@pytest.fixture(scope="module")
def server_of_two(start_server):
    """A server of two products, which a page shows in half the time that the demo takes."""
    return start_server("open", _product("_c1d.fits"), _product("_whtlt.ecsv"))


@pytest.fixture(scope="module")
def remote_server(start_server):
    """A server that other machines can reach."""
    return start_server("open", _product("_c1d.fits"), "--host", "0.0.0.0")


def _colors(picture: np.ndarray) -> int:
    """How many colours a picture has."""
    return len(np.unique(picture.reshape(-1, 3), axis=0))


def _colored_pixels(picture: np.ndarray) -> int:
    """How many pixels of a picture are not grey."""
    return 0 if not picture.size else int((np.ptp(picture, axis=-1) > 60).sum())


def _inked_columns(picture: np.ndarray) -> float:
    """The fraction of a picture's columns in which something is drawn on the white ground."""
    return 0 if not picture.size else float((picture.min(axis=-1) < 180).any(axis=0).mean())


def test_demo_draws_the_image(demo):
    demo.wait_for(lambda: _colors(demo.picture("Image")) > 20, "the image")


def test_demo_draws_the_sources_of_the_catalog(demo):
    demo.wait_for(lambda: _colored_pixels(demo.picture("Image")) > 20, "markers on the image")


def test_demo_draws_a_spectrum(demo):
    demo.wait_for(lambda: _inked_columns(demo.picture("1D Spectrum")) > 0.8, "the spectrum")


def test_demo_draws_the_light_curve(demo):
    demo.wait_for(lambda: _inked_columns(demo.picture("Light curve")) > 0.1, "the light curve")


def test_app_fills_the_window(demo):
    assert demo.driver.title == "jdaviz_stage3"
    app, page, window = demo.driver.execute_script(
        "return [document.querySelector('.jdaviz').getBoundingClientRect().height,"
        " document.documentElement.scrollHeight, window.innerHeight]"
    )
    assert app == page == window


def test_light_and_dark_are_the_browser_s_choice(demo):
    def prefer(scheme):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        demo.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def ground():
        """Of the plot of the spectrum, the brightness that most of it has."""
        return np.median(demo.picture("1D Spectrum"))

    for scheme, fits in (("dark", lambda: ground() < 60), ("light", lambda: ground() > 200)):
        prefer(scheme)
        demo.wait_for(lambda: demo.find(f".jdaviz.theme--{scheme}"), scheme)  # noqa: B023
        demo.wait_for(fits, f"a {scheme} plot")
        demo.screenshot(f"demo-{scheme}")


def test_the_page_has_its_theme_before_it_asks_for_the_colours_of_plots(demo_server):
    _, _, page = demo_server.request(f"/{demo_server.query}")
    assert 0 < page.index(b"theme.variant = 'auto'") < page.index(b"await fetch(themeCssUrls")


def test_browser_has_nothing_to_complain_about(demo):
    assert demo.complaints() == []


def test_nothing_is_asked_of_the_network(demo, demo_server):
    requests = demo.requests()
    assert any(url.startswith("ws") for url in requests)
    assert {urlsplit(url).netloc for url in requests} == {demo_server.netloc}


def test_each_tab_has_an_app_of_its_own(server_of_two, start_own_browser):
    page = start_own_browser()
    page.open(server_of_two.url)
    page.wait_for(lambda: len(page.viewers()) == 2, "the viewers of the first tab")
    first = page.driver.current_window_handle
    viewers = page.viewers()

    page.driver.switch_to.new_window("tab")
    page.open(server_of_two.url)
    page.wait_for(lambda: page.viewers() == viewers, "the viewers of the second tab")
    second = page.driver.current_window_handle
    page.find(".lm_close_tab")[-1].click()
    page.wait_for(lambda: page.viewers() == viewers[:-1], "the closing of a viewer")

    page.driver.switch_to.window(first)
    assert page.viewers() == viewers

    before = server_of_two.kernels()
    page.driver.close()
    page.driver.switch_to.window(second)
    page.wait_for(lambda: server_of_two.kernels() == before - 1, "the end of the first tab's app")
    page.find(".v-toolbar__items button")[0].click()
    page.wait_for(lambda: page.find(".v-tabs"), "an answer of the second tab's app")
    page.screenshot("second_tab")


def _text_of(page, selector):
    return [element.text for element in page.find(selector)]


def test_a_product_is_picked_and_imported_in_the_loader(
    start_own_server, start_own_browser, monkeypatch
):
    """The form must be there after a product was loaded from Python."""
    monkeypatch.setenv("JDAVIZ_START_DIR", str(demo_folder()))
    page = start_own_browser()
    page.open(start_own_server("open", _product("_whtlt.ecsv")).url)
    page.wait_for(page.viewers, "the viewer of the light curve")
    page.find(".v-toolbar__items button")[0].click()
    name = Path(_product("_c1d.fits")).name
    files = page.wait_for(
        lambda: [e for e in page.find(".v-list-item, li") if e.text.split(" - ")[0] == name],
        "the file in the list",
    )
    page.driver.execute_script("arguments[0].click()", files[-1])
    page.wait_for(
        lambda: any("order 1 source" in text for text in _text_of(page, ".v-chip, .v-select")),
        "the choice of spectra",
    )
    buttons = page.wait_for(
        lambda: [e for e in page.find("button") if e.text.strip().upper() == "IMPORT"], "the button"
    )
    layers = len(page.find(".layer-viewer-icon, .viewer-label"))
    page.driver.execute_script("arguments[0].click()", buttons[-1])
    page.wait_for(
        lambda: (
            len(page.find(".layer-viewer-icon, .viewer-label")) > layers
            or any(
                "added" in text or "loaded" in text for text in _text_of(page, ".v-snack__content")
            )
        ),
        "the imported spectrum",
    )
    page.screenshot("loader")


def test_several_products_are_laid_out_so_that_each_is_seen(start_own_server, start_own_browser):
    products = [str(path) for path in demo_products()]
    page = start_own_browser()
    page.open(start_own_server("open", *products[::-1]).url)
    page.wait_for(lambda: len(page.viewers()) >= 5, "the viewers")
    page.wait_for(lambda: _inked_columns(page.picture("1D Spectrum")) > 0.8, "the spectrum")
    for viewer in ("Image", "1D Spectrum", "Dynamic spectrum order 1", "Light curve"):
        height, width = page.picture(viewer).shape[:2]
        assert height > 200, viewer
        assert width > 300, viewer
    # tabs name the targets, the labels by which scripts know the viewers are as they were
    script = "return [...document.querySelectorAll('.lm_title')].map(e => [e.innerText, "
    titles = dict(page.driver.execute_script(script + "getComputedStyle(e, '::after').content])"))
    assert titles["1D Spectrum"] == titles["Image"] == '" · DEMO-DEEP-FIELD"'
    assert titles["Dynamic spectrum order 1"] == '" · DEMO-HOST-1"'
    page.screenshot("several_products")


def test_error_of_loading_is_shown_beside_what_is_whole(
    start_own_server, start_own_browser, tmp_path
):
    whole = Path(_product("_i2d.fits"))
    broken = tmp_path / "jw00001-o001_t001_nircam_f200w_i2d.fits"
    broken.write_bytes(whole.read_bytes()[:100_000])  # its header can still be read
    server = start_own_server("open", str(broken), _product("_cat.ecsv"))
    page = start_own_browser()
    page.open(server.url)
    page.wait_for(
        lambda: any(broken.name in element.text for element in page.find(".v-snack__content")),
        "the message",
    )
    page.wait_for(lambda: len(page.find("table tbody tr")) >= 10, "the rows of the catalog")
    page.screenshot("broken_file")
    page.find(".v-toolbar__items button")[0].click()
    page.wait_for(lambda: page.find(".v-tabs"), "an answer of the app")
    assert "Traceback" not in server.errors.read_text()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/readyz",
        "/static/main-vuetify.js",
        "/_solara/cdn/requirejs@2.3.6/require.js",
        "/jupyter/nbextensions/jupyter-vue/nodeps.js",
        "/nothing/here",
    ],
)
def test_other_machines_need_the_token(remote_server, path):
    for refused in (path, f"{path}?token=", f"{path}?token=wrong", f"{path}?token=%C3%BC"):
        assert remote_server.request(refused)[0] == 403
    assert remote_server.request(path, Cookie="jdaviz-stage3-token-1=wrong")[0] == 403


def test_token_lets_in_and_stays_as_a_cookie(remote_server):
    status, headers, _ = remote_server.request(f"/{remote_server.query}")
    assert status == 200
    cookie = next(c for c in headers.get_all("Set-Cookie") if "stage3-token" in c)
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert remote_server.request("/readyz", Cookie=cookie.partition(";")[0])[0] == 200


def test_websocket_needs_the_token_and_our_own_page(remote_server):
    origin = {"Origin": f"http://{remote_server.netloc}"}
    assert remote_server.websocket(**origin) == 403
    assert remote_server.websocket(remote_server.query, **origin) == 101
    assert remote_server.websocket(remote_server.query, Origin="http://elsewhere.example") == 403


@pytest.fixture(scope="module")
def remote_page(remote_server, start_browser):
    """A browser on another machine, with the loaders open."""
    page = start_browser()
    page.open(remote_server.url)
    page.wait_for(page.viewers, "the viewer of the spectrum")
    page.find(".v-toolbar__items button")[0].click()
    return page


def test_other_machines_are_offered_no_file_of_this_one(remote_page):
    page = remote_page
    page.wait_for(lambda: page.find(".v-select__slot"), "the loaders").pop(0).click()
    sources = page.wait_for(
        lambda: list(filter(None, _text_of(page, ".menuable__content__active .v-list-item"))),
        "the names of the sources",
    )
    assert sources == ["file drop"]
    page.screenshot("remote")
    assert page.complaints() == []


def test_this_machine_needs_the_token_too(server_of_two):
    """Others who use it reach its ports."""
    assert server_of_two.query
    for path in ("/", "/readyz", "/static/main-vuetify.js"):
        assert server_of_two.request(path)[0] == 403
        assert server_of_two.request(f"{path}{server_of_two.query}")[0] == 200
        for host in ("elsewhere.example", "x@localhost"):
            assert server_of_two.request(f"{path}{server_of_two.query}", Host=host)[0] == 403
    origin = {"Origin": f"http://{server_of_two.netloc}"}
    assert server_of_two.websocket(**origin) == 403
    assert server_of_two.websocket(server_of_two.query, **origin) == 101


@pytest.mark.parametrize("query", ["", "?session_id=unknown"])
def test_goodbye_of_an_unknown_tab_is_no_error(demo_server, query):
    connection = http.client.HTTPConnection(demo_server.netloc, timeout=30)
    connection.request("POST", f"/_solara/api/close/unknown{query}")
    assert connection.getresponse().status == 404
    connection.close()
    assert "Traceback" not in demo_server.errors.read_text()


@pytest.mark.parametrize(
    "host", ["elsewhere.example", "127.0.0.1.elsewhere.example", "[bad", "", "x@localhost"]
)
def test_localhost_answers_to_its_own_name_only(demo_server, host):
    assert demo_server.request("/readyz")[0] == 200
    assert demo_server.request("/readyz", Host=host)[0] in (400, 403)


def test_localhost_refuses_the_websockets_of_other_sites(demo_server):
    assert demo_server.websocket(Origin=f"http://{demo_server.netloc}") == 101
    for origin in ("http://elsewhere.example", "http://localhost:1", "null"):
        assert demo_server.websocket(Origin=origin) == 403


PAGE_FILE = "/_solara/cdn/requirejs@2.3.6/require.js"


def test_page_files_are_for_our_own_page(demo_server):
    assert demo_server.request(PAGE_FILE)[0] == 200
    assert demo_server.request(PAGE_FILE, **{"Sec-Fetch-Site": "same-origin"})[0] == 200
    for site in ("cross-site", "same-site"):
        assert demo_server.request(PAGE_FILE, **{"Sec-Fetch-Site": site})[0] == 403


def test_no_other_package_is_fetched_and_no_folder_served(demo_server):
    for path in ("left-pad@1.3.0/index.js", "left-pad", "requirejs@2.3.6", "."):
        assert demo_server.request(f"/_solara/cdn/{path}")[0] == 404
    assert demo_server.request(PAGE_FILE)[0] == 200


def test_no_answer_can_be_framed(demo_server):
    for path in ("/", "/nothing/here", PAGE_FILE):
        _, headers, _ = demo_server.request(path)
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"


def test_a_file_is_dropped_where_the_app_is_on_another_machine(remote_page):
    """What is refused to browsers there leaves their own files alone."""
    path = Path(_product("_cat.ecsv"))
    page = remote_page
    zone = page.wait_for(lambda: page.find(".solara-file-drop"), "the place to drop files")[0]
    page.driver.execute_script(
        """
        const file = new File([arguments[2]], arguments[1]);
        const zone = arguments[0].__vue__;  // a drop from the desk, which no script can make
        zone.native_file_info = [file];
        zone.file_info = [{name: file.name, isFile: true, size: file.size}];
        """,
        zone,
        path.name,
        path.read_text(),
    )
    button = page.wait_for(
        lambda: [e for e in page.find("button") if e.text.strip().upper() == "IMPORT"], "the button"
    )[-1]
    page.driver.execute_script("arguments[0].click()", button)
    page.wait_for(
        lambda: [e for e in page.find("button") if "OVERWRITE" in e.text.upper()],
        "the button to import it again",
    )
    page.screenshot("dropped")


@pytest.fixture
def other_site(tmp_path):
    """Serve a page of another site; gives a function that takes its HTML and its host."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def address(html, host):
            (tmp_path / "page.html").write_text(html)
            return f"http://{host}:{server.server_port}/page.html"

        yield address
        server.shutdown()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])  # another site, another origin
def test_another_site_can_link_to_the_app_and_no_more(
    remote_server, start_own_browser, other_site, host
):
    """As a mail in the browser does, with the token in the link."""
    file = f"http://{remote_server.netloc}{PAGE_FILE}{remote_server.query}"
    page = start_own_browser()
    page.driver.get(
        other_site(
            f'<a href="{remote_server.url}">the app</a> <iframe src="{remote_server.url}"></iframe>'
            f'<script src="{file}" onload="window.got = true" onerror="window.got = false">'
            "</script>",
            host,
        )
    )
    page.wait_for(
        lambda: page.driver.execute_script("return window.got !== undefined"), "the script's end"
    )
    assert page.driver.execute_script("return window.got") is False
    page.driver.switch_to.frame(page.find("iframe")[0])
    assert page.find(".jdaviz") == page.find("#app") == []
    page.driver.switch_to.default_content()
    page.find("a")[0].click()
    page.wait_for(page.viewers, "the viewer of the spectrum")
    page.driver.get_log("browser")  # of the other site


@pytest.mark.parametrize(
    ("server", "number"), [("server_of_two", signal.SIGINT), ("remote_server", signal.SIGTERM)]
)
def test_signal_ends_the_server_cleanly(server, number, start_own_browser, request):
    """With pages of its that were closed, and one that is open."""
    server = request.getfixturevalue(server)
    page = start_own_browser()
    page.driver.get(server.url)
    page.wait_for(server.kernels, "an app")
    assert server.stop(number) in (0, 130)
    assert "Traceback" not in Path(server.errors).read_text()
