"""The arguments of the commands that serve, and what JupyterLab starts with them."""

import argparse
import pkgutil
import socket
import tomllib
from pathlib import Path

import pytest

from jdaviz_stage3.standalone import jupyter, tokens
from jdaviz_stage3.standalone.arguments import add_server_arguments, server_options
from jdaviz_stage3.standalone.base_url import BaseUrl
from jdaviz_stage3.standalone.limits import Limits


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


def test_a_port_that_is_taken_while_jdaviz_is_imported_is_not_waited_for(monkeypatch):
    """Two servers that are started together: the second ended with a traceback."""
    pytest.importorskip("solara")
    from jdaviz_stage3.standalone import network, server

    free = network.choose_port("127.0.0.1", 0)
    monkeypatch.setattr(network, "DEFAULT_PORT", free)
    monkeypatch.setattr(server, "log_to_stderr", lambda form: None)
    places, others = [], []
    monkeypatch.setattr(server, "_serve", lambda serving, place, *_: places.append(place))
    monkeypatch.setattr(
        server, "_import_all", lambda: others.append(socket.create_server(("127.0.0.1", free)))
    )
    server.serve(host="127.0.0.1")
    others[0].close()
    assert places[0].port > free


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
