package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// machine is the kind of processor that a Windows program or library was made for, as its file header says.
type machine uint16

const (
	machine386   machine = 0x014c
	machineAMD64 machine = 0x8664
	machineARM64 machine = 0xaa64
)

// String returns what one calls such a process.
func (m machine) String() string {
	switch m {
	case machine386:
		return "32-bit"
	case machineAMD64:
		return "64-bit"
	case machineARM64:
		return "64-bit ARM"
	}
	return fmt.Sprintf("unknown (0x%04x)", uint16(m))
}

// Where it says so: at peOffset of a file stands where the signature is, and behind that the machine.
const (
	peOffset    = 0x3c
	peSignature = "PE\x00\x00"
)

var errNotPE = errors.New("it is no Windows library")

// machineOf reads for which kind of processor a file was made. Windows has one error for a library of another kind and for a file
// that is damaged, and the remedies differ.
func machineOf(file io.ReaderAt) (machine, error) {
	var at [4]byte
	if _, err := file.ReadAt(at[:], peOffset); err != nil {
		return 0, noLibrary(err)
	}
	var header [len(peSignature) + 2]byte
	if _, err := file.ReadAt(header[:], int64(binary.LittleEndian.Uint32(at[:]))); err != nil {
		return 0, noLibrary(err)
	}
	if string(header[:len(peSignature)]) != peSignature {
		return 0, errNotPE
	}
	return machine(binary.LittleEndian.Uint16(header[len(peSignature):])), nil
}

func noLibrary(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errNotPE
	}
	return err
}
