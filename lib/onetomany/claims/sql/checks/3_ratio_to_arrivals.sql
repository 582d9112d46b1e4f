-- title_en: How many records of foreigners are there for each arrival in the same window?
-- title_ko: 같은 기간의 외국인 입국 한 번에 기록은 몇 건인가?
-- needs: claims (counts of foreigners' records, their window, yearly counts of arrivals)
-- returns: a row for a count of records and a window
--
-- Each year's arrivals are taken as even over its days. It holds where arrivals cover the window.
with yearly as (
    select claim_id, number, period_start, period_end from claims where unit = 'arrivals'
),
windows as (
    select claim_id, subject, period_start, period_end from claims
    where unit = 'dates' and subject = 'foreigners'
),
cut as (
    select w.claim_id as window_claim, w.period_start, w.period_end,
        sum(number * days / (date_diff('day', y.period_start, y.period_end) + 1)) as arrivals,
        sum(days) as covered, string_agg(y.claim_id, ';' order by y.claim_id) as years
    from windows w, lateral (
        select *, date_diff('day', greatest(yearly.period_start, w.period_start),
            least(yearly.period_end, w.period_end)) + 1 as days
        from yearly
    ) y
    where y.days > 0
    group by all
)
select concat_ws(';', r.claim_id, cut.window_claim, cut.years) as claim_ids,
    r.number as count, r.unit as unit, r.said_by as said_by, round(cut.arrivals) as arrivals,
    r.number / cut.arrivals as per_arrival,
    cut.period_start as window_from, cut.period_end as window_to,
    covered = date_diff('day', cut.period_start, cut.period_end) + 1 as holds
from claims r, cut
where r.subject = 'foreigners' and r.attribute = 'count'
order by claim_ids
