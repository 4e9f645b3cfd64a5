"""
Make the demo products: simulate exposures and run jwst's Stage 3 pipelines on them.

``python -m jdaviz_stage3.demo.make [FOLDER]`` needs no network and takes about a minute.
"""

import argparse
import logging
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jdaviz_stage3.demo import demo_folder
from jdaviz_stage3.demo.offline import offline_crds

SEED = 9998


def make(folder: Path) -> list[Path]:
    """
    Make all demo products.

    Parameters
    ----------
    folder : Path
        Where they go; made if it is missing. Files of the same names are replaced.

    Returns
    -------
    list of Path
        The products and their associations.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder.resolve()
    with tempfile.TemporaryDirectory() as work, offline_crds(Path(work)):
        products = _run_pipelines()
        return [Path(shutil.copy(product, target)) for product in products]


def _run_pipelines() -> list[Path]:
    """Simulate every observation and process it in the current directory."""
    from jdaviz_stage3.demo import deep_field, grism, transit

    images = deep_field.make_images(np.random.default_rng([SEED, 1]))
    catalog = next(path for path in images if path.name.endswith("_cat.ecsv"))
    spectra = grism.make_spectra(np.random.default_rng([SEED, 2]), catalog)
    return [*images, *spectra, *transit.make_time_series(np.random.default_rng([SEED, 3]))]


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Run from the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Instead of ``sys.argv``.
    """
    parser = argparse.ArgumentParser(prog="python -m jdaviz_stage3.demo.make", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=demo_folder())
    folder = parser.parse_args(arguments).folder
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    for path in make(folder):
        print(f"{path.stat().st_size / 1e6:6.2f} MB  {path}")


if __name__ == "__main__":
    main()
