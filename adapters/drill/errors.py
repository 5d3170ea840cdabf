"""Why a drill cannot be played, each as one sentence with its remedy.

DrillError
├── RefusedError        the scenario cannot be played: every fault with the path of its field; nothing was started
├── TakenError          the run's name is taken
├── NotPracticeError    an institution does not say that it is practice: nothing leaves us
└── UnreachableError    the sandbox does not answer, or not as agreed
"""

from collections.abc import Sequence

from adapters.faults import Fault


class DrillError(Exception):
    """The drill cannot be played, or not be played to its end."""


class RefusedError(DrillError):
    """The scenario is refused; nothing was started."""

    def __init__(self, scenario: str, faults: Sequence[Fault]) -> None:
        super().__init__(
            f"{scenario} cannot be played, nothing was started: " + "; ".join(fault.sentence for fault in faults[:10])
        )
        self.faults = tuple(faults)


class TakenError(DrillError):
    """A world of that name exists."""


class NotPracticeError(DrillError):
    """Practice and real institutions never mix (decisions: practice)."""


class UnreachableError(DrillError):
    """The practice institutions cannot be reached."""
