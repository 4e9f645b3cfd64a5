"""What the tests of the Catalog Overlay plugin share."""

import re

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import QTable
from astropy.wcs import WCS
from make_tables import save_table

from jdaviz_stage3.demo import demo_products

CONFIGURATIONS = ("deconfigged", "imviz")
ROOT = "jw09998-o001_t001_nircam_clear-f444w-sub320"  # of the demo's field
OTHER_ROOT = "jw09998-o009_t001_nircam_clear-f200w"


def demo(suffix):
    """Path of a product of the demo's field."""
    return next(path for path in demo_products() if path.name.split(".")[0] == f"{ROOT}_{suffix}")


def plugin(app):
    return app.plugins["Catalog Overlay"]


def overlay(plg):
    """The overlay of the catalog that is chosen."""
    return plg._obj.current()


def viewer(plg):
    """The first (glue) viewer that the overlay is drawn in."""
    return overlay(plg).viewers[0]


def canvas(plg):
    return plg._obj._canvases[viewer(plg)]


def marks(plg):
    return canvas(plg).marks[overlay(plg)]


def scene(plg):
    """What is drawn of the catalog that is chosen; None if nothing is."""
    return marks(plg).scene


def drawn(plg):
    """Rows, x and y of the symbols that are drawn, in the order of the catalog."""
    groups = scene(plg).symbols
    rows, x, y = (
        np.concatenate([[], *(getattr(s, n) for s in groups)]) for n in ("rows", "x", "y")
    )
    order = np.argsort(rows)
    return rows[order].astype(int), x[order], y[order]


def kinds(plg):
    """Rows by the symbol and the colour that they are drawn with."""
    found = {}
    for group in scene(plg).symbols:
        found.setdefault((group.marker, group.color), []).extend(group.rows.tolist())
    return found


def by_row(plg, name):
    """What the symbols have of a quantity (rx, ry, angle), by row; NaN where nothing is drawn."""
    out = np.full(plg.n_sources, np.nan)
    for group in scene(plg).symbols:
        out[group.rows] = getattr(group, name)
    return out


def text_of(picture):
    """The SVG of a picture; empty if it is hidden."""
    shown = picture.mark is not None and picture.mark.visible
    return bytes(picture.mark.image.value).decode() if shown else ""


def legend(plg):
    return re.findall(r"<text[^>]*>([^<]*)<", text_of(canvas(plg).annotations.legend.picture))


def labels_drawn(plg):
    return re.findall(r"<text[^>]*>([^<]*)<", text_of(marks(plg)._symbols))


def marks_of_plugin(app):
    """What the plugin has put into the figures of an app: the only pictures (SVG) there."""
    found = []
    for view in app._app._viewer_store.values():
        for mark in getattr(getattr(view, "figure", None), "marks", ()):
            if getattr(getattr(mark, "image", None), "format", "") == "svg+xml":
                found.append(mark)
    return found


def native_markers(plg):
    """Whether jdaviz draws its own markers of the catalog."""
    data = overlay(plg).sources.data
    states = [state for v in overlay(plg).viewers for state in v.state.layers]
    return [state.markers_visible for state in states if state.layer is data]


def logged(app, *colors):
    """Messages in the app's log of these colours, errors by default."""
    history = app.plugins["Logger"].history
    return [entry["text"] for entry in history if entry["color"] in (colors or ("error",))]


def zoom(view, x, y, half):
    """Show a square around a position."""
    with_limits = {"x_min": x - half, "x_max": x + half, "y_min": y - half, "y_max": y + half}
    view.state.update_from_dict(with_limits)


def mend_reference(app):
    """Make the image the reference again where images are aligned by pixels.

    jdaviz leaves an orientation there when data are removed after images were aligned by WCS.
    """
    for view in app._app._viewer_store.values():
        reference = getattr(view.state, "reference_data", None)
        if app._app._align_by == "pixels" and reference is not None:
            images = [s.layer for s in view.state.layers if s.layer.label.endswith(" i2d")]
            view.state.reference_data = images[0] if images else reference


def reset(plg):
    """Put settings, filters, selection and view back to what they are at first, no outlines."""
    obj, own = plg._obj, overlay(plg)
    plg.visible = True  # and the eye in the data menu; rows that a table has checked are selected
    plg.clear_selection()
    plg.clear_filters()
    own.settings = obj.default_settings(own)
    own.settings.visible = True
    own.rescale()
    obj._show_current()
    obj.redraw()
    for view in own.viewers:
        view.state.reset_limits()


def field(n=30, seed=5, *, columns=()):
    """A catalog of the demo's field with made-up sources, consistent on sky and in pixels."""
    rng = np.random.default_rng(seed)
    wcs = WCS(fits.getheader(demo("i2d"), "SCI"))
    x, y = rng.uniform(10, 310, (2, n))
    table = QTable()
    table["label"] = np.arange(1, n + 1, dtype="i4")
    table["xcentroid"], table["ycentroid"] = x, y
    sky = wcs.pixel_to_world(x, y) if n else SkyCoord([] * u.deg, [] * u.deg)
    table["sky_centroid"] = sky
    table["aper_total_flux"] = rng.uniform(1e-8, 1e-6, n) * u.Jy
    table["aper_total_flux_err"] = rng.uniform(1e-9, 1e-8, n) * u.Jy
    table["aper_total_abmag"] = rng.uniform(20, 28, n)
    table["is_extended"] = np.arange(n) % 2 == 0
    table["semimajor_sigma"] = rng.uniform(2, 3, n) * u.pix
    table["semiminor_sigma"] = rng.uniform(1, 2, n) * u.pix
    table["orientation"] = rng.uniform(-90, 90, n) * u.deg
    table.meta = {"version": {"jwst": "3.0.0"}}
    for name, values in dict(columns).items():
        table[name] = values
    return table


def write_catalog(folder, table, root=ROOT):
    return save_table(table, folder / f"{root}_cat.ecsv")


def without_wcs(folder, root=ROOT):
    """The demo's mosaic without its celestial keywords."""
    path = folder / f"{root}_i2d.fits"
    data = fits.getdata(demo("i2d"), "SCI")
    with fits.open(demo("i2d")) as hdus:
        header = hdus[0].header.copy()
    header["FILENAME"] = path.name
    image = fits.ImageHDU(data, name="SCI", header=fits.Header({"BUNIT": "MJy/sr"}))
    fits.HDUList([fits.PrimaryHDU(header=header), image]).writeto(path)
    return path
