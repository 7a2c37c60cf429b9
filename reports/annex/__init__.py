"""The annexes of a briefing: accounts, links, indicators and text families as CSV, a STIX 2.1 bundle and a MISP event.

Everything is made from the frames and facts of one rendition, without clock or random source: the same input gives the same bytes.
"""

from dataclasses import dataclass

from reports.annex.accounts import account_table, accounts_csv
from reports.annex.families import families_csv
from reports.annex.indicators import indicators_csv
from reports.annex.inputs import AnnexInputs
from reports.annex.links import links_csv, shared_addresses
from reports.annex.misp import misp_event
from reports.annex.stix import stix_bundle
from tasks.domain.annexes import AnnexFile
from tasks.domain.facts import EdgesFile

__all__ = ["AnnexInputs", "Annexes", "make_annexes"]
_EDGES = "Pairs of accounts that acted together beyond chance, with the posts each pair rests on."


@dataclass(frozen=True)
class Annexes:
    """`files`: path in the bundle -> bytes; `records`: what facts.json says of them, the annex of edges first where there is one (its bytes
    are not among `files`: tasks.detect.annex makes it)."""

    files: dict[str, bytes]
    records: tuple[AnnexFile, ...]


def make_annexes(inputs: AnnexInputs) -> Annexes:
    """All annexes of one rendition. Accounts that are not in `inputs.nameable`, and everybody who is not on the list, stand in none of them
    by id, handle, display name or post, only by keyed hash; the STIX bundle and the MISP event leave them out."""
    accounts, (hosts, links) = account_table(inputs), shared_addresses(inputs)
    made = (
        accounts_csv(inputs, accounts),
        links_csv(inputs, hosts, links),
        indicators_csv(inputs, accounts, hosts),
        families_csv(inputs),
        stix_bundle(inputs, accounts, hosts),
        misp_event(inputs, accounts, hosts),
    )
    edges = inputs.facts.coordination.edges_file
    return Annexes({one.file.name: one.data for one in made}, (*((_edges(edges),) if edges else ()), *(one.file for one in made)))


def _edges(told: EdgesFile) -> AnnexFile:
    return AnnexFile(
        name=told.name, sha256=told.sha256, rows=told.rows, rows_left_out=told.objects_left_out, media_type="text/csv", what=_EDGES
    )
