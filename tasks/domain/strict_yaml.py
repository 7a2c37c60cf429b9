"""YAML read so that every error names its line: unknown keys, wrong types, keys given twice. Nothing but plain values is constructed."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

from tasks.domain.errors import UsageProblem

MAX_BYTES = 1_000_000  # a campaign file with 5,000 seed accounts has 400 kB
MAX_DEPTH = 30  # of lists and mappings; campaign files have 6. Each level is a call of the parser, and 100,000 take it minutes

Model = TypeVar("Model", bound=BaseModel)


def read_mapping(data: bytes, name: str) -> CommentedMap:
    """Parse one YAML mapping, keeping line numbers. Raises UsageProblem naming `name`, and the line where there is one, for bytes that
    are too many, not UTF-8, not YAML, nested too deep, use aliases (a few lines can expand to gigabytes), repeat a key or hold no
    mapping."""
    if len(data) > MAX_BYTES:
        raise UsageProblem(f"{name} has {len(data):,} bytes; {MAX_BYTES:,} is the limit.", remedy="Is it the right file?")
    try:
        text = data.decode("utf-8-sig")
        _check_events(text, name)
        node = YAML(typ="rt", pure=True).load(text)
    except UnicodeDecodeError as error:
        raise UsageProblem(f"{name} is not UTF-8 at byte {error.start}.", remedy="Save it as UTF-8.") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = str(error.problem).split("\n")[0]
        raise UsageProblem(f"{name}, line {line}: not YAML: {problem}.", remedy="Correct that line.") from error
    except YAMLError as error:
        raise UsageProblem(f"{name} is not YAML: {error}.", remedy="Correct the file.") from error
    if not isinstance(node, CommentedMap):
        raise UsageProblem(f"{name} holds no keys.", remedy="It must hold `key: value` lines.")
    return node


def _check_events(text: str, name: str) -> None:
    depth = 0
    for event in YAML(typ="rt", pure=True).parse(text):
        if isinstance(event, AliasEvent):
            raise UsageProblem(f"{name} uses YAML aliases (*name).", remedy="Write the value out where it is used.")
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1
            raise UsageProblem(f"{name}, line {line}: more than {MAX_DEPTH} levels deep.", remedy="Is a bracket left open there?")


def load_record(model: type[Model], node: CommentedMap, name: str, extra: Mapping[str, Any] | None = None) -> Model:
    """Validate a parsed mapping against a strict record; `extra` are fields that the file itself may not set.

    Raises UsageProblem with the line of every key at fault.
    """
    for key in extra or {}:
        if key in node:
            raise UsageProblem(f"{name}, line {line_of(node, (key,))}: unknown key {key}.", remedy="Remove it.")
    try:
        return model.model_validate({**plain(node), **(extra or {})})
    except ValidationError as error:
        problems = []
        for item in error.errors():
            where = ".".join(str(part) for part in item["loc"]) or "the file"
            what = f"unknown key {where}" if item["type"] == "extra_forbidden" else f"{where}: {item['msg']}"
            problems.append(f"line {line_of(node, item['loc'])}: {what}")
        raise UsageProblem(f"{name}, {'; '.join(problems)}.", remedy=f"Its keys are {', '.join(model.model_fields)}.") from error


def line_of(node: object, path: tuple[int | str, ...]) -> int:
    """The 1-based line of the deepest key of `path` that the file has."""
    line = 1
    for part in path:
        if isinstance(node, CommentedMap) and part in node:
            line = node.lc.key(part)[0] + 1
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
            line = node.lc.item(part)[0] + 1
        else:
            break
        node = node[part]
    return line


def plain(node: object) -> Any:
    """The same value in plain dicts and lists."""
    if isinstance(node, Mapping):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(value) for value in node]
    return node
