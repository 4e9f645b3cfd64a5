"""Running medians and other smoothing of spectra, with masks, gaps and uncertainties."""
