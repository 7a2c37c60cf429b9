"""What live sources say of themselves: whole, and true of their options. Every adapter in tasks/fetch/sources is held to it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from web_service import Answer, serving

from flows.wiring import source_factories, status_factories
from tasks.domain.errors import SourceProblem, UsageProblem
from tasks.domain.sources import Observable
from tasks.fetch.adapters import Adapter, Installation, adapters
from tasks.fetch.importers import FORMATS, importer
from tasks.fetch.web.limits import WebLimits

CANARY = "Zq7-reed-lark-0451"
WORDS = ("harbour", 'north "pier": #1', "海港")
QUICK = WebLimits(connect_s=1, read_s=1, request_s=1, attempts=1, first_wait_s=0.01, longest_wait_s=0.1)


@pytest.fixture(params=[pytest.param(adapter, id=kind) for kind, adapter in adapters().items()])
def adapter(request: pytest.FixtureRequest) -> Adapter:
    found: Adapter = request.param
    return found


@pytest.fixture
def ours(tmp_path: Path) -> Installation:
    return Installation(lambda _: CANARY, tmp_path, limits=QUICK)


def options_of(adapter: Adapter) -> dict[str, Any]:
    """Those of its example, with every credential that it could be given."""
    credentials = {credential.option: "desk" for credential in adapter.declaration.credentials}
    return {**yaml.safe_load(adapter.example(WORDS)), **credentials}


def test_a_declaration_is_whole(adapter: Adapter) -> None:
    declared = adapter.declaration
    assert declared.kind in source_factories()
    assert (f"{declared.kind}-status" in status_factories()) == ("status" in declared.observes)
    assert declared.observes | set(declared.cannot) == set(get_args(Observable))
    assert not declared.observes & set(declared.cannot)
    assert all(len(why) > 10 for why in declared.cannot.values())
    fields = adapter.options.model_fields
    assert [(c.option in fields, c.required) for c in declared.credentials] == [
        (True, fields[c.option].is_required()) for c in declared.credentials
    ]
    assert declared.limits
    assert declared.cost
    assert declared.terms


def test_pages_of_a_service_can_be_read(adapter: Adapter) -> None:
    if adapter.importer is None:
        pytest.skip("its pages are of the formats that files have")
    assert adapter.kind in FORMATS
    assert importer(adapter.kind).format == adapter.kind
    assert adapter.options.model_fields["overlap_h"].default == adapter.declaration.lateness_h


def test_the_example_is_taken_with_any_words(adapter: Adapter, ours: Installation) -> None:
    options = yaml.safe_load(adapter.example(WORDS))
    assert adapter.source(options, ours).kind == adapter.kind
    if adapter.status is not None and adapter.status_options is not None:
        own = {name: value for name, value in options.items() if name in adapter.status_options.model_fields}
        assert adapter.status(own, ours).kind == f"{adapter.kind}-status"


def test_an_option_that_is_none_is_refused_by_name(adapter: Adapter, ours: Installation) -> None:
    with pytest.raises(UsageProblem, match="harbours") as refused:
        adapter.source({**options_of(adapter), "harbours": 1}, ours)
    assert refused.value.remedy


def test_a_credential_that_is_not_set_is_named_before_anything_is_asked(adapter: Adapter, tmp_path: Path) -> None:
    if not adapter.declaration.credentials:
        pytest.skip("it needs none")

    def none(name: str) -> str:
        raise UsageProblem(f"The credential {name} is not set here.", remedy="Set it.")

    with pytest.raises(UsageProblem, match="credential desk is not set"):
        adapter.source(_logged_in(adapter), Installation(none, tmp_path))


@pytest.fixture
def refusing() -> Iterator[str]:
    """A service that repeats what it was sent, credentials too, and refuses it."""
    with serving(lambda asked: Answer({"error": str(asked.headers), "message": str(asked.body)}, 401)) as service:
        yield service.url


def test_a_credential_stands_in_no_message(adapter: Adapter, ours: Installation, refusing: str) -> None:
    if not adapter.declaration.credentials:
        pytest.skip("it needs none")
    there = {name: refusing for name in ("appview", "service", "instance") if name in adapter.options.model_fields}
    now = datetime.now(UTC)
    with pytest.raises(SourceProblem) as problem:
        list(adapter.source({**_logged_in(adapter), **there}, ours).pages(now - timedelta(hours=1), now))
    assert CANARY not in f"{problem.value} {problem.value.remedy}"
    assert problem.value.remedy


def _logged_in(adapter: Adapter) -> dict[str, Any]:
    handle = {"handle": "desk.example"} if "handle" in adapter.options.model_fields else {}
    return {**options_of(adapter), **handle}
