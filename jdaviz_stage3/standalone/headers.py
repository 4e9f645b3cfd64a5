"""What each answer tells the browser to refuse, whatever is in the page."""

from __future__ import annotations

__all__ = ["protection"]

#: Beyond the page's own origin. Templates are compiled in the page, and its first script stands in
#: it, which asks for ``unsafe-eval`` and ``unsafe-inline``; but no attribute of an element is ever
#: a script, which is how a name that came as HTML would run one.
_POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
    "script-src-attr": "'none'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self' data: blob:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "frame-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
_FROM_ELSEWHERE = ("script-src", "style-src", "img-src", "font-src", "connect-src")


def protection(front_end: str = "") -> list[tuple[bytes, bytes]]:
    """Return the headers.

    Parameters
    ----------
    front_end : str
        Another origin that the files of the front end come from.
    """
    policy = dict(_POLICY)
    for name in _FROM_ELSEWHERE if front_end else ():
        policy[name] += f" {front_end}"
    return [
        (b"content-security-policy", "; ".join(map(" ".join, policy.items())).encode()),
        (b"x-frame-options", b"DENY"),  # for browsers that do not know frame-ancestors
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),  # an address may hold the token
    ]
