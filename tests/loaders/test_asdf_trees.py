"""Trees of ASDF files that are larger than they look."""

import pytest

from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.loaders.asdf_trees import check_tree

HEAD = b"#ASDF 1.0.0\n#ASDF_STANDARD 1.5.0\n%YAML 1.1\n--- !core/asdf-1.1.0\n"


def grown(times, how="[{}]"):
    """A tree in which each of so many parts names the one before nine times."""
    lines = ["p0: &p0 [x, x, x, x, x, x, x, x, x]"]
    for at in range(1, times):
        lines.append(f"p{at}: &p{at} " + how.format(", ".join([f"*p{at - 1}"] * 9)))
    return "\n".join(lines).encode()


@pytest.mark.parametrize("times", [7, 30, 300])
@pytest.mark.parametrize("how", ["[{}]", "{{a: [{}]}}"])
def test_a_small_file_with_a_huge_tree_is_refused(tmp_path, times, how):
    path = tmp_path / "a.asdf"
    path.write_bytes(HEAD + grown(times, how) + b"\n...\n")
    with pytest.raises(Stage3Error, match="a.asdf: not opened, .* 1000000 parts"):
        check_tree(path)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"SIMPLE  =", b"#ASDF ", b"#ASDF 1.0.0\n", HEAD + b"a: [1, 2]\n...\n",
        HEAD + grown(4) + b"\n...\n" + b"\xd3BLK" + bytes(1000), HEAD + b"a: &a [*a]\n...\n",
        HEAD + b"a: [*unknown, {\n...\n", HEAD + b"a: " + b"[" * 10_000, HEAD + b"\xff\xfe\n...\n",
        HEAD + b"a: 1\n...\n" + grown(7),
    ],
)  # fmt: skip
def test_all_else_is_left_to_asdf(tmp_path, content):
    path = tmp_path / "a.asdf"
    path.write_bytes(content)
    check_tree(path)


def test_a_dropped_file_that_begins_as_fits_and_is_none_is_refused(tmp_path):
    """astropy looked for the end of its header for minutes, with 40 MB."""
    from jdaviz_stage3.loaders.resolvers import check_dropped

    path = tmp_path / "a.fits"
    path.write_bytes(b"SIMPLE  =                    T" + bytes(20_000))
    with pytest.raises(Stage3Error, match="a.fits: its FITS header cannot be read"):
        check_dropped(path)
    path.write_bytes(b"a table\n")
    check_dropped(path)
