"""Keep the values of a table out of the errors of libraries."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onetomany.errors import InputError, OneToManyError


@contextmanager
def hide_values(file_name: str) -> Iterator[None]:
    """Replace an unexpected error, whose text may show values, by its class and place.

    Raises InputError for it. Errors of this kit and of files pass, since they show no value.

    >>> with hide_values("mine.csv"):  # doctest: +ELLIPSIS
    ...     int("900101-1234567")
    Traceback (most recent call last):
    ...
    onetomany.errors.InputError: mine.csv can't be counted (ValueError, ...
    """
    try:
        yield
    except (OneToManyError, OSError):
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise InputError(
            f"{file_name} can't be counted ({type(error).__name__}, {Path(place.filename).name} "
            f"line {place.lineno}; its values are not shown): report this as a fault of the kit."
        ) from None
