"""The compiled part of the package; all else is in pyproject.toml.

Where there is no C compiler, the package is installed without it, and SciPy, NumPy and FAISS do the
same work.
"""

import sysconfig

from setuptools import Extension, setup

# One file for all Pythons from 3.11 on; those without a global lock have no such interface yet.
FOR_ALL = not sysconfig.get_config_var("Py_GIL_DISABLED")
MACROS = [("Py_LIMITED_API", "0x030B0000")] if FOR_ALL else []
# Multiplications and additions are kept apart, as in SciPy's packages for x86-64.
EXACT = ["-O3", "-ffp-contract=off"]

setup(
    ext_modules=[
        Extension(
            "fewlabels._csr",
            sources=["src/fewlabels/_csr.c"],
            depends=["src/fewlabels/_csr_rows.h"],
            define_macros=MACROS,
            extra_compile_args=EXACT,
            py_limited_api=FOR_ALL,
            optional=True,
        ),
        Extension(
            "fewlabels.graph._compare",
            sources=["src/fewlabels/graph/_compare.c"],
            depends=[
                "src/fewlabels/graph/_compare_codes.h",
                "src/fewlabels/graph/_compare_distance.h",
                "src/fewlabels/graph/_compare_search.h",
            ],
            define_macros=MACROS,
            extra_compile_args=["-O3", "-fno-math-errno"],
            py_limited_api=FOR_ALL,
            optional=True,
        ),
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if FOR_ALL else {},
)
