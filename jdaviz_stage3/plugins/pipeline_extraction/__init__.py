"""What the pipeline has extracted its spectra from, drawn over the data, and compared."""

from .pipeline_extraction import PipelineExtraction

__all__ = ["PipelineExtraction"]
