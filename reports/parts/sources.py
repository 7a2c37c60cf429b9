"""Where statements come from: addresses are cited by number and host, and printed in full once, at the end."""

import re
from dataclasses import dataclass

from reports.parts.blocks import Column, Table, head, text_cell
from tasks.domain.facts import Facts

HOST = re.compile(r"[A-Za-z][\w+.-]*://(?:[^/?#@]*@)?([^/?#:]+)")  # also of addresses written with [.], which no parser takes
LONGEST = 40


@dataclass(frozen=True)
class Sources:
    """`addresses` in the order in which the briefing cites them first."""

    addresses: tuple[str, ...]

    def cite(self, address: str) -> str:
        """`github.com [2]`; nothing for an empty address. Raises ValueError for one that is not listed."""
        return f"{host(address)} [{self.addresses.index(address) + 1}]" if address else ""

    @property
    def table(self) -> Table | None:
        if not self.addresses:
            return None
        rows = tuple((head(f"[{i + 1}]"), text_cell(address)) for i, address in enumerate(self.addresses))
        return Table("Sources", (Column("No."), Column("Address")), rows, fit=True)


def sources(facts: Facts) -> Sources:
    """Addresses of the quoted attributions and of every action in the takedown ledger, each once."""
    found = [quoted.address for quoted in facts.campaign.attribution]
    found += [action.address for record in facts.takedowns for action in record.actions]
    return Sources(tuple(dict.fromkeys(address for address in found if address)))


def host(address: str) -> str:
    """`https://www.example.org/a/b` -> `example.org`; a text that is no address (a report's title) is itself, cut short if long."""
    found = HOST.match(address)
    name = found[1].removeprefix("www.") if found else address
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"
