"""Take the working directory off Python's path before the kit imports anything.

`python -m onetomany.cli` puts it first, and a folder of documents may contain a `polars.py`. The
three modules imported here are loaded when Python starts, so none can come from that folder.
"""

import os
import site
import sys


def forget_working_directory() -> None:
    """Take the working directory off the path, unless the kit or Python itself lies in it."""
    try:
        here = os.path.realpath(os.getcwd())
    except OSError:  # it was deleted: nothing can be imported from it
        return
    library = os.path.dirname(os.__file__)
    kit = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    needed = [kit, library, os.path.join(library, "lib-dynload"), *site.getsitepackages()]
    if here not in map(os.path.realpath, needed):
        sys.path[:] = [each for each in sys.path if each and os.path.realpath(each) != here]
