"""One pass over a case: every account with its money, whence and whither. All that is shown is drawn from it."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from pydantic import ValidationError

from domain.attribution import Outflow
from domain.books import BookEntry, Books
from domain.identifiers import account_key
from domain.statement import Way
from workflows.casework import accounting
from workflows.casework.case import Case
from workflows.showing.standing import Standing, standing_of
from workflows.showing.text import foreign

LONGEST_LABEL = 22


class Seen(NamedTuple):
    """One account as it is shown. A tuple, because a case has thousands."""

    key: str
    bank: str
    entry: BookEntry
    standing: Standing
    passed_fen: int
    """Of this report's money: paid on from here."""
    weight_fen: int
    """How much of this report's money came here."""
    risk_fen: int
    """What nothing effective covers."""

    @property
    def label(self) -> str:
        """Bank and last four: nothing more of an account is shown anywhere."""
        return label(self.bank, self.entry.account.number)


@dataclass
class Survey:
    """A case as it is shown."""

    accounts: list[Seen]
    books: Books | None
    """None: they do not add up, which is a fault of ours and is said so."""
    loss_fen: int
    transfers: dict[tuple[str, str], int] = field(default_factory=dict)
    """This report's fen, by payer and payee account key."""
    exits: dict[tuple[str, Way], int] = field(default_factory=dict)
    """This report's fen that left the banks, by account key and way."""
    reported: dict[str, int] = field(default_factory=dict)
    """The victim's own transfers, by payee account key."""

    @cached_property
    def largest(self) -> list[Seen]:
        """The accounts, most money first; of equal ones the first met."""
        return sorted(self.accounts, key=lambda seen: -seen.weight_fen)


def survey(case: Case) -> Survey:
    """Look at all of a case once."""
    entries = accounting.entries_now(case)
    try:
        books: Books | None = accounting.books(case, entries)
    except ValidationError:
        books = None
    found = Survey(accounts=[], books=books, loss_fen=case.start.report.loss_fen)
    for transfer in case.start.report.transfers:
        found.reported[transfer.key] = found.reported.get(transfer.key, 0) + transfer.amount_fen
    codes = {one.id: one.code for one in case.start.directory.institutions}
    for (key, account), entry in zip(case.state.accounts.items(), entries, strict=True):
        passed = sum(_note(found, key, outflow) for outflow in case.ledger.outflows(key))
        risk = entry.in_motion_fen + entry.stop_pending_fen
        code = codes.get(account.ref.institution, account.ref.institution)
        found.accounts.append(Seen(key, code, entry, standing_of(entry), passed, entry.attributed_fen + passed, risk))
    return found


def label(code: str, number: str) -> str:
    """Bank and last four, safe to show; of a code too long for a box the end is kept."""
    kept = code if len(code) <= LONGEST_LABEL - 5 else f"…{code[-8:]}"
    return f"{foreign(kept)}·{foreign(number[-4:])}"


def _note(found: Survey, key: str, outflow: Outflow) -> int:
    passage = outflow.passage
    if passage.way is Way.TRANSFER:
        pair = (key, account_key(passage.institution, passage.number))
        found.transfers[pair] = found.transfers.get(pair, 0) + outflow.mine_fen
    else:
        way = (key, passage.way)
        found.exits[way] = found.exits.get(way, 0) + outflow.mine_fen
    return outflow.mine_fen
