package directory

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// A card in capitals is hard to read, and one with "Nhs" looks like a forgery.
func TestDisplayName(t *testing.T) {
	for name, want := range map[string]string{
		"NORTHMOOR GP SURGERY":                       "Northmoor GP Surgery",
		"LEEDS TEACHING HOSPITALS NHS TRUST":         "Leeds Teaching Hospitals NHS Trust",
		"NHS NORTH EAST AND NORTH CUMBRIA ICB - 84H": "NHS North East and North Cumbria ICB - 84H",
		"NHST_X3":                                      "NHST_X3",
		"ST JAMES'S UNIVERSITY HOSPITAL":               "St James's University Hospital",
		"ST.MARY'S HOSPITAL":                           "St.Mary's Hospital",
		"O'BRIEN & PARTNERS LLP":                       "O'Brien & Partners LLP",
		"DR MCKENZIE AND PARTNERS":                     "Dr McKenzie and Partners",
		"THE SURGERY BY THE SEA":                       "The Surgery by the Sea",
		"UNIVERSITY HOSPITALS OF NORTH MIDLANDS":       "University Hospitals of North Midlands",
		"STOKE-ON-TRENT PCN":                           "Stoke-on-Trent PCN",
		"WESTON-SUPER-MARE CLINIC":                     "Weston-super-Mare Clinic",
		"NEWCASTLE UPON TYNE HOSPITALS":                "Newcastle upon Tyne Hospitals",
		"A&E AT CITY HOSPITAL":                         "A&E at City Hospital",
		"MSK CLINIC (ON CALL)":                         "MSK Clinic (On Call)",
		"SPIRE HEALTHCARE LTD":                         "Spire Healthcare Ltd",
		"BUPA CROMWELL II":                             "BUPA Cromwell II",
		"BCPFT":                                        "BCPFT",
		"CWM TAF":                                      "Cwm Taf",
		"YSBYTY'R BRENIN":                              "Ysbyty'r Brenin",
		"ÉCOLE SURGERY":                                "École Surgery",
		"THE NORTH MIDLANDS AND EAST PROGRAMME FOR IT": "The North Midlands and East Programme for IT",
		"ONE STOP CLINIC SIGN ON":                      "One Stop Clinic Sign On",
		"Written with Care by the NHS":                 "Written with Care by the NHS",
		"the surgery":                                  "the surgery",
		"":                                             "",
		"123":                                          "123",
		"- ( ) &":                                      "- ( ) &",
		"OF":                                           "Of",
		"NORTH WEST LONDON ICB/WEST":                   "North West London ICB/West",
		"CARE UK (SOUTH-EAST) NHS TREATMENT CENTRE, SW1": "Care UK (South-East) NHS Treatment Centre, SW1",
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, want, DisplayName(name)) })
	}
}

// FuzzDisplayName: a name comes from outside.
func FuzzDisplayName(f *testing.F) {
	for _, seed := range []string{"NORTHMOOR GP SURGERY", "O'B", "'", "MC", "\xff A", "ŐǄ", "ﬁ ST"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		display := DisplayName(name)
		if !utf8.ValidString(name) {
			return
		}
		require.True(t, utf8.ValidString(display))
		require.Equal(t, utf8.RuneCountInString(name), utf8.RuneCountInString(display))
	})
}
