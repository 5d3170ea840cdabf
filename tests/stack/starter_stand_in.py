"""A command that owns a stack, to be killed: `python starter_stand_in.py STATE_DIR`; says "up" and waits."""

import asyncio
import signal
import sys
from pathlib import Path

from adapters.settings import Settings
from adapters.temporal import parts
from adapters.temporal.errors import StackError
from adapters.temporal.stack import Worker, embedded_stack

STAND_IN = str(Path(__file__).with_name("stand_in.py"))


async def main(state_dir: Path) -> None:
    parts.SANDBOX = (sys.executable, "-S", STAND_IN)
    worker = Worker("main", command=(sys.executable, "-S", STAND_IN, "--run", "main"))
    try:
        async with embedded_stack(Settings(state_dir=state_dir), workers=[worker]) as stack:
            print("up", *stack.children.values(), flush=True)
            await asyncio.sleep(600)
    except StackError as problem:
        print(problem, flush=True)
        sys.exit(2)


# a shell without job control starts what runs in the background deaf to Ctrl-C, and its children inherit that
signal.signal(signal.SIGINT, signal.default_int_handler)
asyncio.run(main(Path(sys.argv[1])))
