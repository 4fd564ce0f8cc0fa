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
    A symbolic link at `path` is followed, and stays a link.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            temporary.chmod(target.stat().st_mode & 0o777)  # keep what the owner had set
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
