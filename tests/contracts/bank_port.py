"""The contract of the line to a bank, for any adapter: subclass `BankPortContract` and give it a `bench` fixture.

A bench is one bank with one account into which money came, the port to it, and a look from the bank's own side at
what really happened there. The tests speak of effects at the bank, never of how the adapter does it.
"""

import asyncio
from typing import Protocol

import pytest

from activities.line_ports import Fetched, InstitutionPort, NeverSent, PerhapsSent, Reply
from domain.orders import AnswerClass, Executed, Order, Refused

ARRIVED = {AnswerClass.OK, AnswerClass.DUPLICATE}


class Bench(Protocol):
    """What an adapter brings to be examined."""

    port: InstitutionPort
    paper: bytes
    inflow_fen: int
    """The one transfer into the account; a right stop names it."""

    def stop(self, sequence: int = 1, *, wrong_amount: bool = False) -> Order:
        """A stop of the account; another sequence is another order."""
        ...

    def query(self) -> Order:
        """All that moved through the account."""
        ...

    def lift(self, stop: Order) -> Order:
        """The end of that stop."""
        ...

    async def effects(self, key: str) -> int:
        """How often the order took effect, by the bank's own book."""
        ...

    async def lose_reply(self) -> None:
        """The next order takes effect, its answer gets lost until the same bytes come again."""
        ...

    async def spoil(self, how: str) -> None:
        """The next answer comes as "garbage" or "wrong_case" the first time, or "doubled", or with a "foreign" one."""
        ...

    async def fail_once(self) -> None:
        """The bank cannot be asked the first time: an answer that is no outcome."""
        ...

    async def break_line(self, *, after_arrival: bool) -> None:
        """The next handing in fails, before or after the bank has taken the letters in."""
        ...

    def unreachable(self) -> InstitutionPort:
        """A line to a bank that nobody answers for."""
        ...


async def ask(port: InstitutionPort, *keys: str, wait_s: float = 5.0) -> dict[str, Reply]:
    found = await port.fetch(keys, wait_s=wait_s, linger_s=0.0)
    return {reply.key: reply for reply in found.replies}


async def carried_out(bench: Bench, order: Order) -> Reply:
    """Hand in and fetch, as an activity would: junk is asked for again, no outcome yet means the same bytes again."""
    letter = bench.port.seal(order, bench.paper)
    for _ in range(10):
        (receipt,) = await bench.port.hand_in([letter])
        assert receipt.answer_class in ARRIVED
        for _ in range(3):
            reply = (await ask(bench.port, letter.key, wait_s=1.0)).get(letter.key)
            if reply is not None and reply.outcome is not None:
                return reply
    raise AssertionError("the order never got an outcome")


class BankPortContract:
    """Inherit, give a `bench` fixture, and the adapter is examined."""

    async def test_the_same_order_is_the_same_letter_and_another_is_another(self, bench: Bench):
        order = bench.stop()
        again = Order.model_validate_json(order.model_dump_json())
        first, second = bench.port.seal(order, bench.paper), bench.port.seal(again, bench.paper)
        assert first == second
        other = bench.port.seal(bench.stop(sequence=2), bench.paper)
        assert (other.key, other.serial, other.sha256) != (first.key, first.serial, first.sha256)
        assert first.key == order.application_id

    async def test_a_stop_takes_effect_and_brings_the_banks_clock(self, bench: Bench):
        order = bench.stop()
        reply = await carried_out(bench, order)
        assert isinstance(reply.outcome, Executed)
        assert reply.outcome.started is not None
        assert reply.outcome.expires is not None
        assert (reply.outcome.expires - reply.outcome.started).total_seconds() == pytest.approx(48 * 3600, abs=1)
        assert reply.outcome.balance_fen == bench.inflow_fen
        assert await bench.effects(order.application_id) == 1

    async def test_the_same_order_twice_has_one_effect_and_one_answer(self, bench: Bench):
        order = bench.stop()
        letter = bench.port.seal(order, bench.paper)
        (first,) = await bench.port.hand_in([letter])
        (second,) = await bench.port.hand_in([letter])
        assert (first.answer_class, second.answer_class) == (AnswerClass.OK, AnswerClass.DUPLICATE)
        once = (await ask(bench.port, letter.key))[letter.key]
        twice = (await ask(bench.port, letter.key))[letter.key]
        assert isinstance(once.outcome, Executed)
        assert isinstance(twice.outcome, Executed)
        assert once.outcome.model_copy(update={"at": None}) == twice.outcome.model_copy(update={"at": None})
        assert await bench.effects(order.application_id) == 1

    async def test_the_same_order_twice_in_one_list_has_one_effect_and_two_receipts(self, bench: Bench):
        letter = bench.port.seal(bench.stop(), bench.paper)
        receipts = await bench.port.hand_in([letter, letter])
        assert [receipt.key for receipt in receipts] == [letter.key] * 2
        assert all(receipt.answer_class in ARRIVED for receipt in receipts)
        assert isinstance((await ask(bench.port, letter.key))[letter.key].outcome, Executed)
        assert await bench.effects(letter.key) == 1

    async def test_the_same_key_with_other_content_is_refused_and_changes_nothing(self, bench: Bench):
        order = bench.stop()
        await carried_out(bench, order)
        changed = bench.port.seal(order.model_copy(update={"case_number": "A2026-999999"}), bench.paper)
        (receipt,) = await bench.port.hand_in([changed])
        assert receipt.answer_class is AnswerClass.PERMANENT
        assert await bench.effects(order.application_id) == 1

    async def test_a_lost_reply_is_found_with_the_same_bytes(self, bench: Bench):
        await bench.lose_reply()
        order = bench.stop()
        letter = bench.port.seal(order, bench.paper)
        await bench.port.hand_in([letter])
        assert await ask(bench.port, letter.key, wait_s=0.3) == {}
        assert await bench.effects(letter.key) == 1
        (receipt,) = await bench.port.hand_in([letter])
        assert receipt.answer_class is AnswerClass.DUPLICATE
        assert isinstance((await ask(bench.port, letter.key))[letter.key].outcome, Executed)
        assert await bench.effects(letter.key) == 1

    async def test_a_key_never_handed_in_is_missing(self, bench: Bench):
        known, never = (bench.port.seal(bench.stop(sequence=n), bench.paper) for n in (1, 2))
        await bench.port.hand_in([known])
        found = await bench.port.fetch([known.key, never.key], wait_s=5.0, linger_s=0.0)
        assert found.missing == (never.key,)
        assert [reply.key for reply in found.replies] == [known.key]

    async def test_no_keys_and_no_letters_are_no_trouble(self, bench: Bench):
        assert await bench.port.fetch([], wait_s=0.0, linger_s=0.0) == Fetched()
        assert await bench.port.hand_in([]) == []

    async def test_a_late_answer_is_waited_for_elsewhere_and_comes_once_it_is_there(self, bench: Bench):
        letter = bench.port.seal(bench.stop(), bench.paper)
        await bench.port.hand_in([letter])
        polls = await asyncio.gather(*(ask(bench.port, letter.key) for _ in range(3)))
        assert {poll[letter.key].unreadable for poll in polls} == {""}
        assert isinstance((await ask(bench.port, letter.key))[letter.key].outcome, Executed)

    @pytest.mark.parametrize("how", ["garbage", "wrong_case"])
    async def test_an_answer_that_is_not_this_orders_is_unreadable_and_the_right_one_still_comes(
        self, bench: Bench, how: str
    ):
        await bench.spoil(how)
        letter = bench.port.seal(bench.stop(), bench.paper)
        await bench.port.hand_in([letter])
        spoilt = (await ask(bench.port, letter.key))[letter.key]
        assert spoilt.outcome is None
        assert spoilt.unreadable
        assert letter.key not in spoilt.unreadable
        assert isinstance((await ask(bench.port, letter.key))[letter.key].outcome, Executed)

    async def test_a_doubled_answer_counts_once(self, bench: Bench):
        await bench.spoil("doubled")
        letter = bench.port.seal(bench.stop(), bench.paper)
        await bench.port.hand_in([letter])
        found = await bench.port.fetch([letter.key], wait_s=5.0, linger_s=0.0)
        assert [reply.key for reply in found.replies] == [letter.key]

    async def test_a_foreign_answer_is_dropped_and_counted(self, bench: Bench):
        await bench.spoil("foreign")
        letter = bench.port.seal(bench.stop(), bench.paper)
        await bench.port.hand_in([letter])
        found = await bench.port.fetch([letter.key], wait_s=5.0, linger_s=0.0)
        assert [reply.key for reply in found.replies] == [letter.key]
        assert found.foreign == 1

    async def test_a_bank_that_could_not_be_asked_is_asked_again_with_the_same_bytes(self, bench: Bench):
        await bench.fail_once()
        order = bench.stop()
        letter = bench.port.seal(order, bench.paper)
        await bench.port.hand_in([letter])
        failed = (await ask(bench.port, letter.key))[letter.key]
        assert (failed.outcome, failed.unreadable) == (None, "")
        assert failed.code
        assert await bench.effects(letter.key) == 0
        assert isinstance((await carried_out(bench, order)).outcome, Executed)
        assert await bench.effects(letter.key) == 1

    async def test_a_line_that_breaks_after_arrival_says_perhaps_and_the_same_bytes_settle_it(self, bench: Bench):
        await bench.break_line(after_arrival=True)
        order = bench.stop()
        with pytest.raises(PerhapsSent):
            await bench.port.hand_in([bench.port.seal(order, bench.paper)])
        assert isinstance((await carried_out(bench, order)).outcome, Executed)
        assert await bench.effects(order.application_id) == 1

    async def test_a_line_that_breaks_on_the_way_never_claims_that_nothing_left(self, bench: Bench):
        await bench.break_line(after_arrival=False)
        order = bench.stop()
        with pytest.raises(PerhapsSent):
            await bench.port.hand_in([bench.port.seal(order, bench.paper)])
        assert await bench.effects(order.application_id) == 0
        assert isinstance((await carried_out(bench, order)).outcome, Executed)

    async def test_where_nobody_answers_nothing_was_sent(self, bench: Bench):
        nowhere = bench.unreachable()
        order = bench.stop()
        with pytest.raises(NeverSent):
            await nowhere.hand_in([nowhere.seal(order, bench.paper)])
        with pytest.raises(NeverSent):
            await nowhere.fetch([order.application_id], wait_s=0.0, linger_s=0.0)
        assert await bench.effects(order.application_id) == 0

    async def test_a_refusal_is_an_outcome_without_effect(self, bench: Bench):
        order = bench.stop(wrong_amount=True)
        reply = await carried_out(bench, order)
        assert isinstance(reply.outcome, Refused)
        assert reply.outcome.answer_class is AnswerClass.PERSON
        assert await bench.effects(order.application_id) == 0

    async def test_a_lift_ends_the_stop_and_a_second_one_finds_it_ended(self, bench: Bench):
        stop = bench.stop()
        await carried_out(bench, stop)
        lift = bench.lift(stop)
        assert isinstance((await carried_out(bench, lift)).outcome, Executed)
        assert await bench.effects(lift.application_id) == 1
        once_more = bench.lift(stop.model_copy(update={"case_id": "c-other"}))
        assert isinstance((await carried_out(bench, once_more)).outcome, Executed)

    async def test_a_query_brings_the_statement(self, bench: Bench):
        reply = await carried_out(bench, bench.query())
        assert isinstance(reply.outcome, Executed)
        assert reply.statement is not None
        (inflow,) = reply.statement.rows
        assert (inflow.credit, inflow.done, inflow.amount_fen) == (True, True, bench.inflow_fen)
        assert inflow.opponent_institution
        assert inflow.opponent_number
        assert reply.statement.balance_fen == bench.inflow_fen
        assert reply.statement.total_rows == 1

    async def test_a_list_gets_a_receipt_for_each_letter_in_its_order(self, bench: Bench):
        letters = [bench.port.seal(order, bench.paper) for order in (bench.query(), bench.stop())]
        receipts = await bench.port.hand_in(letters)
        assert [receipt.key for receipt in receipts] == [letter.key for letter in letters]
        found: dict[str, Reply] = {}
        while len(found) < len(letters):
            found |= await ask(bench.port, *(letter.key for letter in letters if letter.key not in found))
        assert all(reply.outcome is not None for reply in found.values())

    async def test_an_order_that_does_not_fit_is_refused_before_it_leaves(self, bench: Bench):
        order = bench.stop()
        assert order.account is not None
        wide = order.account.model_copy(update={"name": "名" * 500})
        with pytest.raises(ValueError, match=r"AccountName|name"):
            bench.port.seal(order.model_copy(update={"account": wide}), bench.paper)
