-- title_en: Do two parts add up to the whole that somebody states?
-- title_ko: 두 부분의 합이 누군가 말한 전체와 맞는가?
-- needs: claims (numbers with a subject), links (part of)
-- returns: a row for two parts and a whole of one attribute and unit
--
-- A sum leaves open what its parts leave open together. `cut_off`: the whole is the sum with its
-- last digits left out.
with ranged as (
    select *,
        regexp_extract(value, '^(about|nearly|over|at least|up to|under|several) ', 1) as how,
        number::hugeint::varchar as digits,
        length(digits) - length(rtrim(digits, '0')) as last_digit,
        pow(10, least(last_digit, length(digits) - 2)) as step,
        case how when 'over' then number when 'at least' then number
             when 'about' then number - step else number - step / 2 end as low,
        case how when 'over' then number + pow(10, last_digit)
             when 'at least' then 'infinity'::double
             when 'about' then number + step else number + step / 2 end as high
    from claims
    where number is not null and number = floor(number) and number >= 1
),
parts as (
    select ranged.*, links.to_id as whole,
        dense_rank() over (partition by links.to_id order by subject) as place,
    from ranged join links on links.kind = 'part of' and links.from_id = ranged.subject
)
select concat_ws(';', a.claim_id, b.claim_id, w.claim_id) as claim_ids,
    a.subject || ' + ' || b.subject as parts, w.subject as whole, w.unit as unit,
    a.number as part_a, b.number as part_b, a.number + b.number as sum, w.number as stated,
    w.value as stated_as, w.said_by as said_by, w.source_url as url,
    a.low + b.low < w.high and w.low < a.high + b.high as holds,
    not holds and sum >= w.number and sum < w.number + w.step as cut_off
from parts a
join parts b on a.whole = b.whole and a.place = 1 and b.place = 2
    and a.attribute = b.attribute and a.unit = b.unit
join ranged w on w.subject = a.whole and w.attribute = a.attribute and w.unit = a.unit
where not exists (from parts c where c.whole = a.whole and c.place > 2)
order by holds, whole, claim_ids
