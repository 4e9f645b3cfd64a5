"""Files that were damaged, cut, or made to harm: mutations of small genuine products.

`mutate` changes the bytes of a file; `outcome` says what the package makes of it. The tests run a
bounded number of cases; by hand, ``python tests/hostile_files.py 10000`` runs as many as one likes,
each in a process of its own limits, and prints what went wrong and how long the slowest took.
"""

from __future__ import annotations

import gzip
import itertools
import random
import re
import struct
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

BLOCK, CARD = 2880, 80

#: What a header's value may be replaced by: of another type, absurd, or not even FITS.
VALUES = (
    "T", "F", "0", "-1", "-2147483648", "1.5", "1E300", "-1E300", "NaN", "INF", "1E5", "999",
    "1000", "65536", "2147483647", "9223372036854775807", "99999999999999999999", "''", "' '",
    "'text'", "'JWST'", "'1D'", "'1PD(9)'", "'9999999999D'", "'(0)'", "(1,2)",
    "'" + "x" * 60 + "'", "",
    "'un", "1 2 3", "\x01\x02", "{", "'0001-99-99'",
)  # fmt: skip
#: Keywords worth more tries than their share of the cards.
STRUCTURE = re.compile(
    rb"(SIMPLE|XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TFIELDS|TFORM\d+|TTYPE\d+|TDIM\d+|TZERO\d+"
    rb"|TSCAL\d+|TUNIT\d+|BZERO|BSCALE|EXTNAME|EXTVER|TELESCOP|DATAMODL|SPORDER|INT_NUM|SOURCEID"
    rb"|SRCTYPE|DETECTOR|BUNIT|CTYPE\d|CRVAL\d|CRPIX\d|CDELT\d|CUNIT\d|PC\d_\d|END) *[= ]"
)
JSON_TEXTS = (
    b"{" * 5000,
    b'{"products": ' + b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"products": [1e999',
)


def _cards(content: bytes) -> list[int]:
    """Offsets of the header cards of a FITS file, the structural ones three times."""
    found = []
    for start in range(0, len(content) - CARD + 1, CARD):
        card = content[start : start + CARD]
        if STRUCTURE.match(card):
            found += [start] * 3
        elif card[8:10] == b"= " and card[:8].strip().isalnum():
            found.append(start)
    return found


def _set_value(content: bytearray, rng: random.Random) -> None:
    cards = _cards(bytes(content))
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        start = rng.choice(cards)
        value = rng.choice(VALUES)
        card = content[start : start + 8].decode("latin-1") + "= " + value
        content[start : start + CARD] = card.ljust(CARD)[:CARD].encode("latin-1")


def _lose_card(content: bytearray, rng: random.Random) -> None:
    start = rng.choice(_cards(bytes(content)))
    content[start : start + CARD] = b" " * CARD


def _swap_cards(content: bytearray, rng: random.Random) -> None:
    cards = _cards(bytes(content))
    one, other = rng.choice(cards), rng.choice(cards)
    kept = bytes(content[one : one + CARD])
    content[one : one + CARD] = content[other : other + CARD]
    content[other : other + CARD] = kept


def _flip(content: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 3, 30))):
        content[rng.randrange(len(content))] = rng.randrange(256)


def _flip_early(content: bytearray, rng: random.Random) -> None:
    content[rng.randrange(min(len(content), 2 * BLOCK))] = rng.randrange(256)


def _cut(content: bytearray, rng: random.Random) -> None:
    del content[rng.randrange(len(content)) :]


def _cut_at_block(content: bytearray, rng: random.Random) -> None:
    del content[rng.randrange(len(content) // BLOCK + 1) * BLOCK :]


def _cut_out(content: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(content))
    del content[start : start + rng.choice((1, CARD, BLOCK, 10 * BLOCK))]


def _double(content: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(content) // BLOCK + 1) * BLOCK
    content[start:start] = content[start : start + rng.choice((1, 3)) * BLOCK]


def _blank(content: bytearray, rng: random.Random) -> None:
    start, size = rng.randrange(len(content)), rng.choice((8, CARD, BLOCK))
    size = min(size, len(content) - start)
    content[start : start + size] = bytes([rng.choice((0, 32, 255))]) * size


def _other_numbers(content: bytearray, rng: random.Random) -> None:
    """Write odd floating-point numbers over data."""
    start = rng.randrange(max(len(content) - 80, 1))
    numbers = [rng.choice((0.0, float("nan"), float("inf"), 1e308, -1e-308)) for _ in range(10)]
    content[start : start + 80] = struct.pack(">10d", *numbers)


def _compress_and_cut(content: bytearray, rng: random.Random) -> None:
    packed = gzip.compress(bytes(content), compresslevel=1, mtime=0)
    content[:] = packed[: rng.randrange(4, len(packed) + 1)]


def _compress_and_flip(content: bytearray, rng: random.Random) -> None:
    content[:] = gzip.compress(bytes(content), compresslevel=1, mtime=0)
    content[rng.randrange(3, len(content))] = rng.randrange(256)


def _bomb(content: bytearray, rng: random.Random) -> None:
    """A product and 3 GB of zeros after it, in 3 MB."""
    content[:] = gzip.compress(bytes(content), mtime=0) + _zeros()


def _huge(content: bytearray, rng: random.Random) -> None:
    """Say that arrays are larger than any file."""
    for start in dict.fromkeys(_cards(bytes(content))):
        name = bytes(content[start : start + 8]).strip()
        if name in (b"NAXIS1", b"NAXIS2", b"TFIELDS", b"NAXIS", b"PCOUNT") and rng.random() < 0.3:
            card = (
                name.decode().ljust(8) + "= " + rng.choice(("2147483647", "999999999", "1000000"))
            )
            content[start : start + CARD] = card.ljust(CARD).encode()


_FITS_MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *[_set_value] * 10, *[_lose_card] * 3, *[_swap_cards] * 2, _flip, _flip_early, _cut,
    _cut_at_block, _cut_out, _double, _blank, *[_other_numbers] * 2, _compress_and_cut,
    _compress_and_flip, _huge,
)  # fmt: skip
_TEXTS = (
    b"", b"#", b"nan", b"---", b"!!python/object/apply:os.system ['false']", b"&a [*a]", b"{",
    b"\x00",
    b"\xff\xfe", b"1e999", b"-1", b'""', b'"', b"\n\n", b"# %ECSV 9.9", b"datatype: complex256",
    b"unit: 'furlong'", b"subtype: 'json'", b"9" * 400, b"[1,2", b"a: &x [1]\n# b: *x",
)  # fmt: skip


def _replace_word(content: bytearray, rng: random.Random) -> None:
    words = list(re.finditer(rb"[^\s,:{}\[\]]+", bytes(content)))
    for _ in range(rng.choice((1, 1, 3))):
        word = rng.choice(words)
        content[word.start() : word.end()] = rng.choice(_TEXTS)


def _lose_line(content: bytearray, rng: random.Random) -> None:
    lines = bytes(content).splitlines(keepends=True)
    del lines[rng.randrange(len(lines))]
    content[:] = b"".join(lines)


def _double_line(content: bytearray, rng: random.Random) -> None:
    lines = bytes(content).splitlines(keepends=True)
    lines.insert(rng.randrange(len(lines)), rng.choice(lines))
    content[:] = b"".join(lines)


def _deep(content: bytearray, rng: random.Random) -> None:
    content[:] = rng.choice(JSON_TEXTS)


_TEXT_MUTATIONS = (
    *[_replace_word] * 6, _lose_line, _double_line, _flip, _flip_early, _cut, _cut_out, _blank,
    _compress_and_cut,
)  # fmt: skip


@cache
def _zeros() -> bytes:
    packed = gzip.compress(bytes(100_000_000), compresslevel=9, mtime=0)
    return packed * 30  # members one after the other are one gzip file


def mutate(name: str, content: bytes, seed: int) -> bytes:
    """Damage the content of a file.

    Parameters
    ----------
    name : str
        Its name, which says whether it is FITS, ECSV or JSON.
    content : bytes
    seed : int
        The same seed makes the same damage.

    Returns
    -------
    bytes
    """
    rng = random.Random(seed)
    changed = bytearray(content)
    if name.endswith(".json"):
        rng.choice((*_TEXT_MUTATIONS, *[_deep] * 3))(changed, rng)
    elif name.endswith(".ecsv"):
        rng.choice(_TEXT_MUTATIONS)(changed, rng)
    else:
        if content.startswith(b"\x1f\x8b"):
            changed = bytearray(gzip.decompress(content))
        rng.choice(_FITS_MUTATIONS if seed % 500 else (_bomb,))(changed, rng)
    return bytes(changed)


def use(path: Path) -> None:
    """Do what the package does with a file without an app: recognise, describe and read it."""
    from jdaviz_stage3.errors import Stage3Error
    from jdaviz_stage3.products import identify
    from jdaviz_stage3.readers import read
    from jdaviz_stage3.summary import summarize

    summary = summarize(path)
    assert summary.problem.count("\n") == 0, summary.problem
    try:
        kind = identify(path)
        if not kind.reader:
            return
        look_at(read(path))
    except Stage3Error as err:
        assert str(err).strip(), "an error without a word"
        assert "\n" not in str(err), err
        assert len(str(err)) < 2000, err


def look_at(product: Any) -> None:
    """Ask a product for all that it reads only when it is asked."""
    if isinstance(product, Mapping):  # traces of a time series
        for trace in product.values():
            trace.wavelength, trace.flux, trace.uncertainty, trace.dq  # noqa: B018
            trace.time, trace.time_utc, trace.int_num, trace.segment  # noqa: B018
            trace.usable_flux(), trace.flux_variance(), trace.flux_variance("total")
            repr(product)
    elif hasattr(product, "read_all"):
        product.table  # noqa: B018
        for index in itertools.islice(range(len(product)), 4):
            product.label(index), product[index]


def _run(cases: int, seed: int) -> None:
    """Run cases by hand and print what fails: see the module."""
    import collections
    import multiprocessing
    import resource
    import sys
    import tempfile
    import time
    import traceback
    import warnings

    sys.path.insert(0, str(Path(__file__).parent))
    import pyarrow.csv  # noqa: F401  (imported here, so that no case is charged for it)
    from make_products import BUILDERS

    import jdaviz_stage3.products
    import jdaviz_stage3.readers.catalog
    import jdaviz_stage3.readers.image
    import jdaviz_stage3.readers.light_curve
    import jdaviz_stage3.readers.photometry
    import jdaviz_stage3.readers.spectra
    import jdaviz_stage3.readers.time_series
    import jdaviz_stage3.summary  # noqa: F401

    folder = Path(tempfile.mkdtemp())
    genuine = []
    for key, build in BUILDERS.items():
        (folder / "-".join(key)).mkdir()
        path = build(folder / "-".join(key))
        genuine.append(path)
    print(len(genuine), "products; limits: 60 s, 3 GB", flush=True)
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    failures = collections.Counter()
    slow, large = [], []
    for number in range(seed, seed + cases):
        path = genuine[number % len(genuine)]
        target = folder / "case" / path.name
        target.parent.mkdir(exist_ok=True)
        content = mutate(path.name, path.read_bytes(), number)
        target.write_bytes(content)
        reader, writer = multiprocessing.Pipe(duplex=False)

        def work(target=target, writer=writer):
            resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            start = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    use(target)
                    told = ""
                except BaseException as err:
                    frames = traceback.extract_tb(err.__traceback__)
                    ours = [
                        f"{Path(f.filename).name}:{f.lineno}"
                        for f in frames
                        if "jdaviz_stage3" in f.filename
                    ]
                    told = f"{type(err).__name__} at {'>'.join(ours[-3:])}: {str(err)[:100]}"
            spent = time.perf_counter() - start
            writer.send((told, spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))

        context = multiprocessing.get_context("fork")
        process = context.Process(target=work)
        process.start()
        writer.close()
        try:
            told, spent, memory = reader.recv()
        except EOFError:
            process.join()
            told, spent, memory = f"the process ended with {process.exitcode}", 60.0, 0
        process.join()
        if told:
            failures[re.sub(r"\d{4,}|'[^']*'|0x\w+", "…", told)] += 1
            if failures[re.sub(r"\d{4,}|'[^']*'|0x\w+", "…", told)] == 1:
                print("FAIL", number, target.name, told, flush=True)
        slow.append((round(spent, 2), number))
        large.append((memory // 1024, number))
    print(sum(failures.values()), "of", cases, "failed")
    for told, count in failures.most_common():
        print(count, told)
    print("slowest (s, case):", sorted(slow)[-8:], "over 2 s:", sum(s > 2 for s, _ in slow))
    print("largest (MB, case):", sorted(large)[-8:], "over 500 MB:", sum(m > 500 for m, _ in large))
    print("base", base // 1024, "MB")


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=int)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    _run(arguments.cases, arguments.seed)
