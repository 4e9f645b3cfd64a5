"""What is in ``deploy``: that it is understood by those whom it is for, where they are here."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from jdaviz_stage3 import cli

DEPLOY = Path(__file__).parents[2] / "deploy"


def _parsed(words):
    """The arguments of a command line that begins with the program."""
    assert Path(words[0]).name == "jdaviz-stage3"
    return cli._parser().parse_args(words[1:])


def test_the_command_of_the_unit():
    [line] = re.findall("(?m)^ExecStart=(.*)$", (DEPLOY / "jdaviz-stage3.service").read_text())
    found = _parsed(shlex.split(line.replace("%%", "%")))
    assert found.base_url.origin == "https://tools.example.org" and found.memory_limit == "80%"
    nginx = (DEPLOY / "nginx.conf").read_text()
    assert f"http://127.0.0.1:{found.port};" in nginx
    assert f"location {found.base_url.path} {{" in nginx


def test_the_command_of_the_container():
    text = (DEPLOY / "Containerfile").read_text()
    words = [
        json.loads(re.findall(rf"(?m)^{name} (.*)$", text)[0]) for name in ("ENTRYPOINT", "CMD")
    ]
    found = _parsed([*words[0], *words[1]])
    assert found.paths == [Path("/data")] and found.sessions == Path("/sessions")
    assert f"EXPOSE {found.port}\n" in text and f":{found.port}/healthz" in text


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)
def test_systemd_understands_the_unit(tmp_path):
    text = (DEPLOY / "jdaviz-stage3.service").read_text()
    unit = tmp_path / "jdaviz-stage3.service"
    unit.write_text(text.replace("/opt/stage3/bin/jdaviz-stage3", "/bin/true"))  # one that is here
    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=60
    )
    about = [line for line in done.stderr.splitlines() if "jdaviz-stage3" in line]
    assert about == []  # of other units it may say what it likes
