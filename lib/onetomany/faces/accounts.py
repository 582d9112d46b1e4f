"""Count the outcome of every file of a set, so that no file is left out silently."""

from collections.abc import Mapping

import polars as pl

from onetomany.errors import InputError
from onetomany.sources import ImageSet

ENROLLED = "a template"


def account(images: ImageSet, templates: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return how many files had each outcome: `outcome` and a column for each matcher.

    `templates` has the frame of `embed` for each matcher, failures included. An outcome is ENROLLED
    or the reason why a file gave no template. Each column adds up to the files of the set's folder.
    """
    left_out = images.account["reason"].drop_nulls()
    counted = []
    for matcher, frame in templates.items():
        outcomes = pl.concat([frame["reason"].fill_null(ENROLLED), left_out])
        counted.append(outcomes.alias("outcome").value_counts(name=matcher))
    joined = counted[0]
    for other in counted[1:]:
        joined = joined.join(other, on="outcome", how="full", coalesce=True)
    numbers = [pl.col(matcher).fill_null(0).cast(pl.Int64) for matcher in templates]
    return (
        joined.with_columns(numbers)
        .with_columns(first=pl.col("outcome") == ENROLLED)
        .sort("first", next(iter(templates)), "outcome", descending=[True, True, False])
        .drop("first")
    )


def require_pairs(templates: Mapping[str, pl.DataFrame]) -> None:
    """Raise InputError unless pictures of one person and of two can be compared.

    `templates` has the frame of `embed` for each matcher, failures included. The error counts the
    people who have a template, and says why pictures gave none.
    """
    for matcher, frame in templates.items():
        used = frame.filter(pl.col("reason").is_null())
        each: list[int] = used["subject_id"].value_counts()["count"].to_list()
        if len(each) >= 2 and max(each) >= 2:
            continue
        reasons = frame["reason"].drop_nulls().value_counts(sort=True)
        why = "; ".join(f"{many:,} {reason}" for reason, many in reasons.iter_rows())
        raise InputError(
            "Nothing can be measured without two pictures of one person and a picture of another. "
            f"{matcher} made a template of {len(used):,} of {len(frame):,} pictures, of "
            f"{len(each):,} people and at most {max(each, default=0):,} of one"
            f"{f' ({why})' if why else ''}: add pictures."
        )


def remarks(templates: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return how many templates need each remark: `remark` and a column for each matcher.

    Remarks are 'several faces' (the largest was used), 'several pictures' in a file (the first was
    used) and 'shrunk' (the picture was larger than necessary).
    """
    said = {
        "several faces": pl.col("faces") > 1,
        "several pictures": pl.col("note").fill_null("").str.contains("first of several pictures"),
        "shrunk": pl.col("scale") < 1,
    }
    used = {matcher: each.filter(pl.col("reason").is_null()) for matcher, each in templates.items()}
    return pl.DataFrame(
        {"remark": list(said)}
        | {
            matcher: [each.filter(test).height for test in said.values()]
            for matcher, each in used.items()
        }
    )
