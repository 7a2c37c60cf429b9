"""Report stage as a task of the engine."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from reports.render import render_pdf

render = task(name="render", cache_policy=NO_CACHE, persist_result=False, timeout_seconds=600)(render_pdf)
