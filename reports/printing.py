"""HTML to PDF in this process: tagged, fonts embedded, nothing fetched but our own assets, and silent or refused.

Called in a child process (reports.child), because hostile text may make a renderer slow, large or dead.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from reports.gate.pages import pages, undrawn
from reports.gate.violations import Violation

LISTENED = ("weasyprint", "fontTools", "matplotlib", "py.warnings")
NOTDEF = re.compile(r"\.notdef glyph.*\(U\+([0-9A-F]{4,6})\)", re.DOTALL)


@dataclass
class Printed:
    """`complaints` are log lines of warning or worse, `faults` what the pages lack or spill: any of either makes the PDF unfit."""

    pdf: bytes = b""
    pages: int = 0
    complaints: list[str] = field(default_factory=list)
    faults: list[Violation] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)  # addresses the renderer wanted

    @property
    def without_glyph(self) -> frozenset[int]:
        """Code points that were drawn as empty boxes."""
        return frozenset(int(match[1], 16) for line in self.complaints if (match := NOTDEF.search(line)))


class _Listener(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {record.getMessage()}")


def print_pdf(html: str, figures: dict[str, str], *, edition: str, attachments: Sequence[Any] = ()) -> Printed:
    """Render; `edition` (hex) becomes the PDF's file identifier, so that equal briefings are equal bytes. `attachments` are those of
    reports.attachments, sorted by name.

    Raises weasyprint.urls.FatalURLFetchingError (a BaseException) if anything but our own assets is asked for.
    """
    from weasyprint import HTML
    from weasyprint.text.fonts import FontConfiguration

    from reports.deferred import deferred_figures
    from reports.fetcher import OwnAssetsFetcher
    from reports.spoken import spoken_lines
    from reports.tagging import finish

    printed = Printed()
    fetcher = OwnAssetsFetcher(figures)
    listener = _Listener(printed.complaints)
    logging.captureWarnings(True)
    loggers = [logging.getLogger(name) for name in LISTENED]
    for logger in loggers:
        logger.addHandler(listener)
    try:
        for carried in (True, False):
            with deferred_figures(carried=carried):
                document = HTML(string=html, base_url="resurge:/", url_fetcher=fetcher).render(
                    font_config=FontConfiguration(), pdf_variant="pdf/ua-1", pdf_tags=True
                )
            if not undrawn(document, figures):
                break
        printed.pages = len(document.pages)
        printed.faults = pages(document, figures)
        with spoken_lines():
            printed.pdf = document.write_pdf(
                finisher=finish,
                pdf_variant="pdf/ua-1",
                pdf_tags=True,
                pdf_identifier=bytes.fromhex(edition)[:16],
                attachments=list(attachments),
            )
    finally:
        for logger in loggers:
            logger.removeHandler(listener)
        logging.captureWarnings(False)
        printed.asked = fetcher.asked
    return printed
