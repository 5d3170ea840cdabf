"""(c) The wide drill: 2,000 accounts, beside a perfect pursuer who needs no time of his own."""

from pathlib import Path

from adapters.drill.drill import Drill, Plan
from adapters.drill.scenario import read_file
from adapters.settings import PROJECT_ROOT
from adapters.temporal.stack import StackView
from benchmarks.figures import Figure, ratio
from benchmarks.processes import peak_memory

LONGEST_S = 900.0  # many times what it takes on a busy machine
SCENARIO = PROJECT_ROOT / "scenarios" / "wide-2000.json"


class Wide(Figure):
    """What a drill of the file came to. Seconds are real; `memory_mb` is the worker's peak."""

    scenario: str
    traced_seconds: float
    pursuer_seconds: float
    whole_seconds: float
    accounts: int
    events: int
    activities: int
    batches: int
    orders: int
    memory_mb: float
    held_to_reachable: float
    sound: bool
    """Register and witness agree, and nothing was violated."""

    @property
    def ratio(self) -> float:
        """Our tracing in the perfect pursuer's."""
        return ratio(self.traced_seconds, self.pursuer_seconds)


async def wide(stack: StackView, run: str, file: Path = SCENARIO) -> Wide:
    """Play it once. Raises adapters.drill.errors.DrillError."""
    drill = Drill(stack, read_file(file), run=run, plan=Plan(longest_s=LONGEST_S), name=file.name)

    def worker() -> int | None:
        return next((stack.children[name] for name in drill.worker_names if name in stack.children), None)

    async with peak_memory(worker) as peak:
        result = await drill.play()
    return Wide(
        scenario=result.scenario,
        traced_seconds=result.witness.traced_seconds,
        pursuer_seconds=result.witness.pursuer.seconds,
        whole_seconds=result.seconds,
        accounts=sum(report.accounts for report in result.reports),
        events=result.engine.events,
        activities=result.engine.activities,
        batches=result.engine.batches,
        orders=result.orders,
        memory_mb=peak.mb,
        held_to_reachable=ratio(result.total.held_fen, result.witness.reachable_fen),
        sound=result.sound,
    )
