"""The table of JWST Stage 3 product types.

Everything that differs from product type to product type and that more than one layer needs to
know stands in one row of `PRODUCT_TYPES`.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import UnknownProductError

__all__ = ["PRODUCT_TYPES", "ProductType", "product_type"]


@dataclass(frozen=True)
class ProductType:
    """One row of the table of product types.

    Attributes
    ----------
    suffix : str
        The end of the file name that the pipeline gives the product, for example ``'x1dints'``.
    name : str
        What astronomers call it.
    description : str
        One line on what is in it.
    pipelines : tuple of str
        The Stage 3 pipelines that write it, without the ``calwebb_`` prefix.
    container : {'fits', 'ecsv', 'json'}
        The kind of file.
    datamodels : tuple of str
        Values of the ``DATAMODL`` keyword that the product has had. Empty where there is none.
    reader : str
        ``'module:function'`` below ``jdaviz_stage3.readers``; empty where there is no reader yet.
    importer : str
        The format that jdaviz's loaders and file picker show; empty where it cannot be shown yet,
        and where other files are shown in its stead, as those that an association names.
    viewer : str
        What it opens in, in words.
    configurations : tuple of str
        The jdaviz configurations that can show it: ``'deconfigged'`` is the generalised app.
    by_name : bool
        Whether it is opened by its name only, and left out where a whole folder is: what a product
        was made from, of which there are many.
    """

    suffix: str
    name: str
    description: str
    pipelines: tuple[str, ...]
    container: str = "fits"
    datamodels: tuple[str, ...] = ()
    reader: str = ""
    importer: str = ""
    viewer: str = ""
    configurations: tuple[str, ...] = ()
    by_name: bool = False

    @property
    def docs(self) -> str:
        """Anchor of the product's row on the documentation's page of products."""
        return f"products.html#{self.suffix}"

    @property
    def can_load(self) -> bool:
        """Whether `jdaviz_stage3.load` can show it."""
        return bool(self.viewer)

    @property
    def action(self) -> str:
        """What `jdaviz_stage3.load` does with it, in words."""
        if self.can_load:
            return f"opens in {self.viewer}"
        return "cannot be shown yet"


_APP = "deconfigged"

# Row order is load order: images come before the catalogs and spectra of the sources on them.
PRODUCT_TYPES: tuple[ProductType, ...] = (
    ProductType(
        "i2d", "mosaic", "Resampled and combined image, with error and weight maps",
        ("image3", "coron3"), datamodels=("ImageModel", "DrizProductModel"),
        reader="image:read_image", importer="JWST image",
        viewer="an image viewer", configurations=(_APP, "imviz"),
    ),
    ProductType(
        "segm", "segmentation map", "For each pixel the catalog label of its source, 0 for none",
        ("image3",), datamodels=("SegmentationMapModel",),
        reader="image:read_segmentation", importer="JWST image",
        viewer="an image viewer", configurations=(_APP, "imviz"),
    ),
    ProductType(
        "crf", "outlier-flagged exposure", "One calibrated exposure with cosmic rays flagged",
        ("image3", "spec3"),
        datamodels=("ImageModel", "IFUImageModel", "MultiSlitModel", "MultiExposureModel"),
        reader="exposures:read_exposure", importer="JWST image",
        viewer="an image viewer", configurations=(_APP, "imviz"), by_name=True,
    ),
    ProductType(
        "cal", "calibrated exposure",
        "The exposures of one source, or one exposure as Stage 2 calibrates it",
        ("spec3",),
        datamodels=("MultiExposureModel", "MultiSlitModel", "ImageModel", "IFUImageModel"),
        reader="exposures:read_exposure", importer="JWST image",
        viewer="an image viewer", configurations=(_APP, "imviz"), by_name=True,
    ),
    ProductType(
        "calints", "calibrated integrations", "Calibrated image of each integration",
        ("tso3", "coron3"), datamodels=("CubeModel", "SlitModel"),
        reader="stacks:read_stack", importer="JWST image stack",
        viewer="an image viewer, a frame at a time", configurations=(_APP, "imviz"), by_name=True,
    ),
    ProductType(
        "crfints", "outlier-flagged integrations",
        "Calibrated image of each integration with cosmic rays flagged",
        ("tso3", "coron3"), datamodels=("CubeModel", "SlitModel"),
        reader="stacks:read_stack", importer="JWST image stack",
        viewer="an image viewer, a frame at a time", configurations=(_APP, "imviz"), by_name=True,
    ),
    ProductType(
        "psfstack", "stacked PSF images", "The reference PSF images of a coronagraphic observation",
        ("coron3",), datamodels=("CubeModel",),
        reader="stacks:read_stack", importer="JWST image stack",
        viewer="an image viewer, a frame at a time", configurations=(_APP, "imviz"),
    ),
    ProductType(
        "psfalign", "aligned PSF images", "The reference PSF images aligned to the science target",
        ("coron3",), datamodels=("CubeModel", "QuadModel"),
        reader="stacks:read_stack", importer="JWST image stack",
        viewer="an image viewer, a frame at a time", configurations=(_APP, "imviz"),
    ),
    ProductType(
        "psfsub", "PSF-subtracted images", "Each science integration with its PSF subtracted",
        ("coron3",), datamodels=("CubeModel",),
        reader="stacks:read_stack", importer="JWST image stack",
        viewer="an image viewer, a frame at a time", configurations=(_APP, "imviz"),
    ),
    ProductType(
        "cat", "source catalog", "Positions, photometry and shapes of the sources of a mosaic",
        ("image3",), container="ecsv",
        reader="catalog:read_catalog", importer="JWST source catalog",
        viewer="the image viewers (or a table)", configurations=(_APP, "imviz"),
    ),
    ProductType(
        "s2d", "rectified 2-D spectrum", "Resampled and combined 2-D spectrum",
        ("spec3",), datamodels=("SlitModel", "MultiSlitModel"),
        reader="spectral_images:read_spectral_images", importer="JWST 2-D spectrum",
        viewer="a 2-D spectrum viewer", configurations=(_APP,),
    ),
    ProductType(
        "s3d", "spectral cube", "Resampled and combined cube of an integral field unit",
        ("spec3",), datamodels=("IFUCubeModel",),
        reader="cubes:read_cube", importer="JWST spectral cube",
        viewer="a cube viewer and a spectrum viewer", configurations=(_APP,),
    ),
    ProductType(
        "x1d", "extracted spectra", "1-D spectra, one for each source, slit, order or exposure",
        ("spec3",),
        datamodels=("MultiSpecModel", "MRSMultiSpecModel", "WFSSMultiSpecModel", "SpecModel"),
        reader="spectra:read_spectra", importer="JWST spectra",
        viewer="a spectrum viewer", configurations=(_APP, "specviz"),
    ),
    ProductType(
        "c1d", "combined spectra", "1-D spectra combined over exposures, one a source or order",
        ("spec3",),
        datamodels=("CombinedSpecModel", "MultiCombinedSpecModel", "WFSSMultiCombinedSpecModel"),
        reader="spectra:read_spectra", importer="JWST spectra",
        viewer="a spectrum viewer", configurations=(_APP, "specviz"),
    ),
    ProductType(
        "x1dints", "spectral time series", "One 1-D spectrum for each integration",
        ("tso3",), datamodels=("TSOMultiSpecModel", "MultiSpecModel"),
        reader="time_series:read_spectral_time_series", importer="JWST spectral time series",
        viewer="a dynamic spectrum and a spectrum viewer", configurations=(_APP, "specviz"),
    ),
    ProductType(
        "whtlt", "white light curve", "Flux summed over wavelength for each integration",
        ("tso3",), container="ecsv",
        reader="light_curve:read_white_light", importer="JWST light curve",
        viewer="a light-curve viewer", configurations=(_APP,),
    ),
    ProductType(
        "phot", "aperture photometry", "Aperture photometry for each integration",
        ("tso3",), container="ecsv",
        reader="photometry:read_photometry", importer="JWST light curve",
        viewer="a light-curve viewer", configurations=(_APP,),
    ),
    ProductType(
        "ami-oi", "interferometric observables",
        "Squared visibilities and closure phases of one exposure, averaged over integrations",
        ("ami3",), datamodels=("AmiOIModel",),
        reader="interferometry:read_interferometry", importer="JWST interferometry",
        viewer="two viewers: squared visibility and closure phase", configurations=(_APP,),
    ),
    ProductType(
        "psf-ami-oi", "interferometric observables of the reference star",
        "Squared visibilities and closure phases of a reference star's exposure",
        ("ami3",), datamodels=("AmiOIModel",),
        reader="interferometry:read_interferometry", importer="JWST interferometry",
        viewer="two viewers: squared visibility and closure phase", configurations=(_APP,),
    ),
    ProductType(
        "aminorm-oi", "normalised interferometric observables",
        "Squared visibilities and closure phases, calibrated with those of the reference star",
        ("ami3",), datamodels=("AmiOIModel",),
        reader="interferometry:read_interferometry", importer="JWST interferometry",
        viewer="two viewers: squared visibility and closure phase", configurations=(_APP,),
    ),
    ProductType(
        "amimulti-oi", "interferometric observables by integration",
        "Squared visibilities and closure phases of each integration",
        ("ami3",), datamodels=("AmiOIModel",),
        reader="interferometry:read_interferometry", importer="JWST interferometry",
        viewer="two viewers: squared visibility and closure phase", configurations=(_APP,),
    ),
    ProductType(
        "ami", "fringe parameters", "Fringe parameters and closure phases (jwst before 1.14)",
        ("ami3",), datamodels=("AmiLgModel",),
        reader="interferometry:read_interferometry", importer="JWST interferometry",
        viewer="two viewers: squared visibility and closure phase", configurations=(_APP,),
    ),
    ProductType(
        "amiavg", "averaged fringe parameters",
        "Fringe parameters averaged over exposures (jwst before 1.14)",
        ("ami3",), datamodels=("AmiLgModel",),
        reader="interferometry:read_interferometry", importer="JWST interferometry",
        viewer="two viewers: squared visibility and closure phase", configurations=(_APP,),
    ),
    ProductType(
        "psf-amiavg", "averaged fringe parameters of the reference star",
        "The reference star's fringe parameters averaged over exposures (jwst before 1.14)",
        ("ami3",), datamodels=("AmiLgModel",),
        reader="interferometry:read_interferometry", importer="JWST interferometry",
        viewer="two viewers: squared visibility and closure phase", configurations=(_APP,),
    ),
    ProductType(
        "aminorm", "normalised fringe parameters",
        "Fringe parameters calibrated with those of the reference star (jwst before 1.14)",
        ("ami3",), datamodels=("AmiLgModel",),
        reader="interferometry:read_interferometry", importer="JWST interferometry",
        viewer="two viewers: squared visibility and closure phase", configurations=(_APP,),
    ),
    ProductType(
        "amilg", "fringe fit", "Interferograms, the fringe model fitted to them, and residuals",
        ("ami3",), datamodels=("AmiLgFitModel",),
        reader="stacks:read_stack", importer="JWST image stack",
        viewer="an image viewer, a frame at a time", configurations=(_APP, "imviz"),
    ),
    ProductType(
        "asn", "association", "The list of files that a Stage 3 product was made from",
        ("image3", "spec3", "tso3", "coron3", "ami3"), container="json",
        reader="association:read_association",
        viewer="the viewers of its products", configurations=(_APP, "imviz", "specviz"),
    ),
)  # fmt: skip

_BY_SUFFIX = {row.suffix: row for row in PRODUCT_TYPES}


def product_type(suffix: str) -> ProductType:
    """Look up a row of the table.

    Parameters
    ----------
    suffix : str
        For example ``'i2d'``.

    Returns
    -------
    ProductType

    Raises
    ------
    UnknownProductError
        If no product type has that suffix.
    """
    try:
        return _BY_SUFFIX[suffix]
    except KeyError:
        known = ", ".join(_BY_SUFFIX)
        raise UnknownProductError(
            f"{suffix!r} is no Stage 3 product type; known: {known}"
        ) from None
