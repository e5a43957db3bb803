package postgres

import (
	"slices"
	"strings"
	"testing"

	"article14/mailer/retain"
)

// TestEveryTableWithTextSaysWhatOfPeopleIsInItAndForHowLong walks the schema.
func TestEveryTableWithTextSaysWhatOfPeopleIsInItAndForHowLong(t *testing.T) { // T4
	h := newHouse(t)
	var tables []string
	must(t, h.db.Select(&tables, `SELECT DISTINCT c.table_name FROM information_schema.columns c JOIN information_schema.tables x USING (table_schema, table_name)
		WHERE c.table_schema = 'public' AND x.table_type = 'BASE TABLE' AND c.data_type IN ('text', 'character varying', 'json', 'jsonb', 'bytea', 'ARRAY', 'inet', 'xml')`))
	if len(tables) < 40 {
		t.Fatalf("only %d tables have text: the walk has lost its way", len(tables))
	}
	listed := map[string]bool{}
	for _, p := range retain.Places {
		if listed[p.Where] {
			t.Errorf("%s is listed twice", p.Where)
		}
		listed[p.Where] = true
		if p.What == "" || p.Personal && p.Period == "" {
			t.Errorf("%s: it is not said what of people is in it, or for how long", p.Where)
		}
		if !strings.HasPrefix(p.Where, "[") && !slices.Contains(tables, p.Where) {
			t.Errorf("%s is listed, and is no table with text", p.Where)
		}
	}
	for _, table := range tables {
		if !listed[table] {
			t.Errorf("the table %s is in no list: say in mailer/retain/stores.go what of people is in it, and for how long", table)
		}
	}
}
