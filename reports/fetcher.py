"""The renderer's only way to the outside, which leads nowhere: addresses of our own assets are answered from memory."""

from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from reports.assets import SCHEME, font_bytes, style_bytes

KINDS = {"fonts": "font/ttf", "styles": "text/css", "figures": "image/svg+xml"}


class OwnAssetsFetcher(URLFetcher):  # type: ignore[misc]  # weasyprint is untyped
    """Serves `resurge:/fonts/*`, `resurge:/styles/*` and the given figures; any other address stops the render.

    `asked` holds every address in order, so that a test can see that nothing else was ever wanted.
    """

    def __init__(self, figures: dict[str, str]) -> None:
        super().__init__(allowed_protocols=(SCHEME,), allow_redirects=False)
        self.figures = figures
        self.asked: list[str] = []

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:  # noqa: ARG002
        """Answer from memory. Raises FatalURLFetchingError, which WeasyPrint does not swallow, for any address that is not ours."""
        self.asked.append(url)
        scheme, _, rest = url.partition(":/")
        folder, _, name = rest.partition("/")
        try:
            if scheme != SCHEME:
                raise KeyError(url)
            return URLFetcherResponse(url, self._body(folder, name), {"Content-Type": KINDS[folder]})
        except KeyError:
            raise FatalURLFetchingError(f"refused to fetch {url[:200]!r}: only the briefing's own assets are served") from None

    def _body(self, folder: str, name: str) -> bytes:
        if folder == "fonts":
            return font_bytes(name)
        if folder == "styles":
            return style_bytes(name)
        return self.figures[name.removesuffix(".svg")].encode()
