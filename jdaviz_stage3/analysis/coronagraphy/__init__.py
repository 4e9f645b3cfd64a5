"""Coronagraphy: the star's place, how faint a companion would be seen, what is left of it."""
