"""How the documentation is built: MyST pages that are executed, and a reference made from the public names."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "minigrad"
author = "The minigrad authors"
copyright = "2026, The minigrad authors"
version = release = installed_version("minigrad-conv")

extensions = [
    "myst_nb", "sphinx.ext.autodoc", "alternatives", "links", "mathml", "sphinx.ext.viewcode", "reference",
    "raises", "notes",
]  # fmt: skip
exclude_patterns = ["_build", "_ext", "jupyter_execute"]
smartquotes = False
html_math_renderer = "mathml"

# Pages: every code cell runs when the page is built, and an exception breaks the build.
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_execution_timeout = 120
nb_merge_streams = True

# Reference: no page of another project is fetched, so a build needs no network.
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "none"
python_maximum_signature_line_length = 100
toc_object_entries = False
viewcode_line_numbers = True

html_theme = "pydata_sphinx_theme"
html_title = f"minigrad {release}"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_sidebars = {"index": []}
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "header_links_before_dropdown": 5,
    "navigation_with_keys": True,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
}
