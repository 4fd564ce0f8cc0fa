"""The application: the guard, and behind it the page and the routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from fewlabels.exceptions import FewLabelsError, LabellingError
from fewlabels.web._access import Access
from fewlabels.web._events import Events
from fewlabels.web._fields import of_query
from fewlabels.web._guard import Guard
from fewlabels.web._page_files import PageFile, page_files
from fewlabels.web._reading import reading_routes
from fewlabels.web._source import Source
from fewlabels.web._writing import writing_routes


class App:
    """The page of one labelling, as an ASGI application.

    Parameters
    ----------
    source : Source
        What is labelled.
    access : Access
        Who may ask.
    who : str
        The person who answers where the page names nobody.
    """

    def __init__(self, source: Source, access: Access, who: str) -> None:
        self.events = Events(source)
        routes = [
            *_page_routes(page_files()),
            *reading_routes(source, self.events, who),
            *writing_routes(source, who),
        ]
        inner = Starlette(
            routes=routes,
            lifespan=self._lifespan,
            exception_handlers={
                FewLabelsError: _say,
                LabellingError: _not_now,
                404: _missing,
                405: _missing,
                Exception: _failed,
            },
        )
        # The slash that a router would add is a redirect that nobody asked for.
        inner.router.redirect_slashes = False
        self._guarded = Guard(inner, access)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._guarded(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self.events.start()
        yield
        self.events.close()


def _page_routes(page: Mapping[str, PageFile]) -> list[Route]:
    def send(file: PageFile) -> Response:
        return Response(file.body, media_type=file.media_type)

    async def start(request: Request) -> Response:
        of_query(request, {})
        return send(page["index.html"])

    async def part(request: Request) -> Response:
        of_query(request, {})
        file = page.get(request.path_params["name"])
        return Response(status_code=404) if file is None else send(file)

    return [
        Route("/", start, methods=["GET"]),
        Route("/page/{name}", part, methods=["GET"]),
    ]


async def _say(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=400)


async def _not_now(_: Request, error: Exception) -> Response:
    # The disk, not the request: the page keeps what it sent, and sends it again.
    return JSONResponse({"error": str(error)}, status_code=503)


async def _missing(_: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    return JSONResponse({"error": "There is no such page."}, status_code=status)


async def _failed(_: Request, error: Exception) -> Response:
    # The traceback goes to the terminal; here, what a person can do.
    return JSONResponse(
        {"error": "The server failed at this; its terminal says how. Nothing stored is lost."},
        status_code=500,
    )
