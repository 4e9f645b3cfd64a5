"""How observables were made, from the file on, as Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

__all__ = ["Averaged", "Calibrated", "Code", "ErrorsOfAmplitudes", "Loaded", "Recipe"]


@dataclass
class Code:
    """Lines of Python; what is made twice stands in them once.

    Attributes
    ----------
    lines : list of str
    """

    lines: list[str] = field(default_factory=list)
    _names: dict[Any, str] = field(default_factory=dict, repr=False)

    def variable(self, key: Any, name: str, expression: str) -> str:
        """Return the variable that holds what a key stands for, made if it is not there yet.

        Parameters
        ----------
        key : hashable
        name : str
            Of the variable, with a number after it where another one is called so.
        expression : str
            The Python that makes it.

        Returns
        -------
        str
        """
        if key not in self._names:
            taken, number = name, 1
            while taken in self._names.values():
                number += 1
                taken = f"{name}_{number}"
            self._names[key] = taken
            self.lines.append(f"{taken} = {expression}")
        return self._names[key]


class Recipe(Protocol):
    """How observables were made."""

    def written(self, code: Code, name: str = "observables") -> str:
        """Write the Python that makes them; return the variable that holds them."""
        ...


@dataclass(frozen=True)
class Loaded:
    """Read from a file."""

    path: Path

    def written(self, code: Code, name: str = "observables") -> str:
        return code.variable(self, name, f"stage3.read({str(self.path)!r})")


@dataclass(frozen=True)
class ErrorsOfAmplitudes:
    """With errors of V² that follow from those of the amplitudes."""

    of: Recipe

    def written(self, code: Code, name: str = "observables") -> str:
        given = self.of.written(code, name)
        expression = f"stage3.analysis.vis2_errors_from_amplitudes({given})"
        return code.variable(self, f"{name}_mended", expression)


@dataclass(frozen=True)
class Calibrated:
    """Normalised with a reference."""

    target: Recipe
    reference: Recipe

    def written(self, code: Code, name: str = "observables") -> str:
        target = self.target.written(code, "target")
        reference = self.reference.written(code, "reference")
        expression = f"stage3.analysis.calibrate({target}, {reference})"
        return code.variable(self, "calibrated", expression)


@dataclass(frozen=True)
class Averaged:
    """Averaged over integrations."""

    of: Recipe
    sigma: float | None
    start: int
    stop: int | None

    def written(self, code: Code, name: str = "observables") -> str:
        given = self.of.written(code, "by_integration")
        expression = (
            f"stage3.analysis.average_integrations({given}, sigma={self.sigma}, "
            f"start={self.start}, stop={self.stop})"
        )
        return code.variable(self, "averaged", expression)
