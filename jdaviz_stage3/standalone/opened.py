"""What each new tab opens."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Request"]


@dataclass(frozen=True)
class Request:
    """What a new tab opens.

    Attributes
    ----------
    paths : tuple of pathlib.Path
        The products.
    demo : bool
        Whether to open the demo products instead.
    script : pathlib.Path or None
        The script of a session that is run instead.
    options : dict
        Further arguments of `jdaviz_stage3.load`.
    """

    paths: tuple[Path, ...] = ()
    demo: bool = False
    script: Path | None = None
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is opened."""
        return not (self.paths or self.demo or self.script)

    def describe(self) -> str:
        """The names of what is opened, for the page that is shown meanwhile."""
        if self.demo:
            return "the demo products"
        if self.script is not None:
            return f"the session of {self.script.name}"
        names = [path.name or str(path) for path in self.paths]
        if len(names) > 3:
            names[2:] = [f"{len(names) - 2} more"]
        return ", ".join(names)

    def load(self, app: Any) -> None:
        """Load it into an app."""
        from .. import app as stage3_app
        from ..session import run_script

        if self.demo:
            stage3_app.open_demo(app=app)
        elif self.script is not None:
            run_script(self.script, app)
        elif self.paths:
            stage3_app.load(*self.paths, app=app, **self.options)
