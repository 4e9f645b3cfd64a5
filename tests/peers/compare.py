"""Prints which of jdaviz's own tests end differently with this package imported."""

import collections
import json
import sys
from pathlib import Path


def differences(without: dict[str, str], with_us: dict[str, str]) -> list[str]:
    """Return a line for each test whose outcome differs, one that ran on one side only included."""
    lines = []
    for test in sorted(without.keys() | with_us.keys()):
        outcomes = without.get(test, "not run"), with_us.get(test, "not run")
        if outcomes[0] != outcomes[1]:
            lines.append(f"{test}: {outcomes[0]} without, {outcomes[1]} with")
    return lines


def main(without_path: str, with_path: str) -> int:
    """Print the comparison of two files of outcomes; 1 if there is a difference or nothing ran."""
    without, with_us = (json.loads(Path(path).read_text()) for path in (without_path, with_path))
    for name, outcomes in (("without", without), ("with", with_us)):
        counts = collections.Counter(outcomes.values())
        print(f"{name:>8}:", ", ".join(f"{n} {outcome}" for outcome, n in sorted(counts.items())))
    found = differences(without, with_us)
    print("Different:", *(found or ["none"]), sep="\n  ")
    return 1 if found or not without else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
