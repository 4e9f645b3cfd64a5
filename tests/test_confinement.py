"""Files that may be opened where several people have a folder each."""

import os
import shutil

import pytest

import jdaviz_stage3 as stage3
from jdaviz_stage3 import confinement, folders
from jdaviz_stage3.demo import demo_products
from jdaviz_stage3.errors import UnreadableProductError
from jdaviz_stage3.groups.product_list import ProductList


@pytest.fixture
def own(tmp_path):
    """A folder of Alice with a product, and links to that of Bob; no other may be opened."""
    [product] = (path for path in demo_products() if path.name.endswith("_c1d.fits"))
    for name in ("alice", "alice2", "bob"):
        (tmp_path / name).mkdir()
        shutil.copy(product, tmp_path / name)
    shutil.copy(product, tmp_path / "bob" / "secret_c1d.fits")
    (tmp_path / "alice" / "link").symlink_to(tmp_path / "bob")
    (tmp_path / "alice" / "link_c1d.fits").symlink_to(tmp_path / "bob" / "secret_c1d.fits")
    confinement.confine(lambda: [os.path.realpath(tmp_path / "alice")])
    yield tmp_path / "alice"
    confinement.confine(None)


def test_what_links_lead_to_elsewhere_is_not_listed(own):
    products, others = folders.product_files(own)
    assert [path.name for path in products] == [path.name for path in own.glob("jw*_c1d.fits")]
    assert others == []
    assert [found.path for found in ProductList([own], cache=None).finish().products] == products


@pytest.mark.parametrize(
    "path",
    ["link_c1d.fits", "link/secret_c1d.fits", "../bob/secret_c1d.fits", "/etc/hostname",
     "link/../bob/secret_c1d.fits"],
)  # fmt: skip
def test_no_file_elsewhere_is_opened(own, path):
    for opened in (stage3.identify, stage3.read):
        with pytest.raises(UnreadableProductError, match="not in your folder"):
            opened(own / path)


def test_a_folder_whose_name_begins_the_same_is_another_one(own):
    [product] = own.parent.joinpath("alice2").glob("*.fits")
    with pytest.raises(UnreadableProductError, match="not in your folder"):
        stage3.identify(product)
    stage3.identify(next(own.glob("jw*.fits")))
    confinement.confine(lambda: None)
    stage3.identify(product)
