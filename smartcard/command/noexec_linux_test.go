package command_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard/command"
)

// noexecProgram is the variable that names a program on a drive from which none may be run.
const noexecProgram = "ERSLOGIN_TEST_NOEXEC"

// A home folder that is mounted noexec is common, and the mode of a script there looks right.
func TestAProgramOnADriveWithoutPrograms(t *testing.T) {
	if program := os.Getenv(noexecProgram); program != "" {
		agent, err := command.New([]string{program})
		require.NoError(t, err)
		_, err = agent.TicketNoAuth(t.Context())
		p := problem.Of(err)
		assert.Equal(t, "CARD-AGENT_COMMAND_START", p.Code)
		assert.Contains(t, p.Expand(p.Happened), "a drive from which no program may be run")
		return
	}
	// A private mount, which ends with the process.
	namespace := "-rm"
	if os.Geteuid() == 0 {
		namespace = "-m"
	}
	const mounts = `mount -t tmpfs -o noexec none "$1" && echo '#!/bin/sh' >"$1/agent" && chmod 755 "$1/agent" && ` + noexecProgram +
		`="$1/agent" exec "$2" -test.run='^TestAProgramOnADriveWithoutPrograms$' -test.v`
	output, err := exec.CommandContext(t.Context(), "unshare", namespace, "sh", "-c", mounts, "sh", t.TempDir(), os.Args[0]).CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.Contains(t, string(output), "--- PASS")
}
