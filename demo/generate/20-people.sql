-- Who sells: seats (territories) and the people who sit in them, with their optimism and their speed of answer.
--
-- A seat is a territory and stays; seat 3 changes hands (the leaver), two people change team on a known day.

SET search_path = demo;

CREATE TABLE region (region_no int PRIMARY KEY, region text, team_id text, country text, currency text,
                     lon0 float8, lon1 float8, lat0 float8, lat1 float8, cities text[], prefix text[]);
INSERT INTO region VALUES
    (0, 'South', 'SW', 'DE', 'EUR', 8.5, 13.0, 47.6, 49.8,
     '{Ulm,Augsburg,München,Stuttgart,Ingolstadt,Regensburg,Heilbronn,Nürnberg,Passau}',
     '{78,87,83,70,85,93,74,90,94}'),
    (1, 'North', 'NN', 'DE', 'EUR', 8.0, 13.5, 52.5, 54.3,
     '{Bremen,Celle,Schwerin,Oldenburg,Hamburg,Rostock,Husum,Kiel,Stralsund}',
     '{28,29,19,26,20,18,25,24,17}'),
    (2, 'West', 'SW', 'DE', 'EUR', 6.2, 8.5, 50.0, 52.0,
     '{Trier,Koblenz,Mainz,Aachen,Köln,Siegen,Krefeld,Dortmund,Münster}',
     '{54,56,55,52,50,57,47,44,48}'),
    (3, 'Norway', 'NN', 'NO', 'NOK', 5.5, 11.5, 58.5, 63.5,
     '{Stavanger,Kristiansand,Oslo,Bergen,Voss,Hamar,Ålesund,Molde,Trondheim}',
     '{40,46,02,50,57,23,60,64,70}');

-- Weights of the seats run from 1 to 4; the exponent makes their coefficient of variation 0.48.
CREATE TABLE seat AS
WITH RECURSIVE grid AS (
    SELECT e / 1000.0 AS exponent FROM generate_series(200, 9000) e
), spread AS (
    SELECT g.exponent,
           (SELECT stddev_pop(w) / avg(w)
            FROM (SELECT 1 + 3 * ((i - 1)::numeric / (s.sellers - 1)) ^ g.exponent AS w
                  FROM generate_series(1, s.sellers) i ORDER BY i) x) AS cv
    FROM grid g, setting s
    WHERE g.exponent * 20 = round(g.exponent * 20)
), best AS (
    SELECT exponent FROM spread WHERE exponent >= 1 ORDER BY abs(cv - 0.48), exponent LIMIT 1
)
SELECT i AS seat_no, ((i - 1) % 4)::int AS region_no,
       (1 + 3 * ((row_number() OVER (ORDER BY uniform('territory', i)) - 1)::numeric / (s.sellers - 1)) ^ b.exponent)::float8
           AS weight,
       (ARRAY['New Business', 'Key Accounts', 'Service'])[1 + (i - 1) % 3] AS department
FROM setting s, best b, generate_series(1, s.sellers) i;
ALTER TABLE seat ADD PRIMARY KEY (seat_no);
ALTER TABLE seat ADD weight_before float8;
UPDATE seat s SET weight_before = (SELECT coalesce(sum(weight ORDER BY seat_no), 0) FROM seat b WHERE b.seat_no < s.seat_no);

CREATE TABLE person AS
WITH who AS (
    SELECT i AS person_no, CASE WHEN i > s.sellers THEN 3 ELSE i END AS seat_no,
           CASE WHEN i > s.sellers THEN (s.start_date + interval '40 months')::date
                ELSE s.start_date - 200 - floor(2500 * uniform('hired', i))::int END AS started_on,
           CASE WHEN i = 3 THEN (s.start_date + interval '40 months')::date END AS left_on,
           CASE i WHEN 2 THEN (s.start_date + interval '20 months')::date
                  WHEN 4 THEN (s.start_date + interval '44 months')::date END AS moved_on,
           normal('optimism', i) AS optimism_raw,
           exp(0.4 * normal('answers', i)) AS answer_factor,
           (ARRAY['Anna','Bjørn','Clara','David','Eva','Frank','Greta','Henrik','Ida','Jonas','Karin','Lars','Maja','Nils',
                  'Olga','Peter','Runa','Sven','Tove','Ulrich','Vera','Walter','Yngve','Zita'])
               [1 + ((i * 7 + floor(24 * uniform('first name', 0))::int) % 24)] AS first_name,
           (ARRAY['Andersen','Bauer','Christensen','Dahl','Ebert','Fischer','Graf','Hansen','Iversen','Jensen','Koch',
                  'Larsen','Meyer','Nilsen','Olsen','Pohl','Richter','Schulz','Thomsen','Vogel','Weber','Ziegler','Berg',
                  'Lindner','Holm'])
               [1 + ((i * 3 + floor(25 * uniform('last name', 0))::int) % 25)] AS last_name
    FROM setting s, generate_series(1, s.sellers + 1) i
), centred AS (
    -- Spread of the optimism: mean 1, standard deviation 0.15, over the people of this company.
    SELECT avg(optimism_raw::numeric) AS middle, stddev_pop(optimism_raw::numeric) AS spread FROM who
)
SELECT w.person_no, w.seat_no, w.started_on, w.left_on, w.moved_on, w.answer_factor,
       (1 + 0.15 * (w.optimism_raw::numeric - c.middle) / c.spread)::float8 AS optimism,
       w.first_name || ' ' || w.last_name AS name,
       upper(translate(left(w.first_name, 1) || left(w.last_name, 2), 'øåæØÅÆ', 'oaaOAA')) || lpad(w.person_no::text, 2, '0') AS owner_id,
       r.team_id AS team_before,
       CASE WHEN w.moved_on IS NULL THEN r.team_id WHEN r.team_id = 'SW' THEN 'NN' ELSE 'SW' END AS team_after
FROM who w
CROSS JOIN centred c
JOIN seat t USING (seat_no)
JOIN region r USING (region_no);
ALTER TABLE person ADD PRIMARY KEY (person_no);
CREATE UNIQUE INDEX ON person (owner_id);
