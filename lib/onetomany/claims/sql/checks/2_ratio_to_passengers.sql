-- title_en: Records over passengers: is like divided by like?
-- title_ko: 기록 수 나누기 여객 수: 같은 것을 같은 것으로 나누는가?
-- needs: claims (counts of records, their windows, counts of passengers with a period), links
-- returns: a row for a count of records and the count of passengers that it was divided by
--
-- `overlap` is the share of the records' window in which the passengers were counted. It holds
-- where that is 95 % or more; units differ in any case: a passenger is a movement.
with windows as (
    select subject, min(period_start) as first_day, max(period_end) as last_day,
        string_agg(claim_id, ';' order by claim_id) as window_claims
    from claims
    where unit = 'dates' and period_start is not null and period_end is not null
        and stance = 'asserts'
    group by subject
),
spans as (
    from windows
    union all
    select links.to_id, min(first_day), max(last_day), string_agg(window_claims, ';' order by window_claims)
    from windows join links on links.kind = 'part of' and links.from_id = windows.subject
    where links.to_id not in (select subject from windows)
    group by links.to_id
)
select concat_ws(';', r.claim_id, p.claim_id, spans.window_claims) as claim_ids,
    r.subject as records_of, r.number as records, p.number as passengers,
    r.number / p.number as ratio,
    spans.first_day as records_from, spans.last_day as records_to,
    p.period_start as passengers_from, p.period_end as passengers_to,
    greatest(0, date_diff('day', greatest(spans.first_day, p.period_start),
        least(spans.last_day, p.period_end)) + 1)
        / (date_diff('day', spans.first_day, spans.last_day) + 1) as overlap,
    overlap >= 0.95 as holds
from claims r
join spans on spans.subject = r.subject
join claims p on p.unit = 'passengers' and p.subject = 'passengers, claimed'
where r.unit = 'records' and r.attribute = 'count'
order by records_of, records, claim_ids
