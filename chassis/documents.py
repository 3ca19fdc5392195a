"""Documents: a Typst template and its data as a PDF, the same bytes for the same input."""

import json
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import typst

# Archives ask for PDF/A with its text accessible by character (ISO 19005-2, level U).
STANDARD: Literal["a-2u"] = "a-2u"
# A compiler keeps its fonts and sources in memory and serves one document at a time.
_ONE_AT_A_TIME = threading.Lock()


@cache
def _fonts() -> typst.Fonts:
    found = find_spec("manimgx_fonts_cjk")
    assert found is not None, "the CJK fonts are part of the lock"
    assert found.origin is not None, "the package has files"
    return typst.Fonts(include_system_fonts=False, font_paths=[Path(found.origin).parent])


@cache
def _compiler(template: Path) -> typst.Compiler:
    return typst.Compiler(template, root=template.parent, font_paths=_fonts())


def render_pdf(template: Path, data: Mapping[str, Any], at: datetime) -> bytes:
    """Render a template, which reads `sys.inputs.data` as JSON, as PDF/A created at an instant.

    It blocks for some tens of milliseconds: call it in a thread. Raises typst.TypstError with the template's line.
    """
    inputs = {"data": json.dumps(data, ensure_ascii=False, sort_keys=True)}
    with _ONE_AT_A_TIME:
        made = _compiler(template).compile(format="pdf", sys_inputs=inputs, pdf_standards=STANDARD, timestamp=at.replace(microsecond=0))
    assert isinstance(made, bytes), "one PDF file"
    return made
