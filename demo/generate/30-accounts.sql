-- Companies: six industries, log-normal size, a place on the map, a potential, some of them the same firm twice.

SET search_path = demo;

CREATE TABLE industry (industry_no int PRIMARY KEY, industry text, share float8, words text[]);
INSERT INTO industry VALUES
    (1, 'Machinery', 0.30, '{Maschinenbau,Werkzeugbau,Antriebstechnik,Maskin,Fördertechnik}'),
    (2, 'Automotive', 0.18, '{Automotive,Fahrzeugteile,Getriebe,Karosserie,Bremstechnik}'),
    (3, 'Food', 0.16, '{Nahrungsmittel,Meierei,Foods,Brauerei,Backwaren}'),
    (4, 'Construction', 0.20, '{Bau,Betong,Stahlbau,Holzbau,Anlegg}'),
    (5, 'Medical technology', 0.08, '{Medizintechnik,Medical,Helse,Diagnostik,Implantate}'),
    (6, 'Energy', 0.08, '{Energie,Energi,Windkraft,Kraft,Netze}');

-- 5 % are near-duplicates: the same firm under a slightly different name, with its own key.
CREATE TABLE company_draw AS
SELECT i AS account_id, 1 + (i - 1) % s.sellers AS seat_no,
       CASE WHEN i > s.sellers AND uniform('duplicate', i) < 0.05 AND uniform('duplicate', i - s.sellers) >= 0.05
            THEN i - s.sellers END AS duplicate_of
FROM setting s, generate_series(1, s.accounts) i;
ALTER TABLE company_draw ADD PRIMARY KEY (account_id);

CREATE TABLE company AS
WITH origin AS (
    SELECT c.*, coalesce(c.duplicate_of, c.account_id)::bigint AS i FROM company_draw c
), drawn AS (
    SELECT o.*, r.region, r.country, r.currency, r.lon0, r.lon1, r.lat0, r.lat1, r.cities, r.prefix,
           width_bucket(uniform('industry', o.i), ARRAY[0, 0.30, 0.48, 0.64, 0.84, 0.92]) AS industry_no,
           greatest(1, round(exp(4.094 + 1.5 * normal('employees', o.i))))::int AS employees,
           uniform('cluster', o.i) < 0.15 AS in_cluster,
           uniform('longitude', o.i) AS x, uniform('latitude', o.i) AS y,
           -- Two dense spots in each region.
           CASE WHEN uniform('which cluster', o.i) < 0.5 THEN 0.2 ELSE 0.7 END AS spot,
           exp(0.5 * normal('potential', o.i)) AS potential_raw,
           least(10, greatest(1, round((6.2 + 1.2 * normal('satisfaction', o.account_id::bigint))::numeric, 1))) AS satisfaction
    FROM origin o
    JOIN seat t USING (seat_no)
    JOIN region r USING (region_no)
), placed AS (
    SELECT d.*,
           CASE WHEN in_cluster THEN least(0.999, greatest(0, spot + 0.012 * normal('cluster x', i))) ELSE x END AS px,
           CASE WHEN in_cluster THEN least(0.999, greatest(0, 0.9 - spot + 0.012 * normal('cluster y', i))) ELSE y END AS py
    FROM drawn d
)
SELECT p.account_id, p.seat_no, p.duplicate_of, p.region, p.country, p.currency, n.industry_no, n.industry, p.employees,
       p.in_cluster, p.potential_raw, p.satisfaction::float8 AS satisfaction,
       round((p.lon0 + p.px * (p.lon1 - p.lon0))::numeric, 5)::float8 AS longitude,
       round((p.lat0 + p.py * (p.lat1 - p.lat0))::numeric, 5)::float8 AS latitude,
       p.cities[cell] AS city,
       p.prefix[cell] || lpad(floor(uniform('postcode', p.i) * CASE p.country WHEN 'NO' THEN 100 ELSE 1000 END)::text,
                              CASE p.country WHEN 'NO' THEN 2 ELSE 3 END, '0') AS postcode,
       CASE WHEN p.duplicate_of IS NULL THEN full_name
            ELSE CASE p.account_id % 4
                WHEN 0 THEN upper(full_name)
                WHEN 1 THEN replace(replace(full_name, ' GmbH', ' G.m.b.H.'), ' AS', ' A/S')
                WHEN 2 THEN replace(full_name, ' ', '  ') || '.'
                ELSE left(full_name, 3) || substr(full_name, 5) END END AS name,
       -- Yearly chance of leaving: 8 % at mean satisfaction, higher below.
       0.08 * exp(-0.5 * (p.satisfaction::float8 - 6.2)) AS churn_rate,
       uniform('customer', p.account_id::bigint) < 0.7 AS is_customer,
       uniform('without owner', p.account_id::bigint) < 0.03 AS without_owner,
       uniform('without owner', p.account_id::bigint) >= 0.98 AS with_two_owners
FROM placed p
JOIN industry n USING (industry_no)
CROSS JOIN setting s
CROSS JOIN LATERAL (SELECT 1 + floor(p.px * 3)::int + 3 * floor(p.py * 3)::int AS cell) c
CROSS JOIN LATERAL (
    SELECT initcap((ARRAY['nor','sol','ber','hal','vin','mar','tek','alt','gru','fal','ost','lin','kro','ein','var','sta',
                          'hel','bru','dan','kal'])[1 + floor(20 * uniform('name 1', p.i))::int]
                || (ARRAY['de','li','ma','ra','to','vi','ge','sa','no','fe','mi','re'])[1 + floor(12 * uniform('name 2', p.i))::int]
                || (ARRAY['mann','berg','dal','werk','stad','haus','feld','vik','tal','nes','heim','bach','rup','sen',
                          'tec','gard'])[1 + floor(16 * uniform('name 3', p.i))::int])
           || ' ' || n.words[1 + floor(5 * uniform('name 4', p.i))::int]
           || CASE WHEN p.country = 'NO' THEN ' AS' WHEN uniform('name 5', p.i) < 0.8 THEN ' GmbH' ELSE ' KG' END
           AS full_name) f;
ALTER TABLE company ADD PRIMARY KEY (account_id);

-- Potentials are scaled so that the customers of each seat sum to its weight: mean 40,000 a customer.
ALTER TABLE company ADD potential numeric, ADD churn_at date;
UPDATE company c
SET potential = round((c.potential_raw::numeric * t.weight::numeric * k.factor)::numeric, -2),
    churn_at = s.start_date + floor(365.25 * exponential('churn', c.account_id::bigint) / c.churn_rate)::int
FROM setting s, seat t, (
    SELECT x.seat_no, 40000.0 * y.customers / y.weights / sum(x.potential_raw::numeric) FILTER (WHERE NOT x.without_owner) AS factor
    FROM company x
    CROSS JOIN (SELECT (SELECT count(*) FROM company) AS customers, (SELECT sum(weight::numeric) FROM seat) AS weights) y
    GROUP BY x.seat_no, y.customers, y.weights
) k
WHERE t.seat_no = c.seat_no AND k.seat_no = c.seat_no;

-- One row for each person at an account.
CREATE TABLE person_at AS
SELECT c.account_id::bigint * 8 + j AS contact_id, c.account_id, j AS position,
       (ARRAY['Managing director', 'Head of purchasing', 'Technical manager', 'Chief financial officer'])[j] AS role,
       (ARRAY['Ane','Bernd','Carla','Dieter','Else','Falk','Gro','Hans','Inga','Jan','Kirsten','Leif','Mette','Norbert','Ole',
              'Petra'])[1 + floor(16 * uniform('contact first', c.account_id::bigint * 8 + j))::int] || ' '
       || (ARRAY['Aas','Becker','Dahle','Engel','Friis','Gross','Haug','Imhof','Juhl','Krag','Lund','Moe','Neumann','Opdal',
              'Roth','Strand'])[1 + floor(16 * uniform('contact last', c.account_id::bigint * 8 + j))::int] AS name
FROM company c, generate_series(1, 1 + floor(4 * uniform('contacts', c.account_id::bigint))::int) j;
