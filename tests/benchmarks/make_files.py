"""Files for the benchmarks: the sizes of real products, content at random."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import QTable

_SPECTRAL = (
    "WAVELENGTH", "FLUX", "FLUX_ERROR", "FLUX_VAR_POISSON", "FLUX_VAR_RNOISE", "FLUX_VAR_FLAT",
    "SURF_BRIGHT", "SB_ERROR", "SB_VAR_POISSON", "SB_VAR_RNOISE", "SB_VAR_FLAT", "DQ",
    "BACKGROUND", "BKGD_ERROR", "BKGD_VAR_POISSON", "BKGD_VAR_RNOISE", "BKGD_VAR_FLAT", "NPIXELS",
)  # fmt: skip
_UNITS = {"WAVELENGTH": "um", "FLUX": "Jy", "FLUX_ERROR": "Jy", "SURF_BRIGHT": "MJy/sr",
          "SB_ERROR": "MJy/sr"}  # fmt: skip


def _primary(model: str, **keywords) -> fits.PrimaryHDU:
    primary = fits.PrimaryHDU()
    primary.header.update(
        TELESCOP="JWST", DATAMODL=model, INSTRUME="NIRISS", DETECTOR="NIS", CAL_VER="3.0.0",
        TARGNAME="BENCHMARK", **keywords,
    )  # fmt: skip
    return primary


def make_i2d(folder: Path, size: int = 2048) -> Path:
    """Write a mosaic with a TAN WCS and a genuine gwcs in its ASDF extension."""
    from astropy.modeling import models
    from gwcs import coordinate_frames as frames
    from gwcs.wcs import WCS
    from stdatamodels.jwst.datamodels import ImageModel

    rng = np.random.default_rng(1)
    scale = 0.063 / 3600
    model = ImageModel((size, size))
    model.data = rng.normal(0.2, 0.02, (size, size)).astype("f4")
    for name in ("err", "wht", "var_poisson", "var_rnoise", "var_flat"):
        setattr(model, name, np.full((size, size), 0.02, "f4"))
    model.con = np.ones((1, size, size), "i4")
    model.meta.telescope, model.meta.bunit_data = "JWST", "MJy/sr"
    model.meta.instrument.name = "NIRCAM"
    center = size / 2
    transform = (
        models.Shift(-center) & models.Shift(-center)
        | models.Scale(-scale) & models.Scale(scale)
        | models.Pix2Sky_TAN()
        | models.RotateNative2Celestial(150.1, 2.2, 180)
    )
    detector = frames.Frame2D(name="detector", unit=(u.pix, u.pix))
    sky = frames.CelestialFrame(reference_frame=SkyCoord(0 * u.deg, 0 * u.deg).frame, name="world")
    model.meta.wcs = WCS([(detector, transform), (sky, None)])
    path = folder / "jw09997-o001_t001_nircam_clear-f200w_i2d.fits"
    model.save(path)
    with fits.open(path, mode="update") as hdus:
        hdus["SCI"].header.update(
            CTYPE1="RA---TAN", CTYPE2="DEC--TAN", CRPIX1=center + 1, CRPIX2=center + 1,
            CRVAL1=150.1, CRVAL2=2.2, CDELT1=-scale, CDELT2=scale, CUNIT1="deg", CUNIT2="deg",
            RADESYS="ICRS",
        )  # fmt: skip
    return path


def make_crf(folder: Path, size: int = 2048) -> Path:
    """Write an exposure that is distorted on the sky, flagged here and there and at its rim."""
    from make_exposures import distorted_gwcs, exposure

    rng = np.random.default_rng(2)
    shape = (size, size)
    dq = np.where(rng.uniform(size=shape) < 0.001, 17, 0).astype("u4")
    dq[:4] = 2**31 + 1
    arrays = {"data": rng.normal(0.2, 0.02, shape).astype("f4"), "dq": dq}
    for name in ("err", "var_poisson", "var_rnoise", "var_flat", "area"):
        arrays[name] = np.full(shape, 0.02, "f4")
    wcs = distorted_gwcs(150.1, 2.2, shape=shape, distortion=1e-6)
    return exposure(folder, arrays=arrays, wcs=wcs)


def make_catalog(folder: Path, template: Path, n_sources: int = 100_000) -> Path:
    """Write a catalog with the columns of a genuine one."""
    one = QTable.read(template, format="ascii.ecsv")
    table = one[np.arange(n_sources) % len(one)]
    table["label"] = np.arange(1, n_sources + 1)
    rng = np.random.default_rng(1)
    table["xcentroid"], table["ycentroid"] = rng.uniform(0, 2048, (2, n_sources))
    path = folder / "jw09997-o001_t001_nircam_clear-f200w_cat.ecsv"
    table.write(path, format="ascii.ecsv", overwrite=True)
    return path


def make_old_x1dints(folder: Path, n_integrations: int = 600, n_waves: int = 2048) -> Path:
    """Write an x1dints as jwst before 1.19 did: an extension an integration. Takes 3 minutes."""
    from make_spectra import integrations, one_hdu_an_integration

    columns = integrations(range(1, n_integrations + 1), n_waves)
    return one_hdu_an_integration(folder, columns)


def _vector_table(
    n_rows: int, n_waves: int, wavelength: np.ndarray, extra: dict
) -> fits.BinTableHDU:
    """A table with a spectrum a row, filled column by column."""
    rng = np.random.default_rng(1)
    columns = [fits.Column(name, form, array=array) for name, (form, array) in extra.items()]
    for name in _SPECTRAL:
        if name == "DQ":
            flags = (rng.random((n_rows, n_waves)) < 0.002).astype(np.uint32)
            columns.append(fits.Column(name, f"{n_waves}J", bzero=2**31, array=flags))
            continue
        values = np.full((n_rows, n_waves), 0.001)
        if name == "WAVELENGTH":
            values[:] = wavelength
        elif name == "FLUX":
            values = rng.normal(1, 0.001, (n_rows, n_waves))
        columns.append(fits.Column(name, f"{n_waves}D", _UNITS.get(name, ""), array=values))
    return fits.BinTableHDU.from_columns(columns, name="EXTRACT1D", ver=1)


def make_wfss_x1d(folder: Path, n_sources: int = 500, n_waves: int = 1000) -> Path:
    """Write a slitless x1d: four exposures, a row a source."""
    extra = {
        "SOURCE_ID": ("J", np.arange(1, n_sources + 1)),
        "N_ALONGDISP": ("J", np.full(n_sources, n_waves)),
        "SOURCE_TYPE": ("20A", np.full(n_sources, "POINT")),
        "SOURCE_RA": ("D", np.full(n_sources, 150.1)),
        "SOURCE_DEC": ("D", np.full(n_sources, 2.2)),
    }
    hdus = [_primary("WFSSMultiSpecModel", EXP_TYPE="NIS_WFSS")]
    for exposure in (1, 2, 3, 4):
        hdu = _vector_table(n_sources, n_waves, np.linspace(1.3, 1.7, n_waves), extra)
        hdu.ver = exposure
        hdu.header.update(SPORDER=1, EXPGRPID=f"jw09997001001_10102_{exposure}")
        hdus.append(hdu)
    path = folder / "jw09997-o003_t001_niriss_f150w-gr150r_x1d.fits"
    fits.HDUList(hdus).writeto(path, overwrite=True)
    return path


def make_s2d(folder: Path, n_slits: int = 200) -> Path:
    """An s2d of many slits (NIRSpec MOS), each with its gwcs; takes a minute."""
    from make_slits import Slit, many_slits

    slits = [Slit(n_rows=30, n_wave=1000, name=f"S{k}", source_id=k) for k in range(1, n_slits + 1)]
    return many_slits(folder, slits)


def make_big_x1dints(folder: Path, n_integrations: int = 3000, n_waves: int = 2048) -> Path:
    """Write an x1dints in today's layout: a row an integration; 860 MB."""
    number = np.arange(1, n_integrations + 1)
    day = 61100 + number * 1e-4
    extra = {
        "INT_NUM": ("J", number),
        "N_ALONGDISP": ("J", np.full(n_integrations, n_waves)),
        "SEGMENT": ("J", np.ones(n_integrations, int)),
        "MJD-AVG": ("D", day),
        "TDB-MID": ("D", day),
    }
    hdu = _vector_table(n_integrations, n_waves, np.linspace(2.8, 0.85, n_waves), extra)
    hdu.header.update(SPORDER=1, DETECTOR="NIS")
    path = folder / "jw09997-o004_t001_niriss_clear-gr700xd_x1dints.fits"
    fits.HDUList([_primary("TSOMultiSpecModel", EXP_TYPE="NIS_SOSS"), hdu]).writeto(
        path, overwrite=True
    )
    return path


def make_long_x1dints(
    folder: Path, n_integrations: int = 130_000, n_waves: int = 500, flagged: float = 0.002
) -> Path:
    """Write an x1dints with a transit, some integrations at a time; 9.1 GB with 130 000 × 500."""
    n_model = 2
    extra = {
        "INT_NUM": ("J", np.zeros(n_model, int)),
        "N_ALONGDISP": ("J", np.full(n_model, n_waves)),
        "SEGMENT": ("J", np.ones(n_model, int)),
        "MJD-AVG": ("D", np.zeros(n_model)),
        "TDB-MID": ("D", np.zeros(n_model)),
    }
    model = _vector_table(n_model, n_waves, np.linspace(0.6, 5.3, n_waves), extra)
    model.header.update(SPORDER=1, DETECTOR="NRS1")
    primary = _primary("TSOMultiSpecModel", EXP_TYPE="NRS_BRIGHTOBJ")
    primary.header.update(INSTRUME="NIRSPEC", DETECTOR="NRS1")
    path = folder / "jw09997-o006_t001_nirspec_clear-prism_x1dints.fits"
    fits.HDUList([primary, model]).writeto(path, overwrite=True)
    with fits.open(path) as hdus:
        row = hdus[1].columns.dtype.newbyteorder(">")
        start = hdus[1].fileinfo()["datLoc"]
        headers = [hdu.header.copy() for hdu in hdus]
    one = np.fromfile(path, row, 1, offset=start)
    headers[1]["NAXIS2"] = n_integrations
    rng = np.random.default_rng(1)
    with open(path, "wb") as stream:
        for header in headers:
            stream.write(header.tostring().encode("ascii"))
        for first in range(0, n_integrations, 2000):
            number = np.arange(first + 1, min(first + 2000, n_integrations) + 1)
            table = np.repeat(one, len(number))
            table["INT_NUM"] = number
            table["MJD-AVG"] = 61100 + number * 2e-6
            table["TDB-MID"] = table["MJD-AVG"] + 0.003
            transit = np.where(np.abs(number / n_integrations - 0.5) < 0.15, 0.99, 1.0)
            noise = rng.standard_normal((len(number), n_waves))
            table["FLUX"] = transit[:, np.newaxis] + 0.003 * noise
            dq = rng.random(noise.shape, dtype="f4") < flagged
            table["DQ"] = (dq.astype("u4") ^ np.uint32(2**31)).view("i4")
            stream.write(table.tobytes())
        stream.write(b"\0" * (-stream.tell() % 2880))
    return path


def make_x1d_files(folder: Path, n_files: int = 500, n_waves: int = 1000) -> list[Path]:
    """Write x1d files of one source each, on wavelengths that differ a little."""
    paths = []
    for number in range(1, n_files + 1):
        rng = np.random.default_rng(number)
        wavelength = np.linspace(0.6 + 0.001 * number, 5.2, n_waves)
        columns = []
        for name in _SPECTRAL:
            if name == "DQ":
                flags = (rng.random(n_waves) < 0.002).astype(np.uint32)
                columns.append(fits.Column(name, "J", bzero=2**31, array=flags))
                continue
            values = np.full(n_waves, 0.001)
            if name == "WAVELENGTH":
                values = wavelength
            elif name == "FLUX":
                values = rng.normal(1e-6 * number, 1e-8, n_waves)
            columns.append(fits.Column(name, "D", _UNITS.get(name, ""), array=values))
        hdu = fits.BinTableHDU.from_columns(columns, name="EXTRACT1D", ver=1)
        hdu.header.update(SPORDER=1, SOURCEID=number, SRCTYPE="POINT", SLTNAME=f"S{number}")
        path = folder / f"jw09997-o005_s{number:05d}_nirspec_f290lp-g395h_x1d.fits"
        primary = _primary("MultiSpecModel", EXP_TYPE="NRS_MSASPEC")
        fits.HDUList([primary, hdu]).writeto(path, overwrite=True)
        paths.append(path)
    return paths


def make_large_i2d(folder: Path, size: int) -> Path:
    """Write a mosaic of any size, SCI, ERR, CON and WHT, a strip of rows at a time."""
    path = folder / f"jw09996-o001_t001_nircam_clear-f{size}w_i2d.fits"
    noise = np.random.default_rng(1).normal(1, 0.1, (1000, 1000)).astype(">f4")
    scale = 0.03 / 3600
    with open(path, "wb") as out:
        primary = _primary("ImageModel")
        primary.header["FILTER"] = "F200W"
        out.write(primary.header.tostring().encode())
        for name in ("SCI", "ERR", "CON", "WHT"):
            header = fits.ImageHDU(name=name).header
            header["BITPIX"], header["NAXIS"] = (32, 3) if name == "CON" else (-32, 2)
            for number in range(1, header["NAXIS"] + 1):
                length = size if number < 3 else 1
                header.set(f"NAXIS{number}", length, after=f"NAXIS{number - 1}".rstrip("0"))
            header.update(
                BUNIT="MJy/sr", CTYPE1="RA---TAN", CTYPE2="DEC--TAN", CRPIX1=size / 2,
                CRPIX2=size / 2, CRVAL1=150.1, CRVAL2=2.2, CDELT1=-scale, CDELT2=scale,
                CUNIT1="deg", CUNIT2="deg", RADESYS="ICRS",
            )  # fmt: skip
            out.write(header.tostring().encode())
            for first in range(0, size, 1000):
                rows = min(1000, size - first)
                if name == "CON":
                    strip = np.ones((rows, size), ">i4")
                else:
                    strip = np.tile(noise[:rows], (1, -(-size // 1000)))[:, :size]
                    strip = (strip + np.float32(first / size)).astype(">f4")
                out.write(strip.tobytes())
            out.write(b"\0" * (-4 * size**2 % 2880))
    return path


def make_long_catalog(folder: Path, template: Path, n_sources: int) -> Path:
    """Write a catalog of the lines of a genuine one, with labels and places of its own."""
    lines = template.read_text().splitlines(keepends=True)
    top = [line for line in lines if line.startswith("#")]
    names, *rows = lines[len(top) :]
    rows = [row.split(" ", 3)[3] for row in rows]
    x, y = np.random.default_rng(1).uniform(0, 20_000, (2, n_sources))
    path = folder / "jw09996-o001_t001_nircam_clear-f200w_cat.ecsv"
    with open(path, "w") as out:
        out.writelines([*top, names])
        for i in range(n_sources):
            out.write(f"{i + 1} {x[i]:.4f} {y[i]:.4f} {rows[i % len(rows)]}")
    return path
