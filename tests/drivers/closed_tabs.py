"""As a script: open and close tabs of the standalone app, and print which apps are left.

Forked off a process that has imported jdaviz and made an app, as the tests' servers are.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import warnings
import weakref
from pathlib import Path


def _open_and_close(path: Path) -> weakref.ref:
    """Open a product in a tab, as its page does, and close it; refers to jdaviz's inner app."""
    from solara.server import kernel, kernel_context

    from jdaviz_stage3.standalone import page
    from jdaviz_stage3.standalone.opened import Request
    from jdaviz_stage3.standalone.serving import Serving

    context = kernel_context.VirtualKernelContext(path.name, kernel.Kernel(), "session")
    kernel_context.contexts[context.id] = context
    page.serve_with(Serving(Request(paths=(path,))))
    with context:
        tab = page._Tab()
        tab.open(lambda app: None)
        inner = weakref.ref(tab.app._app)
        assert len(inner().data_collection) > 0, path.name
        context.on_close(tab.close)
    context.close()
    return inner


async def _left(paths: list[Path]) -> list[str]:
    """The products whose apps are there still, when the page has let go of them."""
    gc.disable()  # no other search finds them by chance
    apps = {path.name: _open_and_close(path) for path in paths}
    for _ in range(100):
        await asyncio.sleep(0.3)
        if not any(app() for app in apps.values()):
            break
    return [name for name, app in apps.items() if app() is not None]


def main() -> None:
    """Print the names, one a line."""
    warnings.simplefilter("ignore")
    os.environ["SOLARA_APP"] = "jdaviz_stage3.standalone.page"
    import solara.server.starlette  # noqa: F401

    import jdaviz_stage3.app  # noqa: F401
    from jdaviz_stage3.jdaviz_compat import follow_states
    from jdaviz_stage3.standalone import page

    follow_states(page.current_tab)
    for name in asyncio.run(_left([Path(each) for each in sys.argv[1:]])):
        print(f"left: {name}")
    print("done")


if __name__ == "__main__":
    main()
