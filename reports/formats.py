"""How values are written in a briefing: one place, so that a number looks the same on every page.

Thousands are separated by commas, dates are written out ("30 October 2023"), shares stand with their counts, and a value that could
not be measured is its reason, never 0. Locale plays no part: the same facts give the same letters everywhere.
"""

import re
import unicodedata
from datetime import date, datetime

from tasks.domain.languages import language_name
from tasks.domain.measures import Estimate, Interval, NotMeasurable, Shared
from tasks.domain.platforms import platform_name
from tasks.domain.written import MONTHS as MONTHS
from tasks.domain.written import count as count
from tasks.domain.written import day as day
from tasks.domain.written import instant as instant
from tasks.domain.written import number as number
from tasks.domain.written import percent as percent

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ISO_DATE = re.compile(r"(?<![\w-])(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?![\w-])")
RANGE = "\N{EN DASH}"


def shared(value: Shared) -> str:
    """A share with its counts: `58 % (580 of 1,000)`."""
    counts = f"{count(value.part)} of {count(value.whole)}"
    return f"{percent(value.share)} ({counts})" if value.share is not None else f"none ({counts})"


def short_day(value: date) -> str:
    """`30 Oct`."""
    return f"{value.day} {MONTHS[value.month - 1][:3]}"


def short_date(value: date) -> str:
    """`30 Oct 2023`."""
    return f"{short_day(value)} {value.year}"


def clock_instant(value: datetime) -> str:
    """`30 Oct 2023 06:00`, for tables that say UTC in their heading."""
    return f"{short_date(value)} {value:%H:%M}"


def interval(value: Interval) -> str:
    return f"{number(value.low)}{RANGE}{number(value.high)}"


def estimate(value: Estimate) -> str:
    """`0.62 (0.48–0.80)`; without an interval the value alone."""
    if isinstance(value.interval, NotMeasurable):
        return number(value.value)
    return f"{number(value.value)} ({interval(value.interval)})"


def p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def p_statement(value: float) -> str:
    """`p < 0.001` or `p = 0.02`."""
    return f"p {p_value(value)}" if value < 0.001 else f"p = {p_value(value)}"


platform = platform_name


language = language_name


def sentence_list(words: list[str] | tuple[str, ...]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else "none"


def verb(value: int, one: str, many: str) -> str:
    """The form of a verb that goes with a count."""
    return one if value == 1 else many


def capital(text: str) -> str:
    """With a capital first letter; the rest stays."""
    return text[:1].upper() + text[1:]


def dated(text: str) -> str:
    """Dates inside a sentence are written out: `from 2023-07-04` -> `from 4 July 2023`; ids such as `facebook-2023-08-29` stay."""
    return ISO_DATE.sub(lambda match: f"{int(match[3])} {MONTHS[int(match[2]) - 1]} {match[1]}", text)


def sentence(text: str) -> str:
    """Begins with a capital letter, ends with a full stop, and has its dates written out."""
    text = dated(text.strip())
    return text and capital(text) + ("" if text[-1] in ".!?…" else ".")


def isolated(before: str, text: str) -> str:
    """`before` and `text` side by side in one left-to-right line, whatever the direction of `text` (Unicode isolates)."""
    return f"\u200e{before}\u2068{text}\u2069" if direction(text) == "rtl" else before + text


def plural(value: int, one: str, many: str = "") -> str:
    """`1 post`, `2 posts`."""
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def lang_attribute(code: str) -> str:
    """A BCP 47 tag that is safe in `lang=`; "zh" gets the simplified forms, since a bare "zh" is drawn with Japanese glyphs."""
    if code.lower() in {"zh", "zh-hans", "zh-cn"}:
        return "zh-CN"
    return code if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", code) else "und"


def direction(text: str) -> str:
    """`rtl` or `ltr` by the first strong character (Unicode Bidirectional Algorithm, rule P2)."""
    for sign in text:
        kind = unicodedata.bidirectional(sign)
        if kind in {"R", "AL"}:
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"
