"""What this package offers; `make generate` writes it from __init__.py."""

from . import answer_files as answer_files
from . import deadlines as deadlines
from . import drafts as drafts
from . import gaps as gaps
from . import letter_templates as letter_templates
from . import letters as letters
from . import log as log
from . import procedures as procedures
from . import status as status
