"""Source catalogs and segmentation maps: conditions, shapes, densities, outlines."""
