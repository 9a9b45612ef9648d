package erstest

import "fmt"

// The default users' tickets. The first is the published example's.
const (
	TicketGP         = "AQIC5wM2LY4Sfcyw62EbAOsRpdfbGYUOyvkfZ4M6U7W52lM=@AAJTSQACMDE=#"
	TicketConsultant = "AQIC5wM2LY4SfcxConsultantWithManyOrganisations0000=@AAJTSQACMDE=#"
	TicketNoRoles    = "AQIC5wM2LY4SfcxUserWithoutAnyRoleInERS000000000000=@AAJTSQACMDE=#"
)

// User is a person known to the stand-in.
type User struct {
	// Identifier is the 12-digit national id.
	Identifier string `json:"identifier"`
	FirstName  string `json:"firstName"`
	// MiddleName is sent as null if empty.
	MiddleName string `json:"middleName"`
	LastName   string `json:"lastName"`
	// Roles are those that A002 accepts for the user.
	Roles []Role `json:"roles"`
}

// Role is a pair of organisation (ODS code) and business function. It is separate from the client's
// type, so that a mistake there does not also change the server that tests it.
type Role struct {
	BusinessFunction string `json:"businessFunction"`
	OrgIdentifier    string `json:"orgIdentifier"`
	OrgName          string `json:"orgName"`
}

// same reports whether two roles select the same. Names do not count.
func (r Role) same(other Role) bool {
	return r.BusinessFunction == other.BusinessFunction && r.OrgIdentifier == other.OrgIdentifier
}

// DefaultUsers returns the users that every Server knows, by ticket.
func DefaultUsers() map[string]User {
	return map[string]User{TicketGP: GP(), TicketConsultant: Consultant(40), TicketNoRoles: NoRoles()}
}

// GP returns the person of the published examples, with five roles in one organisation.
func GP() User {
	user := User{Identifier: "555020964101", FirstName: "SA Assurance", LastName: "GP-Card"}
	for _, function := range []string{
		"REFERRING_CLINICIAN", "REFERRING_CLINICIAN_ADMIN", "SERVICE_DEFINER",
		"SERVICE_PROVIDER_CLINICIAN", "SERVICE_PROVIDER_CLINICIAN_ADMIN",
	} {
		user.Roles = append(user.Roles, Role{function, "R01", "NHST_X3"})
	}
	return user
}

// Consultant returns a person with two roles in each of many organisations.
func Consultant(organisations int) User {
	user := User{Identifier: "555020964102", FirstName: "Priya", MiddleName: "Anne", LastName: "Consultant-Card"}
	for i := range organisations {
		code, name := fmt.Sprintf("RX%03d", i+1), fmt.Sprintf("Made-up Hospital %d", i+1)
		user.Roles = append(user.Roles,
			Role{"SERVICE_PROVIDER_CLINICIAN", code, name}, Role{"BOOKING_MANAGER", code, name})
	}
	return user
}

// NoRoles returns a person who may sign in and has no role to select.
func NoRoles() User {
	return User{Identifier: "555020964103", FirstName: "New", LastName: "Starter-Card"}
}
