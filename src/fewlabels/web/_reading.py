"""The routes that only read."""

from __future__ import annotations

import asyncio
import os
import re
import struct
import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from tempfile import SpooledTemporaryFile

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from fewlabels._typing import Function, Loaded, Package
from fewlabels.exceptions import InvalidInputError
from fewlabels.web._events import Events, TooManyStreamsError
from fewlabels.web._fields import Check, digits, of_query, text
from fewlabels.web._questions import open_page, with_items
from fewlabels.web._source import Source

NAME = text(64)
# A few sizes, so that nobody can have a picture made anew a thousand times.
_SIZES = (96, 192, 384, 768, 1536, 3072)
_PICTURES = frozenset({"image/png", "image/jpeg", "image/webp"})
# What is sent as one file; a folder a class is written by the command.
_FORMATS = {
    "csv": (".csv", "text/csv; charset=utf-8"),
    "tsv": (".tsv", "text/tab-separated-values; charset=utf-8"),
    "json": (".json", "application/json"),
    "jsonl": (".jsonl", "application/x-ndjson"),
    "parquet": (".parquet", "application/vnd.apache.parquet"),
    "arrow": (".arrow", "application/vnd.apache.arrow.file"),
    "npz": (".npz", "application/octet-stream"),
    "label-studio": ("-label-studio.json", "application/json"),
    "prodigy": ("-prodigy.jsonl", "application/x-ndjson"),
}
# Exports larger than this wait on the disk until they are sent.
_IN_MEMORY = 16 * 1024 * 1024
_CHUNK = 256 * 1024

_POINT = digits()
_MANY = digits(1, 200)

Handler = Callable[[Request], object]


def reading_routes(source: Source, events: Events, who: str) -> list[Route]:
    """Give the routes of GET; `who` asks where a request names nobody."""

    def read(path: str, fields: Mapping[str, Check], ask: Function) -> Route:
        """Route a path whose answer is JSON, made from the query's fields and the point."""
        known = {"who": NAME, **fields}

        async def endpoint(request: Request) -> Response:
            asked = {"who": who, **of_query(request, known)}
            if "point" in request.path_params:
                asked["point"] = _point_of(request)
            return JSONResponse(await run_in_threadpool(lambda: ask(**asked)))

        return Route(path, endpoint, methods=["GET"])

    def read_rows(
        path: str, fields: Mapping[str, Check], ask: Callable[..., Sequence[Loaded]]
    ) -> Route:
        """Route a path whose answer is rows, which are the same for everybody."""
        return read(path, fields, lambda who, **asked: with_items(source, who, ask(**asked)))

    def neighbourhood(who: str, near: int | None = None, n: int = 24) -> Loaded | None:
        found = source.neighbourhood(who, near, n)
        if found is None:
            return None
        rows = ({"point": point} for point in found["points"])
        return {**found, "rows": with_items(source, who, rows)}

    def why(who: str, point: int) -> Loaded:
        found = source.why(point)
        return {**found, "labels": with_items(source, who, found["labels"])}

    def answers(who: str, by: str | None = None, **asked: Package) -> Loaded:
        found = source.answers(who=by, **asked)
        return {**found, "rows": with_items(source, who, found["rows"])}

    def suspects(who: str, n: int = 24) -> list[Loaded]:
        """Each with the label that speaks most against it."""
        found = with_items(source, who, source.suspects(n))
        return [
            row
            if row["against"] is None
            else {**row, "against_item": source.item(who, row["against"])}
            for row in found
        ]

    def search(who: str, text: str = "", n: int = 24) -> Loaded:
        if not text:
            raise InvalidInputError("text is missing: the words to look for.")
        found = source.search(text, n)
        return {**found, "points": with_items(source, who, found["points"])}

    async def picture(request: Request) -> Response:
        size = of_query(request, {"size": digits(1, _SIZES[-1])}).get("size", 768)
        size = next(allowed for allowed in _SIZES if size <= allowed)
        body, kind = await run_in_threadpool(source.picture, _point_of(request), size)
        if kind not in _PICTURES:
            raise InvalidInputError("This row's picture can't be shown.")
        return Response(body, media_type=kind)

    async def stream(request: Request) -> Response:
        asked = of_query(request, {"who": NAME})
        try:
            told = events.open(asked.get("who", who))
        except TooManyStreamsError:
            return JSONResponse({"error": "Too many pages are open."}, status_code=503)
        return StreamingResponse(told, media_type="text/event-stream")

    async def map_of_all(request: Request) -> Response:
        known = of_query(request, {"layout": digits(1, 2**32 - 1)}).get("layout")

        def encoded() -> bytes | None:
            found = source.map()
            return None if found is None else encode_map(found, known)

        body = await run_in_threadpool(encoded)
        if body is None:
            return Response(status_code=204)
        return Response(body, media_type="application/octet-stream")

    async def export(request: Request) -> Response:
        wanted = of_query(request, {"format": text(32)}).get("format", "csv")
        return await _exported(source, wanted, who)

    async def report(request: Request) -> Response:
        of_query(request, {})
        page = await asyncio.wrap_future(source.with_model(report_of))
        name = (await run_in_threadpool(source.state, who))["name"]
        return Response(page, media_type="text/html", headers=_attached(name, "report.html"))

    n = {"n": _MANY}
    past = {
        "query": text(200, empty=True),
        "class_id": digits(0, 10_000),
        "by": NAME,
        "offset": digits(),
        **n,
    }
    return [
        read("/api/state", {}, source.state),
        read("/api/questions", {}, lambda who: open_page(source, who)),
        read("/api/item/{point}", {}, source.item),
        read("/api/why/{point}", {}, why),
        read_rows("/api/similar/{point}", n, source.similar),
        read("/api/neighbourhood", {"near": _POINT, "n": digits(2, 48)}, neighbourhood),
        read("/api/suspects", n, suspects),
        read_rows("/api/doubtful", n, source.doubtful),
        read("/api/answers", past, answers),
        read("/api/search", {"text": text(200), **n}, search),
        read("/api/progress", {}, lambda who: source.progress()),
        read("/api/people", {}, lambda who: source.people()),
        read_rows("/api/disagreements", n, source.disagreements),
        Route("/api/picture/{point}", picture, methods=["GET"]),
        Route("/api/events", stream, methods=["GET"]),
        Route("/api/map", map_of_all, methods=["GET"]),
        Route("/api/export", export, methods=["GET"]),
        Route("/api/report", report, methods=["GET"]),
    ]


def _point_of(request: Request) -> int:
    return _POINT("point", request.path_params["point"])


def encode_map(found: Loaded, known: int | None = None) -> bytes:
    """Encode a map: sixteen bytes of header, then each array as it lies in memory.

    Positions are left out where the page has those of this layout already: they are most of it,
    and only colours change while people label.
    """
    layout = zlib.crc32(found["positions"]) or 1
    header = struct.pack("<4sIII", b"FLMP", found["n"], found["version"] % 2**32, layout)
    arrays = [found[name] for name in ("label", "prediction", "doubt")]
    return b"".join([header, *([] if layout == known else [found["positions"]]), *arrays])


async def _exported(source: Source, wanted: str, who: str) -> Response:
    """Write an export whole before any of it is sent: a failure is told, and never half a file."""
    if wanted not in _FORMATS:
        raise InvalidInputError(f"format has to be one of {', '.join(_FORMATS)}.")
    suffix, kind = _FORMATS[wanted]
    held = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by what sends it
    try:
        await run_in_threadpool(source.export, held, wanted)
        length = held.seek(0, os.SEEK_END)
        held.seek(0)
        state = await run_in_threadpool(source.state, who)
    except BaseException:
        held.close()
        raise

    async def chunks() -> AsyncIterator[bytes]:
        with held:
            async for chunk in iterate_in_threadpool(iter(lambda: held.read(_CHUNK), b"")):
                yield chunk

    return StreamingResponse(
        chunks(),
        media_type=kind,
        headers=_attached(state["name"], f"labels{suffix}") | {"content-length": str(length)},
    )


def _attached(name: str, what: str) -> dict[str, str]:
    """Give the header that has a file kept, and never shown as a page of ours."""
    # Signs that mean something in a header, or to a file system, are none of a file's name.
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:60] or "labels"
    return {"content-disposition": f'attachment; filename="{stem}-{what}"'}


def report_of(learned: Package) -> str:
    """Give the report of what has been learned, as one page that loads nothing."""
    # with matplotlib, which the first question does not wait for
    from fewlabels.report.page import report_page

    hidden = () if learned.label_column is None else (learned.label_column,)
    return report_page(
        learned.model, learned.data, title=learned.name, hide=hidden, proven=learned.sentence
    )
