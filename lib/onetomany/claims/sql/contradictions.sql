-- title_en: Claims that can't both be true, and claims that differ and can
-- title_ko: 함께 참일 수 없는 주장, 다르지만 함께 참일 수 있는 주장
-- needs: claims and links of a case file; settings(tolerance), a share of the larger number
-- returns: a row for two claims, the one with the smaller claim_id first
--
-- A number is taken as rounded to its last digit, as in numerals.numeral_bounds, which this repeats:
-- 57.6 and 57.64 million can be the same number, 44 and 45 billion can't.
with written as (
    select *,
        -- digits by way of the text: a double of twelve digits gets others as a decimal
        regexp_extract(value, '^(about|nearly|over|at least|up to|under|several) ', 1) as how,
        regexp_extract(number::varchar::decimal(38, 6)::varchar, '^-?(\d+)', 1) as whole_digits,
        rtrim(regexp_extract(number::varchar::decimal(38, 6)::varchar, '\.(\d+)$', 1), '0') as decimals
    from claims
),
placed as (
    select *,
        case when decimals <> '' then -length(decimals)
             else length(whole_digits) - length(rtrim(whole_digits, '0')) end as last_digit,
        case when number = 0 then 1 else pow(10, least(last_digit, case when abs(number) >= 1
             then length(whole_digits) - 2 else floor(log10(abs(number))) - 1 end)) end as step,
        case when number = 0 then 1 else pow(10, last_digit) end as more,
        unit = 'date' as is_date, unit = 'dates' as is_window,
        split_part(value, '/', 1) as first_part,
        case when unit = 'dates' then split_part(value, '/', 2)
             when unit = 'date' then value end as last_part
    from written
),
dated as (
    select *,
        try_cast(left(first_part || '-01-01', 10) as date) as first_early,
        case length(first_part) when 10 then try_cast(first_part as date)
             when 7 then last_day(try_cast(first_part || '-01' as date))
             when 4 then try_cast(first_part || '-12-31' as date) end as first_late,
        try_cast(left(last_part || '-01-01', 10) as date) as last_early,
        case length(last_part) when 10 then try_cast(last_part as date)
             when 7 then last_day(try_cast(last_part || '-01' as date))
             when 4 then try_cast(last_part || '-12-31' as date) end as last_late
    from placed
),
ranged as (
    select *,
        case how when 'over' then number when 'at least' then number when 'several' then 2 * number
             when 'about' then number - step when 'nearly' then number - step
             when 'up to' then '-infinity'::double when 'under' then '-infinity'::double
             else number - step / 2 end as low,
        case how when 'over' then number + more when 'at least' then 'infinity'::double
             when 'several' then 10 * number when 'about' then number + step
             when 'under' then number else number + step / 2 end as high,
        coalesce(period_start, date '0001-01-01') as from_day,
        coalesce(period_end, date '9999-12-31') as to_day
    from dated
),
paired as (
    select a, b, a.subject = b.subject as same,
        part.from_id = a.subject as a_is_part
    from ranged a
    join ranged b on a.attribute = b.attribute and a.claim_id < b.claim_id
    left join links part on part.kind = 'part of' and (
        (part.from_id = a.subject and part.to_id = b.subject)
        or (part.from_id = b.subject and part.to_id = a.subject))
    where a.subject = b.subject or part.kind is not null
),
compared as (
    select *,
        a.from_day <= b.to_day and b.from_day <= a.to_day as same_time,
        a.from_day >= b.from_day and a.to_day <= b.to_day
            and (a.from_day, a.to_day) <> (b.from_day, b.to_day) as a_within_b,
        b.from_day >= a.from_day and b.to_day <= a.to_day
            and (a.from_day, a.to_day) <> (b.from_day, b.to_day) as b_within_a,
        (a.from_day, a.to_day) = (b.from_day, b.to_day) or a_within_b or b_within_a as nested,
        a.low < b.high and b.low < a.high as meet,
        greatest(a.low, b.low) - least(a.high, b.high) as gap,
        gap >= (select tolerance from settings) * greatest(abs(a.number), abs(b.number)) as far,
        coalesce((a.how = '' and b.number >= a.number and b.number < a.number + a.step)
            or (b.how = '' and a.number >= b.number and a.number < b.number + b.step), false)
            as cut_off,
        string_split(a.value, '; ') as fields_a, string_split(b.value, '; ') as fields_b
    from paired
),
judged as (
    select *, case
        -- a part and its whole
        when not same and a.is_window and b.is_window then case
            when a_is_part and (a.first_late < b.first_early or a.last_early > b.last_late)
                then 'part outside the whole'
            when not a_is_part and (b.first_late < a.first_early or b.last_early > a.last_late)
                then 'part outside the whole' end
        when not same and a.number is not null and a.unit = b.unit then case
            when a_is_part and a.low >= b.high and far then 'part above the whole'
            when not a_is_part and b.low >= a.high and far then 'part above the whole' end
        when not same then null
        -- the same subject: time
        when a.is_window and b.is_window then case
            when a.first_late < b.first_early or b.first_late < a.first_early
                or a.last_late < b.last_early or b.last_late < a.last_early then 'period' end
        when a.is_date and b.is_date then case
            when a.first_late < b.first_early or b.first_late < a.first_early then 'date' end
        -- numbers
        when a.number is not null and b.number is not null and a.unit <> b.unit then case
            when meet and same_time then 'unit' end
        when a.number is not null and b.number is not null then case
            when a.number = b.number and meet then null
            when meet and same_time then 'rounding'
            when not nested then 'other time'
            when a_within_b and a.high <= b.low or b_within_a and b.high <= a.low
                then 'part of the time'
            when not far then 'within tolerance'
            when cut_off then 'cut off'
            else 'value' end
        -- words
        when a.unit <> b.unit or a.value = b.value then null
        when starts_with(a.value, b.value || ',') or starts_with(b.value, a.value || ',') then 'closer'
        when a.unit = 'fields' then case
            when list_has_all(fields_a, fields_b) or list_has_all(fields_b, fields_a) then 'fuller'
            else 'value' end
        when not same_time then 'other time'
        else 'value' end as kind
    from compared
)
select a.claim_id as claim_a, b.claim_id as claim_b, kind,
    kind in ('value', 'unit', 'period', 'date', 'part outside the whole', 'part above the whole')
        as contradiction,
    a.subject as subject_a, b.subject as subject_b, a.attribute as attribute,
    a.value as value_a, a.unit as unit_a, b.value as value_b, b.unit as unit_b,
    a.said_by as said_by_a, b.said_by as said_by_b, a.said_by = b.said_by as same_speaker,
    a.source as source_a, a.disclosure_date as date_a, a.source_url as url_a,
    a.document as document_a, a.page as page_a, a.char_start as char_start_a, a.char_end as char_end_a,
    a.quote as quote_a,
    b.source as source_b, b.disclosure_date as date_b, b.source_url as url_b,
    b.document as document_b, b.page as page_b, b.char_start as char_start_b, b.char_end as char_end_b,
    b.quote as quote_b
from judged
where kind is not null
order by contradiction desc, subject_a, attribute, claim_a, claim_b
