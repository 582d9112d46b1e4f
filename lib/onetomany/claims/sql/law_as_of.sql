-- title_en: Which version of a rule was in force when a thing happened?
-- title_ko: 일이 있던 때에 어느 규정이 시행 중이었나?
-- needs: provisions, events (id, first_day, last_day; the same day where a day is known), reliances
-- returns: a row for each event and provision; `days` from its coming into force, negative before it
--
-- It says what was in force and no more. Whether an act was lawful also turns on facts, on
-- transitional rules in addenda (column note_en) and on how a court reads the words.
with starts as (
    select provision, min(in_force_from) as first_from, arg_min(from_how, in_force_from) as first_how,
        max(in_force_to) filter (where in_force_to is not null) as last_to,
        bool_or(in_force_to is null) as still
    from provisions group by provision
),
asked as (
    select e.*, s.* from events e cross join starts s
),
-- the version of the first day, and of the last day that the event may mean
early as (
    select asked.*, p.version as version, p.in_force_to as to_day
    from asked asof left join provisions p
        on p.provision = asked.provision and asked.first_day >= p.in_force_from
),
placed as (
    select early.*, p.version as late_version, p.in_force_to as late_to
    from early asof left join provisions p
        on p.provision = early.provision and early.last_day >= p.in_force_from
),
relied as (
    select p.provision, string_agg(distinct r.who_en, '; ' order by r.who_en) as relied_on_by
    from (select distinct provision from provisions) p
    join reliances r on p.provision = r.provision or starts_with(p.provision, r.provision || '(')
    group by p.provision
)
select placed.id, placed.provision, p.law, p.article, placed.version,
    case
        when placed.last_day < first_from and first_how = 'at latest' then 'not known'
        when placed.last_day < first_from then 'not yet'
        when placed.version is null then 'not known'  -- the event may be before or after
        when placed.version is distinct from late_version then 'changed within'
        when to_day is not null and placed.first_day > to_day then 'no longer'
        else 'in force'
    end as state,
    first_from, first_how, date_diff('day', first_from, placed.first_day) as days,
    p.in_force_from, p.in_force_to, p.act, p.promulgated, p.gist_en, p.gist_ko,
    p.note_en, p.note_ko, p.source, p.url, p.confidence, relied.relied_on_by
from placed
-- before its first version a provision is described by that one
join provisions p on p.provision = placed.provision and p.version = coalesce(placed.version, 1)
left join relied on relied.provision = placed.provision
order by placed.first_day, placed.id, p.law desc, p.in_force_from, placed.provision
