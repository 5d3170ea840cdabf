"""The JSON Schema of a report, for those who write one: `python -m adapters.cli.schema` brings docs/ up to date."""

import json

from adapters.settings import PROJECT_ROOT
from domain.report import Report

FILE = PROJECT_ROOT / "docs" / "report.schema.json"


def text() -> str:
    """The schema as it belongs in the file."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Report.model_json_schema()}
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
