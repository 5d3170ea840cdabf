"""One batch of errands over one line: entitle, write, hand in, fetch, keep, and go on with the next step.

The activity may be killed anywhere: every step is in the register before it is outside, every key is derived, so a
second attempt finds what was written, fetches what was answered, and sends again only the same bytes.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import structlog

from activities.errand_run import Run, Step, as_it_should_be, unfit
from activities.gate import Gate
from activities.line_ports import InstitutionPort, Letter, LetterReceipt, LineError, NeverSent, Reply
from activities.ports import Answered, Ask, CaseTurn, Draft, OpenedOrder, OpenOrders, OrderBook
from domain.errands import STEPS, BatchResult, ErrandBatch, ErrandResult
from domain.institutions import Institution
from domain.orders import LETS_GO, AnswerClass, Measure, Order, Outcome, Unknown, in_force, is_final
from domain.statement import Digest, digest

log = structlog.get_logger(__name__)

PAGES_OF_A_QUERY = 100
"""Sequence numbers kept for the pages of one query."""
GATHER_S = 0.012
"""After the first answer of a poll, others are waited for so long: one transaction keeps them together."""
POLL_S = 1.0
"""One long poll; short, so that a batch notices its own deadline and a line that has come back."""
RETRY_LINE_S = 0.25
"""Pause after a line failed, doubled up to four seconds."""
RETRY_LINE_MOST_S = 4.0


class Exchange:
    """Carries out one batch; whoever runs it tells the engine that it is alive."""

    def __init__(
        self,
        batch: ErrandBatch,
        book: OrderBook,
        gate: Gate,
        line: InstitutionPort,
        *,
        careful: bool = False,
    ) -> None:
        """Take up the batch. `careful`: an attempt before this failed, perhaps at one answer that cannot be kept."""
        self._batch = batch
        self._careful = careful
        self._unkept: set[str] = set()
        """Orders whose answer the register does not take: not asked for any more by this attempt."""
        self._book = book
        self._gate = gate
        self._line = line
        self._runs = [Run(errand, STEPS[errand.kind]) for errand in batch.errands]
        self._by_key: dict[str, list[Run]] = {}
        """One order may serve several errands of a batch: a stop that is joined, a statement that is shared."""
        self._papers: dict[str, bytes] = {}
        self._letters: dict[str, Letter] = {}
        self._unfit: dict[str, Answered] = {}
        self._written = 0
        self._line_pause = 0.0

    async def carry_out(self) -> BatchResult:
        """Until all errands are complete, or some are and the linger is over, or the patience is."""
        started = time.monotonic()
        give_up = started + self._batch.patience_s
        leave_at = give_up
        answered: list[Answered] = []
        while True:
            await self._turn(answered)
            await self._hand_in()
            open_runs = [run for run in self._runs if not run.done]
            now = time.monotonic()
            if not open_runs or now >= leave_at:
                break
            if len(open_runs) < len(self._runs):
                leave_at = min(leave_at, now + self._batch.linger_s)
                if now >= leave_at:
                    break
            answered = await self._fetch(min(POLL_S, leave_at - now))
        return BatchResult(results=tuple(self._result(run) for run in self._runs), orders=self._written)

    # ------------------------------------------------------------ turns at the register

    async def _turn(self, answered: Sequence[Answered]) -> None:
        """Keep what was answered and open what is due next, together; what the register answers itself goes on."""
        if self._careful and answered:
            answered = await self._those_that_can_be_kept(answered)
        while True:
            concluded = [(one.application_id, *done) for one in answered for done in self._take_answer(one)]
            due = [run for run in self._runs if not run.done and run.step is None]
            if not answered and not due:
                return
            kept, opened = await self._gate.turn(self._turn_of(answered, due))
            first = {one.application_id: one.outcome for one in kept}
            for key, run, measure in concluded:
                run.outcomes[measure] = first[key]  # the first answer stands, whatever this one said
            for run, order in zip(_by_institution(due), opened, strict=True):
                self._take_opened(run, order)
            answered, self._unfit = list(self._unfit.values()), {}

    async def _those_that_can_be_kept(self, answered: Sequence[Answered]) -> list[Answered]:
        """Kept together or else each by itself: one that the register refuses holds up none of the others."""
        try:
            await self._gate.turn(self._turn_of(answered, ()))
        except Exception:  # noqa: BLE001 - which of them it is, each by itself will say
            log.warning("answers_not_kept_together", count=len(answered))
        else:
            return list(answered)
        kept = []
        for one in answered:
            try:
                await self._gate.turn(self._turn_of([one], ()))
            except Exception as error:  # noqa: BLE001 - whatever it is, it stays unknown and a person is asked
                log.error("answer_not_kept", alarm=True, application_id=one.application_id, error=type(error).__name__)  # noqa: TRY400 - values
                self._unkept.add(one.application_id)
            else:
                kept.append(one)
        return kept

    def _turn_of(self, answered: Sequence[Answered], due: Sequence[Run]) -> CaseTurn:
        pressing = any(run.errand.cause in LETS_GO for run in due)
        return CaseTurn(
            self._batch.case_id, tuple(answered), tuple(self._asks(due)), self._batch.received_at, pressing=pressing
        )

    def _asks(self, due: Sequence[Run]) -> list[Ask]:
        """One for each institution, in the order of `_by_institution`."""
        now = datetime.now(UTC)
        return [
            Ask(
                OpenOrders(
                    case_id=self._batch.case_id,
                    institution=institution,
                    drafts=tuple(self._draft(run) for run in due if run.errand.institution == institution.id),
                    now=now,
                ),
                self._seal,
            )
            for institution in self._institutions_of(due)
        ]

    def _institutions_of(self, due: Sequence[Run]) -> list[Institution]:
        known = {one.id: one for one in self._batch.institutions}
        return [known[one] for one in dict.fromkeys(run.errand.institution for run in due)]

    def _seal(self, order: Order, paper: bytes) -> str:
        try:
            letter = self._line.seal(order, paper)
        except ValueError as error:
            self._unfit[order.application_id] = unfit(order.application_id, error)
            return ""
        self._letters[order.application_id] = letter
        return letter.sha256

    def _take_answer(self, answered: Answered) -> list[tuple[Run, Measure]]:
        """Every errand that waits for this order goes on."""
        taken = []
        learned = digest(answered.statement) if answered.statement is not None else None
        for run in self._by_key.pop(answered.application_id, ()):
            taken.append((run, run.measure))
            run.step = None
            self._conclude(run, answered.outcome, learned)
        return taken

    def _draft(self, run: Run) -> Draft:
        errand, measure = run.errand, run.measure
        sequence = errand.sequence
        since = errand.since
        if measure is Measure.QUERY:
            # the very first page of the first look is number 1: only that one may be shared between cases
            sequence = (errand.query_sequence - 1) * PAGES_OF_A_QUERY + run.page + 1
            if run.passages:
                since = max(passage.at for passage in run.passages.values())
        return Draft(
            measure=measure,
            account=errand.account,
            target=errand.target,
            evidence=errand.evidence,
            amount_fen=errand.amount_fen if measure is Measure.FREEZE else None,
            since=since if measure is Measure.QUERY else None,
            until=errand.until if measure in {Measure.QUERY, Measure.FREEZE} else None,
            sequence=sequence,
            sheet=errand.sheet,
            cause=errand.cause,
        )

    def _take_opened(self, run: Run, opened: OpenedOrder) -> None:
        if opened.standing == "new":
            self._written += 1
        if opened.outcome is not None and (is_final(opened.outcome) or opened.standing == "held_back"):
            self._conclude(run, opened.outcome, opened.digest)
            return
        last = opened.last_sent_at
        handed_in = None
        if opened.standing == "sent" and last is not None:
            handed_in = time.monotonic() - (datetime.now(UTC) - last).total_seconds()
        run.step = Step(
            application_id=opened.application_id,
            measure=run.measure,
            order=opened.order,
            joined=opened.joined,
            handed_in_at=handed_in,
            since=opened.order.requested_at if opened.order is not None else (last or datetime.now(UTC)),
        )
        self._by_key.setdefault(opened.application_id, []).append(run)

    # ------------------------------------------------------------ handing in

    async def _hand_in(self) -> None:
        now = time.monotonic()
        fresh: list[Step] = []
        again: list[Step] = []
        for run in self._runs:
            step = run.step
            if step is None or step.joined or step.order is None:
                continue
            if step.handed_in_at is None:
                fresh.append(step)
            elif step.due_again(self._batch.resend_after_s):
                again.append(step)
        if again:
            # a halt also holds back what would leave again; what left before is still asked for by its key
            may = set(await self._book.note_sent_again([step.application_id for step in again], datetime.now(UTC)))
            for step in again:
                step.handed_in_at = now
            again = [step for step in again if step.application_id in may]
        if fresh or again:
            await self._transmit([*fresh, *again])

    async def _transmit(self, steps: Sequence[Step]) -> None:
        await self._build(steps)
        steps = [step for step in steps if step.letter is not None]
        letters = [step.letter for step in steps if step.letter is not None]
        if not letters:
            return
        now = time.monotonic()
        try:
            receipts = await self._line.hand_in(letters)
        except LineError as error:
            log.warning("line_failed", line=self._batch.institutions[0].line, error=type(error).__name__)
            pause = self._pause()
            for step in steps:
                # due again after the pause: for the register it counts as sent, since it may have arrived
                step.handed_in_at = now - self._batch.resend_after_s + pause
            if isinstance(error, NeverSent):
                await asyncio.sleep(min(pause, RETRY_LINE_S))
            return
        self._line_pause = 0.0
        self._take_receipts(receipts, {step.application_id: step for step in steps}, now)

    async def _build(self, steps: Sequence[Step]) -> None:
        """Letters of orders that an attempt before this one wrote: from the order again, the same byte for byte."""
        sealed = []
        for step in steps:
            step.letter = step.letter or self._letters.pop(step.application_id, None)
            if step.letter is None and step.order is not None:
                try:
                    step.letter = self._line.seal(step.order, await self._paper(step.order.paper))
                except ValueError as error:
                    self._unfit[step.application_id] = unfit(step.application_id, error)
                else:
                    sealed.append((step.letter.key, step.letter.sha256))
        if sealed:
            await self._book.note_sealed(sealed)

    def _take_receipts(self, receipts: Sequence[LetterReceipt], by_key: dict[str, Step], now: float) -> None:
        for receipt in receipts:
            step_ = by_key.get(receipt.key)
            if step_ is None:
                continue
            step_.handed_in_at = now
            if receipt.answer_class in {AnswerClass.LATER, AnswerClass.RETRY}:
                step_.handed_in_at = now - self._batch.resend_after_s + self._pause()
            elif receipt.answer_class is AnswerClass.PERMANENT:
                log.error(
                    "letter_refused_at_the_door",
                    application_id=receipt.key,
                    line=self._batch.institutions[0].line,
                    code=receipt.code,
                )

    async def _paper(self, sha256: str) -> bytes:
        if sha256 and sha256 not in self._papers:
            self._papers[sha256] = await self._book.paper(sha256)
        return self._papers.get(sha256, b"")

    def _pause(self) -> float:
        self._line_pause = min(max(self._line_pause * 2, RETRY_LINE_S), RETRY_LINE_MOST_S)
        return self._line_pause

    # ------------------------------------------------------------ fetching

    async def _fetch(self, wait_s: float) -> list[Answered]:
        """What one long poll brings, understood; an institution that could not be asked is asked again."""
        waiting = [run.step.application_id for run in self._runs if run.step is not None]
        keys = [key for key in waiting if key not in self._unkept]
        if not keys:
            await asyncio.sleep(max(wait_s, 0.0))
            return []
        try:
            fetched = await self._line.fetch(keys, wait_s=max(wait_s, 0.0), linger_s=GATHER_S)
        except LineError:
            await asyncio.sleep(min(self._pause(), max(wait_s, 0.05)))
            self._looked_in_vain(())
            return []
        self._looked_in_vain(reply.key for reply in fetched.replies)
        for key in fetched.missing:
            self._due_again(key, at_once=True)
        answered = self._understood(fetched.replies)
        if answered:
            self._line_pause = 0.0
        elif fetched.missing or fetched.replies:
            await asyncio.sleep(0.02)  # a door that answers at once with nothing must not spin us
        return list({one.application_id: one for one in answered}.values())

    def _looked_in_vain(self, came: Iterable[str]) -> None:
        now, there = time.monotonic(), set(came)
        for run in self._runs:
            if run.step is not None and run.step.application_id not in there:
                run.step.looked_for_at = now

    def _understood(self, replies: Sequence[Reply]) -> list[Answered]:
        answered = []
        for reply in replies:
            if reply.key not in self._by_key:
                continue
            if reply.unreadable:
                log.warning("answer_unreadable", application_id=reply.key, why=reply.unreadable)
            if reply.outcome is None:
                self._due_again(reply.key, at_once=False)
            else:
                answered.append(Answered(application_id=reply.key, outcome=reply.outcome, statement=reply.statement))
        return answered

    def _due_again(self, key: str, *, at_once: bool) -> None:
        """The same bytes again: the door never had them, or the institution could not be asked or understood."""
        due = time.monotonic() - self._batch.resend_after_s + (0.0 if at_once else self._pause())
        for run in self._by_key.get(key, ()):
            if run.step is not None and run.step.handed_in_at is not None and not run.step.joined:
                run.step.handed_in_at = min(run.step.handed_in_at, due)

    # ------------------------------------------------------------ concluding

    def _conclude(self, run: Run, outcome: Outcome, digest: Digest | None) -> None:
        """One order of an errand has its outcome: go on with the errand's next step, or it is complete."""
        measure = run.measure
        run.outcomes[measure] = outcome
        if outcome.kind == "held_back":
            # a lift held back because other claims stand is as it should be; anything else is asked again later
            run.done = True
            return
        if measure is Measure.QUERY and digest is not None and run.add_page(digest, self._batch.most_rows):
            return
        last = run.position + 1 >= len(run.steps)
        if measure is Measure.FREEZE and not in_force(outcome):
            last = True
        if last:
            run.done = True
        else:
            run.position += 1

    def _result(self, run: Run) -> ErrandResult:
        outcomes = dict(run.outcomes)
        complete = run.done
        if run.done:
            held = outcomes.get(run.measure)
            if held is not None and held.kind == "held_back" and not as_it_should_be(held, run.errand):
                complete = False
        elif run.step is not None:
            outcomes[run.measure] = Unknown(since=run.step.since)
        return ErrandResult(
            no=run.errand.no,
            complete=complete,
            outcomes=outcomes,
            digest=run.digest if run.done else None,
            rows_cut=run.rows_cut,
        )


def _by_institution(due: Sequence[Run]) -> list[Run]:
    """In the order in which institutions first come up, each one's together: as `Exchange._asks` asks for them."""
    order = {one: place for place, one in enumerate(dict.fromkeys(run.errand.institution for run in due))}
    return sorted(due, key=lambda run: order[run.errand.institution])
