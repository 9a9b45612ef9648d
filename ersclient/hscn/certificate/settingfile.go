package certificate

import (
	"errors"
	"io/fs"

	"github.com/ers-login/ers-login/internal/bounded"
	"github.com/ers-login/ers-login/internal/problem"
)

// maxSettingFile bounds, in bytes, a certificate, key or bundle file. Operating systems' bundles
// have 200 KB.
const maxSettingFile = 10 << 20

// settingFile is a file that a setting names.
type settingFile struct {
	// kind is what the file is expected to hold.
	kind *fileKind
	// setting is the setting's name, path its value.
	setting, path string
}

// fileKind is a kind of file: a certificate or its key, or a bundle of authorities.
type fileKind struct{ missing, unreadable *problem.Problem }

// read returns the file's content.
func (s settingFile) read() ([]byte, error) {
	data, err := bounded.ReadFile(s.path, maxSettingFile)
	if err == nil {
		return data, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.problem(s.kind.missing, err)
	}
	return nil, s.problem(s.kind.unreadable, err)
}

func (s settingFile) problem(template *problem.Problem, cause error) *problem.Problem {
	return template.With("Setting", s.setting).With("File", s.path).Because(cause)
}

// The texts for both kinds of file.
const (
	titleMissing       = "A certificate file is missing"
	happenedMissing    = "The setting {{.Setting}} names {{.File}}, and there is no such file."
	deskMissing        = "Correct {{.Setting}}, or put the file there."
	titleUnreadable    = "A certificate file could not be read"
	happenedUnreadable = "The setting {{.Setting}} names {{.File}}, and e-RS Login cannot read it."
	deskUnreadable     = "Make sure that {{.File}} is a file that this user is allowed to read."
)

var (
	certificateFile = &fileKind{
		&problem.Problem{
			Code: "CERT-MISSING", Title: titleMissing, Happened: happenedMissing,
			Steps: []string{stepFixCertificate}, ServiceDesk: []string{deskMissing},
		},
		&problem.Problem{
			Code: "CERT-UNREADABLE", Title: titleUnreadable, Happened: happenedUnreadable,
			Steps: []string{stepFixCertificate}, ServiceDesk: []string{deskUnreadable},
		},
	}
	bundleFile = &fileKind{
		&problem.Problem{
			Code: "CA-MISSING", Title: titleMissing, Happened: happenedMissing,
			Steps: []string{stepFixCertificate}, ServiceDesk: []string{deskMissing},
		},
		&problem.Problem{
			Code: "CA-UNREADABLE", Title: titleUnreadable, Happened: happenedUnreadable,
			Steps: []string{stepFixCertificate}, ServiceDesk: []string{deskUnreadable},
		},
	}
)
