"""Write the RO-Crate inside the bundle: a description of every file, and of the run.

RO-Crate 1.1 with the profile Workflow Run Crate 0.5 (Leo et al., 'Recording provenance of workflow
runs with RO-Crate', PLOS ONE 19:9, 2024). The workflow is workflow.json: the notebooks that were
run, their order and the command. It is in the payload, as RO-Crate 1.1's appendix on BagIt says.
"""

import json
import mimetypes
from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from rocrate.model.computationalworkflow import ComputationalWorkflow
from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from onetomany.sources.kit_files import packaged_toml
from .record import RunRecord

METADATA, WORKFLOW = "ro-crate-metadata.json", "workflow.json"
PROFILES = (
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0"),
)
_FILES = packaged_toml(__package__, "files.toml")
KINDS, FORMATS = _FILES["kinds"], _FILES["formats"]


def workflow_json(record: RunRecord) -> str:
    """Return workflow.json: the notebooks in the order of their run, and the command."""
    steps = {
        "command": list(record.command),
        "notebooks": [f"notebooks/{chapter}.ipynb" for chapter in record.chapters],
    }
    return json.dumps(steps, ensure_ascii=False, indent=1) + "\n"


def describe_crate(
    record: RunRecord, files: Mapping[str, tuple[int, str]], created: datetime
) -> str:
    """Return ro-crate-metadata.json for a payload; `files`: path -> (bytes, SHA-256)."""
    crate = ROCrate(version="1.1")
    # schema.org's term, which the context of 1.1 does not yet have
    crate.metadata.extra_terms["sha256"] = "http://schema.org/sha256"
    crate.metadata["conformsTo"] = [{"@id": crate.metadata.profile}, {"@id": PROFILES[-1][0]}]
    root = crate.root_dataset
    root["identifier"] = record.identifier
    root["name"] = record.title
    root["alternateName"] = record.title_ko
    root["description"] = record.question or record.title
    root["datePublished"] = created.isoformat()
    root["license"] = _about(crate, record.licence, "CreativeWork", name="Licence of the results")
    root["conformsTo"] = [
        _about(crate, url, "CreativeWork", name=name, version=version)
        for url, name, version in PROFILES
    ]
    agent = _about(crate, "#operator", "Person", name=record.operator)
    if record.organisation:
        organisation = _about(crate, "#organisation", "Organization", name=record.organisation)
        agent["affiliation"] = root["publisher"] = organisation
    root["author"] = agent
    parts = {path: _add(crate, path, *facts) for path, facts in sorted(files.items())}
    main = parts[WORKFLOW]
    main["programmingLanguage"] = _about(
        crate, "https://jupyter.org/", "ComputerLanguage", name="Jupyter notebooks, run in order"
    )
    main["hasPart"] = _one([parts[f"notebooks/{chapter}.ipynb"] for chapter in record.chapters])
    for each in (main, *(parts[f"notebooks/{chapter}.ipynb"] for chapter in record.chapters)):
        each["version"] = record.commit or record.version
    root["mainEntity"] = main
    root["mentions"] = _action(crate, record, parts)
    return (
        json.dumps(crate.metadata.generate(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    )


def _action(crate: ROCrate, record: RunRecord, parts: Mapping[str, Any]) -> ContextEntity:
    """Describe the run: person, tools, start and end, inputs, results."""
    software = _about(
        crate,
        "#onetomany",
        "SoftwareApplication",
        name="One-to-Many",
        softwareVersion=record.version,
        description=f"commit {record.commit or 'unknown'}",
    )
    data = [
        _about(
            crate,
            f"#data-{quote(use.name)}",
            "CreativeWork",
            name=use.title,
            license=use.licence,
            creditText=use.credit,
        )
        for use in record.data
    ]
    sources = [parts["sources.csv"]] if "sources.csv" in parts else []
    inputs = {"sources.csv", WORKFLOW, "run.json", "custody.jsonl"}
    return _about(
        crate,
        "#run",
        "CreateAction",
        name=record.title,
        description=" ".join(record.command) or record.title,
        startTime=record.started.isoformat(),
        endTime=record.ended.isoformat(),
        actionStatus="http://schema.org/CompletedActionStatus",
        agent={"@id": "#operator"},
        instrument=[{"@id": parts[WORKFLOW].id}, {"@id": software.id}],
        object=_one([{"@id": each.id} for each in [*data, *sources]]),
        result=[
            {"@id": each.id}
            for path, each in parts.items()
            if path not in inputs and not path.startswith("environment/")
        ],
    )


def _about(crate: ROCrate, identifier: str, kind: str, **properties: Any) -> ContextEntity:
    """Add an entity that is no file."""
    return crate.add(ContextEntity(crate, identifier, properties={"@type": kind, **properties}))


def _one(values: list[Any]) -> Any:
    """Return a single value instead of a list of one, as RO-Crate asks."""
    return values[0] if len(values) == 1 else values


def _add(crate: ROCrate, path: str, size: int, sha256: str) -> Any:
    properties: dict[str, Any] = {
        "name": f"{KINDS.get(PurePosixPath(path).parts[0], 'File')}: {PurePosixPath(path).name}",
        "contentSize": str(size),
        "encodingFormat": _format(path),
        "sha256": sha256,
    }
    if path == WORKFLOW:
        return crate.add(ComputationalWorkflow(crate, dest_path=path, properties=properties))
    if path.endswith(".ipynb"):
        properties["@type"] = ["File", "SoftwareSourceCode"]
    return crate.add_file(dest_path=path, properties=properties)


def _format(path: str) -> str:
    own = next((name for ending, name in FORMATS.items() if path.endswith(ending)), None)
    return own or mimetypes.guess_type(path)[0] or "application/octet-stream"
