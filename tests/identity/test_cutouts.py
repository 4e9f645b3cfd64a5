"""Pieces of mosaics: their pixels are those of the whole, the source where the WCS has it."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from make_products import mosaic, segmentation

from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.identity.cutouts import cut_out


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    folder = tmp_path_factory.mktemp("field")
    return mosaic(folder), segmentation(folder)


def sky_of(path, x: float, y: float) -> SkyCoord:
    with fits.open(path) as hdus:
        return WCS(hdus["SCI"].header, naxis=2).pixel_to_world(x, y)


@pytest.mark.parametrize(("x", "y"), [(20, 15), (20.4, 14.7), (0, 0), (39, 29), (1.2, 28.9)])
def test_pixels_are_those_of_the_mosaic(field, x, y):
    path, _ = field
    with fits.open(path) as hdus:
        whole = hdus["SCI"].data.astype(float)
    scale = np.sqrt(
        abs(np.linalg.det(WCS(fits.getheader(path, "SCI"), naxis=2).pixel_scale_matrix))
    )
    found = cut_out(path, sky_of(path, x, y), 9 * scale * u.deg)
    assert found.values.shape[0] == found.values.shape[1]
    assert found.scale.to_value(u.deg) == pytest.approx(scale, rel=1e-4)
    # each pixel of the cutout, looked up in the whole
    left, bottom = x - found.x, y - found.y
    assert abs(left - round(left)) < 1e-4 and abs(bottom - round(bottom)) < 1e-4
    for row in range(found.values.shape[0]):
        for column in range(found.values.shape[1]):
            i, j = row + round(bottom), column + round(left)
            inside = 0 <= i < whole.shape[0] and 0 <= j < whole.shape[1]
            expected = whole[i, j] if inside else np.nan
            np.testing.assert_equal(found.values[row, column], expected)
    middle = found.values.shape[0] // 2
    assert max(abs(found.x - middle), abs(found.y - middle)) <= 0.5 + 1e-6
    assert 0 <= found.x < found.values.shape[1] and 0 <= found.y < found.values.shape[0]


def test_the_outline_is_that_of_the_label(field):
    path, segments = field
    with fits.open(segments) as hdus:
        labels = hdus["SCI"].data
    label = int(labels[labels > 0][0])
    row, column = np.argwhere(labels == label)[0]
    found = cut_out(
        path, sky_of(path, column, row), 2 * u.arcsec, segmentation=segments, label=label
    )
    area = sum(0.5 * np.sum(r[:-1, 0] * r[1:, 1] - r[1:, 0] * r[:-1, 1]) for r in found.outline)
    left, bottom = round(column - found.x), round(row - found.y)
    size = found.values.shape[0]
    piece = labels[max(bottom, 0) : bottom + size, max(left, 0) : left + size]
    assert area == pytest.approx(np.sum(piece == label))


def test_off_the_mosaic_is_none_and_another_map_is_refused(field, tmp_path):
    path, _ = field
    place = sky_of(path, 20, 15)
    assert cut_out(path, sky_of(path, 40, 15), 1 * u.arcsec) is None
    assert cut_out(path, place.directional_offset_by(0 * u.deg, 60 * u.deg), 1 * u.arcsec) is None
    other = segmentation(tmp_path, np.ones((12, 12), "u4"))
    with pytest.raises(Stage3Error, match="12 × 12 pixels, but .* has 40 × 30"):
        cut_out(path, place, 1 * u.arcsec, segmentation=other, label=1)
