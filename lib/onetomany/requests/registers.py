"""Show which entries of public registers can be looked up without a request."""

import polars as pl

from onetomany.errors import InputError
from .procedures import requests_folder

AI_REGISTER = {
    "item": pl.String,  # of Annex VIII of the AI Act, such as A.6
    "who": pl.String,  # who registers it: provider or deployer
    "en": pl.String,
    "ko": pl.String,
    "public": pl.String,  # yes: in the open part of the database
    # the same item for law enforcement, migration, asylum and border control: registered where the
    # public can't read it, or left out
    "police_migration_border": pl.String,
    "source": pl.String,
    "read": pl.Date,
}
_CLOSED = {"registered", "left out"}


def ai_register() -> pl.DataFrame:
    """Return the entries of the EU database of AI systems, item by item (`AI_REGISTER`).

    Source: AI Act, Articles 49 and 71, Annex VIII (`data_requests/registers`). Raises InputError
    for a file with other columns or values.

    >>> register = ai_register()
    >>> register.filter(item="A.6")["police_migration_border"].item()
    'left out'
    """
    path = requests_folder() / "registers" / "eu-ai-act.csv"
    try:
        found = pl.read_csv(path, schema=AI_REGISTER)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path} can't be read as a table of {list(AI_REGISTER)}: {error}.") from (
            error
        )
    odd = set(found["police_migration_border"]) - _CLOSED
    if odd or found.null_count().sum_horizontal().item():
        raise InputError(
            f"{path}: 'police_migration_border' must be one of {sorted(_CLOSED)}, and no cell "
            "may be empty."
        )
    return found
