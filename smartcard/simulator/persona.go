package simulator

import (
	"strings"

	"github.com/ers-login/ers-login/smartcard"
)

// Persona is a user with a smartcard: identity, permissions in e-RS, and how the sign-in ends.
type Persona struct {
	// Key names the persona in settings and tests, such as "gp".
	Key string
	// Title is its text in a menu.
	Title string
	// Identifier is the 12-digit national id.
	Identifier string
	FirstName  string
	MiddleName string
	LastName   string
	// Permissions are what a stand-in for e-RS returns from A001 for this user.
	Permissions []Permission
	// Refusal is the outcome of the passcode prompt, such as PIN_BLOCKED; Success means a ticket.
	Refusal smartcard.Code
	// TicketExpired makes the stand-in for e-RS refuse this user's tickets (403 to A001).
	TicketExpired bool
}

// Permission is a pair of organisation and business function, in the words of e-RS.
type Permission struct {
	BusinessFunction string
	// OrgIdentifier is the organisation's ODS code.
	OrgIdentifier string
	OrgName       string
}

// Personas returns the personas of the demonstration, in the order of its menu. All are invented
// but the GP, who is the user of the published A001 example.
func Personas() []Persona {
	return []Persona{
		{
			Key: "gp", Title: "GP with five roles",
			Identifier: "555020964101", FirstName: "SA Assurance", LastName: "GP-Card",
			Permissions: permissions("R01", "NHST_X3",
				"REFERRING_CLINICIAN REFERRING_CLINICIAN_ADMIN SERVICE_DEFINER SERVICE_PROVIDER_CLINICIAN "+
					"SERVICE_PROVIDER_CLINICIAN_ADMIN"),
		},
		{
			Key: "consultant", Title: "Consultant with 40 organisations",
			Identifier: "555020964119", FirstName: "Meredith", MiddleName: "Anne", LastName: "Okonkwo-Hale",
			Permissions: consultantPermissions(),
		},
		{
			Key: "no-roles", Title: "No roles",
			Identifier: "555020964127", FirstName: "Tobias", LastName: "Lindqvist",
		},
		{
			Key: "blocked", Title: "Blocked passcode",
			Identifier: "555020964135", FirstName: "Nerys", LastName: "Prydderch",
			Permissions: permissions("D99106", "Millbrook Lane Surgery", "REFERRING_CLINICIAN REFERRING_ADMIN"),
			Refusal:     smartcard.PINBlocked,
		},
		{
			Key: "expired", Title: "Expired ticket",
			Identifier: "555020964143", FirstName: "Imran", MiddleName: "Yusuf", LastName: "Castellane",
			Permissions:   permissions("D99106", "Millbrook Lane Surgery", "REFERRING_CLINICIAN REFERRING_ADMIN"),
			TicketExpired: true,
		},
	}
}

// PersonaByKey returns the persona of the demonstration with that Key.
func PersonaByKey(key string) (Persona, bool) {
	for _, persona := range Personas() {
		if persona.Key == key {
			return persona, true
		}
	}
	return Persona{}, false
}

// permissions pairs one organisation with each of the space-separated functions.
func permissions(orgIdentifier, orgName, functions string) []Permission {
	var made []Permission
	for function := range strings.FieldsSeq(functions) {
		made = append(made, Permission{BusinessFunction: function, OrgIdentifier: orgIdentifier, OrgName: orgName})
	}
	return made
}

// A consultant's business functions.
const (
	clinics    = "SERVICE_PROVIDER_CLINICIAN SERVICE_PROVIDER_CLINICIAN_ADMIN"
	department = clinics + " SERVICE_PROVIDER_ADMIN BOOKING_MANAGER"
	lead       = department + " SERVICE_DEFINER INFORMATION_ANALYST"
	both       = "REFERRING_CLINICIAN " + clinics
	advice     = "SERVICE_PROVIDER_CLINICIAN ADDITIONAL_REQUIREMENTS_MANAGER REFERRER_RIGHTS_MANAGER"
)

func consultantPermissions() []Permission {
	organisations := []struct{ identifier, name, functions string }{
		{"RZ1", "Northmoor University Hospitals NHS Foundation Trust", lead},
		{"RZ101", "Northmoor Royal Infirmary", department},
		{"RZ102", "Northmoor Children's Hospital", department},
		{"RZ103", "Ellerby Eye Hospital", clinics},
		{"RZ104", "Saltholme Dental Hospital", clinics},
		{"RZ105", "Northmoor Outpatients at Corn Exchange", both},
		{"RZ2", "Wetherdale and Ashby NHS Trust", lead},
		{"RZ201", "Wetherdale General Hospital", department},
		{"RZ202", "Ashby St Mary Hospital", department},
		{"RZ203", "Harrowgill Community Hospital", clinics},
		{"RZ204", "Wetherdale Diagnostic Centre", clinics},
		{"RZ3", "East Fenland Hospitals NHS Foundation Trust", department},
		{"RZ301", "Fenland County Hospital", both},
		{"RZ302", "Thornley Cottage Hospital", clinics},
		{"RZ303", "Marsh End Treatment Centre", clinics},
		{"RZ4", "Severn Bank Teaching Hospitals NHS Trust", department},
		{"RZ401", "Queen Adelaide Hospital, Severn Bank", both},
		{"RZ402", "Priory Park Hospital", clinics},
		{"RZ403", "Severn Bank Hospital for Rheumatic Diseases", advice},
		{"RZ5", "Coastal Mercia Partnership NHS Foundation Trust", department},
		{"RZ501", "Gullhaven Community Hospital", clinics},
		{"RZ502", "Lighthouse Road Health Centre", clinics},
		{"RZ503", "Mercia Memory Assessment Service", advice},
		{"RZ6", "Kingsmere Integrated Care NHS Trust", lead},
		{"RZ601", "Kingsmere District Hospital", department},
		{"RZ602", "Kingsmere Urgent Treatment Centre", clinics},
		{"RZ603", "Oakhanger Community Hospital", both},
		{"RZ7", "Pennine Vale Care NHS Foundation Trust", department},
		{"RZ701", "Pennine Vale Hospital", both},
		{"RZ702", "Cragside Musculoskeletal Interface Service", advice},
		{"RZ703", "Cragside Pain Management Service", advice},
		{"RZ8", "South Downland Hospitals NHS Trust", department},
		{"RZ801", "St Wilfrid's Hospital, Downland", both},
		{"RZ802", "Chalkhill Surgical Hub", clinics},
		{"NZ901", "Larkfield Independent Hospital", clinics},
		{"NZ902", "Beaumont Grove Clinic", clinics},
		{"NZ903", "The Elms Day Surgery Unit", clinics},
		{"Y99801", "Mid Mercia Referral Management Centre", "REFERRING_CLINICIAN REFERRING_ADMIN BMS_ADMIN"},
		{"Y99802", "Mercia Cardiology Advice and Guidance Hub", advice},
		{"Y99803", "Northmoor Community Dermatology Service", both},
	}
	var made []Permission
	for _, organisation := range organisations {
		made = append(made, permissions(organisation.identifier, organisation.name, organisation.functions)...)
	}
	return made
}
