"""Tokens, and the folders of those whose they are."""

import stat

import pytest

from jdaviz_stage3.standalone import network, tokens


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
    both = {tokens.METRICS_VARIABLE: "x" * 16, tokens.VARIABLE: "y" * 16}
    assert tokens.given_token(both, tokens.METRICS_VARIABLE) == "x" * 16
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
