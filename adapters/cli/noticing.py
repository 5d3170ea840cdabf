"""`notice list` and `notice ack`: what officers were told of, and that one of them has taken note."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from adapters.cli.failures import CommandError, Exit
from adapters.cli.running import AsJson, RunName, open_world, perform
from adapters.cli.voice import Voice, table
from adapters.policy_file import load_policy
from adapters.settings import Settings
from domain.clock import shown_clock
from domain.notice_words import words_of
from domain.notices import Notice
from domain.officers import ROLE_WORDS

app = typer.Typer(help="Notices: what officers are told of without asking.", no_args_is_help=True)


@app.command("list")
def list_notices(run: RunName = None, as_json: AsJson = False) -> None:
    """Notices whose cause stands, the oldest first; also while Temporal is out of reach."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            found = await world.register.notices()
            value = {"run": world.run, "notices": [_value(one) for one in found]}
            voice.tell(value, _table(found, f"run {world.run}") if found else "Nothing stands that anybody is told of.")

    perform(voice, work)


@app.command("ack")
def acknowledge(
    notice: Annotated[
        str, typer.Argument(metavar="NOTICE", help="Its id, as the letter says, e.g. n-4f1d0c2ab97e4e55.")
    ],
    officer: Annotated[str, typer.Option("--officer", metavar="NO", help="Who takes note.")],
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Take note: nothing more is sent about it, or of a sheet nothing more to your role while it awaits others.

    Exit 3 when somebody has already, or when its cause is gone.
    """
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        async with open_world(given, voice, run, engine_may_wait=True) as world:
            try:
                ruling = await world.register.acknowledge(notice, officer, load_policy(given), datetime.now(UTC))
            except LookupError:
                raise CommandError(
                    Exit.NOT_FOUND, f"The world {world.run} has no notice {notice}: see `starter.py notice list`."
                ) from None
            if not ruling.accepted:
                too_late = ruling.refused in {"acknowledged", "over"}
                raise CommandError(
                    Exit.CLOSED if too_late else Exit.BAD_INPUT, f"未确认 not acknowledged: {ruling.zh} / {ruling.en}."
                )
            voice.tell(
                {"run": world.run, "notice": notice, "officer": officer}, f"{notice}: {ruling.en} · {ruling.zh}."
            )

    perform(voice, work)


def _value(one: Notice) -> dict[str, object]:
    zh, en = words_of(one)
    return {**one.model_dump(mode="json", exclude={"workflow_id"}), "zh": zh, "en": en}


def _table(found: Sequence[Notice], title: str) -> Table:
    columns = ("通知 notice", "案件 case", "发给 for", "事由 what", "自 since", "次 sent", "确认 ack")
    made = table(title, *columns, right=["次 sent"])
    made.columns[1].no_wrap = made.columns[4].no_wrap = True
    for one in found:
        zh, en = words_of(one)
        whom = "\n".join(" ".join(ROLE_WORDS[role]) for role in one.roles)
        what = escape(f"{zh}\n{en}")
        since, by = shown_clock(one.created_at), _by_whom(one)
        made.add_row(one.notice, one.case_number, whom, what, since, str(one.sendings), by)
    return made


def _by_whom(one: Notice) -> str:
    """Who acknowledged it and when; of a sheet for which of its roles, while others are still told."""
    if one.acknowledged_at is not None:
        return f"{one.acknowledged_by} {shown_clock(one.acknowledged_at)}"
    said = ((role, one.quiet[role]) for role in one.roles if role in one.quiet)
    return "\n".join(f"{ROLE_WORDS[role][0]} {quiet.by} {shown_clock(quiet.at)}" for role, quiet in said)
