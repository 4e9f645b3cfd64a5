"""Interferometry: calibration, models, and whether there is a companion."""
