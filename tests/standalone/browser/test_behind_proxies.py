"""The page below a path, behind a proxy that says another name, and in Jupyter. No browser."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest
from light_tabs import LightBrowser, LightTab
from reverse_proxy import ReverseProxy

from jdaviz_stage3.standalone import jupyter
from jdaviz_stage3.standalone.tokens import VARIABLE

DEPLOY = Path(__file__).parents[3] / "deploy"
TOKEN = "0123456789abcdef-of-the-test"


@pytest.fixture(scope="module")
def proxy():
    found = ReverseProxy("/jwst/")
    yield found
    found.close()


@pytest.fixture(scope="module")
def server(start_server, proxy):
    """A server of an empty app behind that proxy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, TOKEN)
        found = start_server("open", "--base-url", f"{proxy.origin}/jwst/")
    return found


@pytest.fixture(scope="module")
def port(server):
    """Of the server itself: the printed address is that of the proxy."""
    said = server.errors.with_name("stdout.txt").read_text()
    return int(re.search(r"listens on localhost port (\d+)\.", said).group(1))


def test_behind_a_proxy_that_takes_the_path_off(server, proxy, port):
    proxy.behind = ("127.0.0.1", port)
    assert server.url == f"{proxy.origin}/jwst/"
    assert TOKEN not in server.errors.with_name("stdout.txt").read_text()  # which may be a log
    browser = LightBrowser(f"{server.url}?token={TOKEN}")
    tab = LightTab(browser).open()
    assert any("Nothing is open yet" in text for text in tab.said)
    _, page = browser.get("")
    files = re.findall(r'(?:src|href)="(/[^"]+)"', page.decode())
    assert len(files) > 5 and all(file.startswith("/jwst/") for file in files)
    for file in files:
        assert browser.get(file.removeprefix("/jwst/"))[0] == 200, file
    assert tab.goodbye() == 200


def test_a_proxy_may_leave_the_path_on(server, port):
    browser = LightBrowser(f"http://localhost:{port}/jwst/?token={TOKEN}")
    assert browser.get("readyz")[0] == 200
    assert LightBrowser(f"http://localhost:{port}/jwst/").get("")[0] == 403


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_behind_nginx_as_it_is_deployed(server, port, tmp_path):
    """On another port than visitors' usual one, which the ``Host`` must name then."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        front = free.getsockname()[1]
    place = (DEPLOY / "nginx.conf").read_text().replace("127.0.0.1:8765", f"127.0.0.1:{port}")
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "".join(f"{name}_temp_path {tmp_path / name};" for name in names)
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path / 'pid'}; events {{}} error_log {tmp_path / 'log'};"
        f"http {{ access_log {tmp_path / 'access'}; {folders}\n"
        f"server {{ listen 127.0.0.1:{front};\n{place}\n}} }}"
    )
    process = subprocess.Popen(["nginx", "-c", str(tmp_path / "nginx.conf")])
    try:
        _wait_for(process, front, tmp_path / "log")
        browser = LightBrowser(f"http://localhost:{front}/jwst/?token={TOKEN}")
        assert browser.get("readyz")[0] == 200
        assert all(browser.get(page)[1].count(b"nginx") for page in ("healthz", "metrics"))
        tab = LightTab(browser).open()
        assert any("Nothing is open yet" in text for text in tab.said)
        assert tab.goodbye() == 200
        assert TOKEN not in (tmp_path / "access").read_text()
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.skipif(
    find_spec("jupyter_server_proxy") is None, reason="jupyter-server-proxy is not installed"
)
def test_behind_jupyter(server, port, tmp_path):
    """With what the launcher's entry says, but that the server is there already."""
    told = jupyter.setup()
    headers = {"Authorization": told["request_headers_override"]["Authorization"].split()[0]}
    headers["Authorization"] += f" {TOKEN}"
    entry = {"command": [], "port": port, "request_headers_override": headers, "timeout": 30}
    (tmp_path / "jupyter_config.json").write_text(
        json.dumps(
            {
                "ServerProxy": {"servers": {"jwst": entry}},
                "ServerApp": {"jpserver_extensions": {"jupyter_server_proxy": True}},
            }
        )
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        jupyter_port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyter_server", f"--port={jupyter_port}", "--no-browser",
        f"--config={tmp_path / 'jupyter_config.json'}", "--ServerApp.token=of-jupyter",
        "--allow-root", f"--ServerApp.root_dir={tmp_path}",
    ]  # fmt: skip
    log = (tmp_path / "log").open("w")
    process = subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path)
    try:
        _wait_for(process, jupyter_port, tmp_path / "log")
        address = f"http://localhost:{jupyter_port}/jwst/"
        assert LightBrowser(address).get("readyz")[1] != b'{"status":"ok"}'  # Jupyter's log-in
        browser = LightBrowser(f"{address}?token=of-jupyter")
        assert json.loads(browser.get("readyz")[1]) == {"status": "ok"}
        tab = LightTab(browser).open()
        assert any("Nothing is open yet" in text for text in tab.said)
        assert tab.goodbye() == 200
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def _wait_for(process, port, log):
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://localhost:{port}/api", timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"it did not start:\n{log.read_text()[-2000:]}")
