"""A simulation as files: posts.parquet, accounts.parquet, labels.parquet, truth.json and a sample of profile pictures."""

from collections.abc import Callable
from pathlib import Path

import orjson
import pyarrow.parquet as pq

from tasks.domain.errors import WorkspaceProblem
from tasks.simulate.avatars import labels, shown_pictures, write_pictures
from tasks.simulate.faults import Fault
from tasks.simulate.observations import ACCOUNT_SCHEMA
from tasks.simulate.scenario import Simulation
from tasks.simulate.week import LABEL_SCHEMA, POST_SCHEMA


def write_simulation(simulation: Simulation, out: Path, progress: Callable[[int], None] | None = None) -> list[Path]:
    """Write the simulation into folder `out` (made if absent), a row group a week, and return the paths.

    posts.parquet and accounts.parquet have the columns of POSTS and ACCOUNTS without campaign, batch_id and row_number; labels.parquet
    has the truth about each post, truth.json everything else; avatars.zip has drawn pictures of some accounts. `progress` hears the posts
    written so far. Damaged rows are part of the feed only; truth.json lists them. Raises WorkspaceProblem if the folder cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        tables = [out / name for name in ("posts.parquet", "accounts.parquet", "labels.parquet")]
        damaged = _write_tables(simulation, tables, progress)
        shown, pictures = shown_pictures(simulation.cast), out / "avatars.zip"
        write_pictures(shown, pictures)
        truth = out / "truth.json"
        known = simulation.truth_with(iter(damaged)) | {"avatars": labels(shown)}
        truth.write_bytes(orjson.dumps(known, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z))
        return [*tables, truth, pictures]
    except OSError as error:
        raise WorkspaceProblem(
            f"The simulation could not be written to {out}: {error.strerror or error}.",
            remedy="Choose a folder that is writable, with enough room.",
        ) from error


def _write_tables(simulation: Simulation, paths: list[Path], progress: Callable[[int], None] | None) -> list[Fault]:
    damaged: list[Fault] = []
    done = 0
    posts, accounts, labels = paths
    with (
        pq.ParquetWriter(posts, POST_SCHEMA, compression="zstd") as to_posts,
        pq.ParquetWriter(accounts, ACCOUNT_SCHEMA, compression="zstd") as to_accounts,
        pq.ParquetWriter(labels, LABEL_SCHEMA, compression="zstd") as to_labels,
    ):
        for week in simulation.weeks():
            to_posts.write_table(week.posts)
            to_accounts.write_table(week.accounts)
            to_labels.write_table(week.labels)
            damaged += week.faults
            done += len(week.posts)
            if progress:
                progress(done)
    return damaged
