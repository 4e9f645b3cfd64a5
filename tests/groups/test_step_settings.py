"""The parameters of steps, from the logs of the pipeline."""

import pytest
import yaml
from astropy.io import fits
from make_products import mosaic
from make_tables import catalog
from stdatamodels.jwst import datamodels

import jdaviz_stage3 as stage3


def logged(folder, **logs):
    """A mosaic with logs of pipelines, each a list of messages."""
    with datamodels.open(mosaic(folder)) as model:
        model.cal_logs = logs
        path = folder / "logged_i2d.fits"
        model.save(path)
    return path


def said(name, parameters):
    """As stpipe.Step.run says it."""
    text = yaml.dump(parameters, sort_keys=False).strip()
    lines = "\n  ".join(text.splitlines())
    return f"2026-04-01T00:00:00.000 - stpipe - INFO - Step {name} parameters are:\n  {lines}"


TWEAKREG = {
    "pre_hooks": [], "output_ext": ".fits", "skip": False, "snr_threshold": 10, "abs_refcat": "",
    "kernel_fwhm": 2.5, "expand_refcat": None, "note": "a: b\n  - c 'd'",
}  # fmt: skip


def test_parameters_of_a_pipeline_and_its_steps(tmp_path):
    pipeline = {
        "output_use_model": True,
        "steps": {"tweakreg": TWEAKREG, "resample": {"pixfrac": 0.8}},
    }
    path = logged(
        tmp_path,
        calwebb_image3=["x - INFO - Step Image3Pipeline running", said("Image3Pipeline", pipeline)],
        calwebb_image2=[said("Image2Pipeline", {"save_bsub": False})],
    )
    found = stage3.step_parameters(path)
    assert found == {
        "Image3Pipeline": {"output_use_model": True},
        "tweakreg": TWEAKREG,
        "resample": {"pixfrac": 0.8},
        "Image2Pipeline": {"save_bsub": False},
    }


def test_what_the_installed_step_says_of_itself(tmp_path):
    from jwst.combine_1d import Combine1dStep

    parameters = Combine1dStep().get_pars()
    found = stage3.step_parameters(logged(tmp_path, combine_1d=[said("combine_1d", parameters)]))
    assert found == {"combine_1d": yaml.safe_load(yaml.dump(parameters))}


def test_files_without_them(tmp_path):
    assert stage3.step_parameters(mosaic(tmp_path)) == {}
    assert stage3.step_parameters(logged(tmp_path, calwebb_image3=[])) == {}
    broken = [said("a", {"b": 1}), "Step c parameters are:\n  [1, {", "Step d parameters are:\n  5"]
    assert stage3.step_parameters(logged(tmp_path, calwebb_image3=broken)) == {"a": {"b": 1}}
    path = mosaic(tmp_path)
    with fits.open(path, mode="update") as hdus:
        del hdus["ASDF"]
    assert stage3.step_parameters(path) == {}
    with pytest.raises(stage3.UnsupportedProductError, match="an? ECSV file, which has no logs"):
        stage3.step_parameters(catalog(tmp_path))
