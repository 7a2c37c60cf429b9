"""Numbers as a reader sees them, the same in the PDF and in the mail. Locale plays no part."""

from datetime import UTC, date, datetime, timedelta

MINUS = "\N{MINUS SIGN}"
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def count(value: int) -> str:
    """1234567 -> `1,234,567`."""
    return f"{value:,}".replace("-", MINUS)


def number(value: float) -> str:
    """As many digits as a reader can use: 0.0062 -> `0.0062`, 0.3 -> `0.30`, 4.25 -> `4.25`, 48.25 -> `48.2`, 12345.6 -> `12,346`."""
    if isinstance(value, int) or (value == int(value) and abs(value) >= 2):
        return count(int(value))
    size = abs(value)
    if size >= 999.5:
        return count(round(value))
    if size == 0:
        return "0"
    text = (
        f"{value:.1f}"
        if size >= 9.995
        else f"{value:.2f}"
        if size >= 0.0095
        else f"{value:.2g}"
        if size >= 0.00095
        else f"{value:.0e}"
    )
    return text.replace("-", MINUS)


def percent(share: float) -> str:
    """0.5821 -> `58 %`, 0.0123 -> `1.2 %`; a share that is neither 0 nor 1 is never printed as if it were."""
    value = 100 * share
    if 0 < value < 0.1:
        return "under 0.1 %"
    if 99.9 < value < 100:
        return "over 99.9 %"
    return f"{value:.1f} %" if 0 < value < 10 or 99 < value < 100 else f"{value:.0f} %"


def amount(value: float, unit: str) -> str:
    """A key figure's value: a share as a percentage, anything else as a number."""
    if unit == "share":
        return percent(value)
    return count(value) if isinstance(value, int) else number(value)


def figure_name(name: str, unit: str) -> str:
    """A key figure's name with its unit where the name does not tell it: `Rebuild index, Facebook, of baseline`."""
    told = unit in ("share", "percent", "%", "") or unit.lower() in name.lower()
    whole = name if told else f"{name}, {unit.replace('x ', '× ')}"
    return whole[:1].upper() + whole[1:]


def day(value: date) -> str:
    """`30 October 2023`."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def days(start: datetime, end: datetime) -> str:
    """`30 October to 5 November 2023`, the last day being the last inside [start, end); the year stands once where it is one."""
    first, last = start.date(), (end - timedelta(microseconds=1)).date()
    if first == last:
        return day(first)
    if first.year != last.year:
        return f"{day(first)} to {day(last)}"
    month = "" if first.month == last.month else f" {MONTHS[first.month - 1]}"
    return f"{first.day}{month} to {day(last)}"


def instant(value: datetime) -> str:
    """`7 November 2023, 06:00 UTC`."""
    return f"{day(value.astimezone(UTC))}, {value.astimezone(UTC):%H:%M} UTC"
