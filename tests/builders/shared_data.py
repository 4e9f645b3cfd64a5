"""Products beside the checkout, of telescopes and simulations: too large for the repository."""

from pathlib import Path

__all__ = ["DATA"]

#: The folder, which need not be there.
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
