"""Tabs that go: with a word, which may be wrong, or without one."""

from __future__ import annotations

from typing import Any

__all__ = ["answer_goodbyes", "keep_lost"]

_GOODBYE = "/_solara/api/close/{kernel_id}"


def keep_lost(settings: Any, minutes: float) -> None:
    """Keep the app of a tab that is gone without a word so long; a tab that returns has it again.

    A page that returns later begins anew by itself, where solara asks the person to do so: what it
    then shows is the session that was kept.

    Parameters
    ----------
    settings : module
        ``solara.server.settings``, where it is a day.
    minutes : float
    """
    settings.kernel.cull_timeout = f"{max(1, round(minutes * 60))}s"
    settings.state.auto_remount = True


def answer_goodbyes(starlette: Any) -> None:
    """Answer 404 where a page says goodbye that is not known, or is another browser's.

    solara takes such an answer for an error of its own: 500, with a traceback in the log; and it
    believes everybody.

    Parameters
    ----------
    starlette : module
        ``solara.server.starlette``.
    """
    from solara.server import kernel_context, server
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
        is_own = context and context.session_id == server.get_session_id_cookie(request.cookies)
        if not is_own or page not in context.page_status:
            return PlainTextResponse("no such tab\n", status_code=404)
        return stock(request)

    starlette.app.routes[place] = Route(_GOODBYE, goodbye, methods=["POST"])
