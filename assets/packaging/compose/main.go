// Compose writes the parts of the packages that are made from something else, so that nothing is written in two places:
//
//	compose examples FOLDER          config.toml and policy.toml, every setting commented out, from the table of internal/config
//	compose licences FILE TARGET…    the licences of everything that the programs are built from, from the modules themselves; NAME=TERMS
//	                                 adds something that is no module, and the file with its terms
//	compose documents FOLDER FROM[=TO]…
//	                                 the documents, with their links led to what the package has, or to the sources on the web
//	compose changelog FILE           docs/CHANGELOG.md as Debian wants it
//	compose releases METAINFO FILE   the same for software centres: METAINFO with its releases filled in
//
// It runs in the top folder of the sources, when packages are built, and is part of no package itself. What it writes depends on the
// sources alone: the date of a version that is not released yet is SOURCE_DATE_EPOCH (seconds), as reproducible-builds.org has it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "compose:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) == 2 && args[0] == "examples":
		return writeExamples(args[1])
	case len(args) > 2 && args[0] == "licences":
		return writeLicences(ctx, args[1], args[2:])
	case len(args) > 2 && args[0] == "documents":
		return writeDocuments(args[1], args[2:])
	case len(args) == 2 && args[0] == "changelog":
		return writeChangelog(args[1])
	case len(args) == 3 && args[0] == "releases":
		return writeReleases(args[1], args[2])
	}
	return errors.New("usage: compose examples FOLDER | licences FILE TARGET… [NAME=TERMS…] | documents FOLDER FROM[=TO]… | changelog FILE | releases METAINFO FILE")
}
