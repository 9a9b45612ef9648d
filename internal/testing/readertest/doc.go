// Package readertest runs the programs of ersclient/handoff/readers that can run on Linux, for tests. On other systems it is empty.
package readertest
