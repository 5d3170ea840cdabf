"""The trainer's line to the sandbox: worlds made, started, jumped, ended and read (docs/wire.md section 6)."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import httpx

from adapters.drill.errors import (
    DrillError,
    NotPracticeError,
    RefusedError,
    TakenError,
    UnreachableError,
)
from adapters.faults import Fault
from domain.findings import Finding
from domain.institutions import Institution

_CREATED, _TAKEN, _UNKNOWN = 201, 409, 404
_REFUSED = {400, 413, 422}
_PATIENCE_S = 60.0  # a world of thousands of accounts is checked and measured in seconds


class Trainer:
    """One world's trainer."""

    def __init__(self, sandbox_url: str, run: str) -> None:
        self.run = run
        self._http = httpx.AsyncClient(base_url=sandbox_url, timeout=_PATIENCE_S, trust_env=False)

    async def __aenter__(self) -> Self:
        """Open the line."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self._http.aclose()

    async def make(
        self, scenario: object, *, time_scale: float | None = None, seed: int | None = None, name: str = ""
    ) -> None:
        """Make the world.

        Raises:
            RefusedError: a field of the scenario is missing or wrong; nothing was made.
            TakenError: the run exists.
            UnreachableError: nobody answers.
        """
        body: dict[str, Any] = {"run": self.run, "scenario": scenario}
        if time_scale is not None:
            body["time_scale"] = time_scale
        if seed is not None:
            body["seed"] = seed
        answer = await self._call("POST", "/admin/worlds", body)
        if answer.status_code in _REFUSED:
            raise RefusedError(name or "The scenario", _faults(answer.json()))
        if answer.status_code == _TAKEN:
            raise TakenError(f"The run {self.run} exists already: choose another name with --run.")
        self._expect(answer, _CREATED)

    async def exists(self) -> bool:
        """Whether the world has been made."""
        answer = await self._call("GET", f"/admin/worlds/{self.run}")
        if answer.status_code == _UNKNOWN:
            return False
        self._expect(answer)
        return True

    async def institutions(self) -> tuple[Institution, ...]:
        """The institutions as they announce themselves.

        Raises:
            NotPracticeError: one does not say that it is practice.
        """
        answer = await self._call("GET", f"/w/{self.run}/institutions")
        self._expect(answer)
        announced = answer.json()
        institutions = tuple(Institution.model_validate(one) for one in announced["institutions"])
        real = [one.code for one in institutions if not one.practice]
        if real or announced.get("practice") is not True:
            raise NotPracticeError(
                f"A drill is played with practice institutions only, and {', '.join(real) or 'the sandbox'} "
                "does not say that it is one: name a sandbox in HOLDFAST_SANDBOX_URL, or leave it out."
            )
        return institutions

    async def start(self, t0: float | None = None) -> Mapping[str, float]:
        """Let the first report come in: `t0`, `first_s`, `time_scale`."""
        return await self._said("POST", "/start", {} if t0 is None else {"t0": t0})

    async def status(self) -> Mapping[str, Any]:
        """Where the world stands."""
        return await self._said("GET", "")

    async def jump(self, not_beyond_s: float | None) -> Mapping[str, Any]:
        """Skip to the next move that can take effect, not beyond a scenario second."""
        return await self._said("POST", "/jump", {"not_beyond_s": not_beyond_s})

    async def tell_findings(self, found: Sequence[tuple[str, str, Finding]]) -> None:
        """Tell the witness what the field officers found: (institution, number, finding)."""
        rows = [{"institution": bank, "number": number, "finding": finding} for bank, number, finding in found]
        await self._said("POST", "/findings", {"findings": rows})

    async def set_faults(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Set faults on demand."""
        answer = await self._call("POST", f"/admin/worlds/{self.run}/faults", {"faults": list(faults)})
        if answer.status_code in _REFUSED:
            raise RefusedError("The list of faults", _faults(answer.json()))
        self._expect(answer)

    async def end(self) -> float:
        """Stop the world's clock; the scenario second at which it stands."""
        return float((await self._said("POST", "/end", {}))["at_s"])

    async def measures(self) -> Mapping[str, Any]:
        """What the witness measured."""
        return await self._said("GET", "/measures")

    async def save_book(self, *files: Path) -> None:
        """Write the book, one JSON object a line."""
        answer = await self._call("GET", f"/admin/worlds/{self.run}/book")
        self._expect(answer)
        for file in files:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(answer.content)

    async def _said(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        answer = await self._call(method, f"/admin/worlds/{self.run}{path}", body)
        self._expect(answer)
        said: Mapping[str, Any] = answer.json()
        return said

    async def _call(self, method: str, path: str, body: object = None) -> httpx.Response:
        # not httpx's own encoding: what a file may hold (NaN, half characters) is for the other side to judge
        content = None if body is None else json.dumps(body).encode()
        try:
            return await self._http.request(
                method, path, content=content, headers={"Content-Type": "application/json"} if content else None
            )
        except httpx.HTTPError as problem:
            raise UnreachableError(
                f"The practice institutions do not answer at {self._http.base_url} ({type(problem).__name__}): "
                "start the stack with `make up`, or correct HOLDFAST_SANDBOX_URL."
            ) from None

    def _expect(self, answer: httpx.Response, status: int = httpx.codes.OK) -> None:
        if answer.status_code == status:
            return
        if answer.status_code == _UNKNOWN:
            raise UnreachableError(f"The sandbox knows no world {self.run}: make it with `starter.py drill`.")
        raise DrillError(f"The sandbox answered {answer.status_code} to {answer.request.url.path}: see its log.")


def _faults(said: Mapping[str, Any]) -> list[Fault]:
    return [Fault(one.get("path", "$"), one.get("problem", ""), one.get("remedy", "")) for one in said["errors"]]
