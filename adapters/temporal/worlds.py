"""Each drill is a world of its own: a Temporal namespace and a PostgreSQL database named after the run."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from adapters.settings import Settings, SettingsError, is_run
from adapters.temporal.addresses import database_name, namespace, postgres_url
from adapters.temporal.client import connect
from adapters.temporal.errors import StackError
from adapters.temporal.postgres import make_database
from adapters.temporal.state import StateDir, World

RETENTION = timedelta(hours=87_600)  # ten years: a closed case stays readable and replayable
_CALL = timedelta(seconds=10)
_VISIBLE_TRIES = 200  # of 0.05 s: the server notices a new namespace within a refresh of its cache
_PAUSE_S = 0.05

SearchAttributes = Sequence[SearchAttributeKey[Any]]


async def make_world(settings: Settings, run: str, search_attributes: SearchAttributes) -> World:
    """Make what is missing of a world and note that it is used now; doing it again changes nothing.

    On a Temporal service of others the namespace is theirs; only missing search attributes are asked for.

    Raises:
        SettingsError: the run's name is not of the form a-z, 0-9 and -.
        StackError: namespace, search attributes or database cannot be made.
    """
    if not is_run(run):
        raise SettingsError(f"A run cannot be called {run!r}: name it with 1 to 40 of a-z, 0-9 and -.")
    database = database_name(run)
    # the embedded server's ready-made namespace, since the run's own may not be there yet
    client = await connect(settings, "default")
    await asyncio.gather(
        _make_namespace(client, namespace(settings, run), search_attributes, own=settings.temporal_profile is None),
        make_database(postgres_url(settings), database),
    )
    state = StateDir(settings.state_dir)
    state.make()
    return state.use_world(run, database)


async def retention(settings: Settings, run: str) -> timedelta:
    """How long the engine keeps a world's closed cases. Raises as `connect` does, and RPCError."""
    client = await connect(settings, run)
    request = DescribeNamespaceRequest(namespace=client.namespace)
    described = await client.workflow_service.describe_namespace(request, timeout=_CALL)
    return described.config.workflow_execution_retention_ttl.ToTimedelta()


def list_worlds(settings: Settings) -> list[World]:
    """Every world made with this state directory, the latest used last."""
    return StateDir(settings.state_dir).worlds()


def latest_run(settings: Settings) -> str | None:
    """The run that commands mean when they name none."""
    worlds = list_worlds(settings)
    return worlds[-1].run if worlds else None


async def _make_namespace(client: Client, name: str, search_attributes: SearchAttributes, *, own: bool) -> None:
    try:
        if own:
            await _register(client, name)
        await _add_search_attributes(client, name, search_attributes)
    except RPCError as problem:
        raise StackError(
            f"The Temporal namespace {name} could not be prepared ({problem.status.name.lower()}): "
            f"it needs the search attributes {', '.join(key.name for key in search_attributes) or '(none)'}."
        ) from None


async def _register(client: Client, name: str) -> None:
    term = Duration()
    term.FromTimedelta(RETENTION)
    request = RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=term)
    try:
        await client.workflow_service.register_namespace(request, timeout=_CALL)
    except RPCError as problem:
        if problem.status != RPCStatusCode.ALREADY_EXISTS:
            raise


async def _add_search_attributes(client: Client, name: str, search_attributes: SearchAttributes) -> None:
    wanted = {key.name: IndexedValueType.ValueType(int(key.indexed_value_type)) for key in search_attributes}
    for attempt in range(_VISIBLE_TRIES):
        try:
            missing = wanted.keys() - await _known(client, name)
            if not missing:
                return
            request = AddSearchAttributesRequest(namespace=name)
            for attribute in missing:
                request.search_attributes[attribute] = wanted[attribute]
            await client.operator_service.add_search_attributes(request, timeout=_CALL)
        except RPCError as problem:
            # just registered and not yet known everywhere, or added by another at the same moment
            passing = {RPCStatusCode.NOT_FOUND, RPCStatusCode.ALREADY_EXISTS, RPCStatusCode.UNAVAILABLE}
            if problem.status not in passing or attempt == _VISIBLE_TRIES - 1:
                raise
        await asyncio.sleep(_PAUSE_S if attempt else 0)
    raise StackError(f"The search attributes of the Temporal namespace {name} did not become visible: try again.")


async def _known(client: Client, name: str) -> set[str]:
    answer = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=name), timeout=_CALL
    )
    return set(answer.custom_attributes)
