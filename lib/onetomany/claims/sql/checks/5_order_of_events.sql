-- title_en: Did things happen in the order that one would expect?
-- title_ko: 일들이 있어야 할 순서대로 일어났는가?
-- needs: claims (dates and windows), links (comes before, between subject/attribute)
-- returns: a row for two claims whose events are linked; `holds` is null where they may be the same day
--
-- An order that doesn't hold is a question to ask, not a wrong: data may be destroyed before a
-- decision on them for good reasons or for bad.
with dated as (
    select *, subject || '/' || attribute as event, split_part(value, '/', 1) as begun,
        try_cast(left(begun || '-01-01', 10) as date) as early,
        case length(begun) when 10 then try_cast(begun as date)
             when 7 then last_day(try_cast(begun || '-01' as date))
             when 4 then try_cast(begun || '-12-31' as date) end as late
    from claims where unit in ('date', 'dates')
)
select concat_ws(';', a.claim_id, b.claim_id) as claim_ids, a.event as expected_first,
    a.value as first_value, b.event as expected_next, b.value as next_value,
    a.said_by as said_by_first, b.said_by as said_by_next,
    a.source_url as url_first, b.source_url as url_next,
    case when a.late <= b.early then true when a.early > b.late then false end as holds
from links
join dated a on a.event = links.from_id
join dated b on b.event = links.to_id
where links.kind = 'comes before'
order by holds, claim_ids
