"""What entitles an order, read in the very transaction that writes it (decisions: evidence first).

Standing authority, halt, fuse and decided sheets come in one round trip.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, bindparam, case, func, select
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from activities.ports import Draft
from adapters.papers.words import FIRST_BYTE, WordsError, words_from
from adapters.register.bulk import run, statement_text
from adapters.register.locking import FUSE_LOCK
from adapters.register.part import Rules
from adapters.register.tables import authorities, decisions, documents, halts, officers, orders, sheet_lines, sheets
from domain.identifiers import account_key
from domain.officers import Role
from domain.orders import ENDS_A_HOLD, HeldBack, Measure, OfficerCard
from domain.papers import PaperKind
from domain.sheets import SheetKind, SheetState, Verdict

_MINUTE = timedelta(minutes=1)
_UNSEEN_MOST = (
    1000  # stops that other transactions may be writing just now: ten connections with batches of sixty, and more
)
IS_WHOLE = func.encode(func.sha256(documents.c.bytes), "hex") == documents.c.sha256
"""Whether a kept document is the one it was: compared where it lies."""


@dataclass(frozen=True)
class Entitled:
    """Who orders it, and under what."""

    handling: OfficerCard
    second: OfficerCard
    authority: str


def _card(officer: Any) -> Any:  # noqa: ANN401 - an alias of officers, a JSON expression
    return func.jsonb_build_object("number", officer.c.number, "name", officer.c.name, "phone", officer.c.phone)


def _latest_authority() -> Any:  # noqa: ANN401 - a scalar subquery
    handling, second = officers.alias("handling"), officers.alias("second")
    return (
        select(
            func.jsonb_build_object(
                "id",
                authorities.c.authority_id,
                "starts",
                authorities.c.starts,
                "ends",
                authorities.c.ends,
                "revoked",
                authorities.c.revoked_at.is_not(None),
                "proven",
                authorities.c.content.is_not(None),
                "handling",
                _card(handling),
                "second",
                _card(second),
            )
        )
        .join(handling, handling.c.number == authorities.c.handling)
        .join(second, second.c.number == authorities.c.second)
        .order_by(authorities.c.given.desc())
        .limit(1)
        .scalar_subquery()
    )


HALTED = select(halts.c.id).where(halts.c.lifted_by.is_(None)).exists()
_RECENT_STOPS = (
    select(func.count())
    .where(
        and_(orders.c.measure == "stop", orders.c.written_at > bindparam("minute_ago", type_=TIMESTAMP(timezone=True)))
    )
    .scalar_subquery()
)
_READ = statement_text(
    select(_latest_authority().label("authority"), HALTED.label("halted"), _RECENT_STOPS.label("recent_stops"))
)
_COUNT_ALONE = statement_text(select(_RECENT_STOPS.label("recent_stops")))
_LOCK_FUSE = statement_text(select(func.pg_advisory_xact_lock(FUSE_LOCK)))


def _sheets() -> str:
    of_cases = func.any(bindparam("cases", type_=ARRAY(Text)))
    names = func.any(bindparam("sheets", type_=ARRAY(Text)))
    requester, decider = officers.alias("requester"), officers.alias("decider")
    deciders = (
        select(func.jsonb_agg(func.jsonb_build_object("card", _card(decider), "roles", decisions.c.roles)))
        .where(
            decisions.c.case_id == sheets.c.case_id,
            decisions.c.sheet == sheets.c.name,
            decisions.c.verdict == Verdict.APPROVE,
            decider.c.number == decisions.c.officer,
        )
        .scalar_subquery()
    )
    line = (
        select(
            func.jsonb_agg(
                func.jsonb_build_object("account", sheet_lines.c.account, "amount_fen", sheet_lines.c.amount_fen)
            )
        )
        .where(
            sheet_lines.c.case_id == sheets.c.case_id,
            sheet_lines.c.sheet == sheets.c.name,
            sheet_lines.c.account == func.any(bindparam("accounts", type_=ARRAY(Text))),
            sheet_lines.c.no != func.all(sheets.c.except_lines),
        )
        .scalar_subquery()
    )
    used = (
        select(func.jsonb_agg(func.jsonb_build_object("account", orders.c.account, "id", orders.c.application_id)))
        .where(
            orders.c.case_id == sheets.c.case_id,
            orders.c.sheet == sheets.c.name,
            orders.c.measure == Measure.FREEZE,
            func.coalesce(orders.c.outcome_kind, "").not_in(["refused", "held_elsewhere"]),
            orders.c.account == func.any(bindparam("accounts", type_=ARRAY(Text))),
        )
        .scalar_subquery()
    )
    last_document = sheets.c.content["documents"][-1].astext
    text = func.convert_from(documents.c.bytes, "UTF8")  # whole, it is UTF-8: we wrote it
    begins = func.encode(func.substring(documents.c.bytes, 1, 1), "hex")
    words = (
        select(
            func.jsonb_build_object(
                *("whole", IS_WHOLE),
                *("text", case((and_(IS_WHOLE, begins == FIRST_BYTE), text), else_="")),
            )
        )
        .where(documents.c.sha256 == last_document, sheets.c.kind == SheetKind.FREEZE)
        .scalar_subquery()
    )
    return statement_text(
        select(
            sheets.c.case_id,
            sheets.c.name,
            sheets.c.kind,
            sheets.c.state,
            sheets.c.content["term_months"].label("term_months"),
            sheets.c.content["basis"].astext.label("basis"),
            sheets.c.quorum,
            select(_card(requester))
            .where(requester.c.number == sheets.c.requester)
            .scalar_subquery()
            .label("requester"),
            deciders.label("deciders"),
            line.label("lines"),
            used.label("used"),
            (last_document.is_not(None)).label("drafted"),
            words.label("words"),
        ).where(sheets.c.case_id == of_cases, sheets.c.name == names)
    )


_SHEETS = _sheets()


class Entitlement:
    """What may leave now for one case, and in whose name."""

    def __init__(self, row: Row[Any], sheet_rows: Iterable[Row[Any]], now: datetime) -> None:
        self._now = now
        self.halted: bool = row.halted
        self.recent_stops: int = row.recent_stops
        self._authority: dict[str, Any] | None = row.authority
        self._sheets = {one.name: one for one in sheet_rows}

    @classmethod
    async def read(
        cls, connection: AsyncConnection, drafts: Mapping[str, Sequence[Draft]], now: datetime
    ) -> "dict[str, Entitlement]":
        """Read it for the drafts of each case; the cases are locked, a halt waits for us or we have seen it."""
        on_sheets = [one for of_case in drafts.values() for one in of_case if one.sheet and one.account]
        row = (await run(connection, _READ, minute_ago=now - _MINUTE)).one()
        sheet_rows: Sequence[Row[Any]] = ()
        if on_sheets:
            keys = sorted(
                {account_key(one.account.institution, one.account.number) for one in on_sheets if one.account}
            )
            names = sorted({one.sheet for one in on_sheets})
            cases = sorted(drafts)
            sheet_rows = (await run(connection, _SHEETS, cases=cases, sheets=names, accounts=keys)).all()
        return {case_id: cls(row, [one for one in sheet_rows if one.case_id == case_id], now) for case_id in drafts}

    async def stops_left(self, connection: AsyncConnection, wanted: int, rules: Rules) -> int:
        """How many stops the fuse of all cases lets through this minute.

        Far below the fuse nobody waits. Near it, one transaction at a time counts again, so that none gets past it.
        """
        if wanted and self.recent_stops + wanted + _UNSEEN_MOST > rules.stops_per_minute:
            await run(connection, _LOCK_FUSE)
            self.recent_stops = (await run(connection, _COUNT_ALONE, minute_ago=self._now - _MINUTE)).one().recent_stops
        return max(0, rules.stops_per_minute - self.recent_stops)

    # ------------------------------------------------------------ what entitles what

    def of(self, draft: Draft, application_id: str) -> Entitled | HeldBack:
        """What entitles this draft, or why nothing does."""
        match draft.measure:
            case Measure.FREEZE | Measure.RENEW:
                return self._by_sheet(draft, application_id)
            case Measure.UNFREEZE:
                return self._letting_go(draft) if draft.cause in ENDS_A_HOLD else HeldBack(reason="not_decided")
            case Measure.LIFT if draft.cause in ENDS_A_HOLD:
                return self._letting_go(draft)
            case _:
                return self._standing()

    def _standing(self) -> Entitled | HeldBack:
        if self.halted or (self._authority and self._authority["revoked"]):
            return HeldBack(reason="halted")
        given = self._authority
        if (
            given is None
            or not given["proven"]
            or not (datetime.fromisoformat(given["starts"]) <= self._now < datetime.fromisoformat(given["ends"]))
        ):
            return HeldBack(reason="no_authority")
        return self._in_the_name_of(given)

    @staticmethod
    def _in_the_name_of(given: dict[str, Any]) -> Entitled:
        return Entitled(
            handling=OfficerCard.model_validate(given["handling"]),
            second=OfficerCard.model_validate(given["second"]),
            authority=given["id"],
        )

    def _letting_go(self, draft: Draft) -> Entitled | HeldBack:
        """Never blocked by a halt, nor by the end of a shift: the latest duty officers sign, or those of the sheet."""
        if draft.sheet in self._sheets and isinstance(by_sheet := self._signed(draft.sheet), Entitled):
            return by_sheet
        return HeldBack(reason="no_authority") if self._authority is None else self._in_the_name_of(self._authority)

    def _by_sheet(self, draft: Draft, application_id: str) -> Entitled | HeldBack:
        """An approved sheet with this very account and amount, each line once."""
        if self.halted:
            return HeldBack(reason="halted")
        sheet = self._sheets.get(draft.sheet)
        if (
            sheet is None
            or draft.account is None
            or sheet.kind != SheetKind.FREEZE
            or sheet.state != SheetState.APPROVED
        ):
            return HeldBack(reason="not_decided")
        key = account_key(draft.account.institution, draft.account.number)
        if {"account": key, "amount_fen": draft.amount_fen} not in (sheet.lines or []):
            return HeldBack(reason="not_decided")
        others = [one for one in sheet.used or [] if one["account"] == key and one["id"] != application_id]
        if draft.measure is Measure.FREEZE and others:
            return HeldBack(reason="not_decided")
        if draft.measure is Measure.FREEZE and not self._prints_as_approved(sheet):
            return HeldBack(reason="words_unreadable")
        return self._signed(draft.sheet)

    def _signed(self, name: str) -> Entitled | HeldBack:
        """Handling: who asked; second: who decided as second officer; else the duty officers. Always two persons."""
        sheet = self._sheets[name]
        duty = self._authority or {}
        handling = sheet.requester or duty.get("handling")
        deciders = (sheet.deciders or []) if sheet.state == SheetState.APPROVED else []  # a no is not their yes
        seconds = [one["card"] for one in deciders if Role.SECOND_OFFICER in one["roles"]]
        candidates = [*seconds, duty.get("second"), duty.get("handling"), *(one["card"] for one in deciders)]
        fit = [card for card in candidates if handling and card and card["number"] != handling["number"]]
        if not fit:
            return HeldBack(reason="no_authority")
        return Entitled(
            handling=OfficerCard.model_validate(handling), second=OfficerCard.model_validate(fit[0]), authority=name
        )

    def words(self, name: str) -> str:
        """The text a freeze sheet's papers are printed with; empty: it was made before sheets had words."""
        sheet = self._sheets.get(name)
        return str(sheet.words["text"]) if sheet is not None and sheet.words else ""

    @staticmethod
    def _prints_as_approved(sheet: Row[Any]) -> bool:
        """Whether the words that were approved are there, unchanged, and of a layout that this program knows."""
        if not sheet.drafted:
            return True
        if not (sheet.words and sheet.words["whole"]):
            return False
        try:
            return not sheet.words["text"] or words_from(sheet.words["text"]).kind is PaperKind.FREEZE
        except WordsError:
            return False

    def basis(self, name: str, kind: SheetKind) -> str:
        """The law a sheet of this kind rests on; empty: none is named, or it is of another kind."""
        sheet = self._sheets.get(name)
        return str(sheet.basis or "") if sheet is not None and sheet.kind == kind else ""

    def quorum(self, name: str) -> tuple[Role, ...]:
        """The roles that approved a sheet; empty: none did."""
        sheet = self._sheets.get(name)
        if sheet is None or sheet.state != SheetState.APPROVED:
            return ()
        return tuple(Role(role) for role in sheet.quorum)

    def term_months(self, name: str) -> int:
        """The term a sheet grants; 0: none."""
        sheet = self._sheets.get(name)
        return int(sheet.term_months or 0) if sheet is not None else 0
