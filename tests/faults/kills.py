"""Real kills (SIGKILL) at random moments, several in a row on one workspace, then one clean run: nothing lost, nothing twice."""

import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from points import STEPS
from world import LATER, Place, Ran, World, wrong

ROW = 5  # kills on one workspace before the clean run
_SOON = 0.05
_PATIENCE_S = 20.0  # a service that a busy machine lets answer late is no fault of this kind


@dataclass
class Kills:
    """`done`: runs that a kill ended; `by_step`: where those were that were aimed at a point; `held`: clean runs that reported a held
    message; `problems`: what was not as promised."""

    done: int = 0
    ended_before: int = 0
    rows: int = 0
    held: int = 0
    by_step: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    s: float = 0


def kills(world: World, count: int, seed: int, *, engine: bool = False, longest_s: float = 2.5) -> Kills:
    """`count` kills, half of them at a moment by the clock, half at a passage of a step; with the engine all by the clock."""
    random, found, began = Random(seed), Kills(), time.monotonic()  # noqa: S311
    while found.done < count:
        world.heal()
        world.forget()
        place = world.place("s3" if world.s3_server and not engine and random.random() < 0.25 else "local")
        for number in range(min(ROW, count - found.done)):
            ran = _one(world, place, random, found, number, engine=engine, longest_s=longest_s)
            if ran.code == -9:
                found.done += 1
            elif ran.code == 0 or "held" in ran.said or "in progress" in ran.said:
                found.ended_before += 1
            else:
                found.problems.append(f"row {seed}.{found.rows}: a run between kills ended with {ran.code}: {ran.said[-300:]}")
        found.problems += [f"row {seed}.{found.rows}: {problem}" for problem in _clean(world, place, found, engine=engine)]
        found.rows += 1
        world.gone(place)
    found.s = round(time.monotonic() - began, 1)
    return found


def _one(world: World, place: Place, random: Random, found: Kills, number: int, *, engine: bool, longest_s: float) -> Ran:
    more: dict[str, Any] = {"later": number * LATER, "engine": engine, "patience_s": _PATIENCE_S}
    if engine or random.random() < 0.5:
        return world.run(place, kill_after_s=random.uniform(_SOON, longest_s), **more)
    assert world.made is not None
    step, when = random.choice(STEPS), random.choice(("before", "after"))
    at = random.randint(1, max(1, world.made.passages[f"{step} {when}"]))
    ran = world.run(place, {"step": step, "when": when, "number": at, "deed": "SIGKILL"}, **more)
    found.by_step[step] += ran.code == -9
    return ran


def _clean(world: World, place: Place, found: Kills, *, engine: bool) -> list[str]:
    ran = world.run(place, later=(ROW + 10) * LATER, engine=engine, patience_s=_PATIENCE_S)
    held = ran.code == 1 and "held" in ran.said
    found.held += held
    if ran.code != 0 and not held:
        return [f"the clean run ended with {ran.code}: {ran.said[-400:]}"]
    return wrong(world, place, held=held)
