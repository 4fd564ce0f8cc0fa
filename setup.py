"""The compiled part of the package; all else is in pyproject.toml.

Where there is no C compiler, the package is installed without it, and SciPy, NumPy and FAISS do the
same work.
"""

from setuptools import Extension, setup

FOR_ALL_PYTHONS = [("Py_LIMITED_API", "0x030B0000")]  # from 3.11 on
# Multiplications and additions are kept apart, so that results are SciPy's to the last bit.
EXACT = ["-O3", "-ffp-contract=off"]

setup(
    ext_modules=[
        Extension(
            "fewlabels._csr",
            sources=["src/fewlabels/_csr.c"],
            depends=["src/fewlabels/_csr_rows.h"],
            define_macros=FOR_ALL_PYTHONS,
            extra_compile_args=EXACT,
            py_limited_api=True,
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
            define_macros=FOR_ALL_PYTHONS,
            extra_compile_args=["-O3", "-fno-math-errno"],
            py_limited_api=True,
            optional=True,
        ),
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
