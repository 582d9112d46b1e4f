-- The case file. Opens in any DuckDB; `docs/documents.md` explains it in words.
--
-- document   SHA-256 of the original bytes, in hexadecimal: the same name wherever a row comes from it
-- page       from 1; a sheet of a workbook is a page, a text without pages is one page
-- block      from 1, in reading order within its page
-- char_*     half-open span of Unicode code points in pages.text, from 0:
--            substr(text, char_start + 1, char_end - char_start)
-- x0 .. y1   box in pages.unit from the page's upper left corner as it is shown, y downwards;
--            null where the format has no places
-- extractor, version   what read it; version is that of this kit's reading (meta.extractor_version)

CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);

-- One row for distinct bytes; where they were found is in `files`.
CREATE TABLE documents (
    document VARCHAR PRIMARY KEY,
    path VARCHAR NOT NULL,        -- where first found, as in `files`; a member is outer.zip!/inner.pdf
    name VARCHAR NOT NULL,        -- the last of its path, to be read: what isn't UTF-8, as CP949
    media_type VARCHAR NOT NULL,  -- by content, not by the name's ending
    bytes BIGINT NOT NULL,
    title VARCHAR,
    author VARCHAR,
    created VARCHAR,              -- ISO 8601 as precise as the file says it; with an offset only where it has one
    modified VARCHAR,
    metadata JSON,                -- everything else that the file says about itself
    pages INTEGER,
    parent VARCHAR,               -- the archive or mail that it came in
    near_duplicate_of VARCHAR,    -- the most similar document of another row, ingested before
    similarity DOUBLE,            -- estimated Jaccard similarity of their shingles
    status VARCHAR NOT NULL,      -- read, partly, failed
    error VARCHAR,
    seconds DOUBLE NOT NULL,      -- spent reading it
    process INTEGER,              -- of one run: small documents of one number were read one after another in one process
    ingested_at TIMESTAMP NOT NULL, -- UTC
    extractor VARCHAR NOT NULL,
    version INTEGER NOT NULL
);

-- Every place where the bytes were found. `gone` says that a later run no longer found it there.
-- A name that isn't UTF-8 has \xNN for such bytes, and \\ for a backslash; a member's path is its
-- archive's, `!/`, and its own, so that a folder whose name ends in an exclamation mark has \!
CREATE TABLE files (
    folder VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    document VARCHAR NOT NULL,
    parent VARCHAR,               -- the document that it is a member of; null for a file of the folder
    root VARCHAR,                 -- the document of the folder that it came in, through all archives
    depth INTEGER NOT NULL DEFAULT 0, -- archives and mails around it
    modified TIMESTAMP,           -- of the file in the folder, UTC; says little about the document
    gone BOOLEAN NOT NULL DEFAULT false,
    PRIMARY KEY (folder, path)
);

CREATE TABLE pages (
    document VARCHAR NOT NULL,
    page INTEGER NOT NULL,
    label VARCHAR,                -- a sheet's name; of Hangul documents whose layout the page is of
    hidden BOOLEAN NOT NULL DEFAULT false,
    width DOUBLE,
    height DOUBLE,
    unit VARCHAR,                 -- pt (1/72 inch) or px
    text VARCHAR NOT NULL,
    -- text; ocr: read from a picture, by this kit (see extractor) or before; mixed: text, and parts
    -- that OCR has read, which are blocks whose extractor begins with 'ocr:'; none
    text_source VARCHAR NOT NULL,
    extractor VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (document, page)
);

CREATE TABLE blocks (
    document VARCHAR NOT NULL,
    page INTEGER NOT NULL,
    block INTEGER NOT NULL,
    -- paragraph, heading, list, cell, row, field (of a form: 'label: value'), header, footer, footnote, endnote, caption, title;
    -- hidden things: comment, tracked_insert, tracked_delete, hidden, under_redaction
    kind VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    x0 DOUBLE, y0 DOUBLE, x1 DOUBLE, y1 DOUBLE,
    char_start INTEGER NOT NULL,
    char_end INTEGER NOT NULL,
    who VARCHAR,                  -- author of a comment or a tracked change
    dated VARCHAR,                -- when, as the file says
    extractor VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (document, page, block)
);

CREATE TABLE tables (
    document VARCHAR NOT NULL,
    page INTEGER NOT NULL,
    table_no INTEGER NOT NULL,    -- from 1 within its page
    title VARCHAR,
    row_count INTEGER NOT NULL,
    column_count INTEGER NOT NULL,
    x0 DOUBLE, y0 DOUBLE, x1 DOUBLE, y1 DOUBLE,
    extractor VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (document, page, table_no)
);

-- Cells with something in them; a merged cell stands once, at its first row and column.
CREATE TABLE cells (
    document VARCHAR NOT NULL,
    page INTEGER NOT NULL,
    table_no INTEGER NOT NULL,
    row_no INTEGER NOT NULL,      -- from 1: a sheet's own row and column numbers
    column_no INTEGER NOT NULL,
    row_span INTEGER NOT NULL DEFAULT 1,
    column_span INTEGER NOT NULL DEFAULT 1,
    text VARCHAR NOT NULL,
    formula VARCHAR,
    hidden BOOLEAN NOT NULL DEFAULT false, -- its sheet, row or column is
    x0 DOUBLE, y0 DOUBLE, x1 DOUBLE, y1 DOUBLE,
    char_start INTEGER,           -- null where pages.text does not hold it as one span
    char_end INTEGER,
    extractor VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (document, page, table_no, row_no, column_no)
);

-- What a reader should know of a document: hidden things found, encoding guessed, text not read.
CREATE TABLE notes (
    document VARCHAR NOT NULL,
    page INTEGER,
    -- one of NOTE_KINDS in formats/reading.py: unread, hidden, ocr and so on
    kind VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    extractor VARCHAR NOT NULL,
    version INTEGER NOT NULL
);

-- The smallest hashes of a document's shingles, by which near-duplicates are found.
CREATE TABLE sketches (document VARCHAR NOT NULL, hash UBIGINT NOT NULL);

-- Pages of the web as a tool captured them: one row a payload in a WARC, or a page in an MHTML file.
-- What address and date say is the word of the tool; the hashes say which bytes it is about.
CREATE TABLE captures (
    document VARCHAR NOT NULL,    -- the WARC (also one inside a WACZ) or MHTML file
    capture INTEGER NOT NULL,     -- from 1, in the order of the file
    kind VARCHAR NOT NULL,        -- response, resource, conversion, revisit; mhtml, frame
    address VARCHAR NOT NULL,     -- as it was asked for
    final_address VARCHAR,        -- of a redirect: where it led, as far as the file shows
    captured VARCHAR,             -- ISO 8601 with its offset
    dated_by VARCHAR,             -- the field that says so: WARC-Date, or Date of MHTML
    status INTEGER,               -- of HTTP
    media_type VARCHAR,           -- as the server stated it
    page INTEGER,                 -- of this document: where an MHTML's text stands
    payload_digest VARCHAR,       -- as the file records it, with its algorithm
    digest_of VARCHAR,            -- which bytes it agrees with: as stored, transfer coding undone, all codings undone
    digest_agrees BOOLEAN,        -- recalculated by this kit; null where none was recorded, or of an unknown kind
    payload_sha256 VARCHAR,       -- of the payload, transfer coding undone, content coding (gzip, br) kept
    member VARCHAR,               -- the document that was read from it: SHA-256 with all codings undone
    record VARCHAR,               -- WARC-Record-ID
    record_offset BIGINT,         -- in the file; of its gzip member where it is compressed
    refers_to VARCHAR,            -- of a revisit: the record, address and date that it points to
    refers_to_address VARCHAR,
    refers_to_date VARCHAR,
    extractor VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (document, capture)
);

-- One row a failed attempt: also of files that could not become a document (a link, unreadable).
CREATE TABLE failures (
    folder VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    document VARCHAR,
    parent VARCHAR,               -- of a member that did not become a document: what it is a member of
    why VARCHAR NOT NULL,
    failed_at TIMESTAMP NOT NULL,
    version INTEGER NOT NULL
);

CREATE TABLE mentions (
    document VARCHAR NOT NULL,
    page INTEGER NOT NULL,
    mention INTEGER NOT NULL,     -- from 1 within its page
    block INTEGER,
    char_start INTEGER NOT NULL,  -- in pages.text
    char_end INTEGER NOT NULL,
    kind VARCHAR NOT NULL,        -- organisation, person, law, date, money, quantity, ...
    text VARCHAR NOT NULL,
    normal VARCHAR,               -- the name, article or ISO date that it stands for
    value DOUBLE,                 -- a quantity in its unit, 만 and 억 multiplied out
    unit VARCHAR,
    -- how exact a quantity is said to be: about, nearly, over, at least, up to, under, several;
    -- null where the text names it as it is
    approximation VARCHAR,
    note VARCHAR,                 -- what a reader should check, such as a law that was named only earlier
    extractor VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (document, page, mention)
);

CREATE TABLE claims (
    claim_id VARCHAR PRIMARY KEY,
    subject VARCHAR NOT NULL,
    attribute VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    number DOUBLE,                -- value, where it is one
    unit VARCHAR,
    as_of VARCHAR,
    period_start DATE,
    period_end DATE,
    said_by VARCHAR NOT NULL,
    stance VARCHAR NOT NULL,      -- asserts, denies, partly, refines, extends, plans, implies
    document VARCHAR,             -- null for a claim taken from a source outside the case file
    page INTEGER,
    block INTEGER,
    char_start INTEGER,
    char_end INTEGER,
    quote VARCHAR,
    source VARCHAR,               -- title of the source
    source_url VARCHAR,
    event_date VARCHAR,
    document_date VARCHAR,
    disclosure_date VARCHAR,
    reply VARCHAR,                -- what the other side answered
    confidence VARCHAR,
    extractor VARCHAR NOT NULL,
    version INTEGER NOT NULL
);

-- Anything that joins two rows: claim contradicts claim, mention names entity, document answers document.
CREATE TABLE links (
    from_type VARCHAR NOT NULL,   -- document, page, block, cell, mention, claim, entity, provision
    from_id VARCHAR NOT NULL,     -- its key; parts joined by '/', as in <sha256>/<page>/<block>
    kind VARCHAR NOT NULL,
    to_type VARCHAR NOT NULL,
    to_id VARCHAR NOT NULL,
    document VARCHAR,             -- where the link is stated, if anywhere
    page INTEGER,
    char_start INTEGER,
    char_end INTEGER,
    note VARCHAR,
    extractor VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (from_type, from_id, kind, to_type, to_id)
);

-- The same bytes in more than one place.
CREATE VIEW duplicates AS
SELECT path, first(path) OVER same AS duplicate_of, folder, document
FROM files WHERE NOT gone
WINDOW same AS (PARTITION BY document ORDER BY folder, path)
QUALIFY row_number() OVER same > 1;

-- The words of pages that this kit read by OCR: where each stands, and how sure Tesseract is of it.
CREATE TABLE words (
    document VARCHAR NOT NULL,
    page INTEGER NOT NULL,
    char_start INTEGER NOT NULL,  -- in pages.text
    char_end INTEGER NOT NULL,
    x0 DOUBLE NOT NULL, y0 DOUBLE NOT NULL, x1 DOUBLE NOT NULL, y1 DOUBLE NOT NULL,
    confidence DOUBLE NOT NULL,   -- 0 to 100; no probability
    extractor VARCHAR NOT NULL,
    version INTEGER NOT NULL
);
