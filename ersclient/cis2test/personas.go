package cis2test

import (
	"fmt"
	"slices"
)

// The IDs of the default personas.
const (
	// GP has one role.
	GP = "gp"
	// ManyRoles has five functions in one organisation.
	ManyRoles = "many-roles"
	// Admin is a service provider clinician admin, who acts for one of several clinicians.
	Admin = "spca"
	// Consultant works in forty organisations, and signs in at level AAL2.
	Consultant = "consultant"
	// NoRoles may sign in and has no role in e-RS.
	NoRoles = "no-roles"
	// NotRegistered has no role at CIS2: the sign-in ends in the browser.
	NotRegistered = "not-registered"
	// LowLevel signs in with a password alone: the sign-in ends in the browser.
	LowLevel = "low-level"
	// Cancel is no persona: the user gives up on the page.
	Cancel = "cancel"
)

// Persona is a person known to the stand-in.
type Persona struct {
	// ID picks the persona.
	ID string `json:"id"`
	// About is what the page says of the persona.
	About string `json:"about,omitempty"`
	// Identifier is the 12-digit national id.
	Identifier string `json:"identifier"`
	GivenName  string `json:"givenName"`
	FamilyName string `json:"familyName"`
	// Level is the authenticator assurance level of the sign-in: 1, 2 or 3.
	Level int `json:"level"`
	// Unproven persons have too low an identity level for e-RS.
	Unproven bool `json:"unproven,omitempty"`
	// NotRegistered persons have no role at CIS2.
	NotRegistered bool `json:"notRegistered,omitempty"`
	// Organisations are those with functions in e-RS.
	Organisations []Organisation `json:"organisations"`
	// OnBehalfOf are the 12-digit ids of the clinicians that the person may act for.
	OnBehalfOf []string `json:"onBehalfOf,omitempty"`
	// Unnamed leaves all names, of the person and of organisations, out of userinfo.
	Unnamed bool `json:"unnamed,omitempty"`
}

// Organisation is one that a persona works for.
type Organisation struct {
	// Code is the ODS code.
	Code string `json:"code"`
	Name string `json:"name"`
	// Functions are the business functions.
	Functions []string `json:"functions"`
}

// DefaultPersonas returns the personas that every Server knows.
func DefaultPersonas() []Persona {
	return []Persona{
		{
			ID: GP, About: "one role", Identifier: "555020964101", GivenName: "Sally", FamilyName: "Assurance-Doctor", Level: 3,
			Organisations: []Organisation{{"R01", "NHST_X3", []string{"REFERRING_CLINICIAN"}}},
		},
		{
			ID: ManyRoles, About: "five roles", Identifier: "555020964105", GivenName: "Meera", FamilyName: "Manyroles", Level: 3,
			Organisations: []Organisation{{"R01", "NHST_X3", []string{
				"REFERRING_CLINICIAN", "REFERRING_CLINICIAN_ADMIN", "SERVICE_DEFINER",
				"SERVICE_PROVIDER_CLINICIAN", "SERVICE_PROVIDER_ADMIN",
			}}},
		},
		{
			ID: Admin, About: "acts for 24 clinicians", Identifier: "555020964104", GivenName: "Owen", FamilyName: "Adminton", Level: 3,
			Organisations: []Organisation{
				{"RX001", "Made-up Hospital 1", []string{"SERVICE_PROVIDER_CLINICIAN_ADMIN", "SERVICE_PROVIDER_ADMIN"}},
				{"RX002", "Made-up Hospital 2", []string{"SERVICE_PROVIDER_CLINICIAN_ADMIN"}},
			},
			OnBehalfOf: clinicians(24),
		},
		consultant(40),
		{ID: NoRoles, About: "no role in e-RS", Identifier: "555020964103", GivenName: "New", FamilyName: "Starter", Level: 3},
		{
			ID: NotRegistered, About: "not registered, the sign-in ends in the browser", Identifier: "555020964106",
			GivenName: "Nora", FamilyName: "Notyet", Level: 3, NotRegistered: true,
		},
		{
			ID: LowLevel, About: "password alone, the sign-in ends in the browser", Identifier: "555020964107",
			GivenName: "Peter", FamilyName: "Password", Level: 1,
			Organisations: []Organisation{{"R01", "NHST_X3", []string{"REFERRING_ADMIN"}}},
		},
	}
}

func consultant(organisations int) Persona {
	made := Persona{
		ID: Consultant, About: fmt.Sprintf("two roles in each of %d organisations", organisations), Identifier: "555020964102",
		GivenName: "Priya", FamilyName: "Consultant", Level: 2,
	}
	for i := range organisations {
		made.Organisations = append(made.Organisations, Organisation{
			fmt.Sprintf("RX%03d", i+1), fmt.Sprintf("Made-up Hospital %d", i+1),
			[]string{"SERVICE_PROVIDER_CLINICIAN", "BOOKING_MANAGER"},
		})
	}
	return made
}

func clinicians(number int) []string {
	var made []string
	for i := range number {
		made = append(made, fmt.Sprintf("5550209645%02d", i+1))
	}
	return made
}

// Name returns the name as userinfo has it.
func (p Persona) Name() string { return p.GivenName + " " + p.FamilyName }

// Persona returns the persona of an ID.
func (s *Server) Persona(id string) (Persona, bool) {
	i := slices.IndexFunc(s.personas, func(p Persona) bool { return p.ID == id })
	if i < 0 {
		return Persona{}, false
	}
	return s.personas[i], true
}

func (s *Server) addPersona(persona Persona) {
	s.personas = append(slices.DeleteFunc(s.personas, func(p Persona) bool { return p.ID == persona.ID }), persona)
}
