package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func library32() []byte {
	file := make([]byte, 0x100)
	binary.LittleEndian.PutUint32(file[peOffset:], 0x80)
	copy(file[0x80:], peSignature)
	binary.LittleEndian.PutUint16(file[0x84:], uint16(machine386))
	return file
}

// If this fails, a damaged Identity Agent is reported as one of the wrong kind, and is replaced by another that is damaged.
func TestMachineOf(t *testing.T) {
	made, err := machineOf(bytes.NewReader(library32()))
	require.NoError(t, err)
	assert.Equal(t, machine386, made)
	assert.Equal(t, "32-bit", made.String())
	assert.Equal(t, "64-bit", machineAMD64.String())
	assert.Equal(t, "64-bit ARM", machineARM64.String())
	assert.Equal(t, "unknown (0x0001)", machine(1).String())

	for name, file := range map[string][]byte{
		"empty":             {},
		"cut in the header": library32()[:0x82],
		"cut before it":     library32()[:0x3e],
		"text":              bytes.Repeat([]byte("text"), 100),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := machineOf(bytes.NewReader(file))
			assert.ErrorIs(t, err, errNotPE)
		})
	}
	_, err = machineOf(unreadable{})
	assert.ErrorIs(t, err, errUnreadable, "what cannot be read is not taken for damaged")
}

var errUnreadable = errors.New("access is denied")

type unreadable struct{}

func (unreadable) ReadAt([]byte, int64) (int, error) { return 0, errUnreadable }

var _ io.ReaderAt = unreadable{}

// No file makes it crash.
func FuzzMachineOf(f *testing.F) {
	f.Add(library32())
	f.Add([]byte("MZ"))
	f.Fuzz(func(_ *testing.T, file []byte) {
		_, _ = machineOf(bytes.NewReader(file))
	})
}
