-- title_en: Was the rule that somebody names in force for the whole time it is named for?
-- title_ko: 근거로 든 규정은 그 행위가 있던 동안 내내 시행 중이었나?
-- needs: provisions, reliances
-- returns: a row for each reliance and each paragraph that it may mean; days and months without it
--
-- What stays open is asked, not answered: a rule that came later may have had a forerunner, and one
-- that was in force may not fit the facts.
with spans as (
    select r.*, p.provision as meant, p.version, p.in_force_from, p.in_force_to, p.from_how,
        greatest(p.in_force_from, r.acts_from) as begun,
        least(coalesce(p.in_force_to, r.acts_to), r.acts_to) as ended
    from reliances r join provisions p
        on p.provision = r.provision or starts_with(p.provision, r.provision || '(')
),
joined as (
    select reliance_id, meant, any_value(who_en) as who_en, any_value(who_ko) as who_ko,
        any_value(how) as how, any_value(article_named) as article_named,
        any_value(for_en) as for_en, any_value(for_ko) as for_ko,
        any_value(acts_from) as acts_from, any_value(acts_to) as acts_to,
        any_value(said_on) as said_on, any_value(source) as source, any_value(url) as url,
        any_value(confidence) as confidence,
        min(in_force_from) as first_from, arg_min(from_how, in_force_from) as first_how,
        sum(greatest(date_diff('day', begun, ended) + 1, 0)) as days_in_force,
        list(in_force_from order by in_force_from)
            filter (where in_force_from > acts_from and in_force_from <= acts_to and version > 1)
            as changed_on
    from spans group by reliance_id, meant
),
counted as (
    select *, date_diff('day', acts_from, acts_to) + 1 as days_of_acts,
        case when first_from > acts_from
             then least(date_diff('day', acts_from, first_from),
                        date_diff('day', acts_from, acts_to) + 1) else 0 end as days_before,
        case when first_from > acts_from then datesub('month', acts_from, first_from) else 0 end
            as months_before
    from joined
)
select reliance_id, meant as provision, who_en, who_ko, how, article_named, for_en, for_ko,
    acts_from, acts_to, said_on, first_from, first_how, days_of_acts, days_in_force::bigint as days_in_force,
    days_before, months_before, changed_on,
    nullif(concat_ws(' ',
        case when days_before > 0 then format(
            'Not in force for the first {} of {} days, {} full months: which rule held for the acts of that time?',
            days_before, days_of_acts, months_before) end,
        case when changed_on is not null then format(
            'Changed on {} while it went on: which wording is meant?',
            array_to_string(changed_on, ', ')) end,
        case article_named
            when 'article only' then 'The paragraph isn''t named in what we read.'
            when 'no' then 'The article isn''t named in what we read; it is our reading.' end,
        case when said_on is null then 'When it was said, isn''t known.' end), '') as open_en,
    nullif(concat_ws(' ',
        case when days_before > 0 then format(
            '{1}일 가운데 처음 {0}일({2}개월 남짓)은 시행 전이었다. 그동안의 행위에는 어느 규정이 적용되었나?',
            days_before, days_of_acts, months_before) end,
        case when changed_on is not null then format(
            '그사이 {}에 바뀌었다. 어느 문구를 말하나?', array_to_string(changed_on, ', ')) end,
        case article_named
            when 'article only' then '읽은 글에는 항이 적혀 있지 않다.'
            when 'no' then '읽은 글에는 조문이 적혀 있지 않다. 우리의 읽기다.' end,
        case when said_on is null then '언제 말했는지 알 수 없다.' end), '') as open_ko,
    source, url, confidence
from counted
order by days_before desc, reliance_id, meant
