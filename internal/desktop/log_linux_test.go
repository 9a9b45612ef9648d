package desktop

import (
	"io"
	"testing"

	"github.com/sirupsen/logrus"
)

// testLog is a log that is not kept.
func testLog(*testing.T) *logrus.Logger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return log
}
