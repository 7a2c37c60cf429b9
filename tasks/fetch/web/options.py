"""Options of a live source, checked; credentials by their names."""

import json
import re
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.domain.errors import UsageProblem


class SourceOptions(BaseModel):
    """Base of an adapter's options: unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Options = TypeVar("Options", bound=SourceOptions)


def checked(model: type[Options], options: dict[str, Any], kind: str) -> Options:
    """The options of a campaign file as `model`. Raises UsageProblem naming the option at fault."""
    try:
        return model.model_validate(options)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise UsageProblem(
            f"Option {name or '(all)'} of the source {kind}: {first['msg'].lower()}.",
            remedy=f"Its options are: {', '.join(model.model_fields)}.",
        ) from error


_BROKEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")  # JSON leaves them as they are; YAML 1.1 takes some of them for ends of lines


def written_list(words: Sequence[str]) -> str:
    """Words as a list on one line of YAML, whatever they hold."""
    return _BROKEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(list(words), ensure_ascii=False))
