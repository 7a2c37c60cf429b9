"""What rebuilding is handed of other stages: text families, clusters, the codebook's categories, comparators."""

from functools import partial

import pandas as pd

from flows.evidence import Evidence
from tasks.detect.membership import Members
from tasks.detect.network import Detection
from tasks.domain.accounts import account_key
from tasks.domain.campaign import Comparator
from tasks.narrate.codebook import first_categories
from tasks.rebuilding.beside import Beside

_COLUMNS = ["platform", "account_id", "posted_at"]


def beside(seen: Evidence, families: pd.DataFrame, detection: Detection, members: Members) -> Beside:
    """Everything of the same evidence; `families`: FAMILIES, row by row for its posts. A comparator keeps no account that is, or ever
    was, on the campaign list."""
    campaign = seen.campaign
    outsiders = seen.posts[_COLUMNS]
    if campaign.comparators:
        outsiders = outsiders[~account_key(seen.posts).isin(account_key(members.ever)).to_numpy(dtype=bool)]
    return Beside(
        families=families["family_id"].set_axis(seen.posts.index),
        clusters=detection.clusters,
        categorise=partial(first_categories, codebook=campaign.codebook) if campaign.codebook else None,
        comparators={chosen.name: _posts(chosen, outsiders, seen) for chosen in campaign.comparators},
    )


def _posts(chosen: Comparator, outsiders: pd.DataFrame, seen: Evidence) -> pd.DataFrame:
    if chosen.source:
        batches = [batch.batch_id for batch in seen.batches if batch.identity.source == chosen.source]
        brought: pd.DataFrame = outsiders[seen.posts.loc[outsiders.index, "batch_id"].isin(batches).to_numpy(dtype=bool)]
        return brought
    keys = {f"{account.platform}/{account.account_id}" for account in chosen.accounts}
    listed: pd.DataFrame = outsiders[account_key(outsiders).isin(keys).to_numpy(dtype=bool)]
    return listed
