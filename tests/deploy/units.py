"""What stands in deploy/: the units as sections of settings, the environment's example, the page for operators."""

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PAGE = (DEPLOY / "README.md").read_text(encoding="utf-8")
ENVIRONMENT = (DEPLOY / "holdfast.env.example").read_text(encoding="utf-8")
HOME = "/opt/holdfast"
PYTHON = f"{HOME}/.venv/bin/python"


def named(name: str) -> Path:
    return DEPLOY / "systemd" / name


def said(unit: Path, key: str) -> list[str]:
    """The values of a key, in all of the unit's sections."""
    return re.findall(rf"^{key}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


def variables(*, also_commented: bool = False) -> dict[str, str]:
    """What the example sets, as a shell reads it; with the lines that stand there as comments, or without."""
    sign = r"^#?" if also_commented else "^"
    found = re.findall(sign + r"([A-Z][A-Z_]+)=(.*)$", ENVIRONMENT, re.MULTILINE)
    return {name: "".join(shlex.split(value)) for name, value in found}
