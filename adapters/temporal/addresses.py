"""Where the services are: the ones named in the settings, else those of the stack that runs (or ran) here."""

from urllib.parse import urlsplit, urlunsplit

from temporalio.envconfig import ClientConfigProfile

from adapters.settings import LASTING_RUN, Settings, SettingsError
from adapters.temporal.errors import StackError
from adapters.temporal.ports import HOST
from adapters.temporal.postgres import EmbeddedPostgres
from adapters.temporal.state import StackState, StateDir


def database_name(run: str) -> str:
    """A world's database; "-" becomes "_", which no run contains."""
    return f"holdfast_{run.replace('-', '_')}"


def temporal_profile(settings: Settings) -> ClientConfigProfile:
    """The named profile of Temporal's own configuration.

    Raises:
        SettingsError: there is no such profile, it cannot be read, or it names no address.
    """
    name = settings.temporal_profile
    remedy = "correct HOLDFAST_TEMPORAL_PROFILE or Temporal's configuration file (TEMPORAL_CONFIG_FILE)"
    try:
        profile = ClientConfigProfile.load(name)
    except RuntimeError:
        raise SettingsError(f"The Temporal profile {name!r} cannot be read: {remedy}.") from None
    if not profile.address or not profile.namespace:
        raise SettingsError(f"The Temporal profile {name!r} needs an address and a namespace: {remedy}.")
    return profile


def temporal_address(settings: Settings) -> str:
    """Host and port of the Temporal service."""
    if settings.temporal_profile is not None:
        return temporal_profile(settings).address or ""
    return f"{HOST}:{_state(settings).ports['temporal']}"


def namespace(settings: Settings, run: str) -> str:
    """A world's namespace: its own in the embedded server, the profile's elsewhere."""
    if settings.temporal_profile is not None:
        return temporal_profile(settings).namespace or ""
    return run


def ui_url(settings: Settings) -> str | None:
    """The Temporal Web UI of the embedded server; elsewhere only its operators know."""
    return f"http://{HOST}:{_state(settings).ports['ui']}" if settings.temporal_profile is None else None


def codec_url(settings: Settings) -> str | None:
    """The codec endpoint that the embedded UI asks; elsewhere only its operators know."""
    port = _state(settings).ports.get("codec") if settings.temporal_profile is None else None
    return f"http://{HOST}:{port}" if port else None


def run_of(settings: Settings, namespace_: str) -> str | None:
    """The world whose namespace this is; None: none of ours."""
    if settings.temporal_profile is not None:
        return (settings.run or LASTING_RUN) if namespace_ == namespace(settings, "") else None
    return namespace_ if namespace_ in [world.run for world in StateDir(settings.state_dir).worlds()] else None


def sandbox_url(settings: Settings) -> str:
    """The practice institutions, without a slash at the end."""
    return settings.sandbox_url or f"http://{HOST}:{_state(settings).ports['sandbox']}"


def mail_url(settings: Settings) -> str | None:
    """The embedded sandbox's mailbox (SMTP); None: the practice institutions are somewhere else."""
    port = _state(settings).ports.get("mail") if settings.sandbox_url is None else None
    return f"smtp://{HOST}:{port}" if port else None


def postgres_url(settings: Settings, database: str | None = None) -> str:
    """A database, as libpq understands it; None: the one that the settings name, else where others are made from."""
    if settings.postgres_url is None:
        embedded = EmbeddedPostgres(settings.state_dir)
        return embedded.url(database) if database else embedded.url()
    if database is None:
        return settings.postgres_url
    parts = urlsplit(settings.postgres_url)
    return urlunsplit(parts._replace(path=f"/{database}"))


def _state(settings: Settings) -> StackState:
    state = StateDir(settings.state_dir).state()
    if not state.ports:
        raise StackError(f"No stack has ever run in {settings.state_dir}: start one with `make up` or `make demo`.")
    return state
