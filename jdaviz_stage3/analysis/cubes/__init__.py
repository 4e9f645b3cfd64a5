"""Images, line maps and spectra of spectral cubes, by planes."""
