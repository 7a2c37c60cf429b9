"""Detection stage as tasks of the engine; each body is one plain function."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.detect.families import text_families
from tasks.detect.membership import resolve_members
from tasks.detect.network import detect

find_families = task(name="find text families", cache_policy=NO_CACHE, persist_result=False, timeout_seconds=3600)(text_families)
find_coordination = task(name="detect coordination", cache_policy=NO_CACHE, persist_result=False, timeout_seconds=3600)(detect)
settle_members = task(name="settle the campaign list", cache_policy=NO_CACHE, persist_result=False, timeout_seconds=600)(
    resolve_members
)
