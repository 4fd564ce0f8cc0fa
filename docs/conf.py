"""How Sphinx builds the site: `make site` writes build/site, with warnings as errors."""

from __future__ import annotations

import os
import sys
import tomllib
import warnings
from pathlib import Path

import matplotlib as mpl

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

from fewlabels import __version__  # noqa: E402 - below its path, as Sphinx runs this file

mpl.use("Agg")

project = "fewlabels"
author = "the fewlabels developers"
project_copyright = author
release = version = __version__
language = "en"
metadata = tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf-8"))["project"]

extensions = [
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "public_names",
    "repository_links",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_ext", "_templates"]
repository_files = f"{metadata['urls']['Homepage']}/blob/main"
templates_path = ["_templates"]

# Names of other projects become links where their inventories can be fetched. A build without a
# network does without the links.
if os.environ.get("FEWLABELS_DOCS_INTERSPHINX") == "1":
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3/", None),
        "numpy": ("https://numpy.org/doc/stable/", None),
        "scipy": ("https://docs.scipy.org/doc/scipy/", None),
        "sklearn": ("https://scikit-learn.org/stable/", None),
        "pandas": ("https://pandas.pydata.org/docs/", None),
        "matplotlib": ("https://matplotlib.org/stable/", None),
    }
    intersphinx_timeout = 20

# Prose: MyST, with GitHub's anchors, so that a page reads the same here and there.
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 4

# Reference: signatures without types, which the docstrings' parameter lists say in words.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
toc_object_entries_show_parents = "hide"
autosummary_generate = True
autosummary_ignore_module_all = False
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# Figures of the reference, drawn by the examples of docstrings.
plot_include_source = True
plot_html_show_source_link = False
plot_html_show_formats = False
plot_formats = [("png", 160)]
plot_rcparams = {"figure.figsize": (5.2, 3.6), "figure.constrained_layout.use": True}

# The gallery.
PARTS = ("published", "start", "data", "questions", "trust", "models", "extend")
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"plot_",
    "within_subsection_order": "FileNameSortKey",
    "subsection_order": [f"../examples/{part}" for part in PARTS],
    "nested_sections": False,
    "backreferences_dir": "reference/generated/examples",
    "doc_module": ("fewlabels",),
    "inspect_global_variables": True,  # links from code to the reference
    "reference_url": {"fewlabels": None},
    "image_srcset": ["2x"],
    "show_signature": False,
    "write_computation_times": False,
    "download_all_examples": False,
    "reset_modules": ("matplotlib", "public_names.quiet_warnings"),
    "only_warn_on_example_error": False,
}
warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")

# Looks.
html_theme = "pydata_sphinx_theme"
html_title = "fewlabels"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/mark.svg"
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {
        "text": "fewlabels",
        "image_light": "_static/mark.svg",
        "image_dark": "_static/mark.svg",
        "alt_text": "",
    },
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "navigation_depth": 3,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "back_to_top_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "icon_links": [
        {"name": name, "url": url, "icon": "fa-solid fa-code-branch"}
        for name, url in metadata["urls"].items()
        if name == "Homepage"
    ],
}
html_sidebars = {"index": [], "glossary": [], "contributing": [], "changelog": []}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
