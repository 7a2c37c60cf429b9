"""The rounds on a Dask cluster: one that stands already, or processes started on this machine.

Tasks exchange files, not values, so the scheduler's memory does not grow with the rows and nothing is lost with a worker: what it had
begun begins again elsewhere, on the same input, and writes the same files. The package `distributed` is an optional extra and is
imported when a cluster is asked for.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from tasks.detect.runners import Progress, Runner
from tasks.domain.errors import PassingProblem, UsageProblem, WorkspaceProblem

R = TypeVar("R")
ANSWER_S = 30  # for a scheduler to answer, and for its first worker to report


@contextmanager
def dask_runner(scheduler: str | None, folders: Sequence[Path], progress: Progress, say: Callable[[str], None]) -> Iterator[Runner]:
    """Runs rounds on the cluster at `scheduler` (tcp://host:port), else on one of processes started here, one a core.

    Every worker must see `folders`. `say` is told in a sentence where the rounds run. Raises UsageProblem without the package,
    PassingProblem if no scheduler or worker answers, WorkspaceProblem if a worker does not see a folder or if several died of one task.
    """
    try:
        distributed: Any = import_module("distributed")  # its own types are unfinished
    except ImportError as error:
        raise UsageProblem(
            "--engine dask needs the package distributed, which is not installed.",
            remedy="Install it: pip install 'resurge[dask]'.",
        ) from error
    if scheduler is None:
        with (
            distributed.LocalCluster(
                n_workers=os.cpu_count() or 1, threads_per_worker=1, processes=True, dashboard_address=None
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            say(f"No scheduler is named: {len(cluster.workers)} worker processes were started on this machine.")
            yield _on(client, progress)
        return
    try:
        client = distributed.Client(scheduler, timeout=ANSWER_S)
    except (OSError, ValueError) as error:
        raise PassingProblem(
            f"No Dask scheduler answers at {scheduler}.", remedy="Start `dask scheduler` there, or leave --scheduler out."
        ) from error
    with client:
        _ready(client, scheduler, folders)
        say(f"Running on the {len(client.scheduler_info()['workers'])} workers of {scheduler}.")
        yield _on(client, progress)


def _ready(client: Any, scheduler: str, folders: Sequence[Path]) -> None:
    try:
        client.wait_for_workers(1, timeout=ANSWER_S)
    except OSError as error:
        raise PassingProblem(f"The scheduler {scheduler} has no worker.", remedy="Start `dask worker` for it.") from error
    for folder in folders:
        blind = [worker for worker, sees in client.run(os.path.exists, str(folder)).items() if not sees]
        if blind:
            raise WorkspaceProblem(
                f"The worker {blind[0]} does not see {folder}.", remedy="Keep FILE and --out on storage that all workers share."
            )


def _on(client: Any, progress: Progress) -> Runner:
    distributed: Any = import_module("distributed")

    def run(name: str, task: Callable[..., R], calls: Sequence[tuple[Any, ...]]) -> list[R]:
        progress(name, 0, len(calls))
        # Not `pure`: a task is told by its number alone; hashing a thousand slices for a name costs more than the task.
        futures = [client.submit(task, *call, pure=False) for call in calls]
        try:
            for done, future in enumerate(distributed.as_completed(futures), start=1):
                if future.status == "error":
                    break
                progress(name, done, len(calls))
            results: list[R] = client.gather(futures)
        except distributed.KilledWorker as error:
            raise WorkspaceProblem(
                f"Several workers died of one task of the round {name}.", remedy="Give each at least 2 GB of memory."
            ) from error
        finally:
            client.cancel(futures)
        return results

    return run
