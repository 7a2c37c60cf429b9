"""Store stage as tasks of the engine; each body is one plain function. All of them may run again: writes are create-if-absent."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from tasks.domain.errors import PassingProblem
from tasks.store.bundles import publish_bundle
from tasks.store.lake import commit_batch
from tasks.store.visible import (
    read_account_observations,
    read_finds,
    read_indicators,
    read_post_states,
    read_posts,
    read_sightings,
    read_takedown_rows,
)

P = ParamSpec("P")
R = TypeVar("R")

RETRY_AFTER_S = [5.0, 30.0]  # the S3 client has retried for some seconds already


def passes_by_itself(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether a failed task is worth another attempt: an endpoint out of reach is, a wrong key is not."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, PassingProblem)


def _task(function: Callable[P, R], name: str) -> Task[P, R]:
    return task(
        name=name,
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=len(RETRY_AFTER_S),
        retry_delay_seconds=RETRY_AFTER_S,
        retry_condition_fn=passes_by_itself,
        timeout_seconds=3600,
    )(function)


commit = _task(commit_batch, "store batch")
load_posts = _task(read_posts, "load posts")
load_finds = _task(read_finds, "load finds")
load_accounts = _task(read_account_observations, "load accounts")
load_post_states = _task(read_post_states, "load states of posts")
load_sightings = _task(read_sightings, "load sightings")
load_takedowns = _task(read_takedown_rows, "load takedowns")
load_indicators = _task(read_indicators, "load indicators")
publish = _task(publish_bundle, "publish")
