package main

import (
	"context"
	"fmt"
	"path/filepath"
)

type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Bring the database up to date."`
	Status migrateStatusCmd `cmd:"" help:"Show the version of the database and of this program."`
}

type migrateUpCmd struct {
	NewKeys bool `help:"Make the key file too, for a database that has none yet."`
}

func (c *migrateUpCmd) Run(ctx context.Context, s *Settings, std streams) error {
	a, err := connect(ctx, s, s.logger(std.err))
	if err != nil {
		return err
	}
	defer a.close()
	if c.NewKeys {
		file := s.Keys
		if file == "" {
			dir, err := s.dataFolder()
			if err != nil {
				return err
			}
			file = filepath.Join(dir, "keys.json")
		}
		if _, err := makeKeys(file); err != nil {
			return err
		}
		fmt.Fprintln(std.out, "made", file, "- keep a copy in a safe place: without it people can no longer be recognised")
	}
	version, err := a.store.Migrate(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(std.out, "the database is at version", version)
	return nil
}

type migrateStatusCmd struct {
	JSON bool `help:"Print JSON."`
}

func (c *migrateStatusCmd) Run(ctx context.Context, s *Settings, std streams) error {
	a, err := connect(ctx, s, s.logger(std.err))
	if err != nil {
		return err
	}
	defer a.close()
	have, want, err := a.store.SchemaVersions(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, map[string]int64{"database": have, "program": want})
	}
	fmt.Fprintf(std.out, "database %d, program %d\n", have, want)
	return nil
}
