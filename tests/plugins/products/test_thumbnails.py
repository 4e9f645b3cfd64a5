"""Small pictures of products."""

import base64
import io

import numpy as np
import pytest
from make_products import BUILDERS, mosaic
from PIL import Image

from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.groups import ListedProduct, list_product
from jdaviz_stage3.plugins.products.thumbnails import image_picture, line_picture, picture_url

PICTURED = [key for key in BUILDERS if key[0] != "asn"]


def decoded(url):
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))


@pytest.mark.parametrize("key", PICTURED, ids="-".join)
def test_every_type_has_a_picture(key, built):
    url, text = picture_url(list_product(built(*key)))
    picture = np.asarray(decoded(url).convert("L"), float)
    assert max(picture.shape) <= 400 and text
    assert picture.std() > 0, "an empty picture"


def test_a_star_is_where_it_is():
    image = np.zeros((200, 300))
    image[20:40, 240:260] = 1  # low and to the right
    drawn = np.asarray(image_picture(image))
    rows, columns = np.nonzero(drawn > 200)
    height, width = drawn.shape
    assert columns.mean() / width == pytest.approx(250 / 300, abs=0.02)
    assert rows.mean() / height == pytest.approx(1 - 30 / 200, abs=0.02)


def test_what_is_not_finite_is_grey_and_a_line_has_a_gap():
    image = np.ones((50, 50))
    image[:, :25] = np.nan
    drawn = np.asarray(image_picture(image + np.arange(50)))
    assert set(drawn[:, 0]) == {110}
    x = np.arange(100.0)
    y = np.where((x > 40) & (x < 60), np.nan, 1 + x / 1000)
    line = np.asarray(line_picture(x, y).convert("L"))
    assert (line[10:-10, 150:210] == 255).all() and (line[10:-10, 20:140] < 200).any()


def test_nothing_to_draw_is_said(tmp_path):
    with pytest.raises(Stage3Error, match="no value is finite"):
        image_picture(np.full((3, 3), np.nan))
    with pytest.raises(Stage3Error, match="no value is finite"):
        line_picture(np.arange(3.0), np.full(3, np.nan))
    with pytest.raises(Stage3Error, match="no picture; a list of files"):
        picture_url(ListedProduct(tmp_path / "a_asn.json", suffix="asn"))
    path = mosaic(tmp_path)
    path.write_bytes(path.read_bytes()[:6000])
    entry = ListedProduct(path, 1, 1, "i2d")
    with pytest.raises(Stage3Error, match=path.name):
        picture_url(entry)
