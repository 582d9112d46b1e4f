"""`python -m onetomany.cli`."""

import sys

from onetomany.cli import main

sys.exit(main())
