"""The standalone app: a page in the browser, served from a terminal."""
