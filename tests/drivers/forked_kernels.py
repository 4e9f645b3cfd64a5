"""Kernels for the notebooks that need not import jdaviz, see `forked_processes`."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest
from forked_processes import ForkedProcess
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

NAME = "stage3-forked"


class ForkedProvisioner(LocalProvisioner):
    """A provisioner of kernels that are forked off a process that has imported jdaviz."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Start a kernel, with the arguments that follow ``-m ipykernel_launcher``."""
        arguments = cmd[cmd.index("ipykernel_launcher") + 1 :]
        environment = kwargs["env"]
        self.cwd = kwargs.get("cwd")
        self.process = ForkedProcess("kernel", arguments, environment=environment, folder=self.cwd)
        self.pid = self.pgid = self.process.pid
        return self.connection_info


def use_forked_kernels(patch: pytest.MonkeyPatch) -> None:
    """Let every kernel that this process starts be such a one, until the patch is undone."""
    entry = EntryPoint(NAME, f"{__name__}:ForkedProvisioner", KernelProvisionerFactory.GROUP_NAME)
    factory = KernelProvisionerFactory.instance()
    patch.setitem(factory.provisioners, NAME, entry)
    patch.setattr(factory, "default_provisioner_name", NAME)
