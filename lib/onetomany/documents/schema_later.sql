-- What later steps add to a case file (`catalogue.make_later_table`). A file may define nothing
-- else but schema.sql, this, and what requests/schema.sql makes.

CREATE TABLE mention_pages (
    document VARCHAR NOT NULL, page INTEGER NOT NULL, text_md5 VARCHAR NOT NULL,
    version INTEGER NOT NULL, found INTEGER NOT NULL, PRIMARY KEY (document, page)
);

CREATE TABLE search_pages (
    id INTEGER PRIMARY KEY, document VARCHAR NOT NULL, page INTEGER NOT NULL,
    tokens VARCHAR NOT NULL,      -- separated by spaces
    starts INTEGER[] NOT NULL, ends INTEGER[] NOT NULL, -- of each token, in pages.text
    tokenizer VARCHAR NOT NULL,
    -- a copy of pages.text: hits are looked up by the index of id, which pages lacks
    text VARCHAR NOT NULL
);
CREATE TABLE search_postings (term VARCHAR, id INTEGER, tf BIGINT, score DOUBLE);
-- an index that version 0.1 made: files that still have it are opened
CREATE TABLE search_grams (bit INTEGER PRIMARY KEY, pages BLOB NOT NULL);

-- What readers write on pages. None of it is derived from a document, so it stays when one is read
-- again; text_md5 says of which text of the page it was said.
CREATE TABLE remarks (
    remark_id INTEGER PRIMARY KEY, document VARCHAR NOT NULL, page INTEGER NOT NULL,
    tag VARCHAR, remark VARCHAR, who VARCHAR NOT NULL,
    made_at TIMESTAMP NOT NULL,   -- UTC
    text_md5 VARCHAR NOT NULL, withdrawn_by VARCHAR, withdrawn_at TIMESTAMP
);
