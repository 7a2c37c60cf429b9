"""What a source of posts says of itself: what it needs, what it can and cannot observe, how late it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Observable = Literal[
    "posts", "accounts", "status", "likes", "shares", "replies", "views", "creation date", "edits", "deletions", "media"
]

Secrets = Callable[[str], str]
"""The value of a credential by the name that a campaign file gives it. Raises UsageProblem where this installation has none."""


@dataclass(frozen=True)
class Credential:
    """One secret: the option of the campaign file that names it (never the secret itself), and what it is for people."""

    option: str
    what: str
    required: bool = True


@dataclass(frozen=True)
class Declaration:
    """One per adapter, beside its class as `DECLARATION`; `resurge doctor`, docs/sources.md and the contract suite read it.

    `cannot`: observable -> why not. Everything observable stands either in `observes` or in `cannot`. `lateness_h`: how long after a post
    the service may still give it for the first time. `time_precision_s`: of its clocks. `terms`: address of the service's terms.
    """

    kind: str
    title: str
    observes: frozenset[Observable]
    cannot: dict[Observable, str]
    time_precision_s: int
    lateness_h: float
    credentials: tuple[Credential, ...] = ()
    limits: str = ""
    cost: str = ""
    terms: str = ""
    hosts: tuple[str, ...] = field(default=())  # where it may connect; empty = what the options say
