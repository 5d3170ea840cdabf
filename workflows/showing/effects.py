"""One line a sheet: what waiting for it costs, from how its accounts stand in the case now."""

from domain.effects import AccountNow, effect_of, effect_words
from domain.identifiers import account_key
from workflows.casework.case import Case
from workflows.casework.state import SheetFile
from workflows.showing.text import moment


def effect_line(case: Case, file: SheetFile) -> str:
    """In Chinese and English, with the break before it; empty where the sheet is about no account."""
    keys = [account_key(line.account.institution, line.account.number) for line in file.sheet.lines]
    standing: dict[str, AccountNow] = {key: _now(case, key) for key in keys if key in case.state.accounts}
    zh, en = effect_words(effect_of(file.sheet, standing, excepted=file.excepted, now=case.now), moment)
    return f"<br>{zh}<br>{en}" if zh else ""


def _now(case: Case, key: str) -> AccountNow:
    account = case.state.accounts[key]
    return AccountNow(
        disputed_fen=max(0, case.ledger.attributed(key)),
        stopped=account.stopped,
        stop_ends=getattr(account.stop, "expires", None),
    )
