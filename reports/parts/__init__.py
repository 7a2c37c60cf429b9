"""The parts of a briefing: each turns facts into strings, rows and figures that the templates print as they are."""
