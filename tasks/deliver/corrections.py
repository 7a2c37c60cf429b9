"""What a correction says of itself: where the new edition differs from the one it takes the place of."""

from collections.abc import Iterator

from tasks.deliver.mail_view import written_name
from tasks.domain.facts import Facts, KeyFigure
from tasks.domain.measures import NotMeasurable
from tasks.domain.written import amount

MOST_LINES = 10
_NOT_COMPARED = {"generated_by", "inputs", "as_of", "changes", "schema_version", "judgements"}  # named apart, or no content


def what_changed(before: Facts, after: Facts) -> tuple[str, ...]:
    """At most ten sentences for a reader: key figures, bottom line, judgements, then which other parts differ, then why (data or
    program). Never empty: two editions differ somewhere."""
    lines = [*_figures(before, after), *_judgements(before, after), *_parts(before, after), *_causes(before, after)]
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"{len(lines) - MOST_LINES + 1} further differences are in facts.json."]
    return tuple(lines) or ("Only how the briefing is written differs; every part of its facts is the same.",)


def _figures(before: Facts, after: Facts) -> Iterator[str]:
    old = {figure.ref: figure for figure in before.judgements.key_figures}
    for figure in after.judgements.key_figures:
        was = old.pop(figure.ref, None)
        if was is None:
            yield f"{written_name(figure)} is a new key figure: {_said(figure.value, figure)}."
        elif was.value != figure.value:
            yield f"{written_name(figure)}: {_said(figure.value, figure)}, was {_said(was.value, was)}."
        else:
            for name, now, then in (
                ("the last period", figure.previous, was.previous),
                ("before the takedown", figure.baseline, was.baseline),
            ):
                if now != then:
                    yield f"{written_name(figure)}, {name}: {_said(now, figure)}, was {_said(then, was)}."
    for figure in old.values():
        yield f"{written_name(figure)} is no longer among the key figures."


def _said(value: float | int | NotMeasurable, figure: KeyFigure) -> str:
    if isinstance(value, NotMeasurable):
        return f"not measurable ({value.reason})"
    return amount(value, figure.unit)


def _judgements(before: Facts, after: Facts) -> Iterator[str]:
    if before.judgements.bottom_line != after.judgements.bottom_line:
        yield "The bottom line is worded anew."
    old = {item.judgement_id: item for item in before.judgements.items}
    for item in after.judgements.items:
        was = old.pop(item.judgement_id, None)
        if was is None:
            yield f"New judgement: {item.statement}"
        elif (was.likelihood, was.confidence) != (item.likelihood, item.confidence):
            yield (
                f"Judged anew: {item.statement} Likelihood {item.likelihood}, was {was.likelihood}; "
                f"confidence {item.confidence}, was {was.confidence}."
            )
        elif was.statement != item.statement:
            yield f"Judgement worded anew: {item.statement}"
    for item in old.values():
        yield f"Judgement withdrawn: {item.statement}"


def _parts(before: Facts, after: Facts) -> Iterator[str]:
    """Parts of facts.json that differ, by their names there."""
    differ = [
        name.replace("_", " ")
        for name in type(after).model_fields
        if name not in _NOT_COMPARED and getattr(before, name) != getattr(after, name)
    ]
    if differ:
        yield f"Parts that differ: {', '.join(differ)}."


def _causes(before: Facts, after: Facts) -> Iterator[str]:
    old, new = ({batch.batch_id for batch in facts.inputs.batches} for facts in (before, after))
    if new - old:
        yield f"Data: {len(new - old)} further {'batch' if len(new - old) == 1 else 'batches'} of posts or accounts."
    if old - new:
        yield f"Data: {len(old - new)} {'batch is' if len(old - new) == 1 else 'batches are'} no longer used."
    if before.inputs.parameters != after.inputs.parameters:
        keys = sorted(set(before.inputs.parameters.items()) ^ set(after.inputs.parameters.items()))
        yield f"Settings of the analysis differ: {', '.join(dict.fromkeys(key for key, _ in keys))}."
    if before.generated_by != after.generated_by:
        yield "Made with another version of the program or its libraries."
