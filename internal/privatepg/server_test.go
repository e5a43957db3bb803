package privatepg

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestANewFolderGetsADurableServerWithoutNetwork(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), newFolder(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	for name, want := range map[string]string{
		"server_encoding":                   "UTF8",
		"lc_ctype":                          "C",
		"TimeZone":                          "UTC",
		"listen_addresses":                  "",
		"fsync":                             "on",
		"synchronous_commit":                "on",
		"full_page_writes":                  "on",
		"data_checksums":                    "on",
		"max_connections":                   "50",
		"log_min_error_statement":           "panic",
		"log_error_verbosity":               "terse",
		"log_parameter_max_length":          "0",
		"log_parameter_max_length_on_error": "0",
	} {
		if got := ask(t, s.URL(""), "SELECT current_setting('"+name+"')"); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestOnlyTheServersUserAndRootMayConnect(t *testing.T) {
	t.Parallel()
	s := open(t, newFolder(t))
	for _, path := range []string{s.run, filepath.Join(s.run, socketName), filepath.Join(s.home, "data")} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if others := info.Mode().Perm() & 0o077; others != 0 {
			t.Errorf("%s is open to others: %v", path, info.Mode())
		}
	}
	rules := ask(t, s.URL(""), `SELECT string_agg(concat_ws(' ', type, database, user_name, auth_method, options), ';') FROM pg_hba_file_rules`)
	if want := "local {all} {all} peer {map=private}"; rules != want {
		t.Errorf("the rules are %q, want %q", rules, want)
	}
}

func TestDataOutliveTheServerInAFolderWithAnOddName(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(filepath.Dir(newFolder(t)), `a b&c=%20"d'é`)
	s := open(t, folder)
	if err := do(t, s.URL(""), `CREATE TABLE kept AS SELECT 'still here' AS what`); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	if running(t, folder) {
		t.Fatal("the server runs on after its last user left")
	}
	s = open(t, folder)
	if got := ask(t, s.URL(s.opts.User), `SELECT what FROM kept`); got != "still here" {
		t.Errorf("got %q", got)
	}
}

func TestTheSocketMovesWhereThePathIsTooLongOrHasAComma(t *testing.T) {
	t.Parallel()
	for _, name := range []string{strings.Repeat("long/", 30), "a,b"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testSocketMoves(t, filepath.Join(newFolder(t), name, "pg"))
		})
	}
}

func testSocketMoves(t *testing.T, folder string) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	s := open(t, folder)
	if !fits(s.run) || strings.HasPrefix(s.run, folder) {
		t.Errorf("the socket is in %s", s.run)
	}
	ask(t, s.URL(""), born)
	if again := open(t, folder); again.run != s.run {
		t.Errorf("who joins looks for the socket in %s, not in %s", again.run, s.run)
	} else {
		closed(t, again)
	}
	closed(t, s)
	if _, err := os.Stat(s.run); !os.IsNotExist(err) {
		t.Errorf("%s is left behind (%v)", s.run, err)
	}
}

func TestAFolderThatTheServersUserCannotEnterLeavesItsDataElsewhere(t *testing.T) {
	t.Parallel()
	locked, elsewhere := newFolder(t), newFolder(t)
	if err := os.Mkdir(locked, 0o700); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(locked, "pg")
	options := Options{Settings: quick, Elsewhere: elsewhere}
	s, err := Open(t.Context(), folder, options)
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 { // the server's user is us, and we can enter
		if s.Home() != folder {
			t.Errorf("the data are in %s", s.Home())
		}
		closed(t, s)
		return
	}
	if filepath.Dir(s.Home()) != elsewhere {
		t.Errorf("the data are in %s, want in %s", s.Home(), elsewhere)
	}
	if err := do(t, s.URL(""), `CREATE TABLE kept AS SELECT 'still here' AS what`); err != nil {
		t.Fatal(err)
	}
	closed(t, s)

	// Opened up later, the folder still leads to the same data.
	if err := os.Chmod(locked, 0o711); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(t.Context(), folder, options); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, s.URL(""), `SELECT what FROM kept`); got != "still here" {
		t.Errorf("got %q", got)
	}
	closed(t, s)

	// And data that cannot be entered any more are an error, not a new beginning.
	if err := os.Chmod(s.Home(), 0o700); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(t.Context(), folder, options); err == nil {
		closed(t, s)
		t.Error("an unreachable home was opened")
	}
}

func TestAServerThatDoesNotStartTellsWhy(t *testing.T) {
	t.Parallel()
	folder := newFolder(t)
	_, err := Open(t.Context(), folder, Options{Settings: map[string]string{"fsync": "off", "work_mem": "a lot"}})
	if err == nil || !strings.Contains(err.Error(), `invalid value for parameter "work_mem"`) {
		t.Fatalf("the error is %v", err)
	}
	ask(t, open(t, folder).URL(""), born) // and nothing is left that stands in the way
}

func TestAHalfMadeClusterIsMadeAnew(t *testing.T) {
	t.Parallel()
	folder := newFolder(t)
	if err := os.MkdirAll(filepath.Join(folder, "data.new", "base"), 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o711); err != nil {
		t.Fatal(err)
	}
	ask(t, open(t, folder).URL(""), born)
}

func TestDataOfAVersionThatIsNotInstalledAreNotTouched(t *testing.T) {
	t.Parallel()
	folder := newFolder(t)
	s := open(t, folder)
	closed(t, s)
	version := filepath.Join(folder, "data", "PG_VERSION")
	if err := os.WriteFile(version, []byte("11\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), folder, Options{Settings: quick})
	if err == nil || !strings.Contains(err.Error(), "made by PostgreSQL 11") {
		t.Errorf("the error is %v", err)
	}
}

func TestValuesOfFailedStatementsStayOutOfTheLog(t *testing.T) {
	t.Parallel()
	s := open(t, newFolder(t))
	for _, statement := range []string{
		`SELECT CAST('person@example.org' AS date)`,
		`CREATE TABLE pair (a text PRIMARY KEY); INSERT INTO pair VALUES ('person@example.org'), ('person@example.org')`,
		`DO $$ BEGIN RAISE WARNING 'person@example.org'; END $$`,
		`SELECT 'person@example.org' FROM nowhere`,
	} {
		if err := do(t, s.URL(""), statement); err == nil && !strings.Contains(statement, "WARNING") {
			t.Errorf("%s did not fail", statement)
		}
	}
	log, err := os.ReadFile(s.path("server.log"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(log), "ready to accept connections") {
		t.Errorf("this is not the server's log: %s", log)
	}
	if strings.Contains(string(log), "person@example.org") {
		t.Errorf("the log holds an address:\n%s", log)
	}
}

func TestTheUsersNameMustBeAPlainOne(t *testing.T) {
	for _, name := range []string{"Article", `a"; DROP`, "1st", strings.Repeat("a", 64)} {
		if _, err := Open(t.Context(), "/nowhere", Options{User: name}); err == nil || !strings.Contains(err.Error(), strconv.Quote(name)) {
			t.Errorf("%q: the error is %v", name, err)
		}
	}
}
