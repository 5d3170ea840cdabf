"""`python -m benchmarks.papers [COUNT]`: how long papers take to print, kind after kind.

For one account, and for forty with their annex; each paper with a number and an account of its own.
"""

import statistics
import sys
import time
from collections.abc import Sequence

from adapters.papers import Printer
from adapters.papers.sample import sample
from domain.papers import Paper, PaperKind

USUAL = 1_000
ACCOUNTS = (1, 40)


def _papers(count: int, accounts: int) -> list[Paper]:
    kinds = list(PaperKind)
    made = []
    for no in range(count):
        paper = sample(kinds[no % len(kinds)], accounts=accounts)
        lines = tuple(line.model_copy(update={"number": f"{no:06d}{line.number}"}) for line in paper.lines)
        made.append(paper.model_copy(update={"number": f"样字〔2026〕{no:06d}号", "lines": lines}))
    return made


def measured(printer: Printer, papers: Sequence[Paper]) -> tuple[float, float, float]:
    """Seconds in all, the median of a paper in milliseconds, and the mean size in bytes."""
    took, size = [], 0
    begun = time.perf_counter()
    for paper in papers:
        one = time.perf_counter()
        size += len(printer.render(paper))
        took.append(time.perf_counter() - one)
    return time.perf_counter() - begun, statistics.median(took) * 1000, size / len(papers)


def main() -> int:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else USUAL
    printer = Printer(practice=True)
    for accounts in ACCOUNTS:
        papers = _papers(count, accounts)
        printer.render(papers[0])
        seconds, median, size = measured(printer, papers)
        print(f"{count} papers of {accounts}: {seconds:.2f} s, median {median:.2f} ms, {size:.0f} bytes each")
    return 0


if __name__ == "__main__":
    sys.exit(main())
