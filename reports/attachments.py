"""Files inside the PDF: the annexes travel with the briefing. Same files, same bytes; what a reader sees of each is its name, kind and
description.
"""

import io
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from tasks.domain.errors import UsageProblem

MEDIA_TYPES = {  # not asked of the system, whose table differs between machines
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
    ".txt": "text/plain",
}
DESCRIPTIONS = {
    "accounts.csv": "Accounts of the campaign, one a row",
    "edges.csv": "Pairs of accounts that acted together, with the posts each pair rests on",
    "facts.json": "Every number of this briefing, as data",
    "families.csv": "Families of texts, one a row",
    "indicators.csv": "Indicators in the columns of Meta's threat reports",
    "links.csv": "Addresses the campaign linked to, defanged",
    "misp.json": "MISP event of the campaign",
    "stix.json": "STIX 2.1 bundle of the campaign",
    "stix2.1.json": "STIX 2.1 bundle of the campaign",
}


def named(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files under the names a reader saves them by, which are the last parts of their paths, sorted as a PDF's name tree must be.

    Raises UsageProblem for a name that is not plain ASCII or stands twice.
    """
    found: dict[str, bytes] = {}
    for path, data in files.items():
        name = PurePosixPath(path).name
        if not name or not name.isascii() or not name.isprintable() or name in found:
            raise UsageProblem(
                f"{path!r} cannot be attached to the PDF: its name is {'taken' if name in found else 'not plain ASCII'}.",
                remedy="Give every annex a file name of its own, of plain letters, digits, dots and dashes.",
            )
        found[name] = data
    return dict(sorted(found.items()))


def media_type(name: str) -> str:
    """By the name's ending; `application/octet-stream` where it says nothing."""
    return MEDIA_TYPES.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")


def attachment(name: str, data: bytes, made: datetime) -> Any:
    """The weasyprint.Attachment of one file; `made`, UTC, is its date, so that no clock is read."""
    from weasyprint import Attachment

    file = Attachment(string="", name=name, description=DESCRIPTIONS.get(name, f"Annex {name}"), created=made, modified=made)
    file.source = nullcontext((io.BytesIO(data), None, None, media_type(name)))
    return file
