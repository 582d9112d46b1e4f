"""One-to-Many: check a face identification and tracking system from outside.

Rooms, in the order data flows: sources -> faces -> gallery -> accuracy; charts, widgets and
report show what they return. A room imports only rooms before it.
"""

__version__ = "0.1.0"
