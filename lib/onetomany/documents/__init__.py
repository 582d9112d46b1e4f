"""A folder of papers becomes a case file that can be read, searched and counted."""

from onetomany.extras import require_extra

require_extra("casework")
