"""Tabs that go: with a word, which may be wrong, or without one."""

from __future__ import annotations

from typing import Any

__all__ = ["DEFAULT_MINUTES", "answer_goodbyes", "keep_lost"]

#: How long the app of a tab stays that is gone without a word: time to wake up a laptop.
DEFAULT_MINUTES = 30.0

_GOODBYE = "/_solara/api/close/{kernel_id}"


def keep_lost(settings: Any, minutes: float) -> None:
    """Keep the app of a tab that is gone without a word so long; a tab that returns has it again.

    Parameters
    ----------
    settings : module
        ``solara.server.settings``, where it is a day.
    minutes : float
    """
    settings.kernel.cull_timeout = f"{round(minutes * 60)}s"


def answer_goodbyes(starlette: Any) -> None:
    """Answer 404 where a page says goodbye that is not known, or does not say which it is.

    solara takes such an answer for an error of its own: 500, with a traceback in the log.

    Parameters
    ----------
    starlette : module
        ``solara.server.starlette``.
    """
    from solara.server import kernel_context
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    [place] = [
        place
        for place, route in enumerate(starlette.app.routes)
        if getattr(route, "path", "") == _GOODBYE
    ]
    stock = starlette.app.routes[place].endpoint

    def goodbye(request: Any) -> Any:
        context = kernel_context.contexts.get(request.path_params["kernel_id"])
        page = request.query_params.get("session_id")
        if context is None or page not in context.page_status:
            return PlainTextResponse("no such tab\n", status_code=404)
        return stock(request)

    starlette.app.routes[place] = Route(_GOODBYE, goodbye, methods=["POST"])
