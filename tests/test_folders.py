"""The products in a folder: the same for loading and for the command."""

import os
import shutil

import pytest
from make_products import compressed, mosaic
from make_tables import catalog

from jdaviz_stage3 import chosen_products as module
from jdaviz_stage3 import cli, folders
from jdaviz_stage3.chosen_products import chosen_products
from jdaviz_stage3.errors import Stage3Warning, UnreadableProductError
from jdaviz_stage3.folders import product_files


def names(paths):
    return [path.name for path in paths]


def test_products_and_the_rest(tmp_path):
    image = mosaic(tmp_path)
    shutil.copy(image, tmp_path / "b_i2d.fit")
    compressed(image, "c_i2d.fit.gz")
    (tmp_path / "broken_x1d.fits").write_bytes(b"SIMPLE  = nothing")
    (tmp_path / "notes.txt").write_text("2 hours of F444W")
    (tmp_path / "empty.log").touch()
    (tmp_path / ".hidden_i2d.fits").write_bytes(image.read_bytes())
    products, others = product_files(tmp_path)
    assert names(products) == ["b_i2d.fit", "broken_x1d.fits", "c_i2d.fit.gz", image.name]
    assert names(others) == ["empty.log", "notes.txt"]


def test_the_command_lists_what_loading_opens(tmp_path, capsys):
    image = mosaic(tmp_path)
    image.rename(tmp_path / "a_i2d.fit")
    compressed(tmp_path / "a_i2d.fit", "b_i2d.fit.gz")
    assert cli.main(["info", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "a_i2d.fit" in out and "b_i2d.fit.gz" in out


def test_downloads_of_mast(tmp_path):
    """mastDownload/JWST/OBSERVATION/FILE, and a script beside the folders."""
    top = tmp_path / "mastDownload"
    for number in ("1", "2"):
        (folder := top / "JWST" / f"jw09997-o00{number}").mkdir(parents=True)
        mosaic(folder)
        catalog(folder)
    (top / "mastDownload.sh").write_text("#!/bin/bash")
    products, others = product_files(top)
    assert [path.parent.name[-1] for path in products] == ["1", "1", "2", "2"]
    assert names(others) == ["mastDownload.sh"]


def test_folders_beside_products_are_left_alone(tmp_path):
    image = mosaic(tmp_path)
    (tmp_path / "older").mkdir()
    mosaic(tmp_path / "older")
    assert product_files(tmp_path) == ([image], [])


def test_a_folder_in_itself_comes_to_an_end(tmp_path):
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert product_files(tmp_path) == ([], [])


def test_folders_with_many_links_to_each_other_are_looked_through_once(tmp_path, monkeypatch):
    for number in range(8):
        (tmp_path / str(number)).mkdir()
        for other in range(8):
            link = tmp_path / str(number) / f"to {other}"
            link.symlink_to(tmp_path / str(other), target_is_directory=True)
    image = mosaic(tmp_path / "7")
    listed = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or scandir(path))
    assert product_files(tmp_path) == ([image], [])
    assert len(listed) == 9


def test_below_the_top_only_names_of_products_are_opened(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    for number in range(5):
        (tmp_path / "home" / f"letter {number}.txt").write_text("dear")
    image = mosaic(tmp_path / "home")
    opened = []
    identify = folders.identify
    monkeypatch.setattr(folders, "identify", lambda path: opened.append(path) or identify(path))
    products, others = product_files(tmp_path)
    assert products == [image] and len(others) == 5
    assert opened == [image]


def test_a_folder_that_cannot_be_read(tmp_path, monkeypatch, capsys):
    (tmp_path / "other").mkdir()
    (tmp_path / "good").mkdir()
    image = mosaic(tmp_path / "good")
    listed = os.scandir

    def scandir(path="."):
        if str(path).endswith("other"):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os, "listdir", lambda path: [entry.name for entry in scandir(path)])
    assert product_files(tmp_path) == ([image], [])
    with pytest.raises(UnreadableProductError, match="other: cannot be read .Permission denied"):
        product_files(tmp_path / "other")
    assert cli.main(["info", str(tmp_path / "other")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_what_is_no_path_or_nobodys_folder_is_told():
    for path, words in (("a\0b_i2d.fits", "null character"), ("~nobody-of-this-name/x", "x: ")):
        chosen = chosen_products([path], {}, None)
        [failure] = chosen.failures
        assert chosen.products == chosen.others == [] and words in str(failure)


def test_a_file_that_goes_while_a_folder_is_opened_is_left_out(tmp_path, monkeypatch):
    image, table = mosaic(tmp_path), catalog(tmp_path)
    found = product_files(tmp_path)
    table.unlink()
    monkeypatch.setattr(module, "product_files", lambda folder: found)
    with pytest.warns(Stage3Warning, match="_cat.ecsv: No such file.*; left out"):
        chosen = chosen_products([tmp_path], {}, None)
    assert [product.path for product in chosen.products] == [image] and chosen.failures == []


def test_the_search_goes_to_the_bottom_and_ends_where_there_are_products(tmp_path):
    (deep := tmp_path / "a" / "b" / "c" / "d" / "e" / "f").mkdir(parents=True)
    image = mosaic(deep)
    (deep / "older").mkdir()
    mosaic(deep / "older")
    assert product_files(tmp_path) == ([image], [])


def test_a_folder_without_products_says_what_is_there(tmp_path, capsys):
    (tmp_path / "below").mkdir()
    for number in range(3):
        (tmp_path / "below" / f"letter {number}.txt").write_text("dear")
    (tmp_path / "picture.png").touch()
    [failure] = chosen_products([tmp_path], {}, None).failures
    assert "3 .txt, 1 .png, such as letter 0.txt" in str(failure)
    assert cli.main(["info", str(tmp_path)]) == 1
    assert "3 .txt, 1 .png" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    [failure] = chosen_products([tmp_path / "empty"], {}, None).failures
    assert "no files at all" in str(failure)
