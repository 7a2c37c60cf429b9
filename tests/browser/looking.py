"""What a person would see: measured on the page as it is drawn."""

from playwright.sync_api import Page

# WCAG 2.2, 1.4.3: relative luminance of the text's colour and of the nearest opaque ground behind it
CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const canvas = matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18] : [255, 255, 255];
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const found = parse(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found.slice(0, 3);
    }
    return canvas;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    if (!text || ['SCRIPT', 'STYLE', 'OPTION'].includes(node.tagName) || !node.checkVisibility()) continue;
    const one = light(parse(getComputedStyle(node).color).slice(0, 3)), two = light(ground(node));
    found.push({text: text.slice(0, 60), ratio: (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05),
                size: parseFloat(getComputedStyle(node).fontSize)});
  }
  return found;
}"""


def faint_texts(page: Page, least: float = 4.5) -> list[str]:
    """Texts whose contrast with their ground is below `least`, and those smaller than 12 px. Raises AssertionError if there is no text."""
    found = page.evaluate(CONTRAST)
    assert len(found) > 5
    return [f"{one['text']}: {one['ratio']:.2f}, {one['size']} px" for one in found if one["ratio"] < least or one["size"] < 12]


def too_wide(page: Page) -> list[str]:
    """Elements that reach beyond the window, so that it would have to be scrolled sideways."""
    return page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
        Array.from(document.querySelectorAll('body *')).filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5)
          .map((e) => `${e.tagName}: ${e.textContent.trim().slice(0, 60)}`)"""
    )
