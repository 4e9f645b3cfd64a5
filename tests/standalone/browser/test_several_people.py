"""A server of several people, each with a folder and an address. Without a browser."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from light_tabs import LightBrowser, LightTab
from make_associations import associate
from websockets.exceptions import InvalidStatus

from jdaviz_stage3.demo import demo_products


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """A folder of Alice, with links to that of Bob, and his."""
    folder = tmp_path_factory.mktemp("people")
    for name, ending in (("alice", "_c1d.fits"), ("bob", "_whtlt.ecsv")):
        (folder / name).mkdir()
        [product] = (path for path in demo_products() if path.name.endswith(ending))
        shutil.copy(product, folder / name)
    [secret] = (folder / "bob").iterdir()
    (folder / "alice" / secret.name).symlink_to(secret)
    (folder / "alice" / "more").symlink_to(folder / "bob")
    members = [str(secret), f"../bob/{secret.name}", f"file://{secret}", secret.name]
    associate(folder / "alice", {"jw09997-o001": [(member, "science") for member in members]})
    return folder


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where sessions are kept."""
    return tmp_path_factory.mktemp("kept") / "sessions"


@pytest.fixture(scope="module")
def browsers(start_server, people, kept):
    """The browser of each, by name."""
    server = start_server(
        "open", "--users-folder", str(people), "--sessions", str(kept), "--lost-minutes", "0.02",
        "--dropped-limit", "1M",
    )  # fmt: skip
    said = server.errors.with_name("stdout.txt").read_text()
    found = dict(re.findall(r"is for (\w+) at (\S+)", said))
    assert sorted(found) == ["alice", "bob"]
    return {name: LightBrowser(url) for name, url in found.items()}


def _status(browser, key) -> int:
    """What the server answers to a page that wants a kernel."""
    try:
        LightTab(browser, key=key).connect().drop()
    except InvalidStatus as refused:
        return refused.response.status_code
    return 101


def _wait_for(condition, what):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, f"no sign of {what}"
        time.sleep(0.1)


def test_of_two_tabs_that_come_at_once_one_gets_the_session(browsers, kept):
    alice = browsers["alice"]
    lost = LightTab(alice).open()
    lost.drop()
    _wait_for(lambda: list(kept.glob("*.py")), "the session")
    tabs = [LightTab(alice).begin() for _ in range(2)]  # each is told of it
    with ThreadPoolExecutor(len(tabs)) as pool:
        list(pool.map(LightTab.show, tabs))
    restored = [tab for tab in tabs if any("was restored" in text for text in tab.said)]
    assert len(restored) == 1 and all(tab.data == lost.data != [] for tab in tabs)
    for tab in tabs:  # those that got nothing take nothing with them
        if tab is not restored[0]:
            tab.goodbye()
    assert len(list(kept.glob("*.py"))) == 1
    restored[0].goodbye()
    _wait_for(lambda: not list(kept.glob("*.py")), "the end of what was kept")


def test_a_file_that_is_dropped_goes_with_its_tab(browsers, people):
    [product] = (people / "alice").glob("*_c1d.fits")
    name = f"jw09998-{uuid.uuid4().hex}_c1d.fits"
    tab = LightTab(browsers["bob"]).open()
    tab.drop_file(name, product.read_bytes())
    places = Path(tempfile.gettempdir())
    assert len(list(places.glob(f"jdaviz_stage3_*/{name}"))) == 1
    tab.drop_file("jw09998_more_c1d.fits", b"", size=product.stat().st_size)
    assert "may still be dropped with this address" in tab.said[-1]
    assert tab.goodbye() == 200
    _wait_for(lambda: not list(places.glob(f"jdaviz_stage3_*/{name}")), "its end")


def test_numbers_of_all_are_for_none_of_them(browsers):
    bob = browsers["bob"]
    status, text = bob.get("metrics")
    assert status == 403 and b"METRICS_TOKEN" in text


def test_each_sees_what_is_theirs(browsers, kept):
    alice, bob = browsers["alice"], browsers["bob"]
    tab = LightTab(alice).open()
    assert [label for label in tab.data if "c1d" in label] == tab.data != []
    assert not any("whtlt" in text for text in tab.said)
    other = LightTab(bob).open()
    assert len(other.data) == 1 and "whtlt" in other.data[0]

    # with everything but the token: the cookie of the session, and the kernel's id
    session = {name: value for name, value in alice.cookies.items() if "session" in name}
    thief = LightBrowser(bob.url)
    thief.cookies |= session
    assert _status(thief, tab.key) == 403
    tab.drop()
    _wait_for(lambda: list(kept.glob("*.py")), "the session")
    stolen = LightTab(thief, key=tab.key).open()
    assert stolen.data == other.data, stolen.texts()
    assert not any("restored" in text for text in stolen.said)
    stolen.goodbye()
    other.goodbye()

    # nor does a session that was changed open what is not in the folder
    [file] = kept.glob("*.py")
    [name] = (name for name in file.read_text().split('"') if name.endswith("_c1d.fits"))
    file.write_text(file.read_text().replace(name, "../bob/secret_whtlt.ecsv"))
    again = LightTab(alice).open()
    assert again.data == tab.data
    assert any("which is not in" in text for text in again.said)
    again.goodbye()
