"""PDFium's functions that a page needs for each object and character, called without checks.

ctypes checks and converts each argument of a declared function, which costs three times as much as
these calls. They take handles, whole numbers and `ctypes.byref` as they are, so they are private to
the modules that read a page.
"""

import ctypes
from typing import Any

from pypdfium2 import raw


def _direct(function: Any, result: Any = ctypes.c_int) -> Any:
    """Return a function of PDFium that ctypes calls without looking at its arguments."""
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return ctypes.PYFUNCTYPE(result)(address)


count_objects = _direct(raw.FPDFPage_CountObjects)
get_object = _direct(raw.FPDFPage_GetObject, raw.FPDF_PAGEOBJECT)
count_inner = _direct(raw.FPDFFormObj_CountObjects)
get_inner = _direct(raw.FPDFFormObj_GetObject, raw.FPDF_PAGEOBJECT)
object_type = _direct(raw.FPDFPageObj_GetType)
object_bounds = _direct(raw.FPDFPageObj_GetBounds)
object_matrix = _direct(raw.FPDFPageObj_GetMatrix)
fill_colour = _direct(raw.FPDFPageObj_GetFillColor)
stroke_colour = _direct(raw.FPDFPageObj_GetStrokeColor)
stroke_width = _direct(raw.FPDFPageObj_GetStrokeWidth)
render_mode = _direct(raw.FPDFTextObj_GetTextRenderMode)
draw_mode = _direct(raw.FPDFPath_GetDrawMode)
count_segments = _direct(raw.FPDFPath_CountSegments)
get_segment = _direct(raw.FPDFPath_GetPathSegment, raw.FPDF_PATHSEGMENT)
segment_point = _direct(raw.FPDFPathSegment_GetPoint)
segment_type = _direct(raw.FPDFPathSegment_GetType)
char_index = _direct(raw.FPDFText_GetCharIndexFromTextIndex)
ink_box = _direct(raw.FPDFText_GetCharBox)
loose_box = _direct(raw.FPDFText_GetLooseCharBox)
is_generated = _direct(raw.FPDFText_IsGenerated)
count_rects = _direct(raw.FPDFText_CountRects)
get_rect = _direct(raw.FPDFText_GetRect)
