"""YAML read so that every error names the line: unknown keys, wrong types and keys given twice."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from tasks.domain.errors import UsageProblem

MAX_CHARACTERS = 200_000  # the longest suite has under 10,000; a file beyond this is not one of ours

Model = TypeVar("Model", bound=BaseModel)


def read_mapping(text: str, name: str) -> CommentedMap:
    """Parse one YAML mapping, keeping line numbers. No tag constructs anything but plain values.

    Raises UsageProblem naming `name` and the line for text that is not YAML, has a key twice, is too large or is no mapping.
    """
    if len(text) > MAX_CHARACTERS:
        raise UsageProblem(
            f"{name} has {len(text):,} characters.", remedy=f"At most {MAX_CHARACTERS:,} are read; is it the right file?"
        )
    try:
        node = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageProblem(f"{name}, line {line}: {error.problem}.", remedy="Correct the YAML there.") from error
    except YAMLError as error:
        raise UsageProblem(f"{name} is not YAML: {error}.", remedy="Correct the file.") from error
    if not isinstance(node, CommentedMap):
        raise UsageProblem(f"{name} holds no mapping of keys to values.", remedy="See the files beside it for the form.")
    return node


def load_record(model: type[Model], node: CommentedMap, name: str, extra: Mapping[str, Any] | None = None) -> Model:
    """Validate a parsed mapping against a strict record; `extra` are fields that the file itself may not set. Raises UsageProblem
    with the line of the first key at fault."""
    for key in extra or {}:
        if key in node:
            raise UsageProblem(f"{name}, line {line_of(node, (key,))}: {key}: unknown key.", remedy="Remove it.")
    try:
        return model.model_validate({**plain(node), **(extra or {})})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        problem = "unknown key" if first["type"] == "extra_forbidden" else first["msg"]
        raise UsageProblem(
            f"{name}, line {line_of(node, first['loc'])}: {where or 'the file'}: {problem}.",
            remedy=f"The keys are {', '.join(model.model_fields)}." if len(first["loc"]) == 1 else "Correct it there.",
        ) from error


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
