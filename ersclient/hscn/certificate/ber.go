package certificate

import (
	"errors"
	"math/bits"
)

// toDER returns the first element of data in DER: every length definite, every octet string whole
// (X.690, sections 8.1.3.6 and 8.7.3). PKCS#12 files are BER, and Firefox, macOS and some Java
// programs write what DER forbids; encoding/asn1 reads DER alone.
func toDER(data []byte) ([]byte, error) {
	one, _, err := readBER(data, 0)
	if err != nil {
		return nil, err
	}
	return one.der(), nil
}

// berElement is an element with its children, or with its content if it is primitive.
type berElement struct {
	tag      []byte
	content  []byte
	children []berElement
}

const (
	berConstructed = 0x20
	berOctetString = 0x04
	// maxBERDepth is several times what certificates and keys need.
	maxBERDepth = 64
)

var errBER = errors.New("the file's structure is damaged, or its end is missing")

func (e berElement) isConstructed() bool { return e.tag[0]&berConstructed != 0 }

// readBER reads one element.
func readBER(data []byte, depth int) (one berElement, rest []byte, err error) {
	tag := berTag(data)
	if tag == 0 || len(data) == tag || depth > maxBERDepth {
		return one, nil, errBER
	}
	one.tag = data[:tag]
	length, header := int(data[tag]), tag+1
	if length == 0x80 {
		if !one.isConstructed() {
			return one, nil, errBER
		}
		rest = data[header:]
		for !hasPrefix(rest, 0, 0) {
			var child berElement
			if child, rest, err = readBER(rest, depth+1); err != nil {
				return one, nil, err
			}
			one.children = append(one.children, child)
		}
		return one, rest[2:], nil
	}
	if length > 0x80 {
		digits := length & 0x7f
		if digits > 8 || len(data) < header+digits {
			return one, nil, errBER
		}
		length = 0
		for _, digit := range data[header : header+digits] {
			if length > maxSettingFile {
				return one, nil, errBER
			}
			length = length<<8 | int(digit)
		}
		header += digits
	}
	if length > len(data)-header {
		return one, nil, errBER
	}
	one.content, rest = data[header:header+length], data[header+length:]
	if one.isConstructed() {
		for inner := one.content; len(inner) > 0; {
			var child berElement
			if child, inner, err = readBER(inner, depth+1); err != nil {
				return one, nil, err
			}
			one.children = append(one.children, child)
		}
	}
	return one, rest, nil
}

func hasPrefix(data []byte, first, second byte) bool {
	return len(data) >= 2 && data[0] == first && data[1] == second
}

// berTag returns the length of a tag, or 0.
func berTag(data []byte) int {
	if len(data) == 0 {
		return 0
	}
	if data[0]&0x1f != 0x1f {
		return 1
	}
	for i := 1; i < len(data) && i < 5; i++ {
		if data[i]&0x80 == 0 {
			return i + 1
		}
	}
	return 0
}

// octets returns the content of an octet string, primitive or constructed.
func (e berElement) octets() []byte {
	if !e.isConstructed() {
		return e.content
	}
	var whole []byte
	for _, piece := range e.children {
		whole = append(whole, piece.octets()...)
	}
	return whole
}

func (e berElement) der() []byte {
	tag, content := e.tag, e.content
	switch {
	case e.tag[0] == berOctetString|berConstructed:
		tag, content = []byte{berOctetString}, e.octets()
	case e.isConstructed():
		content = nil
		for _, child := range e.children {
			content = append(content, child.der()...)
		}
	}
	made := append([]byte{}, tag...)
	return append(append(made, derLength(len(content))...), content...)
}

func derLength(length int) []byte {
	if length < 0x80 {
		return []byte{byte(length & 0x7f)}
	}
	digits := (bits.Len(uint(length)) + 7) / 8
	made := []byte{0x80 | byte(digits&0x7f)}
	for i := digits - 1; i >= 0; i-- {
		made = append(made, byte(length>>(8*i)&0xff))
	}
	return made
}

// rounds returns the sum of all iteration counts: the integers after a salt in PBE, PBKDF2 and the
// MAC of PKCS#12. Package go-pkcs12 has no limit, and one flipped bit could make it derive for
// hours.
func (e berElement) rounds(depth int) (sum int) {
	const berInteger = 0x02
	if e.isOctetString() {
		// A constructed string is inspected as a whole only: descending into its parts too would
		// double the time with each level.
		if inner, _, err := readBER(e.octets(), 0); err == nil && depth < maxBERDepth {
			sum = inner.rounds(depth + 1)
		}
		return sum
	}
	for i, child := range e.children {
		if i > 0 && child.tag[0] == berInteger && e.children[i-1].isOctetString() {
			number := 0
			for _, digit := range child.content {
				number = min(number<<8|int(digit), maxRounds+1)
			}
			sum += number
		}
		sum = min(sum+child.rounds(depth), maxRounds+1)
	}
	return sum
}

func (e berElement) isOctetString() bool { return e.tag[0]&^berConstructed == berOctetString }
