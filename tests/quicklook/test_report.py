"""The pages of a program: what is on them, what is kept, what is told of broken files."""

import errno
import html
import json
import os
import re
import shutil
from html.parser import HTMLParser
from importlib.util import find_spec
from urllib.parse import unquote

import pytest
from batch_functions import slow_square, square_or_end
from make_spectra import combined

import jdaviz_stage3 as stage3
from jdaviz_stage3.cli import main
from jdaviz_stage3.quicklook import entry as entries
from jdaviz_stage3.quicklook.pages import write_pages
from jdaviz_stage3.quicklook.reading import read_for_pages
from jdaviz_stage3.quicklook.running import done_in_turn

needs_workers = pytest.mark.skipif(
    find_spec("distributed") is None, reason="distributed is not installed"
)
TYPES = (
    ("i2d", "ImageModel"), ("cat", "current"), ("c1d", "MultiCombinedSpecModel"),
    ("x1dints", "TSOMultiSpecModel"), ("ami-oi", "AmiOIModel"),
)  # fmt: skip


@pytest.fixture(scope="module")
def program(built, tmp_path_factory):
    """A folder of products, one of which is broken, and an exposure."""
    folder = tmp_path_factory.mktemp("program")
    for case in (*TYPES, ("crf", "ImageModel")):
        shutil.copy(built(*case), folder)
    whole = next(folder.glob("*_c1d.fits")).read_bytes()
    (folder / "jw09997-o009_t001_miri_p750l_c1d.fits").write_bytes(whole[:3000])
    return folder


@pytest.fixture(scope="module")
def site(program, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "site"
    made = stage3.report(program, folder, workers=1)
    assert (made.made, made.kept, made.failed, made.left_out) == (6, 0, 1, 1)
    return folder


class _Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.ids = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.links += [attrs[name] for name in ("href", "src") if name in attrs]
        if "id" in attrs:
            self.ids.append(attrs["id"])


def test_every_link_leads_somewhere_in_the_folder(site):
    pages = [site / "index.html", *(site / "pages").glob("*.html")]
    read = {page.resolve(): _Links(page.read_text()) for page in pages}
    assert len(pages) > 2
    for page, parsed in read.items():
        for link in parsed.links:
            path, _, part = unquote(link).partition("#")
            target = (page.parent / path).resolve()
            assert target.is_file() and target.is_relative_to(site.resolve()), link
            assert not part or part in read[target].ids, link


def test_nothing_is_asked_of_the_network(site):
    for page in (site / "index.html", *(site / "pages").glob("*.html")):
        assert "http" not in re.sub(r"\(https?://[^)]*\)|https?://\S*", "", page.read_text())


def test_numbers_code_and_provenance_are_there(site, program):
    pages = "".join(html.unescape(page.read_text()) for page in (site / "pages").glob("*.html"))
    curve = stage3.analysis.white_light_curve(
        stage3.read(next(program.glob("*_x1dints.fits"))).traces[0]
    )
    ppm = stage3.analysis.noise_figures(curve).in_ppm["point_to_point"]
    if ppm == ppm:
        assert f"{ppm:.4g} ppm" in pages
    assert f"stage3.load('{next(program.glob('*_i2d.fits'))}')" in pages
    assert "jdaviz-stage3 open" in pages and "3.0.0" in pages
    # the broken one says why
    assert "jw09997-o009_t001_miri_p750l_c1d.fits" in pages and "download it again" in pages


def test_a_second_run_keeps_what_is_there(site, program):
    before = {path: path.stat().st_mtime_ns for path in (site / "pictures").iterdir()}
    made = stage3.report(program, site, workers=1)
    assert (made.made, made.kept) == (1, 5)  # the broken one is tried again
    assert {path: path.stat().st_mtime_ns for path in (site / "pictures").iterdir()} == before


def test_a_run_that_was_stopped_goes_on(program, tmp_path, monkeypatch):
    calls = []

    def stopped(task):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(task.path)
        return entries.make_entry(task)

    with monkeypatch.context() as patch:
        patch.setattr("jdaviz_stage3.quicklook.site.make_entry", stopped)
        with pytest.raises(KeyboardInterrupt):
            stage3.report(program, tmp_path / "site", workers=1)
    draft = tmp_path / "site" / "pictures" / ".draft-of-a-killed-process.png"
    draft.touch()
    os.utime(draft, (1, 1))
    made = stage3.report(program, tmp_path / "site", workers=1)
    assert not draft.exists()
    # of the two the first was broken: that is tried again
    assert made.made + made.kept == 6 and made.kept >= 1


@pytest.mark.parametrize("case", TYPES)
def test_a_product_is_read_once(built, tmp_path, monkeypatch, case):
    """However many pictures and numbers there are of it."""
    reads = []

    def counted(path, suffix):
        reads.append(path)
        return read_for_pages(path, suffix)

    def again(path, **options):
        raise AssertionError(f"{path} is read once more")

    monkeypatch.setattr(entries, "read_for_pages", counted)
    monkeypatch.setattr("jdaviz_stage3.readers.read", again)
    task = entries.Task(str(built(*case)), case[0], str(tmp_path))
    entry = entries.Entry.load(tmp_path, entries.make_entry(task))
    assert (len(reads), entry.problems) == (1, [])
    assert entry.pictures and entry.measures


def test_what_changes_is_drawn_anew(built, tmp_path):
    path = tmp_path / "data" / built("c1d", "CombinedSpecModel").name
    path.parent.mkdir()
    shutil.copy(built("c1d", "CombinedSpecModel"), path)
    stage3.report(path, tmp_path / "site", workers=1)
    combined(path.parent)  # the same name
    assert stage3.report(path, tmp_path / "site", workers=1).made == 1
    picture = next((tmp_path / "site" / "pictures").glob("*-1.png"))
    picture.unlink()
    assert stage3.report(path, tmp_path / "site", workers=1).made == 1
    assert picture.is_file()


def test_names_are_text(tmp_path):
    from astropy.io import fits

    path = combined(tmp_path)
    fits.setval(path, "TARGNAME", value="<script>alert(1)</script>")
    path = path.rename(tmp_path / "jw09997-o001_<img src=x onerror=alert(2)>_c1d.fits")
    made = stage3.report(path, tmp_path / "site", workers=1)
    pages = [made.index, *(tmp_path / "site" / "pages").glob("*.html")]
    for page in pages:
        assert "<script>alert" not in page.read_text() and "<img src=x" not in page.read_text()
    assert "&lt;script&gt;" in made.index.read_text()


def test_the_pages_may_stand_among_the_products(built, tmp_path):
    shutil.copy(built("c1d", "CombinedSpecModel"), tmp_path)
    for _ in range(2):
        made = stage3.report(tmp_path, tmp_path / "site", workers=1)
    assert made.made + made.kept == 1


def test_a_folder_of_somebody_else_is_left_alone(built, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(stage3.Stage3Error, match="no report of ours"):
        stage3.report(built("c1d", "CombinedSpecModel"), tmp_path, workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_empty_folder_and_one_of_exposures_are_said(built, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(stage3.Stage3Error, match="no JWST Stage 3 product"):
        stage3.report(tmp_path / "empty", tmp_path / "site", workers=1)
    with pytest.raises(stage3.Stage3Error, match="only crf.*--exposures"):
        stage3.report(built("crf", "ImageModel"), tmp_path / "site", workers=1)
    assert not (tmp_path / "site").exists()
    path = built("crf", "ImageModel")
    assert stage3.report(path, tmp_path / "site", workers=1, exposures=True).made == 1


def test_a_place_that_cannot_be_written_is_said(built, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(stage3.Stage3Error, match="cannot be written"):
        stage3.report(built("c1d", "CombinedSpecModel"), tmp_path / "file" / "site", workers=1)


@needs_workers
def test_a_scheduler_that_is_not_there_is_said(built, tmp_path, monkeypatch):
    monkeypatch.setattr("jdaviz_stage3.quicklook.running._TIMEOUT", 1)
    with pytest.raises(stage3.Stage3Error, match="no scheduler.*answers"):
        stage3.report(
            built("c1d", "CombinedSpecModel"), tmp_path / "site", scheduler="tcp://127.0.0.1:9"
        )


def test_the_command(program, tmp_path, capsys):
    site = tmp_path / "site"
    assert main(["report", str(program), "-o", str(site), "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert "6 products drawn" in said and str(site / "index.html") in said
    assert "--exposures" in said and "Not everything could be done of 1 product" in said
    assert main(["report", str(tmp_path / "nothing"), "-o", str(site)]) == 2
    with pytest.raises(SystemExit):
        main(["report", str(program), "-o", str(site), "--workers", "0"])


@needs_workers
def test_a_worker_that_dies_takes_nothing_with_it():
    """As one without memory: what it did is told, and the others are done."""
    said = []
    found = {
        task: (result, problem)
        for task, result, problem in done_in_turn(
            square_or_end, range(6), workers=2, told=said.append
        )
    }
    assert "ended" in found.pop(3)[1]
    assert found == {number: (number**2, "") for number in (0, 1, 2, 4, 5)}
    assert said[0].startswith("Dashboard: http")


@pytest.fixture
def drawn(tmp_path):
    """A program of one product, and its pages."""
    path = combined(tmp_path)
    stage3.report(path, tmp_path / "site", workers=1)
    return path, tmp_path / "site"


@pytest.mark.parametrize(
    "change",
    [
        {"measures": [{"name": "a", "value": "x"}]},
        {"pictures": [{"file": "pictures/../../secret.png", "text": "x"}]},
        {"pictures": [{"text": "x"}]},
        {"made": [1]},
        {"suffix": "zzz"},
        {"small": "../secret.png"},
        {"path": "/somewhere/else_c1d.fits"},
    ],
)
def test_an_entry_that_somebody_has_changed_is_made_anew(drawn, change):
    path, site = drawn
    (site.parent / "secret.png").touch()
    [entry] = (site / "products").iterdir()
    whole = entry.read_text()
    entry.write_text(json.dumps(json.loads(whole) | change))
    with_change = entries.kept(_task(path, site, whole))
    entry.write_text(whole)
    assert with_change is None and entries.kept(_task(path, site, whole)) is not None


def _task(path, site, entry):
    return entries.Task(str(path), "c1d", str(site), facts=json.loads(entry)["facts"])


def test_characters_that_are_none_are_shown(drawn):
    path, site = drawn
    [file] = (site / "products").iterdir()
    entry = entries.Entry.load(site, file.stem)
    entry.warnings = ["\ud800 and \udcff"]
    write_pages(site, [entry], [path], 0)
    assert "\ufffd and" in next((site / "pages").glob("*.html")).read_text("utf-8")


def test_a_file_that_is_replaced_while_it_is_drawn_is_drawn_anew(drawn, monkeypatch):
    path, site = drawn

    def replaced(task, entry, data):
        os.utime(path, (1, 1))

    with monkeypatch.context() as patch:
        patch.setattr(entries, "_tell", replaced)
        patch.setitem(entries._DOING, replaced, "replacing")
        assert stage3.report(path, site, workers=1, overwrite=True).failed == 0
    assert stage3.report(path, site, workers=1).made == 1


def test_a_long_name_of_other_letters_makes_names_of_files():
    task = entries.Task("/data/" + "漢" * 79 + "_i2d.fits", "i2d", "/site")
    assert len(f"{task.key}-small.png".encode()) < 255 - len(entries._DRAFT)


def test_a_folder_that_is_full_or_gone_meanwhile_is_said(drawn, monkeypatch):
    path, site = drawn

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(entries, "write_whole", full)
        with pytest.raises(stage3.Stage3Error, match="pages cannot be written .No space left"):
            stage3.report(path, site, workers=1, overwrite=True)

    def gone(task):
        shutil.rmtree(site)
        return entries.make_entry(task)

    with monkeypatch.context() as patch:
        patch.setattr("jdaviz_stage3.quicklook.site.make_entry", gone)
        stage3.report(path, site, workers=1, overwrite=True)
    assert stage3.report(path, site, workers=1).kept == 1  # it is one of ours still


@needs_workers
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # distributed's end
def test_a_scheduler_that_ends_is_said_of_all_that_was_left():
    from distributed import LocalCluster

    found = {}
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None
    ) as cluster:
        results = done_in_turn(
            slow_square, range(60), scheduler=cluster.scheduler_address, told=lambda _: None
        )
        for task, result, problem in results:
            found[task] = (result, problem)
            if len(found) == 1:
                cluster.close()
    assert sorted(found) == list(range(60))
    left = [problem for _, problem in found.values() if problem]
    assert len(left) > 20 and all("run the same once more" in problem for problem in left)
    done = {task: result for task, (result, problem) in found.items() if not problem}
    assert done and done == {task: task**2 for task in done}


def test_pages_of_many_products_are_parted(tmp_path, monkeypatch):
    monkeypatch.setattr("jdaviz_stage3.quicklook.pages._MOST", 2)
    facts = {"target": "M 1", "mode": "Imaging"}
    made = [entries.Entry(f"key-{n}", f"/{n}.fits", f"{n}", "i2d", facts=facts) for n in range(5)]
    write_pages(tmp_path, made, ["/"], 0)
    names = [f"001-m-1-imaging{end}.html" for end in ("", "-2", "-3")]
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == sorted(names)
    index = (tmp_path / "index.html").read_text()
    for number in range(5):
        assert f'href="pages/{names[number // 2]}#key-{number}"' in index
        assert (
            f'<section id="key-{number}">' in (tmp_path / "pages" / names[number // 2]).read_text()
        )
    write_pages(tmp_path, made[:1], ["/"], 0)  # what is there no more is removed
    assert [path.name for path in (tmp_path / "pages").iterdir()] == names[:1]
    assert "<nav" not in (tmp_path / "pages" / names[0]).read_text()
