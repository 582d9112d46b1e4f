-- title_en: When did it happen, when was it written down, when could the public read it?
-- title_ko: 언제 있었고, 언제 기록되었고, 언제 공개되었나?
-- needs: items (kind, id, what, event_date, document_date, disclosure_date as far as known, url)
-- returns: the items with the days that their dates may mean, and the days from event to disclosure
--
-- A date that isn't known stays null: none is taken from another column. Days are counted from the
-- last day that the event may mean to the first on which it may have come out, so that a month or
-- a year never makes the wait longer than it was. It is the wait for this source, not for the first.
with dated as (
    select *,
        try_cast(left(event_date || '-01-01', 10) as date) as event_from,
        case length(event_date) when 10 then try_cast(event_date as date)
             when 7 then last_day(try_cast(event_date || '-01' as date))
             when 4 then try_cast(event_date || '-12-31' as date) end as event_to,
        try_cast(left(document_date || '-01-01', 10) as date) as document_from,
        try_cast(left(disclosure_date || '-01-01', 10) as date) as disclosed_from
    from items
)
select kind, id, what, event_date, document_date, disclosure_date, event_from, event_to,
    document_from, disclosed_from, date_diff('day', event_to, disclosed_from) as days_later, url
from dated
-- what is known by its month only stands after the dated things of that month
order by coalesce(event_to, document_from, disclosed_from), event_from, kind, id
