with settled as (
    select gap, unnest(string_split(claims, ';')) as claim_id from gaps
    union all
    select gap, null from gaps where claims is null
    union all
    select null, claim_id from lacking
    where contradicted and claim_id not in
        (select unnest(string_split(claims, ';')) from gaps)
)
select s.gap,
    count(*) filter (contradicted) as contradicted,
    count(*) filter (redacted) as redacted,
    count(*) filter (single_source) as single_source,
    count(*) filter (no_document) as no_document,
    count(claim_id) as claims,
    string_agg(claim_id, ';' order by claim_id) as claim_ids,
    any_value(template) as template, any_value(procedure) as procedure,
    any_value(body_en) as body_en, any_value(body_ko) as body_ko,
    any_value(what_en) as what_en, any_value(what_ko) as what_ko,
    any_value(why_en) as why_en, any_value(why_ko) as why_ko
from settled s left join lacking using (claim_id)
left join (select * exclude (claims) from gaps) g on g.gap = s.gap
group by s.gap
order by s.gap is null, contradicted desc, redacted desc, single_source desc, no_document desc,
    s.gap
