"""Enrol, remove, search, save and load templates with their attributes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import DatasheetError, EnrolmentError, InputError, RefusedError
from onetomany.sources import Datasheet, cache_dir, is_pseudonym
from onetomany.sources.tables import require_columns
from .cells import COLUMNS, Band, pack
from .engine import Engine
from .open import load_engine, open_engine
from .threshold import Threshold, require_measured

ENTRY = {
    "template_id": pl.String,
    "subject_id": pl.String,
    "image_set": pl.String,
    "model": pl.String,
}
# columns that would identify a person may not be beside a template
NAMING = re.compile(
    r"name|passport|phone|mail|address|resident|social.?security|ssn|licen[cs]e|account|"
    r"이름|성명|여권|전화|주소|주민",
    re.IGNORECASE,
)


class Gallery:
    """Searchable templates of one model, with their attributes.

    `entries` is a frame of `ENTRY` and the attribute columns, in the order of the engine's rows;
    its column `attributes_are` says whether a row's attributes were recorded or simulated.
    `engine` names the search engine: see `open_engine`.
    """

    def __init__(self, model: str, dimension: int, engine: str = "exact") -> None:
        self.model = model
        self.dimension = dimension
        self.entries = pl.DataFrame(schema=ENTRY)
        self._engine: Engine = open_engine(engine, dimension)
        self._rows = np.empty(0, np.int64)  # the engine's row of each entry, rising

    def __len__(self) -> int:
        return len(self.entries)

    def enrol(
        self,
        templates: pl.DataFrame,
        datasheet: Datasheet,
        attributes: pl.DataFrame | None = None,
        *,
        attributes_are: Literal["recorded", "simulated"] | None = None,
    ) -> None:
        """Add templates (a frame of `faces.embed` without failures) to the gallery.

        `attributes` is a frame with `subject_id` and any columns (nationality, sex, birth_year,
        ...), one row a subject; `attributes_are` must then give their origin. All rows are
        enrolled or none.

        Raises DatasheetError without a valid datasheet of this same set; EnrolmentError for
        withdrawn subjects, duplicate or naming ids, wrong dimension, NaN, zero or unnormalised
        templates, mixed models, or more than the datasheet's `max_gallery`.
        """
        if not isinstance(datasheet, Datasheet):
            raise DatasheetError("enrol needs the datasheet of the templates' image set.")
        datasheet.check()
        vectors = self._checked_vectors(templates)
        self._check_entries(templates, datasheet)
        new = templates.select(list(ENTRY))
        if attributes is not None:
            new = _with_attributes(new, attributes, attributes_are)
        try:
            entries = pl.concat([self.entries, new], how="diagonal")
        except (pl.exceptions.SchemaError, pl.exceptions.ShapeError) as error:
            raise EnrolmentError(
                f"An attribute column has another type than in the gallery ({error}): "
                "nothing was enrolled."
            ) from error
        cells = None
        if packed := [name for name in COLUMNS if name in new.columns]:
            cells = pack(new.select(packed))
        self._rows = np.concatenate([self._rows, self._engine.add(vectors, cells)])
        self.entries = entries

    def remove(self, template_ids: list[str]) -> None:
        """Remove templates. Raises EnrolmentError if one is missing; then none is removed."""
        chosen = self.entries["template_id"].is_in(template_ids)
        if missing := sorted(set(template_ids) - set(self.entries["template_id"].filter(chosen))):
            raise EnrolmentError(
                f"'{missing[0]}' is not enrolled ({len(missing)} such): nothing was removed."
            )
        self._engine.remove(self._rows[chosen.to_numpy()])
        self._rows = self._rows[~chosen.to_numpy()]
        self.entries = self.entries.filter(~chosen)

    def search(
        self,
        probes: pl.DataFrame,
        k: int = 20,
        *,
        threshold: Threshold | None = None,
        where: pl.Expr | Band | None = None,
    ) -> pl.DataFrame:
        """Return candidate lists: the k most similar entries of each probe, best first.

        `where` restricts the gallery before the search: a `Band` of nationalities, sexes and
        birth years, which every engine supports, or any condition on the columns of `entries`.
        `threshold` cuts the list. Returns probe_id, probe_subject_id, rank (from 1), score (cosine
        similarity) and the entry's columns; probes without a candidate have no rows.

        Raises RefusedError for a threshold that was not measured, EnrolmentError for probes
        without a template or with one of another model.
        """
        cut = -np.inf
        if threshold is not None:
            require_measured(threshold, self.model, "the gallery is of")
            cut = threshold.score
        vectors = self._checked_vectors(probes)
        allowed = self._mask(where) if isinstance(where, pl.Expr) else where
        k = min(k, len(self))
        if k == 0 or not len(probes):
            return self._candidates(probes, np.empty(0, np.float32), np.empty(0, np.int64), 0)
        # scores are in single precision: the cut must not fall between one and its neighbour
        scores, rows = self._engine.search(
            vectors, k, threshold=float(np.float32(cut)), allowed=allowed
        )
        return self._candidates(probes, scores.ravel(), rows.ravel(), k)

    def save(self, name: str) -> Path:
        """Save the gallery in the cache under a name; return its folder.

        Raises RefusedError for a path: templates are biometric data and stay in the cache.
        """
        folder = _folder(name)
        beside = folder.with_name(f".{name}.part")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        self._engine.save(beside / "engine")
        self.entries.write_parquet(beside / "entries.parquet")
        np.save(beside / "rows.npy", self._rows)
        facts = {"model": self.model, "dimension": self.dimension, "engine": self._engine.name}
        (beside / "gallery.json").write_text(json.dumps(facts), encoding="utf-8")
        old = folder.with_name(f".{name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)  # kept until the new one is in place
        beside.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
        return folder

    @classmethod
    def load(cls, name: str, *datasheets: Datasheet, drop_withdrawn: bool = False) -> Gallery:
        """Load a saved gallery and check it against the current datasheets of all its sets.

        Raises InputError if there is none of that name, DatasheetError if a set's datasheet is
        missing or expired, EnrolmentError if a subject has withdrawn since (with `drop_withdrawn`
        these are removed instead).
        """
        folder = _folder(name)
        if not (folder / "gallery.json").exists():
            raise InputError(f"No gallery '{name}' was saved in {folder.parent}.")
        facts = json.loads((folder / "gallery.json").read_text(encoding="utf-8"))
        gallery = cls(facts["model"], facts["dimension"])
        gallery._engine = load_engine(facts["engine"], folder / "engine", facts["dimension"])
        gallery._rows = np.load(folder / "rows.npy")
        gallery.entries = pl.read_parquet(folder / "entries.parquet")
        sheets = {sheet.name: sheet for sheet in datasheets}
        withdrawn: list[str] = []
        for (image_set,), entries in gallery.entries.group_by("image_set"):
            if image_set not in sheets:
                raise DatasheetError(
                    f"Gallery '{name}' has templates of '{image_set}': load needs its datasheet."
                )
            sheets[str(image_set)].check()
            lost = entries.filter(pl.col("subject_id").is_in(sheets[str(image_set)].withdrawn))
            withdrawn += lost["template_id"].to_list()
        if withdrawn and not drop_withdrawn:
            raise EnrolmentError(
                f"Gallery '{name}' has {len(withdrawn)} template(s) of subjects who withdrew "
                "since: load it with drop_withdrawn=True and save it again."
            )
        if withdrawn:
            gallery.remove(withdrawn)
        return gallery

    def _mask(self, where: pl.Expr) -> NDArray[np.bool_]:
        """Return which of the engine's rows meet a condition on `entries`."""
        meets = self.entries.select(where.alias("allowed")).to_series()
        if meets.dtype != pl.Boolean or len(meets) != len(self.entries):
            raise InputError("`where` must be True or False for each entry: pl.col('sex') == 'F'.")
        mask = np.zeros(self._engine.rows, np.bool_)
        mask[self._rows] = meets.fill_null(False).to_numpy()
        return mask

    def _checked_vectors(self, templates: pl.DataFrame) -> NDArray[np.float32]:
        require_columns(templates, (*ENTRY, "template"), "The templates")
        if failures := templates["template"].null_count():
            first = templates.filter(pl.col("template").is_null())["template_id"][0]
            raise EnrolmentError(
                f"'{first}' has no template ({failures} such): filter with faces.usable, and "
                "report failure_to_enrol."
            )
        if not (templates["model"] == self.model).all():
            others = set(templates["model"].unique()) - {self.model}
            raise EnrolmentError(
                f"Templates of {', '.join(sorted(map(str, others)))} can't be compared with those "
                f"of {self.model}: a gallery has one model."
            )
        kind = templates["template"].dtype
        if not isinstance(kind, pl.Array) or kind.size != self.dimension:
            raise EnrolmentError(
                f"The template column is {kind}, the gallery has arrays of {self.dimension}."
            )
        vectors = templates["template"].to_numpy().astype(np.float32, copy=False)
        norms = np.linalg.norm(vectors.astype(np.float64), axis=1)
        bad = np.flatnonzero(~(np.abs(norms - 1) < 1e-3))
        if len(bad):
            raise EnrolmentError(
                f"'{templates['template_id'][int(bad[0])]}' is not a unit vector (length "
                f"{norms[bad[0]]:.3g}; {len(bad)} such): NaN, zero or unnormalised templates are "
                "not enrolled."
            )
        return vectors

    def _check_entries(self, templates: pl.DataFrame, datasheet: Datasheet) -> None:
        foreign = templates.filter(pl.col("image_set") != datasheet.name)
        if len(foreign):
            raise DatasheetError(
                f"'{foreign['template_id'][0]}' is of the set '{foreign['image_set'][0]}', not of "
                f"'{datasheet.name}': each set is enrolled under its own datasheet."
            )
        withdrawn = templates.filter(pl.col("subject_id").is_in(datasheet.withdrawn))
        if len(withdrawn):
            raise EnrolmentError(
                f"Subject '{withdrawn['subject_id'][0]}' withdrew from '{datasheet.name}': leave "
                f"the {len(withdrawn)} template(s) of withdrawn subjects out."
            )
        for column in ("template_id", "subject_id"):
            for value in templates[column].unique():
                if not is_pseudonym(value):
                    raise EnrolmentError(
                        f"{column} '{value}' could be a name: use a number with at most a short "
                        "prefix, such as 's12'."
                    )
        ids = pl.concat([self.entries["template_id"], templates["template_id"]])
        if ids.is_duplicated().any():
            twice = ids.filter(ids.is_duplicated())[0]
            raise EnrolmentError(f"Template id '{twice}' would be enrolled twice: ids are unique.")
        enrolled = int((self.entries["image_set"] == datasheet.name).sum())
        if datasheet.kind == "real" and enrolled + len(templates) > datasheet.max_gallery:
            raise EnrolmentError(
                f"{enrolled + len(templates)} templates of '{datasheet.name}' exceed the "
                f"{datasheet.max_gallery} that its datasheet allows in a gallery."
            )

    def _candidates(
        self, probes: pl.DataFrame, scores: NDArray[np.float32], rows: NDArray[np.int64], k: int
    ) -> pl.DataFrame:
        seats = np.repeat(np.arange(len(probes), dtype=np.uint32), k)
        rank = np.tile(np.arange(1, k + 1, dtype=np.int32), len(probes))
        if (rows < 0).any():  # fewer were found than asked for
            found = rows >= 0
            seats, rank, scores, rows = seats[found], rank[found], scores[found], rows[found]
        places = np.searchsorted(self._rows, rows)
        # polars takes an index of unsigned numbers without a conversion
        seat, entry = pl.Series(seats), pl.Series(places.astype(np.uint32))
        return pl.DataFrame(
            [
                probes["template_id"][seat].alias("probe_id"),
                probes["subject_id"][seat].alias("probe_subject_id"),
                pl.Series("rank", rank),
                pl.Series("score", scores),
                # column by column: a frame's own gather wakes a thread pool for ten rows
                *(column[entry] for column in self.entries.get_columns()),
            ]
        )


def _with_attributes(
    entries: pl.DataFrame, attributes: pl.DataFrame, attributes_are: str | None
) -> pl.DataFrame:
    if attributes_are not in ("recorded", "simulated"):
        raise EnrolmentError(
            "Say with attributes_are whether the attributes were 'recorded' with the subjects or "
            "are 'simulated'; every candidate list repeats it."
        )
    if naming := [column for column in attributes.columns if NAMING.search(column)]:
        raise EnrolmentError(
            f"Column '{naming[0]}' could identify a person: a gallery has ids and attributes, "
            "never names, documents or addresses."
        )
    if clash := set(attributes.columns) & (set(ENTRY) - {"subject_id"}):
        raise EnrolmentError(f"Attribute column '{clash.pop()}' is one of the gallery's own.")
    if "subject_id" not in attributes.columns or attributes["subject_id"].is_duplicated().any():
        raise EnrolmentError("Attributes need a column subject_id, one row a subject.")
    return entries.join(
        attributes, on="subject_id", how="left", maintain_order="left"
    ).with_columns(attributes_are=pl.lit(attributes_are))


def _folder(name: str) -> Path:
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name):
        raise RefusedError(
            f"'{name}' is not a plain name: templates are biometric data and are kept only in the "
            "cache, so a gallery is saved under a name of letters and digits, not under a path."
        )
    return cache_dir() / "galleries" / name


def gallery_of(
    templates: pl.DataFrame,
    datasheet: Datasheet,
    attributes: pl.DataFrame | None = None,
    *,
    attributes_are: Literal["recorded", "simulated"] | None = None,
    engine: str = "exact",
) -> Gallery:
    """Return a new gallery of these templates; see `Gallery.enrol` and `open_engine`."""
    require_columns(templates, (*ENTRY, "template"), "The templates")
    kind = templates.schema["template"]
    if not isinstance(kind, pl.Array) or templates["model"].n_unique() != 1:
        raise EnrolmentError("Templates must be an Array column of one model, as embed returns.")
    gallery = Gallery(templates["model"][0], kind.size, engine)
    gallery.enrol(templates, datasheet, attributes, attributes_are=attributes_are)
    return gallery
