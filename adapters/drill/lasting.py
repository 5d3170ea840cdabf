"""The lasting world: practice institutions whose past never changes, so that the same report works again and again."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

from adapters.drill.practice import furnish
from adapters.drill.scenario import read_file
from adapters.drill.trainer import Trainer
from adapters.settings import LASTING_RUN
from adapters.temporal.stack import StackView

SCENARIO = Path(__file__).with_name("lasting.json")
T0 = datetime(2025, 6, 2, 9, 30, tzinfo=timezone(timedelta(hours=8)))
"""The moment of its report. Fixed: the bank times of all its transfers follow from it (docs/example-report.json)."""


async def make_lasting(stack: StackView) -> None:
    """Make what is missing of the lasting world; what is there stays as it is.

    Raises:
        DrillError: the practice institutions do not answer.
        StackError: namespace or database cannot be made.
    """
    async with Trainer(stack.sandbox_url, LASTING_RUN) as trainer:
        if not await trainer.exists():
            await trainer.make(read_file(SCENARIO), name=SCENARIO.name)
        await trainer.start(T0.timestamp())
        register = await furnish(stack, LASTING_RUN, await trainer.institutions())
        await register.close()
