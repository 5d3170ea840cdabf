"""The environment's example and the operators' page name what there is: settings, commands, units, ports, paths."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from adapters import settings
from adapters.settings import LASTING_RUN, Settings
from adapters.temporal.addresses import database_name
from adapters.temporal.worlds import RETENTION
from docs.manual import check
from tests.deploy.units import DEPLOY, HOME, PAGE, UNITS, named, said, variables
from workflows.worklist import SEARCH_ATTRIBUTES

TEMPORAL = Path(sys.executable).parent / "temporal"
OF_THE_EMBEDDED_STACK = {"temporal_port", "ui_port", "sandbox_port", "mail_port", "codec_port"}
STATE = f"/var/lib/{said(named('holdfast-worker@.service'), 'StateDirectory')[0]}"


@pytest.mark.parametrize("also_commented", [False, True])
def test_the_example_can_be_used_as_it_stands_and_with_its_comments_taken_away(also_commented):
    given = {
        name: value for name, value in variables(also_commented=also_commented).items() if name.startswith("HOLDFAST_")
    }

    assert settings.load(given).run == LASTING_RUN
    assert not settings.load(given).embeds_anything


def test_the_example_names_every_setting_that_matters_beside_services_of_ones_own():
    named_here = {name.removeprefix("HOLDFAST_").lower() for name in variables(also_commented=True)}

    assert named_here - {"temporal_config_file"} == set(Settings.model_fields) - OF_THE_EMBEDDED_STACK


def test_what_is_written_lies_in_the_directory_that_the_units_may_write():
    told = variables()

    assert told["HOLDFAST_STATE_DIR"] == STATE
    assert told["HOLDFAST_KEYS_FILE"].startswith(f"{STATE}/")
    assert f"--state {STATE}-sandbox" in said(named("holdfast-sandbox.service"), "ExecStart")[0]
    assert f"-o holdfast -g holdfast {STATE}" in PAGE


def test_the_profile_named_is_the_one_of_the_example_and_its_namespace_the_pages():
    profile = tomllib.loads((DEPLOY / "temporal.toml.example").read_text(encoding="utf-8"))["profile"]

    assert set(profile) == {variables()["HOLDFAST_TEMPORAL_PROFILE"]}
    (namespace,) = (one["namespace"] for one in profile.values())
    assert set(re.findall(r"--namespace (\S+)", PAGE)) == {namespace}


def test_ports_agree():
    start = {name: said(named(f"holdfast-{name}.service"), "ExecStart")[0] for name in ("codec", "sandbox")}
    port = {name: re.findall(r" --port (\d+)", words)[0] for name, words in start.items()}

    assert f"127.0.0.1:{port['codec']}/health" in PAGE
    assert variables()["HOLDFAST_SANDBOX_URL"].endswith(f":{port['sandbox']}")


def test_the_page_types_what_the_command_line_takes():
    assert check.of_commands(PAGE) == []


def test_the_page_types_what_temporals_command_line_takes():
    typed = [line.split("  #")[0].strip("` ") for line in re.findall(r"(?:^|`)(temporal [^`\n]*)", PAGE, re.MULTILINE)]
    assert len(typed) >= 3
    for line in typed:
        assert "unknown" not in refusal(line), line
    assert "unknown" in refusal(typed[0] + " --retain 3")


def refusal(line: str) -> str:
    """What it answers where no service is: a word that it does not know is refused before."""
    command = [str(TEMPORAL), *line.split()[1:], "--address", "127.0.0.1:1", "--command-timeout", "1s"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    return ended.stderr


def test_the_page_names_units_database_attributes_and_retention_as_they_are():
    units = set(re.findall(r"holdfast-(?:prepare|worker|codec|sandbox)\b@?", PAGE))
    there = {unit.stem for unit in UNITS}

    assert units == there
    assert f"`{database_name(LASTING_RUN)}`" in PAGE
    assert all(key.name in PAGE for key in SEARCH_ATTRIBUTES)
    assert set(re.findall(r"--retention (\d+)h", PAGE)) == {str(int(RETENTION.total_seconds() // 3600))}
    assert HOME in PAGE


@pytest.mark.parametrize("line", re.findall(r"deploy/[\w.*/-]+", PAGE))
def test_files_that_the_page_installs_are_there(line):
    assert list(DEPLOY.parent.glob(line.rstrip(".")))
