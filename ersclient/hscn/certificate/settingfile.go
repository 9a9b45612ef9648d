package certificate

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

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
	data, err := readBounded(s.path)
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

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // G304: reading the file that a setting names is the purpose
	if err != nil {
		return nil, err
	}
	// The file was only read.
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, maxSettingFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxSettingFile {
		return nil, fmt.Errorf("%s is longer than %d bytes", path, maxSettingFile)
	}
	return data, nil
}
