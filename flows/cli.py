"""The `resurge` command. Each command's module is imported when it is called: Prefect alone costs 2 to 7 s."""

import errno
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from tasks.domain.errors import ResurgeError, UsageProblem

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

Workspace = Annotated[
    str | None,
    typer.Option("--workspace", "-w", help="Directory or s3://bucket/prefix.", show_default="RESURGE_WORKSPACE or ./workspace"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document for machines.")]
BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="Beginning of its id, as `status --blocked` prints it.")]
Reason = Annotated[str, typer.Option(help="Why; it is printed in the briefing.")]
By = Annotated[str, typer.Option(help="Who decides, a name or a role; it is printed too.")]
CampaignName = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Name of a campaign file.")]


@app.callback()
def resurge(debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False) -> None:
    """What an influence campaign does after its takedown: measured every week, delivered as a briefing."""


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder of the workspace to make.")] = Path("demo"),
    as_json: AsJson = False,
) -> None:
    """Simulate the Spamouflage scenario and brief it, end to end. Every page says that the data are simulated."""
    from flows.commands import briefings

    briefings.demo(out, as_json=as_json)


@app.command()
def init(
    address: Annotated[str, typer.Argument(metavar="DIR", help="Directory or s3://bucket/prefix.")],
    campaign: Annotated[str | None, typer.Option(help="Short name of the campaign.", show_default="asked for")] = None,
    title: Annotated[str | None, typer.Option(help="Its title.", show_default="made of its name")] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="Kind of a source of posts; may be repeated. A wrong one lists them.")
    ] = None,
    words: Annotated[str, typer.Option(help="What the sources look for, separated by commas.")] = "",
) -> None:
    """Make a workspace with a commented campaign file; at a terminal what it needs is asked for."""
    from flows.commands import workspaces

    workspaces.init(
        address, campaign=campaign, title=title, kinds=source or (), words=[w.strip() for w in words.split(",") if w.strip()]
    )


@app.command()
def doctor(workspace: Workspace = None) -> None:
    """Say what is missing on this machine or in the workspace, and which sources answer."""
    from flows.commands import workspaces

    workspaces.doctor(workspace)


@app.command()
def simulate(
    scenario: Annotated[str, typer.Option(help="Name of a scenario; a wrong one lists them.")] = "spamouflage",
    seed: Annotated[int, typer.Option(min=0)] = 1,
    scale: Annotated[int, typer.Option(help="About how many posts: 10,000 to 10,000,000.")] = 100_000,
    out: Annotated[Path, typer.Option(help="Folder for posts, accounts, avatars and truth.json.")] = Path("simulated"),
) -> None:
    """Write a labelled campaign: posts.parquet, accounts.parquet, avatars.zip and truth.json."""
    from flows.commands import simulation

    simulation.simulate(scenario, seed=seed, scale=scale, out=out)


@app.command()
def ingest(
    campaign: CampaignName,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    format_name: Annotated[str, typer.Option("--format", help="Name of an importer; a wrong one lists them.")],
    observed_at: Annotated[str | None, typer.Option(help="`posted` or an instant: when the rows count as observed.")] = None,
    columns: Annotated[Path | None, typer.Option(help="YAML file with the importer's options, such as its column map.")] = None,
    source: Annotated[str, typer.Option(help="Name under which the files are kept.")] = "file",
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Land, validate and store files, on the same path as a fetch."""
    from flows.commands import collecting

    collecting.ingest(
        campaign, files, format_name, observed_at=observed_at, columns=columns, source=source, workspace=workspace, as_json=as_json
    )


@app.command()
def collect(
    campaign: CampaignName,
    since: Annotated[str | None, typer.Option(help="First instant to ask for.", show_default="where the last fetch ended")] = None,
    until: Annotated[str | None, typer.Option(help="First instant not to ask for.", show_default="now")] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Fetch from the campaign's sources."""
    from flows.commands import collecting

    collecting.collect(campaign, since=since, until=until, workspace=workspace, as_json=as_json)


@app.command()
def brief(
    campaign: CampaignName,
    period: Annotated[str, typer.Option(help="2023-W44, 2023-10, 2023-Q4 or 2023-10-01..2023-11-01.")],
    as_of: Annotated[
        str | None, typer.Option(help="Close knowledge at this instant, or `period-end`.", show_default="period end + lateness")
    ] = None,
    deliver: Annotated[bool, typer.Option("--deliver", help="Send it to the campaign's audience.")] = False,
    supersede: Annotated[bool, typer.Option("--supersede", help="Replace an edition of the same cut-off.")] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Make the briefing of one period and print where it is."""
    from flows.commands import briefings

    briefings.brief(campaign, period, as_of=as_of, deliver=deliver, supersede=supersede, workspace=workspace, as_json=as_json)


@app.command()
def backfill(
    campaign: CampaignName,
    first: Annotated[str, typer.Option("--from", help="Oldest period.")],
    last: Annotated[str, typer.Option("--to", help="Newest period, included.")],
    mode: Annotated[str, typer.Option(help="missing: without a briefing; failed: whose last run failed; all.")] = "missing",
    as_of: Annotated[str | None, typer.Option(help="An instant for all, or `period-end` for each its own.")] = None,
    max_active: Annotated[int, typer.Option(min=1, help="Periods made at the same time.")] = 1,
    reverse: Annotated[bool, typer.Option("--reverse", help="Newest first.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be done.")] = False,
    deliver: Annotated[bool, typer.Option("--deliver", help="Send each; without it a backfill sends nothing.")] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Make the briefings of past periods."""
    from flows.commands import backfills

    backfills.backfill(
        campaign, first, last, mode=mode, as_of=as_of, max_active=max_active, reverse=reverse,
        dry_run=dry_run, deliver=deliver, workspace=workspace, as_json=as_json,
    )  # fmt: skip


@app.command()
def status(
    campaign: CampaignName,
    proposals: Annotated[
        bool, typer.Option("--proposals", help="Who is behind the proposals of the newest briefing. For the team only.")
    ] = False,
    blocked: Annotated[bool, typer.Option("--blocked", help="Batches that a check kept out and that wait for a decision.")] = False,
    notify: Annotated[
        bool,
        typer.Option("--notify", help="Also tell the owner, once each, of periods that are late, waiting or cut off; for cron."),
    ] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Periods of a campaign and their state."""
    if blocked:
        from flows.commands import resolving

        resolving.blocked(campaign, workspace=workspace, as_json=as_json)
    elif proposals:
        from flows.commands.proposals import proposals as named

        named(campaign, workspace=workspace, as_json=as_json)
    else:
        from flows.commands import watching

        watching.status(campaign, workspace=workspace, as_json=as_json, notify=notify)


@app.command()
def accept(campaign: CampaignName, batch: BatchId, reason: Reason, by: By, workspace: Workspace = None) -> None:
    """Store the clean rows of a blocked batch in spite of the check that failed; briefings say who decided and why."""
    from flows.commands import resolving

    resolving.decide(campaign, batch, accept=True, reason=reason, by=by, workspace=workspace)


@app.command()
def discard(campaign: CampaignName, batch: BatchId, reason: Reason, by: By, workspace: Workspace = None) -> None:
    """Leave a blocked batch out for good; its raw bytes are kept, briefings say who decided and why."""
    from flows.commands import resolving

    resolving.decide(campaign, batch, accept=False, reason=reason, by=by, workspace=workspace)


@app.command()
def runs(campaign: CampaignName, workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Runs of a campaign, newest first."""
    from flows.commands import watching

    watching.runs(campaign, workspace=workspace, as_json=as_json)


@app.command()
def serve(
    pause: Annotated[
        str | None, typer.Option(metavar="CAMPAIGN", help="Only let this campaign's scheduled briefings rest; collecting goes on.")
    ] = None,
    resume: Annotated[str | None, typer.Option(metavar="CAMPAIGN", help="Only let them go on.")] = None,
    workspace: Workspace = None,
) -> None:
    """Run the schedules of all campaigns of the workspace on this machine, until stopped."""
    from flows.commands import watching

    if pause and resume:
        raise UsageProblem("--pause and --resume were both given.", remedy="Give one of the two.")
    if campaign := pause or resume:
        watching.pause(campaign, paused=bool(pause), workspace=workspace)
    else:
        watching.serve(workspace=workspace)


@app.command()
def detect(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV or Parquet: object_id, account_id, content_id, timestamp_share.")
    ],
    window: Annotated[float, typer.Option(help="Seconds, inclusive.", min=0)],
    out: Annotated[Path, typer.Option(help="CSV or Parquet to write: source, target, weight.")],
    min_participation: Annotated[int, typer.Option(min=1, help="Rows an account must have, and keep.")] = 2,
    behaviour: Annotated[str | None, typer.Option(help="Only rows of this value in a `behaviour` column.")] = None,
    engine: Annotated[str, typer.Option(help="Where it runs: local, or dask for a cluster.")] = "local",
    scheduler: Annotated[
        str | None,
        typer.Option(help="tcp://host:port of --engine dask, or DASK_SCHEDULER_ADDRESS; without one processes start here."),
    ] = None,
    significance: Annotated[bool, typer.Option("--significance", help="Add p_value, q_value, p_timing and label.")] = False,
) -> None:
    """Find the pairs of accounts that co-act, in any table of shares."""
    from flows.commands import detection

    detection.detect(
        file,
        window=window,
        min_participation=min_participation,
        behaviour=behaviour,
        engine=engine,
        scheduler=scheduler,
        out=out,
        significance=significance,
    )


@app.command()
def verify(
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="Path or address of a bundle, as `brief` prints it.")],
) -> None:
    """Recompute every hash from the PDF back to the landed bytes."""
    from flows.commands import watching

    watching.verify(bundle)


@app.command()
def archive(
    tlp: Annotated[
        str | None, typer.Option("--tlp", help="Up to which label; without it a page for each label in use.", metavar="LABEL")
    ] = None,
    workspace: Workspace = None,
) -> None:
    """Write the searchable page of all briefings, one HTML file, and print its path."""
    from flows.commands import archive as archives

    archives.archive(tlp, workspace=workspace)


def main() -> NoReturn:
    """Run the command; an error is one sentence and what to do, and the exit code says of which kind it is."""
    try:
        app()
    except ResurgeError as error:
        _explain(error, error.problem, error.remedy, error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. Run the same command again to go on.\n")
        sys.exit(130)
    except OSError as error:
        remedy = (
            "Free some space and run the same command again."
            if error.errno == errno.ENOSPC
            else "Check that path and its permissions."
        )
        _explain(error, f"{error.strerror or error}: {error.filename or ''}".rstrip(": ") + ".", remedy, 1)
    except MemoryError as error:
        _no_memory(error)
    except Exception as error:  # the last line of defence: say so, and how to see more
        if "can't start new thread" in str(error):  # what Python calls it where a thread's stack finds no room
            _no_memory(error)
        _explain(
            error,
            f"Unexpected failure: {type(error).__name__}: {error}.",
            "Run it again as `resurge --debug ...` and report what it prints.",
            1,
        )
    sys.exit(0)


def _no_memory(error: BaseException) -> NoReturn:
    remedy = "End other programs, raise the limit (ulimit -v) or take a larger machine, then run the same command again."
    _explain(error, "The memory of this machine did not suffice.", remedy, 1)


def _explain(error: BaseException, problem: str, remedy: str, code: int) -> NoReturn:
    if "--debug" in sys.argv:
        raise error
    from flows.console import visible  # what failed may name what a stranger wrote

    sys.stderr.write(visible(f"resurge: {problem}\n  {remedy}\n", lines=True))
    sys.exit(code)
