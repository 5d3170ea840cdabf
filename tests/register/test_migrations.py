"""Migrations: up, down, up with data, twice at once, and the same tables as the program believes in."""

import asyncio
import sys
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from adapters.http.codec.recording import Decode
from adapters.papers.templates import load_templates
from adapters.policy_file import house_policy
from adapters.register import Register, Rules, downgrade, migrate
from adapters.register.decodes import DecodeLog
from adapters.register.engine import driver_url
from adapters.register.tables import metadata
from adapters.settings import ORGANISATION, PAPER_ORGAN
from domain.findings import Finding
from domain.sheets import SheetKind
from tests.register.given import FIELD, NOW, OFFICERS, RING, Given, device, found_at, numbered
from tests.tries import tries_within

_KEPT = """
SELECT c.case_number, c.status, o.application_id, o.measure, o.outcome, o.content FROM cases c
LEFT JOIN orders o USING (case_id) ORDER BY o.application_id
"""


@contextmanager
def empty_one(server):
    with psycopg.connect(server.get_uri(), autocommit=True) as admin:
        admin.execute("CREATE DATABASE empty_one")
    yield server.get_uri("empty_one")
    with psycopg.connect(server.get_uri(), autocommit=True) as admin:
        admin.execute("DROP DATABASE empty_one WITH (FORCE)")


@pytest.fixture
def empty(server):
    with empty_one(server) as url:
        yield url


async def _work(url: str) -> None:
    given = Given(await Register.connect(url, ring=RING))
    await given.register.put_officers(OFFICERS)
    await given.register.enrol_practice([device(officer.number) for officer in OFFICERS], NOW)
    words = Rules.of(house_policy()).worded(load_templates(), "", ORGANISATION)
    await given.register.adopt_words([words], PAPER_ORGAN, ["a fault"], NOW)
    await given.duty()
    case_id = await given.case()
    await given.stopped(case_id, *numbered(3))
    await given.books(case_id, numbered(1)[0], 500)
    await given.approved(given.sheet(case_id, (numbered(1)[0], 500)))
    finding = found_at(case_id, numbered(2)[1], Finding.MULE)
    assert (await given.register.keep_finding(finding)).accepted
    assert await given.register.note_restart(case_id, 0, "run-0", "terminated", NOW) == 1
    decodes = DecodeLog({"main": url}.get)
    await decodes.keep(
        [Decode(officer=FIELD, at=NOW, namespace="main", workflow_id="case/c-1", payloads=1, masked=False)]
    )
    await decodes.close()
    assert await given.register.verify_all() == []
    assert (await given.register.case(case_id)).case_number == "A2026-000001"
    await given.register.close()


async def test_up_down_and_up_again_with_data(empty: str) -> None:
    migrate(empty)
    await _work(empty)
    downgrade(empty)
    with psycopg.connect(empty) as connection:
        left = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname !~ '^alembic' "
            "UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        ).fetchall()
    assert left == []
    migrate(empty)
    await _work(empty)


@pytest.mark.parametrize("older", ["0009", "0007", "0006", "0005", "0004", "0003", "0002", "0001"])
async def test_one_step_after_the_other_down_and_up_again_the_cases_stay_and_work_goes_on(
    empty: str, older: str
) -> None:
    migrate(empty)
    await _work(empty)
    with psycopg.connect(empty) as connection:
        before = connection.execute(_KEPT).fetchall()
    for step in ("0009", "0007", "0006", "0005", "0004", "0003", "0002", "0001"):
        downgrade(empty, step)
        if step == older:
            break
    migrate(empty)
    with psycopg.connect(empty) as connection:
        assert connection.execute(_KEPT).fetchall() == before
    given = Given(await Register.connect(empty, ring=RING))
    assert await given.register.verify_all() == []
    if older < "0003":  # the devices are gone with the table that held them
        await given.register.enrol_practice([device(officer.number) for officer in OFFICERS], NOW)
    later = NOW + timedelta(minutes=5)
    await given.duty(now=later)
    await given.stopped(await given.case(), *numbered(1, start=9), now=later)
    assert await given.register.verify_all() == []
    await given.register.close()


async def test_numbers_of_papers_go_on_after_the_way_down_and_up_again(empty: str) -> None:
    migrate(empty)
    await _work(empty)
    downgrade(empty, "0007")
    with psycopg.connect(empty) as connection:
        papers = "SELECT DISTINCT content->>'paper_number' FROM orders WHERE content->>'paper' <> ''"
        before = {number for (number,) in connection.execute(papers).fetchall()}
    migrate(empty)
    given = Given(await Register.connect(empty, ring=RING))
    later = NOW + timedelta(minutes=5)
    await given.duty(now=later)
    await given.stopped(await given.case(), *numbered(1, start=9), now=later)
    await given.register.close()
    with psycopg.connect(empty) as connection:
        after = {number for (number,) in connection.execute("SELECT number FROM papers").fetchall()}
    assert before == {"锡公（反诈）止付字〔2026〕000001号"}
    assert after - before == {"锡公（反诈）止付字〔2026〕000002号"}, "a number is given once"


async def test_papers_are_found_and_proven_after_the_way_down_and_up_again(empty: str) -> None:
    migrate(empty)
    await _work(empty)
    register = await Register.connect(empty, ring=RING)
    (case,) = await register.list_cases()
    before = await register.papers_of(case.case_id)
    await register.close()
    assert before
    downgrade(empty, "0007")
    migrate(empty)
    register = await Register.connect(empty, ring=RING)
    assert await register.papers_of(case.case_id) == before
    assert (await register.audit_papers(case.case_id)).faults == ()
    assert await register.series_faults() == []
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT number FROM papers").fetchall() == [(one.number,) for one in before]
    await register.close()


async def test_a_paper_numbered_within_its_case_is_found_on_its_orders(empty: str) -> None:
    """Given a register from before the series of numbers: no list can hold them."""
    migrate(empty)
    await _work(empty)
    register = await Register.connect(empty, ring=RING)
    (case,) = await register.list_cases()
    (before,) = await register.papers_of(case.case_id)
    downgrade(empty, "0007")
    number = "锡公（反诈）止字〔2026〕A2026-000001-1号"
    with psycopg.connect(empty) as connection:
        connection.execute("SET session_replication_role = replica")
        named = "UPDATE orders SET content = jsonb_set(content, '{paper_number}', to_jsonb(%s::text))"
        connection.execute(named, [number])
    migrate(empty)
    assert await register.papers_of(case.case_id) == [before.model_copy(update={"number": number})]
    assert await register.paper_of_orders(case.case_id, number) == {before.sha256}
    await register.close()


async def test_sheets_of_a_second_look_outlive_the_way_down_and_up_again(empty: str) -> None:
    migrate(empty)
    given = Given(await Register.connect(empty, ring=RING))
    await given.register.put_officers(OFFICERS)
    case_id = await given.case()
    look = given.sheet(case_id, (numbered(1)[0], 500), name="L-01", kind=SheetKind.LOOK)
    await given.register.keep_sheet(look)
    await given.register.settle_sheets(case_id, ["L-01"], NOW)
    await given.register.close()
    downgrade(empty, "0004")
    with psycopg.connect(empty) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE sheets SET made_at = made_at + interval '1 second'")
    migrate(empty)
    given = Given(await Register.connect(empty, ring=RING))
    assert [one.state for one in (await given.register.recall(case_id)).sheets] == ["settled"]
    await given.register.close()


async def test_migrating_a_furnished_register_again_changes_nothing(empty: str) -> None:
    migrate(empty)
    await _work(empty)
    migrate(empty)
    register = await Register.connect(empty, ring=RING)
    assert len(await register.list_cases()) == 1
    await register.close()


async def test_processes_and_threads_may_migrate_at_once(empty: str) -> None:
    program = f"from adapters.register import migrate; migrate({empty!r})"
    others = [await asyncio.create_subprocess_exec(sys.executable, "-c", program) for _ in range(2)]
    await asyncio.gather(*(asyncio.to_thread(migrate, empty) for _ in range(2)))
    assert [await other.wait() for other in others] == [0, 0]
    await _work(empty)


def test_the_migrated_tables_are_those_of_the_program(url: str) -> None:
    engine = create_engine(driver_url(url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_every_table_and_column_says_what_it_means(sql) -> None:
    silent = sql.execute(
        """
        SELECT c.relname || coalesce('.' || a.attname, '') FROM pg_class c
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'alembic_version'
          AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)
        """
    ).fetchall()
    assert silent == []


def test_a_new_world_is_ready_soon(server) -> None:
    for one in tries_within(3.0):  # 0.2 s on a quiet machine
        with empty_one(server) as url, one:
            migrate(url)
