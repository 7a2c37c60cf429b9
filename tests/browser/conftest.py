"""A real browser, Debian's Chromium, that reaches nothing but files and what a test hands it."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # installed by `./run test-browser` alone, while every run of the tests reads this file
    from playwright.sync_api import Browser, Page

CHROMIUM = os.environ.get("RESURGE_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SHOTS = Path(__file__).parent / "shots"


@dataclass
class Watched:
    """A page, with what it asked for beyond files and what it complained of."""

    page: "Page"
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def shot(self, name: str) -> None:
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: "Browser") -> Iterator[Callable[..., Watched]]:
    """opened(address, width, scheme) -> the page, loaded. Whatever would leave the machine is refused and noted."""
    contexts = []

    def open_page(address: str, *, width: int = 800, scheme: str = "light", scripts: bool = True) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts, offline=True
        )  # type: ignore[arg-type]
        contexts.append(context)
        watched = Watched(context.new_page())

        def refuse(route) -> None:  # type: ignore[no-untyped-def]
            if route.request.url.startswith(("file://", "data:")):
                route.continue_()
            else:
                watched.asked.append(route.request.url)
                route.abort()

        context.route("**/*", refuse)
        watched.page.on("console", lambda said: watched.complaints.append(said.text) if said.type in ("error", "warning") else None)
        watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        watched.page.goto(address)
        return watched

    yield open_page
    for context in contexts:
        context.close()
