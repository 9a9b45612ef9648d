package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// machine is the processor type in the header of a Windows program or library.
type machine uint16

const (
	machine386   machine = 0x014c
	machineAMD64 machine = 0x8664
	machineARM64 machine = 0xaa64
)

// String returns the usual name of such a process.
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

// The header: the offset of the signature is at peOffset; the machine follows the signature.
const (
	peOffset    = 0x3c
	peSignature = "PE\x00\x00"
)

var errNotPE = errors.New("it is no Windows library")

// machineOf reads a file's processor type. Windows has one error for a library of another type and
// for a damaged file, and the remedies differ.
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
