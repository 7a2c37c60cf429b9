"""Looks at pictures as bytes that are kept, so that no picture is opened twice."""

from collections.abc import Mapping
from dataclasses import asdict

import orjson

from tasks.detect.avatar_images import Look


def pack_looks(looks: Mapping[str, Look]) -> bytes:
    """JSON: picture's SHA-256 -> what was seen, by key; empty fields are left out."""
    plain = {name: {key: value for key, value in asdict(look).items() if value and key != "died"} for name, look in looks.items()}
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def unpack_looks(data: bytes) -> dict[str, Look]:
    """Raises ValueError for bytes that are none of ours."""
    try:
        return {str(name): Look(**fields) for name, fields in orjson.loads(data).items()}
    except (AttributeError, TypeError) as error:
        raise ValueError(f"no looks at pictures: {error}") from error
