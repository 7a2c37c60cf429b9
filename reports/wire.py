"""What goes between the briefing's process and the one that renders: a line of JSON that tells the parts' lengths, then the parts."""

import json
from collections.abc import Mapping
from typing import Any, BinaryIO


def pack(head: Mapping[str, Any], parts: Mapping[str, bytes]) -> bytes:
    """One message. `head` is anything JSON holds; the parts keep their order."""
    line = json.dumps({"head": dict(head), "parts": [[name, len(data)] for name, data in parts.items()]})
    return b"".join((line.encode(), b"\n", *parts.values()))


def unpack(source: BinaryIO) -> tuple[dict[str, Any], dict[str, bytes]] | None:
    """The next message of `source`, None if it ended before one began. Raises EOFError if it ended within one."""
    line = source.readline()
    if not line:
        return None
    if not line.endswith(b"\n"):
        raise EOFError("a message broke off in its first line")
    told = json.loads(line)
    parts = {}
    for name, length in told["parts"]:
        parts[name] = source.read(length)
        if len(parts[name]) != length:
            raise EOFError(f"a message broke off in {name}")
    return told["head"], parts
