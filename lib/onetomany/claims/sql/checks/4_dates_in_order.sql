-- title_en: Does a claim speak of a time after it was made, or end before it begins?
-- title_ko: 말한 날보다 뒤의 일을 말하거나, 시작보다 먼저 끝나는 주장이 있는가?
-- needs: claims (period, document_date, disclosure_date)
-- returns: a row for a claim and what is out of order; none where all is in order
--
-- A plan may speak of later, and a budget is a plan. Dates that are known by month or year count as
-- their last day; a claim that names the year it was made in is in order.
with dated as (
    select *,
        case length(disclosure_date) when 10 then try_cast(disclosure_date as date)
             when 7 then last_day(try_cast(disclosure_date || '-01' as date))
             when 4 then try_cast(disclosure_date || '-12-31' as date) end as public_by,
        try_cast(left(document_date || '-01-01', 10) as date) as written_from
    from claims
)
select claim_id as claim_ids, 'ends before it begins' as what_en, '시작보다 먼저 끝난다' as what_ko,
    period_start as earlier, period_end as later, said_by, source_url as url, false as holds
from dated where period_end < period_start
union all
select claim_id, 'speaks of a time after it was made', '말한 날보다 뒤를 말한다',
    public_by, period_end, said_by, source_url, false
from dated where period_end > public_by and stance <> 'plans' and attribute <> 'budget'
    and period_end <> make_date(year(public_by), 12, 31)
union all
select claim_id, 'was public before it was written', '쓰기 전에 공개되었다',
    public_by, written_from, said_by, source_url, false
from dated where written_from > public_by
order by claim_ids
