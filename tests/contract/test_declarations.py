"""What live sources say of themselves: whole, and true of their options. A new one joins by a line."""

from typing import get_args

import pytest
from pydantic import BaseModel

from flows.wiring import source_factories, status_factories
from tasks.domain.platforms import PLATFORM_NAMES
from tasks.domain.sources import Declaration, Observable
from tasks.fetch.importers import FORMATS
from tasks.fetch.sources import bluesky, mastodon, youtube

DECLARED = [
    pytest.param(bluesky.DECLARATION, bluesky.BlueskyOptions, id="bluesky"),
    pytest.param(mastodon.DECLARATION, mastodon.MastodonOptions, id="mastodon"),
    pytest.param(youtube.DECLARATION, youtube.YouTubeOptions, id="youtube"),
]


@pytest.mark.parametrize(("declared", "options"), DECLARED)
def test_a_declaration_is_whole(declared: Declaration, options: type[BaseModel]) -> None:
    assert declared.kind in source_factories()
    assert (f"{declared.kind}-status" in status_factories()) == ("status" in declared.observes)
    assert declared.kind in FORMATS
    assert declared.kind in PLATFORM_NAMES
    assert declared.observes | set(declared.cannot) == set(get_args(Observable))
    assert not declared.observes & set(declared.cannot)
    assert all(len(why) > 10 for why in declared.cannot.values())
    assert {credential.option for credential in declared.credentials} <= set(options.model_fields)
    assert [c.required for c in declared.credentials] == [
        options.model_fields[c.option].is_required() for c in declared.credentials
    ]
    assert options.model_fields["overlap_h"].default == declared.lateness_h
    assert declared.limits
    assert declared.cost
    assert declared.terms
