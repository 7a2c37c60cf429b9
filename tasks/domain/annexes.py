"""Annexes: the files of a bundle that stand beside the PDF and inside it, and what facts.json says of each."""

from tasks.domain.frames import Column, FrameSchema
from tasks.domain.records import Record

ACCOUNT_COHORTS = FrameSchema(
    "account_cohorts",  # one row an account and takedown after which it posted
    (
        Column("takedown_id", "text"),  # of the episode's first action
        Column("platform", "text"),
        Column("account_id", "text"),
        Column("cohort", "text"),
    ),
)


class AnnexFile(Record):
    """One file of the bundle. `rows` are table rows, or objects of a bundle and attributes of an event; `rows_left_out` those beyond the
    file's limit."""

    name: str  # path in the bundle, "annex/accounts.csv"
    sha256: str
    rows: int
    rows_left_out: int = 0
    media_type: str
    what: str  # one sentence for readers
