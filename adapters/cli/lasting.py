"""`up`: the lasting world, there until Ctrl-C, and again the next time."""

from adapters.cli.outcome import login_words
from adapters.cli.running import AsJson, perform, progress
from adapters.cli.voice import Voice
from adapters.drill.lasting import make_lasting
from adapters.settings import LASTING_RUN, Settings
from adapters.temporal.stack import Worker, embedded_stack


def up(as_json: AsJson = False) -> None:
    """Start the stack with the lasting world `main`; goes on with everything that was there. Ends with Ctrl-C."""
    voice = Voice(as_json)

    async def work(given: Settings) -> None:
        async with embedded_stack(given, progress=progress(voice)) as stack:
            await make_lasting(stack)
            await stack.add_worker(Worker(LASTING_RUN))
            value = {
                "run": LASTING_RUN,
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
                "File a report with `starter.py report docs/example-report.json`. Ctrl-C ends everything.",
            )
            await stack.watch()

    perform(voice, work, ctrl_c=lambda: 0)  # that is how it is meant to end
