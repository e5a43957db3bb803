package postgres

import (
	"context"
	"testing"

	"article14/internal/privatepg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func migrate(ctx context.Context, url string) error {
	s, err := Open(ctx, url)
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = s.Migrate(ctx)
	return err
}

// open gives a store on a database of the test's own.
func open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(t.Context(), pgtest.New(t, migrate))
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
