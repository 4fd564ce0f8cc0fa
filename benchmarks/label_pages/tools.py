"""How each tool is started with data, opened at its first question, and answered."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.label_pages.data import CLASSES, Items, as_tasks
from benchmarks.label_pages.environments import ASREVIEW, LABEL_STUDIO, OURS, Environment
from benchmarks.label_pages.servers import Server, free_port, serving, wait_for

# The number that every item shows; of what is shown, the last is that of the question.
_NUMBER = r"""(() => {{
  const place = document.querySelector({0});
  const found = place && place.innerText.match(/no\. (\d+)\./);
  return found ? Number(found[1]) : null;
}})()"""


@dataclass(frozen=True)
class Hostile:
    """A request that would store an answer."""

    path: str
    body: bytes
    media_type: str
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tool:
    """A tool with a page.

    Attributes
    ----------
    name : str
    environment : Environment
    kinds : tuple of str
        Of the items that it can show.
    shown : str
        JavaScript: the number of the item that is shown, null before it is.
    keys : mapping from bool to tuple of str
        What is pressed for "yes" (True) and "no".
    prepare : callable
        Takes folder; what has to be done once only, before a start.
    start : callable
        Takes folder and items; a context of the server that is started.
    open : callable
        Takes server, items and browser context; opens the page at its first question, or on the
        way there.
    again : callable
        Takes another server of the same folder, and the page of the first; opens that page there.
    stores : str
        Part of the address to which an answer is sent.
    hostile : callable
        Takes server, page and a row; returns the address, method, body and media type of a
        request that stores an answer.
    models : {"thread", "processes", "none"}
        Where models are made: in threads beside the main one, of which the busiest is told apart;
        or by other processes.
    made : str
        JavaScript: whether nothing is being made any more of what the first questions needn't wait
        for, or a promise of it.
    """

    name: str
    environment: Environment
    kinds: tuple[str, ...]
    shown: str
    keys: Mapping[bool, tuple[str, ...]]
    prepare: Callable[[Path], None]
    start: Callable[[Path, Items], Any]
    open: Callable[[Server, Items, Any], Any]
    again: Callable[[Server, Any], Any]
    stores: str
    hostile: Callable[[Server, Any, int], Hostile]
    models: str = "none"
    made: str = "true"


# Ours

_OUR_ITEM = """(() => {
  const card = document.querySelector("main:not([aria-busy=true]) .card[data-point]");
  const picture = card && card.querySelector("img");
  if (!card || (picture && !(picture.complete && picture.naturalWidth))) return null;
  return Number(card.dataset.point);
})()"""


# The page hides what takes less than a second, and what it has not heard of yet.
_OURS_IS_MADE = """fetch("/api/state").then((reply) => reply.json()).then(
  (state) => state.stage === null
)"""


@contextmanager
def _start_ours(folder: Path, items: Items | Path) -> Iterator[Server]:
    port = free_port()
    command = [OURS.command("fewlabels"), "label"]
    if isinstance(items, Path):
        command += [str(items)]
    elif items.kind == "texts":
        command += [str(items.table), "--text", "abstract"]
    else:
        command += [str(items.pictures)]
    command += ["--file", str(folder / "labels.fewlabels"), "--classes", ",".join(CLASSES)]
    command += ["--no-browser", "--port", str(port)]
    more = {"XDG_CACHE_HOME": str(folder / "cache"), "FEWLABELS_CACHE": str(folder / "cache")}
    with serving(command, folder, port, more) as server:
        yield server


def _open_ours(server: Server, items: Items | Path, context: Any) -> Any:
    del items
    page = context.new_page()
    page.goto(wait_for(server, said="http://127.0.0.1").strip(), wait_until="commit")
    return page


def _ours_again(server: Server, page: Any) -> Any:
    return _open_ours(server, Path(), page.context)


def _hostile_to_ours(server: Server, page: Any, row: int) -> Hostile:
    del server, page
    body = json.dumps({"key": f"hostile-{row}", "point": row, "class_id": 0}).encode()
    return Hostile("/api/answer", body, "application/json")


# ASReview


def _start_asreview(folder: Path, items: Items) -> Any:
    del items
    port = free_port()
    command = [ASREVIEW.command("asreview"), "lab", "--no-browser", "--skip-update-check"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    tasks = {"ASREVIEW_LAB_TASK_MANAGER_PORT": str(free_port())}
    return serving(command, folder, port, {"ASREVIEW_PATH": str(folder / "projects"), **tasks})


def _open_asreview(server: Server, items: Items, context: Any) -> Any:
    wait_for(server)
    origin = f"http://127.0.0.1:{server.port}"
    file = {"name": "texts.csv", "mimeType": "text/csv", "buffer": items.table.read_bytes()}
    made = _sent(
        context.request.post(
            f"{origin}/api/projects/create", multipart={"mode": "oracle", "file": file}
        )
    )
    project = made.json()["id"]
    _sent(context.request.put(f"{origin}/api/projects/{project}/review", form={"status": "review"}))
    page = context.new_page()
    page.goto(f"{origin}/reviews/{project}/reviewer", wait_until="commit")
    return page


def _hostile_to_asreview(server: Server, page: Any, row: int) -> Hostile:
    project = page.url.rstrip("/").split("/")[-2]
    return Hostile(
        f"/api/projects/{project}/record/{row}",
        f"record_id={row}&label=1".encode(),
        "application/x-www-form-urlencoded",
    )


# Label Studio

_TEXTS = (
    '<View><Text name="item" value="$abstract"/><Choices name="class" toName="item">'
    '<Choice value="yes" hotkey="1"/><Choice value="no" hotkey="2"/></Choices></View>'
)
_PICTURES = (
    '<View><Text name="number" value="$number"/><Image name="item" value="$picture"/>'
    '<Choices name="class" toName="item"><Choice value="yes" hotkey="1"/>'
    '<Choice value="no" hotkey="2"/></Choices></View>'
)
_ACCOUNT = {"email": "someone@example.org", "password": "something-long-1"}
_QUIET = {
    "COLLECT_ANALYTICS": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "LATEST_VERSION_CHECK": "false",
    "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
}


def _start_label_studio(folder: Path, items: Items | None = None) -> Any:
    del items
    port = free_port()
    command = [LABEL_STUDIO.command("label-studio"), "start", "--no-browser"]
    command += ["--data-dir", str(folder / "data"), "--port", str(port)]
    command += ["--internal-host", "127.0.0.1", "--username", _ACCOUNT["email"]]
    command += ["--password", _ACCOUNT["password"]]
    here = {"LABEL_STUDIO_BASE_DATA_DIR": str(folder / "data")}
    return serving(command, folder, port, _QUIET | here)


def _prepare_label_studio(folder: Path) -> None:
    """Start it once: it makes its database then, which takes long. Kept for the next time."""
    kept = LABEL_STUDIO.folder / "label-studio-data"
    if not kept.exists():
        with _start_label_studio(folder) as server:
            wait_for(server)
        shutil.copytree(folder / "data", kept)
        shutil.rmtree(folder / "data")
    shutil.copytree(kept, folder / "data")


def _open_label_studio(server: Server, items: Items, context: Any) -> Any:
    wait_for(server)
    origin = f"http://127.0.0.1:{server.port}"
    request = context.request
    _sent(request.get(f"{origin}/user/login/"))
    _sent(
        request.post(
            f"{origin}/user/login/", form={**_ACCOUNT, "csrfmiddlewaretoken": _csrf(context)}
        )
    )
    secret = {"X-CSRFToken": _csrf(context)}
    config = _TEXTS if items.kind == "texts" else _PICTURES
    data = {"title": "items", "label_config": config}
    made = _sent(request.post(f"{origin}/api/projects", data=data, headers=secret))
    project = made.json()["id"]
    _sent(
        request.post(
            f"{origin}/api/projects/{project}/import",
            data=as_tasks(items),
            headers={**secret, "Content-Type": "application/json"},
        )
    )
    page = context.new_page()
    page.goto(f"{origin}/projects/{project}/data?labeling=1", wait_until="commit")
    return page


def _hostile_to_label_studio(server: Server, page: Any, row: int) -> Hostile:
    del page
    named = {"from_name": "class", "to_name": "item", "type": "choices"}
    result = {**named, "value": {"choices": ["no"]}}
    return Hostile(
        f"/api/tasks/{row + 1}/annotations/", json.dumps({"result": [result]}).encode(),
        "application/json",
    )  # fmt: skip


def _csrf(context: Any) -> str:
    return next(c["value"] for c in context.cookies() if c["name"] == "csrftoken")


def _sent(reply: Any) -> Any:
    if not reply.ok:
        raise RuntimeError(f"{reply.url}: {reply.status} {reply.text()[:300]}")
    return reply


def _same_page(server: Server, page: Any) -> Any:
    """Open the address of a page at a server with another port."""
    wait_for(server)
    place = urlsplit(page.url)._replace(netloc=f"127.0.0.1:{server.port}")
    again = page.context.new_page()
    again.goto(place.geturl(), wait_until="commit")
    return again


def _nothing(folder: Path) -> None:
    del folder


TOOLS = (
    Tool(
        "fewlabels", OURS, ("texts", "pictures"), _OUR_ITEM, {True: ("1",), False: ("2",)},
        _nothing, _start_ours, _open_ours, _ours_again, "/api/answer", _hostile_to_ours,
        models="thread",
        made=_OURS_IS_MADE,
    ),
    Tool(
        "ASReview", ASREVIEW, ("texts",), _NUMBER.format('"[aria-label=\'review page\']"'),
        {True: ("r",), False: ("i",)},
        _nothing, _start_asreview, _open_asreview, _same_page, "/record/", _hostile_to_asreview,
        models="processes",
    ),
    Tool(
        "Label Studio", LABEL_STUDIO, ("texts", "pictures"), _NUMBER.format('".lsf-label-view"'),
        {True: ("1", "Control+Enter"), False: ("2", "Control+Enter")},
        _prepare_label_studio, _start_label_studio, _open_label_studio, _same_page, "/annotations",
        _hostile_to_label_studio,
    ),
)  # fmt: skip
OUR_TOOL = TOOLS[0]
