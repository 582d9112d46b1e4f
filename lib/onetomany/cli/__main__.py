"""`python -m onetomany.cli`."""

import sys

from . import main

sys.exit(main())
