"""Figures that do not fit go to the top of the next page, and the text goes on: no page ends half empty because a chart comes next.

The renderer lays a floated box out where it stands, and breaks the page before it or within it. While `deferred_figures` lasts a floated
`figure` is never broken, and it may be carried over to the next page, as the renderer does with the rest of a float that it breaks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FROM_ITS_START = {0: None}  # where the layout of a carried box resumes: at its first child
Laid = tuple[bool, Any, Any, Any]  # whether the page ends here, where the text resumes, the box, where the box resumes


@contextmanager
def deferred_figures(*, carried: bool = True) -> Iterator[None]:
    """While it lasts a figure that does not fit is carried over, one at a time, if something of its own section can take its place; if
    not `carried`, the page ends before it.

    What is carried from the last page of all is lost: the caller looks for it (reports.gate.pages.undrawn) and lays out anew without.
    """
    from weasyprint.layout import block

    lay_out = block._out_of_flow_layout

    def laid_out(
        context: Any,
        box: Any,
        index: int,
        child: Any,
        new_children: list[Any],
        page_is_empty: bool,
        absolute: list[Any],
        fixed: list[Any],
        margins: list[float],
        bottom_space: float,
    ) -> Laid:
        first = page_is_empty and not new_children
        is_figure = child.is_floated() and child.element_tag == "figure"
        if not is_figure or first or _fits(context, box, child, margins, bottom_space):
            laid: Laid = lay_out(context, box, index, child, new_children, page_is_empty, absolute, fixed, margins, bottom_space)
            return laid
        text_follows = any(later.is_in_normal_flow() for later in box.children[index + 1 :])
        if carried and text_follows and not context.broken_out_of_flow:
            stub = _stub(child, index, kept=_kept(context, child, new_children))
            new_children.append(stub)
            return False, None, stub, FROM_ITS_START
        return True, _broken_before(context, index, child, new_children, absolute, fixed), None, None

    block._out_of_flow_layout = laid_out
    try:
        yield
    finally:
        block._out_of_flow_layout = lay_out


def _fits(context: Any, box: Any, child: Any, margins: list[float], bottom_space: float) -> bool:
    """Whether all of a float fits under what is already on the page."""
    from weasyprint.layout.block import collapse_margin
    from weasyprint.layout.float import float_layout

    above = collapse_margin(margins)
    child.position_y += above
    tried, rest = float_layout(context, child, box, [], [], bottom_space, skip_stack=None)
    context.excluded_shapes.remove(tried)
    child.position_y -= above
    return rest is None and not context.overflows_page(bottom_space, tried.border_box_y() + tried.border_height())


def _stub(child: Any, index: int, *, kept: bool) -> Any:
    """What stands on the page in place of a carried figure: nothing, and on the other side, so that what clears the figure does not wait
    for it. A heading before it (`kept`) goes with the text after it. If the page is broken earlier the renderer drops it, and with it
    the carrying over."""
    stub = child.copy_with_children([])
    stub.index, stub.width, stub.height = index, 0, 0
    for side in ("top", "right", "bottom", "left"):
        setattr(stub, f"margin_{side}", 0)
    stub.style = stub.style.copy()
    stub.style.update({"float": "right", "break_after": "avoid" if kept else "auto"})
    return stub


def _kept(context: Any, child: Any, new_children: list[Any]) -> bool:
    """Whether what is before `child` is to be kept with it."""
    from weasyprint.layout.block import avoid_page_break, block_level_page_break, find_last_class_a_break_point_child

    last = find_last_class_a_break_point_child(new_children)
    return last is not None and avoid_page_break(block_level_page_break(last, child), context)


def _broken_before(context: Any, index: int, child: Any, new_children: list[Any], absolute: list[Any], fixed: list[Any]) -> Any:
    """End the page before `child`, or earlier where what is before it is to be kept with it; returns where the next page resumes."""
    from weasyprint.layout.block import find_earlier_page_break

    if _kept(context, child, new_children) and (earlier := find_earlier_page_break(context, new_children, absolute, fixed)):
        new_children[:], resume_at = earlier
        return resume_at
    return {index: None}
