package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"article14/mailer"
)

// dump is all that imports have stored for a controller, as text: contacts with
// what hangs on them, imports, alerts and counters. Ids are random and instants
// of storing depend on the clock: they are left out, or told by what they stand
// for, so that two ways to the same tables give the same text.
func dump(ctx context.Context, db *sql.DB, controller mailer.ID) (string, error) {
	var lines []string
	named := map[string]string{}
	for _, q := range []struct{ name, query string }{{"contact", dumpPeople}, {"import", dumpImports}, {"", dumpAlerts}, {"", dumpCounters}} {
		rows, err := db.QueryContext(ctx, q.query, controller)
		if err != nil {
			return "", err
		}
		for rows.Next() {
			var id, content string
			if err := rows.Scan(&id, &content); err != nil {
				return "", err
			}
			content = someID.ReplaceAllStringFunc(content, func(id string) string { return named[id] })
			lines = append(lines, content)
			named[id] = fmt.Sprintf("%s %x", q.name, sha256.Sum256([]byte(content)))
		}
		if err := rows.Err(); err != nil {
			return "", err
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n"), nil
}

var someID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)

// A duty without a known date is due at the instant of its import, which is
// another one in another run; read_at is that instant. A duty's history is left
// out: one that is opened and restricted by rows of one batch was never open.
const dumpPeople = `
SELECT CAST(c.id AS text) AS id, CAST(json_build_array('contact', c.name, c.country, c.region, c.city, c.postal_code, c.language, c.organisation,
    c.job_title, c.first_obtained_at, c.objected_at,
    (SELECT json_agg(json_build_array(i.kind, encode(i.hash, 'hex'), i.key_id, i.value) ORDER BY i.added_at, i.id)
     FROM identifier i WHERE i.contact_id = c.id),
    (SELECT json_agg(json_build_array(a.source_key, a.activity_key, a.obtained_at, a.obtained_basis, a.page, a.visibility, a.line, m.file_name)
        ORDER BY a.source_key, a.activity_key, a.obtained_at, a.page, a.visibility)
     FROM acquisition a JOIN import m ON m.id = a.import_id WHERE a.contact_id = c.id),
    (SELECT json_agg(json_build_array(d.activity_key, d.source_key, d.cause, d.obtained_at, d.due_rule,
        CASE WHEN d.due_rule = 'unknown' THEN NULL ELSE d.due_at END, d.due_inputs - 'read_at', d.state, d.reason, d.detail, d.met_at,
        a.source_key, a.line, a.obtained_at, a.page, a.visibility) ORDER BY d.activity_key, d.source_key, d.cause)
     FROM duty d LEFT JOIN acquisition a ON a.contact_id = d.contact_id AND a.id = d.acquisition_id WHERE d.contact_id = c.id)
) AS text) AS content
FROM contact c
WHERE c.controller_id = $1`

const dumpImports = `
SELECT CAST(id AS text) AS id, CAST(json_build_array('import', source_key, activity_key, file_name, encode(file_hash, 'hex'),
    basis, finished_at IS NOT NULL, position, accepted, merged, refused) AS text) AS content
FROM import
WHERE controller_id = $1`

const dumpAlerts = `
SELECT '', CAST(json_build_array('alert', kind, subject, detail) AS text) FROM alert WHERE controller_id = $1`

const dumpCounters = `
SELECT '', CAST(json_build_array('counter', what, state, sum(n)) AS text)
FROM (
    SELECT what, state, n FROM counter WHERE controller_id = $1
    UNION ALL
    SELECT d.what, s.state, s.n FROM counter_delta d CROSS JOIN LATERAL (VALUES (d.from_state, -d.n), (d.to_state, d.n)) AS s(state, n)
    WHERE d.controller_id = $1 AND s.state <> ''
) c
GROUP BY what, state
HAVING sum(n) <> 0`
