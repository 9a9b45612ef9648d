package ersclient

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/ers-login/ers-login/internal/problem"
)

// maxSettingFile bounds what is read of a certificate, key or bundle. The bundles of whole operating systems have 200 KB.
const maxSettingFile = 10 << 20

// settingFile is a file that a setting names.
type settingFile struct {
	// kind begins the codes of its Problems: CERT or CA.
	kind string
	// setting is the name of the setting, and path what it says.
	setting, path string
}

// read returns the file's content.
func (s settingFile) read() ([]byte, error) {
	data, err := readBounded(s.path)
	if err == nil {
		return data, nil
	}
	made := *fileUnreadable
	if errors.Is(err, fs.ErrNotExist) {
		made = *fileMissing
	}
	made.Code = s.kind + made.Code
	return nil, s.problem(&made, err)
}

func (s settingFile) problem(template *problem.Problem, cause error) *problem.Problem {
	return template.With("Setting", s.setting).With("File", s.path).Because(cause)
}

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // G304: reading the file that a setting names is the purpose
	if err != nil {
		return nil, err
	}
	// It was only read.
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

// The codes of these two are completed by the kind of file.
var (
	fileMissing = &problem.Problem{
		Code:     "-MISSING",
		Title:    "A certificate file is missing",
		Happened: "The setting {{.Setting}} names {{.File}}, and there is no such file.",
		Steps:    []string{"Ask your local service desk to correct {{.Setting}}, or to put the file there."},
	}
	fileUnreadable = &problem.Problem{
		Code:     "-UNREADABLE",
		Title:    "A certificate file could not be read",
		Happened: "The setting {{.Setting}} names {{.File}}, and this program is not able to read it.",
		Steps:    []string{"Ask your local service desk to check that {{.File}} is a file which you are allowed to read."},
	}
)
