"""What a run leaves in the engine's own pages: tables and links for the person who looks there first."""

from collections.abc import Sequence

from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

from tasks.domain.batches import BatchRecord
from tasks.domain.campaign import Campaign
from tasks.domain.run_summary import RunSummary
from tasks.domain.validation import ValidationOutcome


def collected(campaign: Campaign, records: Sequence[BatchRecord]) -> None:
    """A row a batch: what was landed, accepted, refused."""
    table = [
        {
            "batch": record.batch_id[:12],
            "source": record.identity.source,
            "landed": record.landed,
            "accepted": sum(record.rows_accepted.values()),
            "quarantined": sum(sum(reasons.values()) for reasons in record.rows_quarantined.values()),
            "equal rows collapsed": sum(record.rows_collapsed.values()),
        }
        for record in records
    ]
    create_table_artifact(table=table, key=f"collected-{campaign.slug}", description=f"Batches of {campaign.title}")


def judged(summary: RunSummary, outcome: ValidationOutcome) -> None:
    """The verdict of validation, with every check that failed."""
    failed = outcome.summary()
    text = f"Validation of {summary.campaign}, {summary.period}: **{outcome.verdict}**\n\n```\n{failed or 'every check held'}\n```"
    create_markdown_artifact(markdown=text, key=_key("validation", summary))


def published(summary: RunSummary, address: str) -> None:
    """A link to the bundle, and the seconds each stage took."""
    link = address if "://" in address else f"file://{address}"
    create_link_artifact(link=link, link_text=f"{summary.campaign} {summary.period}", key=_key("bundle", summary))
    create_table_artifact(table=[time.model_dump(mode="json") for time in summary.stages], key=_key("stages", summary))


def _key(what: str, summary: RunSummary) -> str:
    return f"{what}-{summary.campaign}-{summary.period}".lower()  # keys hold lower-case letters, digits and hyphens only
