"""Where every fen of the loss is: an entry for each account, and the sums, which always add up to the loss."""

from collections.abc import Sequence

from domain.books import BookEntry, Books
from domain.case import CaseOutcome, Status
from domain.findings import Finding
from domain.sheets import SheetState
from domain.statement import Way
from workflows.casework import looking
from workflows.casework.case import Case
from workflows.casework.state import Account


def entries_now(case: Case) -> list[BookEntry]:
    """The entries of this awakening, worked out once."""
    if not case.caching:
        return entries(case)
    if case.entries_cache is None:
        case.entries_cache = entries(case)
    return case.entries_cache


def entries(case: Case) -> list[BookEntry]:
    """One entry for each account the case knows."""
    return [_entry(case, key, account) for key, account in case.state.accounts.items()]


def _entry(case: Case, key: str, account: Account) -> BookEntry:
    mine = case.ledger.attributed(key)
    frozen = min(mine, account.frozen_fen)
    held = mine if account.stopped else frozen
    bare = mine - held
    pending = bare if account.stop_asked and account.stop is None and not account.letting_go else 0
    unknown = account.stop is not None and account.stop.kind == "unknown"
    pending = bare if unknown and not account.letting_go else pending
    rest = bare - pending
    merchant = rest if account.finding is Finding.MERCHANT else 0
    released = rest - merchant if account.let_go and not account.frozen_fen else 0
    return BookEntry(
        account=account.ref,
        layer=account.layer,
        attributed_fen=mine,
        held_fen=held,
        stop_pending_fen=pending,
        in_motion_fen=rest - merchant - released,
        merchant_fen=merchant,
        released_fen=released,
        frozen_fen=frozen,
        finding=account.finding.value if account.finding else "",
        cut=account.cut,
    )


def books(case: Case, of: Sequence[BookEntry]) -> Books:
    """The sums. Raises pydantic.ValidationError if they do not add up: that is a fault of ours, never rounded away."""
    left = case.ledger.left()
    return Books(
        loss_fen=case.start.report.loss_fen,
        held_fen=sum(entry.held_fen for entry in of),
        stop_pending_fen=sum(entry.stop_pending_fen for entry in of),
        in_motion_fen=sum(entry.in_motion_fen for entry in of),
        left_cash_fen=left[Way.CASH],
        left_card_fen=left[Way.CARD],
        left_crypto_fen=left[Way.CRYPTO],
        left_abroad_fen=left[Way.ABROAD],
        left_merchant_fen=sum(entry.merchant_fen for entry in of),
        released_fen=sum(entry.released_fen for entry in of),
    )


def status(case: Case, *, tracing: bool) -> Status:
    """Where the case stands: tracing while orders are out, deciding while a sheet waits, holding otherwise."""
    if tracing:
        return Status.TRACING
    if any(file.state is SheetState.PENDING for file in case.state.sheets.values()) or case.state.visits_open:
        return Status.DECIDING
    return Status.HOLDING


def finished(case: Case, sums: Books, of: Sequence[BookEntry]) -> bool:
    """Every attributed fen is frozen, released, left or lapsed, and every finding is in.

    The trivial rest of cut branches does not hold it open. `of` are the entries of all accounts, in their order.
    """
    if case.state.visits_open or any(file.state is SheetState.PENDING for file in case.state.sheets.values()):
        return False
    if sums.stop_pending_fen or looking.awaited(case):
        return False
    for entry, account in zip(of, case.state.accounts.values(), strict=True):
        if entry.held_fen > entry.frozen_fen:
            return False
        if entry.in_motion_fen and entry.cut != "least" and not account.lapsed:
            return False
    return True


def outcome(case: Case, sums: Books) -> CaseOutcome:
    """How the case ended."""
    if case.state.cancelled:
        return CaseOutcome.CANCELLED
    if not sums.loss_fen:
        return CaseOutcome.NO_LOSS
    if sums.held_fen == sums.loss_fen:
        return CaseOutcome.HELD
    if sums.held_fen:
        return CaseOutcome.PARTLY_HELD
    return CaseOutcome.RELEASED if sums.released_fen else CaseOutcome.LOST
