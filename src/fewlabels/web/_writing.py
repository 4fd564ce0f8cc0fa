"""The routes that change something: each takes a key, so that a request sent twice counts once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fewlabels._typing import Function, Json, Loaded
from fewlabels.web._fields import Check, maybe, of_body, points, seconds, settings, text, whole
from fewlabels.web._questions import open_page
from fewlabels.web._source import Source

_NAME = text(64)
_KEY = text(80)
_POINT = whole()
_CLASS = whole(0, 10_000)
# Said to a page that was open when another file took the place of its own, under the same address.
_OTHER_FILE = "This was said of another label file, which is not open here now."


def writing_routes(source: Source, who: str) -> list[Route]:
    """Give the routes of POST; each answers with the state and the next questions."""

    def write(path: str, fields: Mapping[str, Check], act: Function) -> Route:
        known = {"key": _KEY, "who": maybe(_NAME), "file": maybe(_KEY), **fields}

        async def endpoint(request: Request) -> Response:
            told = await of_body(request, known)
            told["who"] = told["who"] or who
            if told.pop("file") not in (None, source.id):
                return JSONResponse({"error": _OTHER_FILE}, status_code=421)

            def answer() -> Loaded:
                done = act(**told)
                return {"done": done, **open_page(source, told["who"])}

            return JSONResponse(await run_in_threadpool(answer))

        return Route(path, endpoint, methods=["POST"])

    def back(step: Callable[[str, str], Loaded]) -> Callable[..., Json]:
        """Take back, or do again; where one point is touched, its item comes along."""

        def act(who: str, key: str) -> Loaded:
            reply = step(who, key)
            done = reply.get("done")
            if done is None:
                return reply
            touched = done["points"]
            item = source.item(who, touched[0]) if len(touched) == 1 else None
            shown = {**done, "points": touched[:1], "n_points": len(touched), "item": item}
            return {**reply, "done": shown}

        return act

    def of_class(
        who: str, key: str, name: str | None, class_id: int | None, press: str | None
    ) -> Loaded:
        """Add a class, or rename one, or give it another key."""
        if class_id is None:
            return source.add_class(who, key, name or "")
        if name is not None:
            return source.rename_class(who, key, class_id, name)
        return source.set_key(who, key, class_id, press or None)

    point = {"point": _POINT}
    to_class = {**point, "class_id": _CLASS}
    return [
        write(
            "/api/answer",
            {**to_class, "seconds": maybe(seconds)},
            source.answer,
        ),
        write("/api/relabel", {**point, "class_id": maybe(_CLASS)}, source.relabel),
        write("/api/confirm", {"points": points, "class_id": _CLASS}, source.confirm),
        write("/api/skip", {**point, "seconds": maybe(seconds)}, source.skip),
        write("/api/later", point, source.later),
        write("/api/undo", {}, back(source.undo)),
        write("/api/redo", {}, back(source.redo)),
        write(
            "/api/class",
            {
                "name": maybe(text(100)),
                "class_id": maybe(_CLASS),
                "press": maybe(text(1, empty=True)),
            },
            of_class,
        ),
        write("/api/settings", {"settings": settings}, source.set_settings),
    ]
