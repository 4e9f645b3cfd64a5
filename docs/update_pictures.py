"""Renew the pictures of the documentation from the screenshots of the browser tests.

Run the browser tests with ``STAGE3_SCREENSHOTS=screenshots``, look at the screenshots, then::

    python docs/update_pictures.py screenshots

or, after one of them, with the names of its pictures: ``… screenshots inspect_sources``.
So each picture is of the app as it is, and a picture that can no longer be made fails as a test.
"""

from __future__ import annotations

import sys
from pathlib import Path

#: The screenshot that each picture is made of. The widgets are drawn in a notebook, by hand.
SCREENSHOTS = {
    "associations": "associations",
    "catalog_overlay": "overlay-field",
    "catalog_overlay_selected": "overlay-selected",
    "comparison": "comparison",
    "coronagraphy": "coronagraphy",
    "cubes": "cube-and-aperture",
    "cubes_bands": "cube-bands",
    "demo": "demo",
    "exposures": "exposures",
    "image_stack": "image_stack",
    "inspect_sources": "inspect-sources",
    "interferometry": "interferometry",
    "interferometry_plugin": "interferometry_plugin",
    "median_smooth": "smooth-preview",
    "pipeline_extraction": "pipeline_extraction",
    "products_plugin": "products",
    "quick_look": "quick-look",
    "white_light_curve": "light-curve-cursor",
    "white_light_curve_model": "light-curve-pipeline",
}


def main(folder: Path, *pictures: str) -> None:
    """Make pictures anew of the screenshots in a folder, by default all."""
    from PIL import Image

    unknown = set(pictures) - set(SCREENSHOTS)
    if unknown:
        sys.exit(
            f"no picture {', '.join(sorted(unknown))}; expected one of {', '.join(SCREENSHOTS)}"
        )
    wanted = {name: SCREENSHOTS[name] for name in pictures or SCREENSHOTS}
    for screenshot in wanted.values():
        path = folder / f"{screenshot}.png"
        if not path.exists():
            sys.exit(f"{path}: not there; run its browser test with STAGE3_SCREENSHOTS={folder}")
    for picture, screenshot in wanted.items():
        with Image.open(folder / f"{screenshot}.png") as image:
            few_colors = image.convert("RGB").quantize(256)
            few_colors.save(Path(__file__).parent / "_static" / f"{picture}.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
