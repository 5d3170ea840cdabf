"""Sheets and decisions: what officers are asked, who may answer, what their answers make of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from adapters.register.bulk import Mode, Write, Writes, run, statement_text
from adapters.register.drafting import with_drafts
from adapters.register.evidence import Verifier, Word
from adapters.register.locking import LockedCase, lock_case
from adapters.register.noticing import acknowledge_quiet, note_roles, note_sheet, note_sheet_gone
from adapters.register.part import Part
from adapters.register.refusals import Refusal, officer_of, unknown_case
from adapters.register.ruling import Refusable, ruled
from adapters.register.tables import accounts, cases, decisions, sheet_lines, sheets
from domain.evidence import EvidenceKind, Proof, SheetOnWord, decision_binding, decision_claims
from domain.identifiers import account_key, full_sheet_name, parts_of_sheet
from domain.officers import Officer, Role
from domain.papers import Paper
from domain.sheets import (
    STATE_WORDS,
    Decision,
    Ruling,
    Sheet,
    SheetState,
    Verdict,
    fills_a_role,
    role_words,
    still_awaited,
)

_SHEET = Write.of(sheets, Mode.ADD)
_LINE = Write.of(sheet_lines, Mode.ADD)
_ACCOUNT = Write.of(accounts, Mode.KEEP)
_DECISION = Write.of(decisions, Mode.ADD)
_DECIDED = Write.of(sheets, Mode.CHANGE, "state", "except_lines")


def _read() -> str:
    taken = (
        select(
            func.jsonb_agg(
                aggregate_order_by(
                    func.jsonb_build_object(
                        *("officer", decisions.c.officer, "verdict", decisions.c.verdict, "roles", decisions.c.roles),
                        *("except_lines", decisions.c.content["except_lines"]),
                    ),
                    decisions.c.at,
                    decisions.c.officer,
                )
            )
        )
        .where(decisions.c.case_id == sheets.c.case_id, decisions.c.sheet == sheets.c.name)
        .scalar_subquery()
    )
    numbers = (
        select(func.jsonb_agg(sheet_lines.c.no))
        .where(sheet_lines.c.case_id == sheets.c.case_id, sheet_lines.c.sheet == sheets.c.name)
        .scalar_subquery()
    )
    return statement_text(
        select(sheets, taken.label("taken"), numbers.label("line_numbers")).where(
            sheets.c.case_id == bindparam("case_id", type_=Text), sheets.c.name == bindparam("name", type_=Text)
        )
    )


_READ = _read()
_DIGESTS = statement_text(
    select(cases.c.case_number, sheets.c.name, sheets.c.digest)
    .join(cases, cases.c.case_id == sheets.c.case_id)
    .where(
        cases.c.case_number == func.any(bindparam("numbers", type_=ARRAY(Text))),
        sheets.c.name == func.any(bindparam("names", type_=ARRAY(Text))),
    )
)


class _Kept:
    """A sheet as the register keeps it, with what was decided on it."""

    def __init__(self, row: Any) -> None:  # noqa: ANN401 - a database row
        self.row = row
        self.state = SheetState(row.state)
        self.quorum = tuple(Role(role) for role in row.quorum)
        self.approved = [
            (one["officer"], tuple(Role(role) for role in one["roles"]))
            for one in row.taken or []
            if one["verdict"] == Verdict.APPROVE
        ]
        self.verdicts = {one["officer"]: Verdict(one["verdict"]) for one in row.taken or []}
        self.excepted = {one["officer"]: set(one["except_lines"] or ()) for one in row.taken or []}

    def has(self, decision: Decision) -> bool:
        """Whether this very word of the officer's is on record: the verdict, and the same lines excepted."""
        said = self.verdicts.get(decision.officer) is decision.verdict
        return said and set(decision.except_lines) == self.excepted[decision.officer]

    @property
    def awaited(self) -> tuple[Role, ...]:
        """The roles that no decision fills yet."""
        return still_awaited(self.quorum, self.approved)

    def standing(self) -> dict[str, Any]:
        """How it stands, as fields of a ruling."""
        pending = self.state is SheetState.PENDING
        return {
            "state": self.state,
            "awaited": self.awaited if pending else (),
            "decided_by": tuple(self.verdicts),
            "except_lines": tuple(self.row.except_lines),
        }


class Deciding(Part):
    """The part of the register that sheets and decisions go through."""

    async def keep_sheet(self, sheet: Sheet, render: Callable[[Paper], bytes] | None = None) -> None:
        """Keep a sheet, with the papers that its approval will issue; idempotent by case and name.

        Raises LookupError for an unknown case, ValueError when another sheet has this name.
        """

        async def work(connection: AsyncConnection) -> None:
            writes = Writes()
            kept = sheet if render is None else await with_drafts(connection, sheet, self._rules, render, writes)
            case = await lock_case(connection, sheet.case_id)
            before = (await run(connection, _READ, case_id=sheet.case_id, name=sheet.name)).one_or_none()
            if before is not None:
                drafts = tuple(before.content.get("documents", ()))
                if before.digest != sheet.model_copy(update={"documents": drafts}).digest:
                    raise ValueError(f"sheet {sheet.name} is kept already with other content")
                return
            _write_sheet(writes, kept)
            current = {"sheet": kept.name, "kind": kept.kind, "digest": kept.digest, "amount_fen": kept.amount_fen}
            case.chain.note(sheet.made_at, "sheet_kept", current)
            case.chain.write(writes)
            await writes.flush(connection)

        await self._do(work)

    async def decide(self, decision: Decision) -> Ruling:
        """Check officer, role, persons, standing of the sheet and the evidence; keep the decision with its proof.

        Refusals are rulings, not errors, and are on the case's record and among the attempts. The code is not kept.
        """

        async def work(connection: AsyncConnection) -> Ruling:
            case = await lock_case(connection, decision.case_id)
            hearing = await hear(connection, case, decision)
            what = {"sheet": decision.sheet, "officer": decision.officer, "verdict": decision.verdict}

            async def accept(writes: Writes) -> Ruling:
                verifier = Verifier(connection, self._ring, self._rules.evidence, writes)
                return await _ruling(connection, hearing, verifier, writes)

            standing = hearing.kept.standing() if hearing.kept else {}
            refusable = Refusable(hearing.word, "decision_refused", what)
            ruling = await ruled(connection, [case.chain], refusable, accept, sheet=decision.sheet, **standing)
            if ruling.accepted and ruling.awaited:
                await acknowledge_quiet(connection, decision.case_id, decision.sheet)
            return ruling

        try:
            return await self._do(work)
        except LookupError:
            return unknown_case().ruling(decision.sheet)


def _write_sheet(writes: Writes, sheet: Sheet) -> None:
    writes.add(
        _SHEET,
        {
            **sheet.model_dump(include={"case_id", "name", "kind", "requester", "quorum", "made_at", "decide_by"}),
            "digest": sheet.digest,
            "state": SheetState.PENDING,
            "except_lines": [],
            "content": sheet.model_dump(mode="json", exclude={"lines"}),
        },
    )
    for line in sheet.lines:
        account = account_key(line.account.institution, line.account.number)
        writes.add(
            _LINE,
            {
                "case_id": sheet.case_id,
                "sheet": sheet.name,
                "no": line.no,
                "account": account,
                "amount_fen": line.amount_fen,
                "content": line,
            },
        )
        writes.add(_ACCOUNT, {"account": account, **line.account.model_dump()})
    note_sheet(writes, sheet)


@dataclass(frozen=True)
class Hearing:
    """One decision as it is heard: the case, the sheet, the officer's word, and the sheets that the word names."""

    case: LockedCase
    kept: _Kept | None
    decision: Decision
    word: Word
    on_word: Mapping[str, str]
    """Digest by full name, of the sheets that are there."""


async def hear(connection: AsyncConnection, case: LockedCase, decision: Decision) -> Hearing:
    """Read what a decision is about."""
    row = (await run(connection, _READ, case_id=decision.case_id, name=decision.sheet)).one_or_none()
    kept = None if row is None else _Kept(row)
    on_word = await _sheets_of(connection, case, decision)
    return Hearing(case, kept, decision, _word(kept, decision, on_word), on_word)


async def _sheets_of(connection: AsyncConnection, case: LockedCase, decision: Decision) -> dict[str, str]:
    """The digests of the sheets that the evidence was given for, by full name; what is not there is left out."""
    named = [parts_of_sheet(name) for name in _named(case, decision)]
    pairs = [one for one in named if one is not None]
    numbers, names = sorted({number for number, _ in pairs}), sorted({name for _, name in pairs})
    rows = await run(connection, _DIGESTS, numbers=numbers, names=names)
    found = {full_sheet_name(row.case_number, row.name): row.digest for row in rows}
    return {name: found[name] for name in _named(case, decision) if name in found}


def _named(case: LockedCase, decision: Decision) -> tuple[str, ...]:
    return decision.sheets or (full_sheet_name(case.row.case_number, decision.sheet),)


def _word(kept: _Kept | None, decision: Decision, on_word: Mapping[str, str]) -> Word:
    sheets = [SheetOnWord(name=name, digest=digest) for name, digest in on_word.items()]
    if len(sheets) == 1:
        sheets = [sheets[0].model_copy(update={"except_lines": decision.except_lines})]
    return Word(
        officer=decision.officer,
        binding=decision_binding(decision.officer, decision.verdict, sheets),
        evidence=decision.evidence,
        at=decision.at,
        needs=EvidenceKind(kept.row.content.get("needs", EvidenceKind.TOTP)) if kept else EvidenceKind.TOTP,
        reason=decision.reason,
        case_id=decision.case_id,
    )


async def _ruling(connection: AsyncConnection, hearing: Hearing, verifier: Verifier, writes: Writes) -> Ruling:
    """Accept a decision. Raises Refusal. The evidence comes last: no code is spent on what is refused anyway."""
    decision = hearing.decision
    if hearing.kept is not None and hearing.kept.has(decision):
        return Ruling(
            accepted=True,
            sheet=decision.sheet,
            zh="您的决定早已记录",
            en="your decision was on record",
            **hearing.kept.standing(),
        )
    kept, officer = await may_decide(connection, hearing)
    claims = decision_claims(kept.row.digest, decision.verdict, decision.except_lines, officer.roles)
    proof = await verifier.prove(hearing.word, *claims)
    return _accept(hearing.case, kept, decision, officer, proof, writes)


async def may_decide(connection: AsyncConnection, hearing: Hearing) -> tuple[_Kept, Officer]:
    """Everything but the evidence: the sheet as it stands, and the officer. Raises Refusal."""
    kept, decision = hearing.kept, hearing.decision
    if kept is None:
        raise Refusal("no_sheet", f"没有审批单 {decision.sheet}", f"there is no sheet {decision.sheet}")
    if decision.officer in kept.verdicts and not kept.has(decision):
        raise Refusal(
            "other_word",
            "您对此单已作出决定，不能更改",
            "you have decided this sheet already; a decision is not changed",
        )
    _still_pending(kept, decision)
    officer = await officer_of(connection, decision.officer)
    if officer.number == kept.row.requester:
        raise Refusal(
            "requester",
            "申请人不能审批自己的申请",
            "who asks does not decide: requester and deciders are different persons",
        )
    refuse_unawaited(kept.quorum, kept.approved, officer)
    _names_what_is_there(hearing)
    missing = sorted(set(decision.except_lines) - set(kept.row.line_numbers or []))
    if missing:
        listed = ", ".join(str(number) for number in missing)
        raise Refusal("no_line", f"单上没有第 {listed} 行", f"the sheet has no line {listed}")
    return kept, officer


def _names_what_is_there(hearing: Hearing) -> None:
    """The word names this sheet, and only sheets that are there."""
    named = _named(hearing.case, hearing.decision)
    own = full_sheet_name(hearing.case.row.case_number, hearing.decision.sheet)
    if own not in named:
        raise Refusal("other_sheet", "这个决定不是对此单作出的", "this word was not given for this sheet")
    if missing := [name for name in named if name not in hearing.on_word]:
        raise Refusal("no_sheet", f"没有审批单 {missing[0]}", f"there is no sheet {missing[0]}")
    if len(named) > 1 and hearing.decision.except_lines:
        raise Refusal("except_many", "除外行只能对一张单", "lines are excepted on one sheet at a time")


def _still_pending(kept: _Kept, decision: Decision) -> None:
    if kept.state is not SheetState.PENDING:
        raise Refusal(
            "decided",
            f"审批单 {decision.sheet} {STATE_WORDS[kept.state]}",
            f"sheet {decision.sheet} is {kept.state} already",
        )


def refuse_unawaited(
    quorum: Sequence[Role], approved: Sequence[tuple[str, tuple[Role, ...]]], officer: Officer
) -> None:
    """The officer must fill a role that those who approved leave open. Raises Refusal."""
    if not fills_a_role(quorum, approved, officer.number, officer.roles):
        zh, en = role_words(still_awaited(quorum, approved))
        raise Refusal(
            "not_awaited", f"您的职务不在待签之列，尚待：{zh}", f"none of your roles is awaited here; awaited: {en}"
        )


def _accept(
    case: LockedCase, kept: _Kept, decision: Decision, officer: Officer, proof: Proof, writes: Writes
) -> Ruling:
    before = kept.state
    excepted = set(kept.row.except_lines)
    if decision.verdict is Verdict.REJECT:
        kept.state = SheetState.REJECTED
    else:
        excepted |= set(decision.except_lines)
        kept.approved.append((officer.number, officer.roles))
        kept.state = SheetState.PENDING if kept.awaited else SheetState.APPROVED
    kept.verdicts[officer.number] = decision.verdict
    key = {"case_id": decision.case_id, "sheet": decision.sheet, "officer": officer.number}
    kept_decision = {**key, "verdict": decision.verdict, "roles": officer.roles, "digest": kept.row.digest}
    content = decision.model_dump(mode="json", exclude={"evidence"})
    writes.add(_DECISION, {**kept_decision, "content": content, "proof": proof, "at": decision.at})
    named = {"case_id": decision.case_id, "name": decision.sheet}
    writes.add(_DECIDED, {**named, "state": kept.state, "except_lines": sorted(excepted)})
    if kept.state is SheetState.PENDING:
        note_roles(writes, decision.case_id, decision.sheet, kept.awaited)
    else:
        note_sheet_gone(writes, decision.case_id, decision.sheet, decision.at)
    current = {
        "sheet": decision.sheet,
        "digest": kept.row.digest,
        "officer": officer.number,
        "verdict": decision.verdict,
        "reason": decision.reason,
        "evidence": proof.kind,
        "binding": proof.binding,
        "except_lines": sorted(excepted),
        "state": kept.state,
    }
    case.chain.note(decision.at, "decision_kept", current, {"state": before})
    ruling = kept.standing() | {"except_lines": tuple(sorted(excepted))}
    zh, en = role_words(ruling["awaited"])
    if ruling["awaited"]:
        return Ruling(
            accepted=True, sheet=decision.sheet, zh=f"已记录，尚待：{zh}", en=f"on record; awaited: {en}", **ruling
        )
    return Ruling(accepted=True, sheet=decision.sheet, zh=STATE_WORDS[kept.state], en=str(kept.state), **ruling)
