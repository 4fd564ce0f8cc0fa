"""Write files whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any


@contextlib.contextmanager
def replace_when_whole(path: str | os.PathLike[str]) -> Iterator[IO[Any]]:
    """Open a binary file that takes the place of `path` only once the block has ended well.

    The bytes go to a temporary file in the same folder. If the block raises (or is
    interrupted), that file is removed and whatever stood at `path` is still there, untouched.
    A symbolic link at `path` is followed, and stays a link. A device or a pipe, such as
    ``/dev/null``, is written to and never replaced.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not (target.is_file() or target.is_dir()):
        with target.open("wb") as file:
            yield file
        return
    # Named apart from the target, whose name may be as long as a name can be.
    temporary = target.with_name(f".fewlabels-{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as file:
            with contextlib.suppress(FileNotFoundError):
                # What the owner had set holds from the first byte on.
                temporary.chmod(target.stat().st_mode & 0o777)
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
