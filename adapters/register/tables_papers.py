"""Tables of papers: the series of their numbers, every paper issued, and the words they were printed with."""

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint

from adapters.register.schema import count, metadata, moment, one_of, text, texts
from domain.papers import PaperKind

paper_series = Table(
    "paper_series",
    metadata,
    text("kind", "of which papers (domain.papers.PaperKind)", key=True),
    count("year", "of which year, China's", key=True),
    count("last", "the last number given; the row is the lock of the series"),
    CheckConstraint(one_of("kind", list(PaperKind)), name="kind"),
    CheckConstraint("last >= 1", name="last"),
    comment="series of numbers, without gaps: a number is given in the transaction that keeps its paper",
)

papers = Table(
    "papers",
    metadata,
    text("number", "as printed on it", key=True),
    text("kind", "which document (domain.papers.PaperKind)"),
    count("year", "the year of its series"),
    count("ordinal", "its number in the series: 1, 2, 3 … without a gap"),
    text("case_id", "of which case", to="cases.case_id"),
    text("institution", "to whom"),
    text("sheet", "the sheet that its orders rest on; empty: the standing authority or a finding"),
    text("sha256", "the document", to="documents.sha256"),
    count("accounts", "how many accounts it names"),
    moment("issued_at", "when"),
    # no reference: every paper of a kind would lock the one row of its words, all cases at once
    text("words", "the text it was printed with, among documents; null: from before texts were kept", null=True),
    UniqueConstraint("kind", "year", "ordinal"),
    CheckConstraint(one_of("kind", list(PaperKind)), name="kind"),
    CheckConstraint("ordinal >= 1 AND accounts >= 1", name="counts"),
    comment="legal documents as they were issued",
)
Index("ix_papers_case_id", papers.c.case_id)

paper_words = Table(
    "paper_words",
    metadata,
    text("kind", "of which papers (domain.papers.PaperKind)", key=True),
    moment("since", "when a worker began to print with them", key=True),
    text("sha256", "the words", to="documents.sha256"),
    text("series", "the word in the numbers of these papers"),
    CheckConstraint(one_of("kind", list(PaperKind)), name="kind"),
    comment="words of the house as they came into force; the latest of each kind are those of the next start",
)

paper_faults = Table(
    "paper_faults",
    metadata,
    moment("since", "when a worker that started found it so", key=True),
    texts("faults", "what was wrong with templates or seal; empty: nothing any more"),
    comment="faults for which workers go on with former words; the latest row is how it stands",
)
