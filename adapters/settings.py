"""Every setting of the house, read in this one place.

A setting comes from the environment (`HOLDFAST_STATE_DIR`, …) or from the TOML file named by `HOLDFAST_SETTINGS`
(`state_dir = "…"`, …); the environment wins. Unnamed services are the embedded ones: see adapters/temporal/stack.py.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
LASTING_RUN = "main"  # the world of `up` and `report`; every drill has one of its own
ORGANISATION = "无锡市反电信网络诈骗中心"
PAPER_ORGAN = "锡公（反诈）"
_PREFIX = "HOLDFAST_"
_FILE_VARIABLE = "HOLDFAST_SETTINGS"
_RUN = re.compile(r"[a-z0-9-]{1,40}")  # docs/wire.md; also a legal namespace, and with "_" a legal database name
_RESERVED_RUNS = frozenset({"temporal-system"})  # Temporal's own namespace


class SettingsError(Exception):
    """One sentence that names the setting and the remedy; it never quotes a value, which may be a secret."""


class LogLevel(StrEnum):
    """From which weight on a line is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def is_run(name: str) -> bool:
    """Whether a world may be called that."""
    return _RUN.fullmatch(name) is not None and name not in _RESERVED_RUNS


def _run(name: str) -> str:
    if not is_run(name):
        raise ValueError("must be 1 to 40 of a-z, 0-9 and -")
    return name


def _of_form(pattern: str, words: str) -> AfterValidator:
    """The whole value has this form; `words` say which, and never quote it."""

    def checked(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {words}")
        return value

    return AfterValidator(checked)


_Http = Annotated[
    str,
    _of_form(r"https?://[^\s/]+[^\s]*", "an address such as http://127.0.0.1:8080"),
    AfterValidator(lambda url: url.rstrip("/")),
]
_Smtp = Annotated[
    str,
    _of_form(
        r"smtps?://([^\s/@]+@)?[^\s/@:]+(:[0-9]{1,5})?",
        "an address such as smtp://127.0.0.1:25 or smtps://user:password@host",
    ),
]
_Domain = Annotated[str, _of_form(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", "a domain such as duty.example")]
_Libpq = Annotated[
    str,
    _of_form(
        r"(?s)postgres(ql)?://.*", "a URL such as postgresql://user@host:5432/database, without a driver in its scheme"
    ),
]
_Organ = Annotated[str, _of_form(r"[^\s/〔〕]{1,20}", "1 to 20 characters without spaces, / and 〔〕")]
_Organisation = Annotated[str, _of_form(r"[0-9]{12}", "the 12 digits of the centre's organisation")]


def _under_root(path: Path) -> Path:
    return (PROJECT_ROOT / path.expanduser()).absolute()


_Port = Annotated[int, Field(ge=1024, le=65535)]


class Settings(BaseModel):
    """What the processes of the house are told from outside. None for a service means: the embedded one."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)

    state_dir: Annotated[Path, AfterValidator(_under_root)] = Path(".holdfast")
    """Where the embedded stack keeps everything; a relative path starts at the project's root."""
    temporal_profile: str | None = Field(default=None, min_length=1)
    """A profile of Temporal's own client configuration: address, namespace, TLS, API key."""
    postgres_url: _Libpq | None = Field(default=None, repr=False)
    """As libpq understands it; may hold a password, so it is never shown."""
    sandbox_url: _Http | None = None
    """Where the practice institutions answer."""
    organisation_id: _Organisation = "320299000000"
    organisation_name: str = Field(default=ORGANISATION, min_length=1, max_length=100)
    policy_file: Annotated[Path, AfterValidator(_under_root)] | None = None
    """The centre's policy; None: domain/policy.toml."""
    keys_file: Annotated[Path, AfterValidator(_under_root)] | None = None
    """The key ring (adapters/keyring.py); None: keys.json in the state directory."""
    keys: SecretStr | None = Field(default=None, repr=False)
    """The key ring itself, where no file is to hold it. Only the environment should name it."""
    paper_organ: _Organ = PAPER_ORGAN
    """The organ's sign (机关代字), with which the number of every paper begins."""
    paper_templates_dir: Annotated[Path, AfterValidator(_under_root)] | None = None
    """Templates of one's own (adapters/papers/templates/README.zh.md); None, and for kinds not in it: ours."""
    paper_seal: Annotated[Path, AfterValidator(_under_root)] | None = None
    """The seal as PNG; None: a ring for a stamp. Practice worlds have the practice seal whatever it says."""
    paper_signature: str = Field(default="", max_length=80, pattern=r"^[^|]*(\|[^|]*){0,2}$")
    """Who signs papers, up to three lines parted by |; empty: the organisation's name."""
    log_level: LogLevel = LogLevel.INFO
    run: Annotated[str, AfterValidator(_run)] | None = None
    """The world to work in; None leaves the choice to the command (the latest, or the lasting one)."""
    temporal_port: _Port | None = None
    """Ports of the embedded stack on 127.0.0.1; None: the ones of last time, or free ones."""
    ui_port: _Port | None = None
    sandbox_port: _Port | None = None
    mail_port: _Port | None = None
    """The sandbox's mailbox (SMTP)."""
    codec_port: _Port | None = None
    codec_origin: _Http | None = None
    """Whose pages may ask the codec endpoint: the Temporal Web UI, as browsers name it. None: the embedded one.

    Links in notices lead there, too.
    """
    notice_webhook: _Http | None = Field(default=None, repr=False)
    """Where notices are posted as JSON; may hold a password, like the next two. None: a practice world's sandbox."""
    notice_smtp: _Smtp | None = Field(default=None, repr=False)
    """Where they are handed in as mail, as adapters/notices/smtp.py says."""
    notice_sms: _Http | None = Field(default=None, repr=False)
    """The SMS gateway."""
    notice_mail_domain: _Domain = "localhost"
    """Where the roles' mailboxes are: stop_desk@…, duty_chief@…"""

    @property
    def keys_path(self) -> Path:
        """Where the key ring's file is."""
        return self.keys_file or self.state_dir / "keys.json"

    @property
    def embeds_anything(self) -> bool:
        """Whether a stack of our own has to run at all."""
        return None in (self.temporal_profile, self.postgres_url, self.sandbox_url)

    def environ(self) -> dict[str, str]:
        """The variables that give a child process these same settings."""
        known = self.model_dump(mode="json", exclude_none=True, exclude={"keys"})
        if self.keys is not None:
            known["keys"] = self.keys.get_secret_value()  # dumped, it would be a row of asterisks
        return {_PREFIX + key.upper(): str(value) for key, value in known.items()}


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: a value cannot be used, a name is unknown, or the file cannot be read.
    """
    origin: dict[str, str] = {}
    values: dict[str, object] = {}
    if path := environ.get(_FILE_VARIABLE):
        for key, value in _file(Path(path)).items():
            values[key], origin[key] = value, f"{key} in {path}"
    for variable, text in environ.items():
        if variable.startswith(_PREFIX) and variable != _FILE_VARIABLE and text != "":
            key = variable.removeprefix(_PREFIX).lower()
            values[key], origin[key] = text, variable
    for key in values:
        if key not in Settings.model_fields:
            raise SettingsError(f"{origin[key]} is no setting of Holdfast: {_nearest(key)}")
    try:
        return Settings.model_validate(values)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        key = str(first["loc"][0])
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{origin.get(key, key)} cannot be used: {reason}. Correct it or remove it.") from None


def _file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(_under_root(path).read_text(encoding="utf-8"))
    except OSError as problem:
        raise SettingsError(
            f"The file {path} named by {_FILE_VARIABLE} cannot be read ({problem.strerror}): "
            f"correct its path or unset {_FILE_VARIABLE}."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        where = re.search(r"at line \d+", str(problem))
        raise SettingsError(
            f"The file {path} named by {_FILE_VARIABLE} is not TOML{f' ({where[0]})' if where else ''}: correct it."
        ) from None


def _nearest(key: str) -> str:
    close = difflib.get_close_matches(key, Settings.model_fields, n=1)
    if close:
        return f"did you mean {_PREFIX}{close[0].upper()}?"
    return f"remove it. Known are {', '.join(_PREFIX + name.upper() for name in Settings.model_fields)}."
