"""A task of the cage in which a document that begins '#ATTACK' is run as Python.

It stands for a parser that was taken over; everything else is read as ever. LEAVE the confinement
alone: what is tried here is tried in the process that reads documents.
"""

from __future__ import annotations

from onetomany.cage.zygote import Handler
from onetomany.formats import extraction, kinds
from onetomany.formats.reading import Reading


def load() -> Handler:
    def extract(content: bytes, name: str, reading: Reading) -> None:
        if content.startswith(b"#ATTACK"):
            reading.facts |= {"media_type": "text/plain", "extractor": "taken over"}
            exec(content, {"reading": reading, "__name__": "attack"})
        else:
            kinds.extract(content, name, reading)

    return extraction.document_handler(extract)
