//go:build !windows

package certstore

import (
	"crypto/tls"
	"testing"

	"github.com/stretchr/testify/require"
)

// Settings are copied between computers: without such a store the user gets the alternative.
func TestOnWindowsOnly(t *testing.T) {
	certificate, err := Load("0123456789012345678901234567890123456789")
	require.Equal(t, "CERT-WINDOWS_ONLY", problemOf(t, err).Code)
	require.Equal(t, tls.Certificate{}, certificate)
}
