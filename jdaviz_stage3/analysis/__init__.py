"""Numeric functions on arrays: no files, no widgets."""
