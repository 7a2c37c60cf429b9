"""docs/facts.schema.json says what facts.json holds: generated from the models, kept equal to them here, and true of whole files.

After a change of the models write it anew: `.venv/bin/python tests/unit/test_facts_schema.py`.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "render"))
import sample_facts

from tasks.domain.facts import SCHEMA_VERSION, Facts

SCHEMA_FILE = Path(__file__).resolve().parents[2] / "docs" / "facts.schema.json"
SAMPLES: tuple[Callable[[], Facts], ...] = (
    sample_facts.full,
    sample_facts.first,
    sample_facts.nearly_empty,
    sample_facts.no_takedown,
    sample_facts.scripts,
    sample_facts.hostile,
)


def generated() -> str:
    """The schema of the models as it is kept: JSON Schema 2020-12, two spaces, a final newline."""
    schema = {
        "$schema": Draft202012Validator.META_SCHEMA["$id"],
        "$comment": f"Of facts.json, schema_version {SCHEMA_VERSION}; generated from tasks/domain/facts.py, see docs/methods.md.",
        **Facts.model_json_schema(),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_the_file_is_that_of_the_models() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == generated(), "run .venv/bin/python tests/unit/test_facts_schema.py"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.__name__)
def test_facts_as_published_fit(validator: Draft202012Validator, sample: Callable[[], Facts]) -> None:
    document = json.loads(sample().to_bytes())
    assert [error.message for error in validator.iter_errors(document)] == []


def _without_takedowns(document: dict[str, Any]) -> None:
    del document["takedowns"]


def _with_a_stranger(document: dict[str, Any]) -> None:
    document["activity"]["mood"] = "calm"


def _without_a_reason(document: dict[str, Any]) -> None:
    document["takedowns"][0]["nadir"] = {"status": "not_measurable"}


def _of_another_version(document: dict[str, Any]) -> None:
    document["schema_version"] = "0.9"


def _with_a_word_for_a_number(document: dict[str, Any]) -> None:
    document["activity"]["posts"] = "many"


def _with_a_level_of_its_own(document: dict[str, Any]) -> None:
    document["takedowns"][0]["level"] = "thriving"


@pytest.mark.parametrize(
    "damage",
    [
        _without_takedowns,
        _with_a_stranger,
        _without_a_reason,
        _of_another_version,
        _with_a_word_for_a_number,
        _with_a_level_of_its_own,
    ],
)
def test_what_is_wrong_does_not_fit(validator: Draft202012Validator, damage: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(sample_facts.full().to_bytes())
    damage(document)
    assert not validator.is_valid(document)


if __name__ == "__main__":
    SCHEMA_FILE.write_text(generated(), encoding="utf-8")
