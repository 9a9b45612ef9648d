package command

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// What a program prints is the one thing here that comes from outside. Whatever it is, it is a ticket that can go into an
// HTTP body and a log-free life, or nothing, or an error that quotes nothing of it.
func FuzzParseTicket(f *testing.F) {
	for _, seed := range []string{
		"", "\n", " \t\r\n", "AQIC5wM2LY4Sfcyw62EbAOsRpdfbGYUOyvkfZ4M6U7W52lM=@AAJTSQACMDE=#\n",
		" AQIC5wM2LY4Sfcyw62EbAOsRpdfbGYUOyvkfZ4M6U7W52lM=@AAJTSQACMDE=#\r\n", "A", "A\nB", "A\rB", "A B", "A\x00", "A\u00a0",
		"\ufeffA", "\xff\xfeA\x00", "error PIN_BLOCKED\n", strings.Repeat("A", maxTicket), strings.Repeat("A", maxTicket+1),
		strings.Repeat("\n", maxOutput),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, output []byte) {
		ticket, err := parseTicket(output)
		text := ticket.Reveal()
		if err != nil {
			if !slices.Contains([]error{errLines, errTooLong, errCharacter}, err) {
				t.Fatal("an error with a text that is not fixed")
			}
			if text != "" {
				t.Fatal("a ticket and an error")
			}
			return
		}
		if len(text) > maxTicket {
			t.Fatal("a ticket longer than allowed")
		}
		for _, b := range []byte(text) {
			if b <= ' ' || b > '~' {
				t.Fatalf("a ticket with the byte %#x", b)
			}
		}
		if !bytes.Equal(bytes.Trim(output, " \t\r\n"), []byte(text)) {
			t.Fatal("a ticket that was not printed")
		}
	})
}

// A failing program's output selects the advice: for a published code, or the general one.
func FuzzParseFailure(f *testing.F) {
	for _, seed := range []string{
		"", "error", "error ", "error \n", "error PIN_BLOCKED", "error PIN_BLOCKED\r\n", "error PIN_BLOCKED \nmore",
		"error  PIN_BLOCKED", "Error PIN_BLOCKED", "error SUCCESS", "\nerror PIN_BLOCKED", "error PIN_BLOCKED\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, output []byte) {
		code, ok := parseFailure(output)
		if !ok {
			if code != 0 {
				t.Fatal("a code that was not named")
			}
			return
		}
		if code == 0 || !bytes.HasPrefix(output, []byte("error "+code.String())) {
			t.Fatalf("%v was not named", code)
		}
	})
}
