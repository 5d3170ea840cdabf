"""Warrants: what entitles a letter, looked at once more at the last step before the wire (decisions: evidence first).

    freeze, renew                      an approved sheet: its digest recomputed, this account and amount on it,
                                       decisions that fill its quorum and whose proofs the ring has marked
    lift, unfreeze                     the freezes that cover the account; a proven finding; a proven decision that lets
                                       it go (domain.sheets.lets_go): second looks among them
    stop, query, carriers' orders      a standing authority in force when the order was written, two proofs marked

Whatever it is, the paper that the order names is kept byte for byte, and so are the drafts and the words its sheet was
approved with.
One look at the orders for a whole POST. Sheets and authorities that were verified are remembered: they never change.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import bindparam, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.types import Text

from activities.line_ports import Letter, NeverSent
from adapters.keyring import KeyRing
from adapters.register.bulk import run, statement_text
from adapters.register.engine import RegisterError
from adapters.register.entitlement import IS_WHOLE
from adapters.register.evidence import is_proven
from adapters.register.issuing import KINDS
from adapters.register.part import Part, Rules
from adapters.register.tables import authorities, decisions, documents, findings, measures, orders, sheet_lines, sheets
from domain.authority import authority_claims
from domain.clock import months_later
from domain.evidence import Proof, decision_claims, finding_claims
from domain.findings import Finding
from domain.identifiers import account_key
from domain.officers import Role
from domain.orders import Cause, Measure
from domain.sheets import Sheet, SheetKind, SheetLine, SheetState, Verdict, lets_go, still_awaited

_MOST_REMEMBERED = 500  # of two thousand lines each, at worst
_TERM_SLACK = timedelta(days=1)
"""A freeze's end is reckoned when it was approved, and written a little later."""
_BY_SHEET = frozenset({Measure.FREEZE, Measure.RENEW})
_ENDINGS = frozenset({Measure.LIFT, Measure.UNFREEZE})


def _orders() -> str:
    covered = (
        select(measures.c.application_id)
        .where(
            measures.c.account == orders.c.account,
            measures.c.kind == "freeze",
            orders.c.measure == Measure.LIFT,
            orders.c.cause == Cause.COVERED,
        )
        .exists()
    )
    found = (
        select(func.jsonb_build_object("finding", findings.c.finding, "proof", findings.c.proof))
        .where(
            findings.c.case_id == orders.c.case_id,
            findings.c.account == orders.c.account,
            orders.c.cause == Cause.FINDING,
            orders.c.measure.in_(sorted(_ENDINGS)),
        )
        .order_by(findings.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    named_on = (
        select(func.jsonb_agg(sheet_lines.c.sheet))
        .where(
            sheet_lines.c.case_id == orders.c.case_id,
            sheet_lines.c.account == orders.c.account,
            orders.c.cause == Cause.DECISION,
            orders.c.measure.in_(sorted(_ENDINGS)),
        )
        .scalar_subquery()
    )
    paper_whole = select(IS_WHOLE).where(documents.c.sha256 == orders.c.paper).scalar_subquery()
    wanted = (
        orders.c.application_id,
        orders.c.case_id,
        orders.c.account,
        orders.c.measure,
        orders.c.sheet,
        orders.c.cause,
        orders.c.authority,
        orders.c.amount_fen,
        orders.c.handling,
        orders.c.second,
        orders.c.message_sha256,
        orders.c.written_at,
        orders.c.content["until"].astext.label("until"),
    )
    return statement_text(
        select(
            *wanted,
            authorities.c.revoked_at,
            covered.label("covered"),
            found.label("found"),
            named_on.label("named_on"),
            paper_whole.label("paper_whole"),
        )
        .select_from(orders.outerjoin(authorities, authorities.c.authority_id == orders.c.authority))
        .where(orders.c.application_id == func.any(bindparam("ids", type_=ARRAY(Text))))
    )


def _sheets() -> str:
    lines = (
        select(func.jsonb_agg(sheet_lines.c.content))
        .where(sheet_lines.c.case_id == sheets.c.case_id, sheet_lines.c.sheet == sheets.c.name)
        .scalar_subquery()
    )
    one = func.jsonb_build_object(
        *("officer", decisions.c.officer, "verdict", decisions.c.verdict, "roles", decisions.c.roles),
        *("except_lines", decisions.c.content["except_lines"], "proof", decisions.c.proof),
    )
    taken = (
        select(func.jsonb_agg(one))
        .where(decisions.c.case_id == sheets.c.case_id, decisions.c.sheet == sheets.c.name)
        .scalar_subquery()
    )
    drafts = (
        func.jsonb_array_elements_text(sheets.c.content["documents"])
        .table_valued("sha256", name="drafts")
        .render_derived()
    )
    changed = (
        select(literal_column("1"))
        .select_from(drafts.outerjoin(documents, documents.c.sha256 == drafts.c.sha256))
        .where(IS_WHOLE.is_not(true()))
        .exists()
    )
    return statement_text(
        select(
            changed.label("drafts_changed"),
            sheets.c.name,
            sheets.c.state,
            sheets.c.digest,
            sheets.c.content,
            lines.label("lines"),
            taken.label("taken"),
        ).where(
            sheets.c.case_id == bindparam("case_id", type_=Text),
            sheets.c.name == func.any(bindparam("names", type_=ARRAY(Text))),
        )
    )


_ORDERS = _orders()
_AUTHORITIES = statement_text(
    select(authorities).where(authorities.c.authority_id == func.any(bindparam("ids", type_=ARRAY(Text))))
)
SHEETS = _sheets()


class Proven:
    """A sheet as its proven decisions leave it: what it freezes, and what it lets go."""

    def __init__(self, sheet: Sheet, state: SheetState, excepted: frozenset[int]) -> None:
        freezes = sheet.kind is SheetKind.FREEZE and state is SheetState.APPROVED
        lines = [line for line in sheet.lines if line.no not in excepted] if freezes else []
        self.term_months = sheet.term_months
        self.frozen = frozenset((_key(line), line.amount_fen) for line in lines)
        self.let_go = frozenset(_key(line) for line in lets_go(sheet, state, excepted))


@dataclass(frozen=True)
class Unproven:
    """A sheet that entitles nothing, and why."""

    why: str


class Warranting(Part):
    """The part of the register that says what may leave (activities.line_ports.Warrants)."""

    def __init__(self, engine: AsyncEngine, rules: Rules, ring: KeyRing | None = None) -> None:
        super().__init__(engine, rules, ring)
        self._remembered_sheets: dict[tuple[str, str], Proven] = {}
        self._remembered_authorities: dict[str, Any] = {}

    async def unproven(self, letters: Sequence[Letter]) -> dict[str, str]:
        """See activities.line_ports.Warrants."""
        if self._ring is None:
            return {letter.key: "this register has no key ring" for letter in letters}
        ring = self._ring
        ids = [letter.key for letter in letters]

        async def work(connection: AsyncConnection) -> dict[str, str]:
            looked_at = {row.application_id: (row, why) for row, why in await self.entitlements(connection, ring, ids)}
            reasons = {}
            for letter in letters:
                row, why = looked_at.get(letter.key, (None, "no such order is on record"))
                if row is not None and row.message_sha256 != letter.sha256:
                    why = "its bytes are not those on record"
                if why:
                    reasons[letter.key] = why
            return reasons

        try:
            return await self._do(work)
        except RegisterError as problem:
            raise NeverSent(f"the register cannot be asked for warrants ({type(problem).__name__})") from None

    async def entitlements(
        self, connection: AsyncConnection, ring: KeyRing, ids: Sequence[str]
    ) -> list[tuple[Any, str]]:
        """These orders, each with why nothing that is proven entitles it; empty: it is entitled."""
        rows = (await run(connection, _ORDERS, ids=list(ids))).all()
        await self._look_at_authorities(connection, ring, rows)
        judged = await self._sheets_for(connection, ring, rows)
        return [(row, self._why_not(ring, row, judged)) for row in rows]

    def _why_not(self, ring: KeyRing, row: Any, judged: Mapping[tuple[str, str], Proven | Unproven]) -> str:  # noqa: ANN401
        measure = Measure(row.measure)
        if measure in KINDS and row.paper_whole is not True:
            return "its paper is missing or was changed after it was issued"
        if measure in _BY_SHEET:
            return _why_no_freeze(row, judged.get((row.case_id, row.sheet), Unproven("no such sheet is on record")))
        if measure in _ENDINGS and row.cause:
            named_on = [judged.get((row.case_id, name)) for name in _names(row)]
            return _why_held(ring, row, [one for one in named_on if isinstance(one, Proven)])
        return self._why_no_authority(row)

    def _why_no_authority(self, row: Any) -> str:  # noqa: ANN401 - a row of orders
        given = self._remembered_authorities.get(row.authority)
        if given is None:
            return "no standing authority with proofs that verify entitles it"
        if {row.handling, row.second} != {given.handling, given.second}:
            return "it is not in the name of the officers on duty"
        revoked = row.revoked_at is not None and row.written_at >= row.revoked_at
        if revoked or not given.starts <= row.written_at < given.ends:
            return "its standing authority was not in force when it was written"
        return ""

    async def _look_at_authorities(self, connection: AsyncConnection, ring: KeyRing, rows: Iterable[Any]) -> None:
        """Verify the standing authorities of these orders, each once: they never change but for being revoked."""
        named = {row.authority for row in rows if row.measure not in _BY_SHEET}
        if unknown := sorted(named - self._remembered_authorities.keys()):
            for given in await run(connection, _AUTHORITIES, ids=unknown):
                if _is_given(ring, given):
                    _remember(self._remembered_authorities, given.authority_id, given)

    async def _sheets_for(
        self, connection: AsyncConnection, ring: KeyRing, rows: Iterable[Any]
    ) -> dict[tuple[str, str], Proven | Unproven]:
        """The sheets that these orders rest on, as far as they are there; what is remembered is not read again."""
        by_case: dict[str, set[str]] = {}
        found: dict[tuple[str, str], Proven | Unproven] = {}
        for row in rows:
            for name in _names(row):
                if (known := self._remembered_sheets.get((row.case_id, name))) is not None:
                    found[row.case_id, name] = known
                else:
                    by_case.setdefault(row.case_id, set()).add(name)
        for case_id, names in by_case.items():
            for kept in await run(connection, SHEETS, case_id=case_id, names=sorted(names)):
                judged = proven(ring, kept, case_id, self._rules.freeze_quorum)
                found[case_id, kept.name] = judged
                if isinstance(judged, Proven):
                    _remember(self._remembered_sheets, (case_id, kept.name), judged)
        return found


def _key(line: SheetLine) -> str:
    return account_key(line.account.institution, line.account.number)


def _names(row: Any) -> list[str]:  # noqa: ANN401 - a row of orders
    """The sheets that this order may rest on."""
    if row.measure in _BY_SHEET:
        return [row.sheet]
    return sorted(set(row.named_on or ()))


def _why_no_freeze(row: Any, sheet: Proven | Unproven) -> str:  # noqa: ANN401 - a row of orders
    if isinstance(sheet, Unproven):
        return f"no sheet with proven decisions entitles it: {sheet.why}"
    if (row.account, row.amount_fen) not in sheet.frozen:
        return "its sheet does not hold this account with this amount"
    if row.until is not None:
        latest = months_later(row.written_at, sheet.term_months) + _TERM_SLACK
        if datetime.fromisoformat(row.until) > latest:
            return "its term is longer than its sheet grants"
    return ""


def _why_held(ring: KeyRing, row: Any, named_on: Sequence[Proven]) -> str:  # noqa: ANN401 - a row of orders
    match row.cause:
        case Cause.COVERED:
            return "" if row.covered else "no freeze covers the account"
        case Cause.FINDING:
            found = row.found
            if found is None or found["proof"] is None or found["finding"] != Finding.MERCHANT:
                return "no proven finding lets it go"
            proof = Proof.model_validate(found["proof"])
            claims = finding_claims(row.case_id, row.account, found["finding"])
            return "" if is_proven(ring, proof, *claims) else "the proof of its finding does not verify"
        case _:
            lets_go = any(row.account in sheet.let_go for sheet in named_on)
            return "" if lets_go else "no proven decision lets it go"


def _is_given(ring: KeyRing, given: Any) -> bool:  # noqa: ANN401 - a row of authorities
    """Whether both duty officers' proofs verify for this authority, this term and this content."""
    if given.content is None:
        return False
    claims = authority_claims(given.authority_id, given.starts, given.ends, given.content)
    proofs = [Proof.model_validate(proof) for proof in (given.handling_proof, given.second_proof)]
    by = [proof.officer for proof in proofs]
    return by == [given.handling, given.second] and all(is_proven(ring, proof, *claims) for proof in proofs)


def proven(ring: KeyRing, kept: Any, case_id: str, least: Sequence[Role]) -> Proven | Unproven:  # noqa: ANN401 - a row
    """The sheet, when content and drafts are those of its digest and its decisions are proven and enough."""
    lines = sorted(kept.lines or [], key=lambda line: line["no"])
    try:
        sheet = Sheet.model_validate({**kept.content, "lines": lines})
    except ValidationError:
        return Unproven("its content is none that a sheet can have")
    taken = kept.taken or ()
    if changed := _changed(ring, sheet, kept, case_id, taken):
        return Unproven(changed)
    approved, excepted = [], set()
    for one in taken:
        roles = tuple(Role(role) for role in one["roles"])
        if one["verdict"] == Verdict.REJECT:
            # one word of anybody entitled rejects, whatever others said
            entitled = set(roles) & set(sheet.quorum)
            return Proven(sheet, SheetState.REJECTED, frozenset()) if entitled else Unproven("who rejected it may not")
        approved.append((str(one["officer"]), roles))
        excepted |= set(one["except_lines"] or ())
    quorums = [sheet.quorum, least] if sheet.kind is SheetKind.FREEZE else [sheet.quorum]
    if not sheet.quorum or any(still_awaited(quorum, approved) for quorum in quorums):
        return Unproven("its decisions do not fill its quorum")
    return Proven(sheet, SheetState.APPROVED, frozenset(excepted))


def _changed(ring: KeyRing, sheet: Sheet, kept: Any, case_id: str, taken: Sequence[Mapping[str, Any]]) -> str:  # noqa: ANN401
    """What of a sheet is not as it was decided; empty: nothing."""
    if kept.drafts_changed:
        return "its drafts are missing or were changed after they were approved"
    if (sheet.digest, sheet.case_id, sheet.name) != (kept.digest, case_id, kept.name):
        return "its content is not that of its digest"
    whole = all(_is_decided(ring, sheet, one) for one in taken)
    return "" if whole else "a decision on it has no proof that verifies"


def _is_decided(ring: KeyRing, sheet: Sheet, one: Mapping[str, Any]) -> bool:
    """Whether this decision was made over this very sheet by whom it names, and not by who asks."""
    if one["proof"] is None or one["officer"] == sheet.requester:
        return False
    proof = Proof.model_validate(one["proof"])
    claims = decision_claims(sheet.digest, one["verdict"], one["except_lines"] or (), one["roles"])
    return proof.officer == one["officer"] and is_proven(ring, proof, *claims)


def _remember(kept: dict[Any, Any], key: object, value: object) -> None:
    if len(kept) >= _MOST_REMEMBERED:
        kept.pop(next(iter(kept)))
    kept[key] = value
