"""The compiled part of the package, and its README for an index; all else is in pyproject.toml.

Where there is no C compiler, the package is installed without it, and SciPy, NumPy and FAISS do the
same work.
"""

import re
import sysconfig
from pathlib import Path

from setuptools import Extension, setup

# One file for all Pythons from 3.11 on; those without a global lock have no such interface yet.
FOR_ALL = not sysconfig.get_config_var("Py_GIL_DISABLED")
SHARED = "src/fewlabels/_buffers.h"
MACROS = [("Py_LIMITED_API", "0x030B0000")] if FOR_ALL else []
# In the README, links and pictures are relative, so that they lead somewhere in every clone.
HOME = "https://github.com/fewlabels/fewlabels/blob/main/"
PICTURES = "https://raw.githubusercontent.com/fewlabels/fewlabels/main/"


def readme() -> str:
    """Return the README as an index shows it: with links to the repository."""
    text = Path("README.md").read_text(encoding="utf-8")
    relative = r"(?!https://|#)"
    text = re.sub(rf"(!\[[^\]]*\]\(){relative}", rf"\1{PICTURES}", text)
    return re.sub(rf"(\]\(){relative}", rf"\1{HOME}", text)


def extension(name: str, *flags: str) -> Extension:
    """What is compiled from the C file of that name and its headers: its own and the shared one."""
    source = Path("src", *name.split(".")).with_suffix(".c")
    return Extension(
        name,
        sources=[source.as_posix()],
        depends=[SHARED, *(h.as_posix() for h in source.parent.glob(f"{source.stem}_*.h"))],
        define_macros=MACROS,
        extra_compile_args=["-O3", *flags],
        py_limited_api=FOR_ALL,
        optional=True,
    )


setup(
    long_description=readme(),
    long_description_content_type="text/markdown",
    ext_modules=[
        # Multiplications and additions are kept apart, as in SciPy's packages for x86-64.
        extension("fewlabels._csr", "-ffp-contract=off"),
        extension("fewlabels.graph.search._compare", "-fno-math-errno"),
        extension("fewlabels.features._distortion"),
        extension("fewlabels.graph.layouts._pull", "-ffp-contract=off"),
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if FOR_ALL else {},
)
