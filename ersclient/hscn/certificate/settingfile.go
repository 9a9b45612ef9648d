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
