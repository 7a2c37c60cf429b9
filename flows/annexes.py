"""The annexes of every rendition, from what the briefing has seen and found."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from flows.evidence import Evidence
from flows.findings import Findings
from flows.renditions import Rendition
from reports.annex import AnnexInputs, make_annexes
from tasks.domain.renditions import HOLDS
from tasks.rebuilding.account_cohorts import account_cohorts


def with_annexes(seen: Evidence, found: Findings, made: Sequence[Rendition], key: bytes) -> tuple[Rendition, ...]:
    """The renditions with their annexes beside those they have; their facts name all of them."""
    cohorts = account_cohorts(
        seen.campaign, posts=found.member_posts, observations=seen.observations, period=seen.period, cutoff=seen.cutoff
    )
    return tuple(
        _with_annexes(
            one,
            AnnexInputs(
                facts=one.facts,
                collected=seen.posts,
                posts=found.member_posts,
                families=found.families.set_axis(seen.posts.index),
                observations=seen.observations,
                latest=seen.accounts,
                members=_reasons(one, found.members.frame),
                past=_reasons(one, found.members.past),
                proposed=_reasons(one, found.members.proposed),
                clusters=found.detection.clusters,
                cohorts=cohorts,
                key=key,
                nameable=one.nameable,
            ),
        )
        for one in made
    )


def _reasons(one: Rendition, accounts: pd.DataFrame) -> pd.DataFrame:
    """Why an account is on the list is said in analysts' words: not in a rendition that may not hold them."""
    lower = bool(one.facts.left_out)
    return accounts.assign(reason="") if lower and not HOLDS[one.tlp].workings else accounts


def _with_annexes(one: Rendition, inputs: AnnexInputs) -> Rendition:
    annexes = make_annexes(inputs)
    facts = one.facts.model_copy(update={"annexes": annexes.records})
    return replace(one, facts=facts, annexes={**one.annexes, **annexes.files})
