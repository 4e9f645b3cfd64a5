"""Tokens: the secrets in the printed addresses, and whose they are."""

from __future__ import annotations

import json
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from .network import ServerError

__all__ = ["METRICS_VARIABLE", "VARIABLE", "given_token", "kept_tokens", "user_folders"]

#: The environment variable by which whoever starts the server gives it the token.
VARIABLE = "JDAVIZ_STAGE3_TOKEN"
#: The same for a token that opens ``/metrics``, and nothing else.
METRICS_VARIABLE = "JDAVIZ_STAGE3_METRICS_TOKEN"
_SHORTEST = 16  # characters
_FILE = "tokens.json"


def given_token(environ: Mapping[str, str] = os.environ, variable: str = VARIABLE) -> str | None:
    """Return a token of the environment, None where there is none.

    Parameters
    ----------
    environ : mapping
    variable : str
        Which holds it.

    Raises
    ------
    ServerError
        If it is too short to be a secret, or has characters that no cookie takes.
    """
    token = environ.get(variable)
    if not token:
        return None
    if not _is_token(token):
        raise ServerError(
            f"{variable}: a token has {_SHORTEST} characters or more, the letters of English, "
            "digits, and -_.~"
        )
    return token


def _is_token(text: str) -> bool:
    """Whether a text is long enough for a secret, and can be part of an address and a cookie."""
    is_plain = all(char.isascii() and (char.isalnum() or char in "-_.~") for char in text)
    return len(text) >= _SHORTEST and is_plain


def kept_tokens(folder: Path | None, users: list[str]) -> dict[str, str]:
    """Return a token for each user, those of last time where they are kept.

    Parameters
    ----------
    folder : pathlib.Path or None
        A private one; None keeps none.
    users : list of str
        Their names; ``['']`` where there is only one.

    Returns
    -------
    dict of str to str
        Users by their tokens.

    Raises
    ------
    ServerError
        If the file cannot be read or written, or others may have written it.
    """
    path = None if folder is None else folder / _FILE
    known = {} if path is None else _read(path)
    tokens = {user: known.get(user) or secrets.token_urlsafe(32) for user in users}
    if path is not None and tokens != known:
        _write(path, {**known, **tokens})
    return {token: user for user, token in tokens.items()}


def user_folders(folder: Path) -> dict[str, Path]:
    """Return the folders of users: those in a folder, hidden ones and links left out.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    dict of str to pathlib.Path
        By their names, which are those of the users.

    Raises
    ------
    ServerError
        If there are none.
    """
    try:
        with os.scandir(folder) as entries:
            found = {
                entry.name: Path(os.path.realpath(entry.path))
                for entry in entries
                if entry.is_dir(follow_symlinks=False)
                and not entry.name.startswith(".")
                and entry.name.isprintable()
            }
    except OSError as error:
        raise ServerError(f"{folder}: cannot be read ({error.strerror})") from error
    if not found:
        raise ServerError(
            f"{folder}: no folder of a user in it; make one for each, with what they may see"
        )
    return dict(sorted(found.items()))


def _read(path: Path) -> dict[str, str]:
    try:
        with open(path, encoding="utf-8") as stream:
            mode = os.fstat(stream.fileno())
            is_ours = os.name != "posix" or (
                mode.st_uid == os.geteuid() and not stat.S_IMODE(mode.st_mode) & 0o077
            )
            found = json.load(stream)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise ServerError(f"{path}: cannot be read ({error}); remove it for new tokens") from error
    if not is_ours:
        raise ServerError(f"{path}: others may read it; remove it for new tokens")
    if not isinstance(found, dict) or not all(isinstance(t, str) for t in found.values()):
        raise ServerError(f"{path}: holds no tokens; remove it for new ones")
    if len(set(found.values())) < len(found):  # one of them would see the folder of the other
        raise ServerError(f"{path}: two users have the same token; remove it for new ones")
    return {user: token for user, token in found.items() if _is_token(token)}


def _write(path: Path, tokens: dict[str, str]) -> None:
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="utf-8") as stream:
            json.dump(tokens, stream, indent=1)
        os.replace(draft, path)
    except OSError as error:
        raise ServerError(f"{path}: cannot be written ({error.strerror})") from error
