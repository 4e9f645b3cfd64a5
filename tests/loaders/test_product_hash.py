"""The hash by which jdaviz takes data for those that it has already."""

import os

import pytest
from make_products import mosaic

from jdaviz_stage3.loaders.product import Product


@pytest.fixture
def path(tmp_path):
    return mosaic(tmp_path)


def test_same_file_same_hash(path):
    assert Product(path).data_hash("SCI") == Product(str(path)).data_hash("SCI")
    assert Product(path).data_hash("SCI") != Product(path).data_hash("ERR")


def test_a_file_written_later_is_another(path):
    before, status = Product(path).data_hash(), path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert Product(path).data_hash() != before


def test_a_file_of_another_size_is_another(path):
    before, status = Product(path).data_hash(), path.stat()
    with path.open("ab") as stream:
        stream.write(bytes(10))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert Product(path).data_hash() != before


def test_a_file_in_another_folder_is_another(path, tmp_path_factory):
    copy = tmp_path_factory.mktemp("other") / path.name
    copy.write_bytes(path.read_bytes())
    status = path.stat()
    os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert Product(copy).data_hash() != Product(path).data_hash()
