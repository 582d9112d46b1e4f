"""Load an opponent's questions on an exhibit, general or by jurisdiction (data/questions.toml)."""

from typing import Any

from onetomany.errors import InputError
from onetomany.sources.kit_files import packaged_toml

JURISDICTIONS = {
    "kr-civil": "Korea, civil suits",
    "kr-admin": "Korea, administrative suits",
    "kr-criminal": "Korea, criminal trials",
    "us": "United States, federal courts",
    "england": "England and Wales, civil proceedings",
    "eu": "European Union",
}


def load_questions(jurisdiction: str = "") -> list[dict[str, Any]]:
    """Return the general questions, or those of a jurisdiction with the general ones it shares.

    Each has `factor`, `question`, `answer` (each also `_ko`), `source`, `url`, `holds`, `parts`.
    """
    found = []
    for asked in packaged_toml(__package__, "questions.toml")["question"]:
        own, shared = asked.pop("jurisdiction", ""), asked.pop("also", [])
        if own == jurisdiction or jurisdiction in shared:
            found.append(asked)
    return found


def parse_jurisdictions(text: str) -> tuple[str, ...]:
    """Return the jurisdictions of a list such as 'kr-civil,us', each once.

    Raises InputError if one is not known, naming those that are.
    """
    named = tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
    unknown = [each for each in named if each not in JURISDICTIONS]
    if unknown:
        raise InputError(
            f"There is no draft for {', '.join(map(repr, unknown))}: "
            f"--jurisdiction takes {', '.join(JURISDICTIONS)}."
        )
    return named
