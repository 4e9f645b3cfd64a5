"""Each notebook has a kernel of its own, forked off a process that has imported jdaviz."""

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Let the kernel that a notebook starts be forked."""
    from forked_kernels import use_forked_kernels

    with pytest.MonkeyPatch.context() as patch:
        use_forked_kernels(patch)
        return (yield)
