"""What this package offers; `make generate` writes it from __init__.py."""

from .keeper import Keeper as Keeper
from .keeper import isolation as isolation
from .keeper import lasting as lasting
from .systems import accept_weak_isolation as accept_weak_isolation
from .systems import describe_isolation as describe_isolation
from .systems import require_strong as require_strong
