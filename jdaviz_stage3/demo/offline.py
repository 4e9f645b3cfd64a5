"""Run jwst's pipelines without a network: CRDS is told everything it would ask its server."""

import os
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

CONTEXT = "jwst_1464.pmap"


@contextmanager
def offline_crds(folder: Path) -> Iterator[Path]:
    """
    Work in a folder with a CRDS that never looks for its server.

    Parameters
    ----------
    folder : Path
        Where the exposures, the reference files and the products of this run go.
        It is the current directory inside the context, so that headers hold file
        names and not this machine's paths.

    Yields
    ------
    Path
        The folder.
    """
    config = folder / "crds" / "config" / "jwst"
    config.mkdir(parents=True, exist_ok=True)
    (config / "server_config").write_text(repr(_server_answers()))
    environment = {
        "CRDS_PATH": str(folder / "crds"),
        "CRDS_SERVER_URL": "http://127.0.0.1:9",
        "CRDS_CONTEXT": CONTEXT,
        "STPIPE_DISABLE_CRDS_STEPPARS": "true",
    }
    # stpipe records where it found each reference file; the name is enough.
    name_only = mock.patch("stpipe.step.abspath", os.path.basename)
    with mock.patch.dict(os.environ, environment), name_only, chdir(folder):
        yield folder


def _server_answers() -> dict[str, Any]:
    """Return what the CRDS server would have said about itself."""
    return {
        "observatory": "jwst",
        "operational_context": CONTEXT,
        "latest_context": CONTEXT,
        "bad_files": "",
        "bad_files_list": [],
        "crds_version": {"str": "14.0.3"},
        "last_synced": "2026-04-01 00:00:00",
        "force_remote_mode": False,
        "status": "s3",
    }


def use_references(step: Any, references: Mapping[str, str] | None = None) -> Any:
    """
    Tell a step, or every step of a pipeline, which reference files to use.

    Parameters
    ----------
    step : Step or Pipeline
        Changed in place.
    references : mapping of str to str, optional
        File name by reference type; any type that is not in it becomes ``N/A``.

    Returns
    -------
    Step or Pipeline
        The same ``step``.
    """
    step.prefetch_references = False
    for part in [step, *(getattr(step, name) for name in getattr(step, "step_defs", {}))]:
        for kind in part.reference_file_types:
            setattr(part, f"override_{kind}", (references or {}).get(kind, "N/A"))
    return step
