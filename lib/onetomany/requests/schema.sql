-- Requests in a case file, beside what `onetomany ingest` put there. Opens in any DuckDB.
--
-- request   the request's id, the name of its file in the log
-- A request's rows are replaced whole whenever its file is loaded again.

CREATE TABLE IF NOT EXISTS requests (
    request VARCHAR PRIMARY KEY,
    title VARCHAR NOT NULL,
    procedure VARCHAR NOT NULL,    -- the id of a file in data_requests/laws
    body VARCHAR NOT NULL,         -- whom it went to
    template VARCHAR,
    language VARCHAR,              -- en, ko
    reference VARCHAR,             -- the body's own number
    source VARCHAR,                -- where an imported history comes from
    simulated BOOLEAN NOT NULL,    -- an example: nothing of it happened
    notes VARCHAR
);

CREATE TABLE IF NOT EXISTS request_events (
    request VARCHAR NOT NULL,
    event_no INTEGER NOT NULL,     -- from 1, as written
    date DATE NOT NULL,
    event VARCHAR NOT NULL,        -- drafted, sent, received, extended, answered, partly, refused, ...
    legal_event VARCHAR,           -- what it is to the law; null for what only the log tells
    extension VARCHAR,
    until DATE,                    -- its last day, where the law leaves the length to the body
    note VARCHAR,
    PRIMARY KEY (request, event_no)
);

-- One row for each ground that a refusal names.
CREATE TABLE IF NOT EXISTS request_exemptions (
    request VARCHAR NOT NULL,
    event_no INTEGER NOT NULL,
    exemption VARCHAR NOT NULL     -- an id of the procedure's exemptions
);

CREATE TABLE IF NOT EXISTS request_files (
    request VARCHAR NOT NULL,
    event_no INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    document VARCHAR NOT NULL      -- SHA-256 of the bytes: documents.document, if it was ingested
);

-- Which gaps and claims a request is about.
CREATE TABLE IF NOT EXISTS request_about (
    request VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,         -- gap, claim
    id VARCHAR NOT NULL            -- of gaps.csv, or claims.claim_id
);

CREATE TABLE IF NOT EXISTS request_changes (
    request VARCHAR NOT NULL,
    date DATE NOT NULL,
    claim_id VARCHAR NOT NULL,
    before VARCHAR NOT NULL,
    after VARCHAR NOT NULL,
    note VARCHAR
);

-- Received files, each with what the case file read from it; documents.* is null for what it lacks.
CREATE OR REPLACE VIEW request_documents AS
SELECT f.request, f.event_no, e.date, e.event, f.name, f.document,
    d.document IS NOT NULL AS ingested, d.status, d.pages, d.media_type
FROM request_files f
JOIN request_events e USING (request, event_no)
LEFT JOIN documents d USING (document);

-- The claims that a request is about, as they stand in the case file.
CREATE OR REPLACE VIEW request_claims AS
SELECT a.request, a.id AS claim_id, c.subject, c.attribute, c.value, c.unit, c.said_by,
    c.document
FROM request_about a
LEFT JOIN claims c ON c.claim_id = a.id
WHERE a.kind = 'claim';
