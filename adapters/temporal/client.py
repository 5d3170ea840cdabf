"""The one place where a connection to Temporal is made, embedded or named by a profile."""

from temporalio.client import Client

from adapters.keyring import KeyRing
from adapters.settings import Settings
from adapters.temporal.addresses import namespace, temporal_address, temporal_profile
from adapters.temporal.converting import sealed_converter
from adapters.temporal.errors import StackError


async def connect(settings: Settings, run: str, *, lazy: bool = False) -> Client:
    """A client of the world `run`: its own namespace in the embedded server, the profile's namespace elsewhere.

    `lazy`: connects when first used, so that whoever can do without the engine is not held up by it.

    Raises:
        SettingsError: the profile cannot be used.
        StackError: nobody answers at the address.
        KeyRingError: there is no key ring to seal and open payloads with.
    """
    address = temporal_address(settings)
    converter = sealed_converter(KeyRing.load(settings))
    try:
        if settings.temporal_profile is not None:
            config = temporal_profile(settings).to_client_connect_config()
            return await Client.connect(**config, lazy=lazy, data_converter=converter)
        return await Client.connect(address, namespace=namespace(settings, run), lazy=lazy, data_converter=converter)
    except RuntimeError as problem:
        remedy = (
            f"see the profile {settings.temporal_profile!r}"
            if settings.temporal_profile is not None
            else "start the stack with `make up`"
        )
        reason = str(problem).splitlines()[0][:200]
        raise StackError(f"Temporal does not answer at {address}: {remedy} ({reason}).") from None
