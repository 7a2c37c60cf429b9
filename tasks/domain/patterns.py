"""Patterns of campaign files: those of RE2, which takes linear time whatever the text."""

import re2

_QUIET = re2.Options()
_QUIET.log_errors = False  # else each is written to standard error, too


def checked_pattern(pattern: str) -> str:
    """The pattern itself. Raises ValueError where RE2 does not accept it."""
    try:
        re2.compile(pattern, _QUIET)
    except re2.error as error:
        said = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"{pattern!r} cannot be read: {said}; in RE2 there are no look-around and no back-references") from error
    return pattern
