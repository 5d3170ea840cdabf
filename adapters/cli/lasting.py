"""`up`: the lasting world, there until Ctrl-C, and again the next time."""

from adapters.cli.faulty import faulty_line, faulty_value
from adapters.cli.halted import halt_line, halt_value
from adapters.cli.outcome import login_words
from adapters.cli.running import AsJson, perform, progress
from adapters.cli.voice import Voice
from adapters.drill.lasting import make_lasting
from adapters.keyring import KeyRing
from adapters.policy_file import load_policy
from adapters.register import open_register
from adapters.register.wording import PaperFaults
from adapters.settings import LASTING_RUN, Settings
from adapters.temporal.addresses import database_name
from adapters.temporal.stack import StackView, Worker, embedded_stack
from domain.authority import Halt


def up(as_json: AsJson = False) -> None:
    """Start the stack with the lasting world `main`; goes on with everything that was there. Ends with Ctrl-C."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        async with embedded_stack(given, progress=progress(voice)) as stack:
            await make_lasting(stack)
            await stack.add_worker(Worker(LASTING_RUN))
            halt, faulty = await _standing(stack)
            value = {
                "run": LASTING_RUN,
                "halted": halt_value(halt),
                "papers_faulty": faulty_value(faulty),
                "ui": stack.ui_url,
                "codec": stack.codec_url,
                "sandbox": stack.sandbox_url,
                "children": stack.children,
            }
            voice.tell(
                value,
                f"The lasting world {LASTING_RUN} is up.",
                f"Temporal UI: {stack.ui_url}/namespaces/{LASTING_RUN}/workflows",
                *login_words(stack),
                *halt_line(halt),
                *faulty_line(faulty),
                "File a report with `starter.py report docs/example-report.json`. Ctrl-C ends everything.",
            )
            await stack.watch()

    perform(voice, work, ctrl_c=lambda: 0)  # that is how it is meant to end


async def _standing(stack: StackView) -> tuple[Halt | None, PaperFaults | None]:
    """A halt outlives the stack, and faults of templates are found at its start: whoever starts it is told."""
    given = stack.settings
    ring = KeyRing.load_or_make(given)
    register = await open_register(stack.postgres_url(database_name(LASTING_RUN)), load_policy(given), ring)
    try:
        return await register.standing_halt(), await register.paper_faults()
    finally:
        await register.close()
