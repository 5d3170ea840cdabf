"""A seal is printed over signature and date, keeps the paper small, and in practice is always the practice seal."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from adapters.papers import Printer
from adapters.papers.printing import seal_of
from adapters.papers.sample import sample
from adapters.papers.seal import SealError, seal_from
from adapters.settings import Settings
from domain.papers import PaperKind

GREEN = (20, 160, 60, 255)  # no other ink on the paper is


@pytest.fixture
def seal_file(tmp_path: Path) -> Path:
    drawn = Image.new("RGBA", (601, 601), (0, 0, 0, 0))
    ImageDraw.Draw(drawn).ellipse((10, 10, 590, 590), outline=GREEN, width=24)
    file = tmp_path / "seal.png"
    drawn.save(file)
    return file


def inked(document: bytes, place: Path, hue: str) -> int:
    """Pixels of the first page in which red or green is the strongest colour by far."""
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm (poppler-utils) is not on this machine: a page cannot be looked at")
    (place / "paper.pdf").write_bytes(document)
    subprocess.run(["pdftoppm", "-r", "50", "-png", "-singlefile", "paper.pdf", "page"], cwd=place, check=True)
    with Image.open(place / "page.png") as page:
        pixels = page.convert("RGB").tobytes()
    strong, others = {"red": (0, (1, 2)), "green": (1, (0, 2))}[hue]
    triples = zip(pixels[0::3], pixels[1::3], pixels[2::3], strict=True)
    return sum(one[strong] > 60 + max(one[other] for other in others) for one in triples)


def test_the_seal_of_the_settings_is_on_the_paper_and_nothing_of_practice(seal_file: Path, tmp_path: Path):
    given = Settings(paper_seal=seal_file)
    document = Printer(seal=seal_of(given, practice=False)).render(sample(PaperKind.FREEZE))
    assert inked(document, tmp_path, "green") > 100
    assert inked(document, tmp_path, "red") == 0


def test_a_practice_paper_never_has_the_real_seal(seal_file: Path, tmp_path: Path):
    assert seal_of(Settings(paper_seal=seal_file), practice=True) is None
    document = Printer(seal=seal_from(seal_file), practice=True).render(sample(PaperKind.FREEZE))
    assert inked(document, tmp_path, "green") == 0
    assert inked(document, tmp_path, "red") > 100


def test_a_draft_has_no_seal_yet(seal_file: Path, tmp_path: Path):
    printer = Printer(seal=seal_from(seal_file))
    assert inked(printer.render(sample(PaperKind.FREEZE, draft=True)), tmp_path, "green") == 0


def test_a_seal_on_white_ground_covers_nothing(seal_file: Path, tmp_path: Path):
    with Image.open(seal_file) as drawn:
        ground = Image.new("RGBA", drawn.size, "white")
        ground.alpha_composite(drawn)
    ground.convert("RGB").save(seal_file)
    document = Printer(seal=seal_from(seal_file)).render(sample(PaperKind.FREEZE))
    assert inked(document, tmp_path, "green") > 100


def test_a_sealed_paper_of_three_hundred_accounts_stays_under_twenty_kilobytes(seal_file: Path):
    assert len(Printer(seal=seal_from(seal_file)).render(sample(PaperKind.FREEZE, accounts=300))) < 20_000
    assert len(Printer(practice=True).render(sample(PaperKind.FREEZE, accounts=300))) < 20_000


def test_a_seal_that_cannot_be_used_is_refused_in_words(seal_file: Path, tmp_path: Path):
    noise = random.Random(1)
    wild = Image.frombytes("RGBA", (250, 250), noise.randbytes(250 * 250 * 4))
    small = Image.new("RGBA", (40, 40), GREEN)
    wild.convert("L").resize((160, 160)).save(tmp_path / "wild.png")
    small.save(tmp_path / "small.png")
    (tmp_path / "text.png").write_text("no image", encoding="utf-8")
    (tmp_path / "huge.png").write_bytes(seal_file.read_bytes() + b"\0" * 300_000)
    told = {"wild": "8 KB", "small": "100 pixels", "text": "no PNG", "huge": "200 KB", "gone": "correct the path"}
    for name, words in told.items():
        with pytest.raises(SealError, match=f"HOLDFAST_PAPER_SEAL.*{words}"):
            seal_from(tmp_path / f"{name}.png")
