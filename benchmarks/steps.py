"""The bare workflows that ours are measured against; nothing but the engine's own cost."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict
from temporalio import workflow

FLOOR_QUEUE = "bench-floor"
STEPS = 12
ONE_TRY = timedelta(seconds=30)  # longer than any queue of the run: a step that is tried again would count twice
LETTER, NOTHING = "one_row_one_letter", "nothing"


class Note(BaseModel):
    """What a bare workflow is started with: a name."""

    model_config = ConfigDict(frozen=True)

    name: str


@workflow.defn(name="OneLetter")
class OneLetter:
    """One activity that inserts one row and posts one letter: the floor of a first stop."""

    @workflow.run
    async def run(self, note: Note) -> bool:
        """That activity."""
        done: bool = await workflow.execute_activity(LETTER, note, result_type=bool, start_to_close_timeout=ONE_TRY)
        return done


@workflow.defn(name="TwelveSteps")
class TwelveSteps:
    """Twelve activities that do nothing, one after the other."""

    @workflow.run
    async def run(self, note: Note) -> int:
        """All twelve."""
        done = 0
        for _ in range(STEPS):
            done += await workflow.execute_activity(NOTHING, note, result_type=bool, start_to_close_timeout=ONE_TRY)
        return done
