package simulator

import (
	"crypto/rand"
	"encoding/base64"

	"github.com/ers-login/ers-login/ersclient"
)

// issue returns a new ticket that looks like a real one: the published example decodes to 35 bytes
// with this beginning and this mark at the end.
func issue() ersclient.Ticket {
	body := make([]byte, 35)
	_, _ = rand.Read(body) // it never fails: crypto/rand ends the program first
	body[0], body[1], body[2], body[3] = 0x01, 0x02, 0x02, 0xe7
	body[4] &= 0x0f
	return ersclient.NewTicket(base64.StdEncoding.EncodeToString(body) + "@AAJTSQACMDE=#")
}
