"""`prepare`: what workers need on services of one's own, made by one command that may be given again."""

import asyncio
import json

import psycopg
import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from typer.testing import CliRunner

from adapters.cli.app import app
from adapters.cli.failures import Exit
from adapters.temporal.client import connect
from workflows.worklist import SEARCH_ATTRIBUTES

WORLD = "theirs"


async def typed(environ, *words):
    return await asyncio.to_thread(CliRunner(env=environ).invoke, app, ["prepare", *words])


@pytest.fixture
async def services(running, tmp_path):
    """A namespace of somebody else, who keeps closed cases for three days, and a PostgreSQL; both of them named."""
    client = await connect(running.settings, "default")
    kept = Duration(seconds=3 * 24 * 3600)
    request = RegisterNamespaceRequest(namespace="centre", workflow_execution_retention_period=kept)
    await client.workflow_service.register_namespace(request)
    file = tmp_path / "temporal.toml"
    file.write_text(f'[profile.p]\naddress = "{running.temporal_address}"\nnamespace = "centre"\n', encoding="utf-8")
    return {
        "TEMPORAL_CONFIG_FILE": str(file),
        "HOLDFAST_TEMPORAL_PROFILE": "p",
        "HOLDFAST_POSTGRES_URL": running.postgres_url(),
        "HOLDFAST_KEYS_FILE": str(running.settings.keys_path),
        "HOLDFAST_STATE_DIR": str(tmp_path / "state"),
        "HOLDFAST_RUN": WORLD,
    }


async def test_database_tables_and_search_attributes_are_there_and_again_nothing_is_done(running, services):
    first = await typed(services, "--json")
    again = await typed(services)

    assert (first.exit_code, again.exit_code) == (0, 0), first.output + again.output
    assert json.loads(first.stdout) == {
        "run": WORLD,
        "database": "holdfast_theirs",
        "namespace": "centre",
        "retention_days": 3,
    }
    assert "for 3 days only" in again.stdout
    assert "temporal operator namespace update --namespace centre --retention 87600h" in again.stdout
    with psycopg.connect(running.postgres_url("holdfast_theirs")) as connection:
        assert connection.execute("select count(*) from cases").fetchone() == (0,)
    client = await connect(running.settings, "centre")
    there = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="centre"))
    assert {key.name for key in SEARCH_ATTRIBUTES} <= set(there.custom_attributes)


@pytest.mark.parametrize(
    ("words", "missing"),
    [((), "HOLDFAST_TEMPORAL_PROFILE, HOLDFAST_POSTGRES_URL"), (("--practice",), "HOLDFAST_SANDBOX_URL")],
)
async def test_without_services_of_ones_own_it_says_which_to_name(tmp_path, words, missing):
    ended = await typed({"HOLDFAST_STATE_DIR": str(tmp_path / "state")}, *words)

    assert ended.exit_code == Exit.BAD_INPUT
    assert missing in ended.stderr
