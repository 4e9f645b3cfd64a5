"""Tabs of a server, without a server or an app."""

from jdaviz_stage3.standalone.open_tabs import OpenTab, OpenTabs


class Tab(OpenTab):
    """A tab that notes when it is ended.

    Parameters
    ----------
    tabs : OpenTabs
        Among which it is.
    key : str
        The id of its kernel.
    used : float
        When a person last did something there, in seconds.
    connected : bool
    user : str
        Whose token it came with.
    """

    def __init__(
        self, tabs: OpenTabs, key: str, used: float, connected: bool = True, user: str = ""
    ) -> None:
        self.ended = False
        super().__init__(key, "owner", user, None, lambda: connected, self.finish, 0.0, used)
        self.tabs = tabs
        tabs.add(self)

    def finish(self) -> None:
        """End it."""
        self.ended = True
        self.tabs.discard(self)
