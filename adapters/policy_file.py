"""Where the policy's text is read from: the file the settings name, else the one that comes with the house."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from adapters.settings import PROJECT_ROOT, Settings, SettingsError
from domain.policy import Policy, policy_from_toml

DEFAULT = PROJECT_ROOT / "domain" / "policy.toml"


def house_policy() -> Policy:
    """The policy that comes with the house."""
    return policy_from_toml(DEFAULT.read_text(encoding="utf-8"))


def load_policy(settings: Settings) -> Policy:
    """The centre's policy.

    Raises:
        SettingsError: the file cannot be read, or a field of it is missing or wrong; the sentence names it.
    """
    path: Path = settings.policy_file or DEFAULT
    try:
        return policy_from_toml(path.read_text(encoding="utf-8"))
    except OSError:
        raise SettingsError(f"The policy {path} cannot be read: correct HOLDFAST_POLICY_FILE.") from None
    except tomllib.TOMLDecodeError as problem:
        raise SettingsError(f"The policy {path} is no TOML: {problem}.") from None
    except ValidationError as problem:
        first = problem.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"The policy {path} cannot be used: {field}: {first['msg']}.") from None
