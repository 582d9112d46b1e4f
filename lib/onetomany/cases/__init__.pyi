"""What this package offers; `make generate` writes it from __init__.py."""

from . import about as about
from . import case_folder as case_folder
from . import case_tables as case_tables
from . import columns as columns
from . import database as database
from . import implied as implied
from . import marked as marked
from . import new_folder as new_folder
from . import rows as rows
from . import story as story
from . import to_do as to_do
from .case_folder import read_case as read_case
from .new_folder import new_case as new_case
from .to_do import check_case as check_case
