"""What is wrong with an input that a person has written: a report, a scenario, a list of words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One fault of an input: where (JSON path), what, and what to do about it."""

    path: str
    problem: str
    remedy: str = ""

    @property
    def sentence(self) -> str:
        """All three in one line."""
        return f"{self.path}: {self.problem}" + (f" ({self.remedy})" if self.remedy else "")
