-- Activities: calls, mails with answers, meetings, demos and notes in four languages.
--
-- One contact falls into every span of activity_gap_days while the deal is open, so what has been logged by a day says
-- nothing about what happens after it.

SET search_path = demo;

CREATE TABLE phrase (language text, signal int, text text);
INSERT INTO phrase VALUES
    ('nb', 1, 'Styret har sagt ja til rammen, vi mangler bare papirene.'),
    ('nb', 1, 'Ledelsen satte av midler i går; avgjørelsen faller neste uke.'),
    ('nb', 1, 'De ba om utkast til kontrakt og en startdato.'),
    ('nb', -1, 'De skyver hele satsingen til neste år.'),
    ('nb', -1, 'Kunden svarer knapt lenger og har hentet inn et billigere tilbud.'),
    ('nb', -1, 'Innkjøp har stoppet alle nye anskaffelser inntil videre.'),
    ('nb', 0, 'Gikk gjennom tegningene, sender referat i morgen.'),
    ('nb', 0, 'Hyggelig prat, avtalte ny telefon om to uker.'),
    ('nb', 0, 'Spurte om leveringstid og reservedeler.'),
    ('da', 1, 'Direktionen har frigivet pengene, de vil se en aftaletekst.'),
    ('da', 1, 'Beslutningen træffes på mødet tirsdag, og de er positive.'),
    ('da', 1, 'Indkøb beder om endelige betingelser og leveringsdato.'),
    ('da', -1, 'Projektet er lagt i skuffen indtil videre.'),
    ('da', -1, 'De hælder til en anden leverandør, prisen trykker.'),
    ('da', -1, 'Kontakten trækker svarene ud og aflyste mødet.'),
    ('da', 0, 'Fremviste anlægget, de tager tegningerne med hjem.'),
    ('da', 0, 'Sendte datablad og referencer.'),
    ('da', 0, 'Aftalte opfølgning efter ferien.'),
    ('en', 1, 'Their board signed off the spend; legal wants our draft.'),
    ('en', 1, 'They expect to decide at the meeting next Tuesday and lean our way.'),
    ('en', 1, 'Purchasing asked for final terms and an installation slot.'),
    ('en', -1, 'All capital spending is frozen until further notice.'),
    ('en', -1, 'Our contact has gone quiet and mentioned a cheaper quote.'),
    ('en', -1, 'They are pushing the whole thing out to next year.'),
    ('en', 0, 'Walked through the drawings, minutes will follow.'),
    ('en', 0, 'Asked about spare parts and delivery time.'),
    ('en', 0, 'Good call, speaking again in two weeks.'),
    ('de', 1, 'Die Mittel sind freigegeben, der Einkauf wartet auf unseren Vertragsentwurf.'),
    ('de', 1, 'Am Dienstag fällt die Entscheidung, die Stimmung ist gut.'),
    ('de', 1, 'Sie fragen nach dem letzten Preis und einem Termin für die Montage.'),
    ('de', -1, 'Das Vorhaben wurde auf nächstes Jahr geschoben.'),
    ('de', -1, 'Der Ansprechpartner meldet sich kaum noch, ein günstigeres Angebot liegt vor.'),
    ('de', -1, 'Investitionsstopp bis auf Weiteres.'),
    ('de', 0, 'Zeichnungen besprochen, Protokoll folgt morgen.'),
    ('de', 0, 'Fragen zu Lieferzeit und Ersatzteilen beantwortet.'),
    ('de', 0, 'Nettes Gespräch, in zwei Wochen wieder anrufen.');
CREATE TABLE phrase_set AS
SELECT language, signal, array_agg(text ORDER BY text COLLATE "C") AS texts FROM phrase GROUP BY language, signal;

-- Language of the deal: Norwegian customers mostly Norwegian, in the north some Danish, English everywhere.
CREATE TABLE conversation AS
SELECT d.deal_id, d.created_at, least(d.closed_at, s.end_date) AS until, d.account_id, d.seat_no, s.activity_gap_days AS gap,
       d.demo_48h, d.text_shift, d.text_misleads,
       CASE WHEN c.country = 'NO' THEN CASE WHEN uniform('language', d.deal_id) < 0.85 THEN 'nb' ELSE 'en' END
            WHEN c.region = 'North' AND uniform('language', d.deal_id) < 0.30 THEN 'da'
            WHEN uniform('language', d.deal_id) < 0.80 THEN 'de' ELSE 'en' END AS language
FROM deal d
JOIN company c USING (account_id)
CROSS JOIN setting s;

-- slot 0 first call, 1 demo, 2 signal, 3 and up the regular contacts; answers get slot + 512.
CREATE TABLE contact_log AS
WITH regular AS (
    SELECT v.deal_id, 3 + j AS slot,
           v.created_at + interval '1 day' * v.gap * (j + uniform('contact time', v.deal_id * 512 + j)) AS at,
           uniform('contact kind', v.deal_id * 512 + j) AS u
    FROM conversation v
    CROSS JOIN LATERAL generate_series(0, least(400, floor(extract(epoch FROM v.until - v.created_at) / 86400 / v.gap)::int)) j
), logged AS (
    SELECT deal_id, 0 AS slot, created_at AS at, 'call' AS kind, 'out' AS direction, 0 AS signal FROM conversation
    UNION ALL
    SELECT deal_id, 1, created_at + interval '1 hour' * (CASE WHEN demo_48h THEN 2 + 45 * uniform('demo time', deal_id)
        ELSE 96 + 400 * uniform('demo time', deal_id) END), 'demo', 'out', 0
    FROM conversation WHERE demo_48h OR uniform('late demo', deal_id) < 0.3
    UNION ALL
    SELECT deal_id, 2, created_at + interval '1 day' * (0.3 + 4 * uniform('signal time', deal_id)),
           CASE WHEN uniform('signal kind', deal_id) < 0.5 THEN 'email' ELSE 'note' END, 'in',
           (sign(text_shift) * CASE WHEN text_misleads THEN -1 ELSE 1 END)::int
    FROM conversation WHERE text_shift <> 0
    UNION ALL
    SELECT deal_id, slot, at, CASE WHEN u < 0.35 THEN 'email' WHEN u < 0.60 THEN 'call' WHEN u < 0.75 THEN 'meeting'
        WHEN u < 0.80 THEN 'visit' ELSE 'note' END,
           CASE WHEN u < 0.35 THEN 'in' WHEN u < 0.80 THEN CASE WHEN floor(u * 1000)::int % 2 = 0 THEN 'in' ELSE 'out' END END, 0
    FROM regular
)
SELECT l.deal_id, l.slot, date_trunc('second', l.at) AS at, l.kind, CASE WHEN l.kind <> 'note' THEN l.direction END AS direction,
       l.signal, v.until
FROM logged l JOIN conversation v USING (deal_id)
WHERE l.at < v.until;

-- Incoming mails are answered after a log-normal time (median six hours) times the seller's own factor.
INSERT INTO contact_log
SELECT l.deal_id, l.slot + 512,
       date_trunc('second', l.at + interval '1 hour' * 6 * o.answer_factor * exp(0.8 * normal('answer', l.deal_id * 512 + l.slot))),
       'email', 'out', 0, l.until
FROM contact_log l
JOIN conversation v USING (deal_id)
JOIN owner_of o ON o.seat_no = v.seat_no AND l.at >= o.since AND l.at < o.until
WHERE l.kind = 'email' AND l.direction = 'in';
DELETE FROM contact_log WHERE at >= until;

CREATE TABLE contact_text AS
SELECT row_number() OVER (ORDER BY l.at, l.deal_id, l.slot) AS activity_id, l.deal_id, v.account_id, o.owner_id, l.slot, l.kind, l.direction, l.at,
       l.signal, v.language,
       CASE WHEN l.kind IN ('email', 'note')
            THEN p.texts[1 + floor(cardinality(p.texts) * uniform('phrase', l.deal_id * 1024 + l.slot))::int] END AS text
FROM contact_log l
JOIN conversation v USING (deal_id)
JOIN owner_of o ON o.seat_no = v.seat_no AND l.at >= o.since AND l.at < o.until
JOIN phrase_set p ON p.language = v.language AND p.signal = l.signal;
