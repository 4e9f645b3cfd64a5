"""Whose a state is, however often servers are made in one process."""

import pytest
from echo import CallbackProperty, HasCallbackProperties

from jdaviz_stage3.jdaviz_compat import closing, follow_states


class State(HasCallbackProperties):
    value = CallbackProperty(1)


@pytest.mark.forked
def test_states_are_followed_once():
    follow_states(lambda: "first")
    followed = HasCallbackProperties.__init__
    follow_states(lambda: "second")
    assert HasCallbackProperties.__init__ is followed
    state = State()
    assert [reference() for reference in closing._STATES["second"]] == [state]
    assert "first" not in closing._STATES
