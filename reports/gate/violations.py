"""A rule that a briefing breaks, told so that its owner can find the place."""

from dataclasses import dataclass

SHOWN = 160  # characters of the sentence at fault


@dataclass(frozen=True)
class Violation:
    """`rule` is one of docs/methods.md ("Rules of the text"); `where` the pointer into facts.json or the place in print; `what` the
    number or word at fault; `text` the sentence it stands in, or what was measured."""

    rule: str
    where: str
    what: str
    text: str = ""

    def told(self) -> str:
        """One line: `unresolved number “471” in alt text: “471 further accounts …”`."""
        shown = self.text if len(self.text) <= SHOWN else self.text[: SHOWN - 1] + "…"
        return f"{self.rule}: “{self.what}” in {self.where}" + (f": “{shown}”" if shown else "")
