-- Print truth.truth_effect: what was planted and what the finished rows show.
--
-- Set the psql variable all to print every line; otherwise only a summary and the lines outside their interval.

\set QUIET on
\pset footer off
\pset null ''
\pset border 1
\pset linestyle ascii
\if :{?all}
\else
    \set all false
\endif
\echo
\pset tuples_only on
\pset format unaligned
SELECT format('Planted truth: %s of %s quantities measured again in the finished rows lie in their 95 %% interval%s.',
              count(*) FILTER (WHERE inside), count(inside),
              CASE WHEN bool_or(inside IS NULL AND planted IS NOT NULL AND round(planted, 2) <> round(measured, 2)) THEN ''
                   ELSE '; all that must be exact are' END)
FROM truth.truth_effect;
\pset format aligned
\pset tuples_only off
SELECT point, requirement AS "asked by", quantity, round(planted, 2) AS planted, round(measured, 2) AS measured,
       round(low, 2) AS low, round(high, 2) AS high,
       CASE WHEN inside THEN 'yes' WHEN NOT inside THEN 'no' WHEN planted IS NULL THEN ''
            WHEN round(planted, 2) = round(measured, 2) THEN 'exact' ELSE 'differs' END AS inside
FROM truth.truth_effect
WHERE :'all' <> 'false' OR NOT inside OR inside IS NULL AND round(planted, 2) <> round(measured, 2)
ORDER BY nr;
