"""What reading a damaged file may raise, in one list that every reader uses."""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator

from fewlabels.exceptions import FewLabelsError

#: What Python, NumPy, zipfile, gzip and json raise over damaged and foreign files. One wrong bit
#: may ask for decryption (RuntimeError), for an unknown compression (NotImplementedError), for
#: more memory than there is, or make a header that is no Python any more.
UNREADABLE: tuple[type[Exception], ...] = (
    ValueError,  # also of UTF-8 and JSON
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RuntimeError,  # also NotImplementedError and RecursionError
    MemoryError,
    EOFError,
    SyntaxError,
    tokenize.TokenError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    OSError,  # see below; where the disk fails, catch it first
)

# An OSError with one of these numbers comes from a position or a length in the file that makes no
# sense, as one without a number does; any other one comes from the disk.
_OF_DAMAGE = (None, errno.EINVAL, errno.EOVERFLOW)

_LONGEST = 200


@contextlib.contextmanager
def refusing_damage(
    path: str | os.PathLike[str],
    raising: type[FewLabelsError],
    advice: str,
    *,
    kind: str = "",
    also: tuple[type[Exception], ...] = (),
) -> Iterator[None]:
    """Raise `raising`, in one line, where the block finds the file to be damaged or foreign.

    Errors of fewlabels and of the disk pass through.

    Parameters
    ----------
    path : path-like
    raising : class
    advice : str
        A sentence that says what to do.
    kind : str
        What the file was taken for, such as "Parquet".
    also : tuple of classes
        What the reader's own library raises.
    """
    of_damage: tuple[type[Exception], ...] = (*UNREADABLE, *also)
    try:
        yield
    except FewLabelsError:
        raise
    except of_damage as error:
        if isinstance(error, OSError) and error.errno not in _OF_DAMAGE:
            raise
        taken = f" as {kind}" if kind else ""
        raise raising(
            f"{os.fspath(path)} can't be read{taken}: {reason(error)}. {advice}"
        ) from error


def reason(error: BaseException) -> str:
    """Return what an error says, in one line without its full stop; its name if it says nothing."""
    is_python = isinstance(error, (SyntaxError, tokenize.TokenError)) and error.args
    lines = [line.strip() for line in str(error.args[0] if is_python else error).splitlines()]
    told = next((line for line in lines if line), type(error).__name__).rstrip(".")
    if len(told) > _LONGEST:  # some repeat what they have found
        told = f"{told[:_LONGEST]} ..."
    if isinstance(error, KeyError):
        return f"{told} is missing"
    return "its sizes don't fit this machine's memory" if isinstance(error, MemoryError) else told
