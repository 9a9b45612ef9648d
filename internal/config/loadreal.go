package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ers-login/ers-login/internal/problem"
)

// maxPEM bounds what is read of a certificate's file to look for a key in it.
const maxPEM = 1 << 20

// PKCS12 reports whether the certificate is a PKCS#12 file, which its name says: .p12 or .pfx.
func (c Config) PKCS12() bool {
	switch strings.ToLower(filepath.Ext(c.Certificate)) {
	case ".p12", ".pfx":
		return true
	}
	return false
}

// LoadReal is [Load] and [Config.RequireReal] in one. The error has the Problems of both, those of
// RequireReal only as far as they are known, and the other Warnings as Discarded. What others than
// the user can see of a private key is among the Warnings.
func LoadReal(sources Sources) (Config, error) {
	c, err := Load(sources)
	_, notices := c.judgeKey(Settings())
	c.Warnings = slices.Concat(c.Warnings, notices)
	switch {
	case err == nil:
		err = c.RequireReal()
	case c.barred == LayerDefault && !errors.Is(err, noFile):
		// What is in a layer or file that cannot be read would be called missing.
		err = withNeeded(err, c.RequireReal())
	}
	for _, untrusted := range c.distrust(Settings()) {
		c.barred = max(c.barred, c.origins[untrusted.Args["Setting"]].Layer)
	}
	var invalid *Invalid
	if errors.As(err, &invalid) {
		invalid.Discarded = c.discarded(invalid.Problems)
		// The default of a refused address is another e-RS, which must be neither named nor asked.
		for key, address := range map[string]*string{"fhir_base_url": &c.FHIRBaseURL, "oauth_url": &c.OAuthURL} {
			if invalid.isAbout(key) {
				*address = ""
			}
		}
	}
	return c, err
}

// discarded returns the Warnings that are none of the Problems: first the platform's, which decides
// what else is needed.
func (c Config) discarded(reported []*problem.Problem) []*problem.Problem {
	rest := slices.DeleteFunc(slices.Clone(c.Warnings), func(w *problem.Problem) bool { return slices.Contains(reported, w) })
	if i := slices.IndexFunc(rest, func(w *problem.Problem) bool { return IsAbout(w, "platform") }); i > 0 {
		platform := rest[i]
		rest = slices.Insert(slices.Delete(rest, i, i+1), 0, platform)
	}
	return rest
}

// withNeeded returns the Problems of Load with those of RequireReal, so that they do not take a start
// each: without consequences of the former, which are about the same setting or one in its place, or
// come from a platform that was not chosen.
func withNeeded(err, needed error) error {
	var loaded, further *Invalid
	if !errors.As(err, &loaded) || !errors.As(needed, &further) || loaded.isAbout("platform") {
		return err
	}
	made := &Invalid{Problems: slices.Clone(loaded.Problems)}
	for _, p := range further.Problems {
		var at *settingError
		if !errors.As(p, &at) || !loaded.isAbout(at.key) && !loaded.isAbout(lookup(Settings(), at.key).Instead) {
			made.Problems = append(made.Problems, p)
		}
	}
	return made
}

// RequireReal returns, as an *[Invalid], what a real sign-in on the used platform still needs: base
// URL, ASID, one certificate and its key, or else the client id; and that every file named by a
// setting can be read and is trusted (see [TrustPath]). The demonstration needs none of it. A
// user's settings file that was left out comes first: it most likely has what is missing.
func (c Config) RequireReal() error {
	table := Settings()
	var found findings
	hasKey, pem := c.certificateBlocks()
	for _, setting := range table {
		switch {
		case !setting.IsFor(c.UsedPlatform()):
		case setting.of(c) != "":
			c.requireFile(setting, &found)
		case setting.Key == "key" && pem && !hasKey:
			found.add(c.missing(setting, "the certificate is a PEM file without a private key in it"))
		case setting.Key == "agent_command" && c.lacksCommand():
			found.add(c.missing(setting, "the agent is a command, and no command is named"))
		case setting.Required && lookup(table, setting.Instead).of(c) == "":
			found.add(c.missing(setting, ""))
		}
	}
	if c.UsedPlatform() == PlatformHSCN && c.Certificate != "" && c.CertificateThumbprint != "" {
		found.add(twoCertificates.WithPhrase("Origin", c.Origin("certificate").Phrase()).
			WithPhrase("Other", c.Origin("certificate_thumbprint").Phrase()))
	}
	refused, _ := c.judgeKey(table)
	found.problems = slices.Concat(found.problems, c.distrust(table), refused)
	leftOut := slices.IndexFunc(c.Warnings, func(w *problem.Problem) bool { return errors.Is(w, noFile) })
	if leftOut >= 0 && len(found.problems) > 0 {
		found.problems = slices.Insert(found.problems, 0, c.Warnings[leftOut])
	}
	return found.err()
}

var twoCertificates = &problem.Problem{
	Code:  "SETTING-CERTIFICATE",
	Title: "There are two certificates to choose from",
	Happened: "Both certificate ({{.Origin}}) and certificate_thumbprint ({{.Other}}) are set. " +
		"Only one can be.",
	ServiceDesk: []string{
		"Keep certificate_thumbprint if the certificate is in the Windows certificate " +
			"store, or certificate if it is in a file. Remove the other.",
		stepAgain,
	},
}

// missing is the Problem of a setting without a value, or that of an unusable value of it, or of the one
// that could stand in its place, if there was one. The reason may be empty.
func (c Config) missing(setting Setting, reason string) *problem.Problem {
	wrong := func(w *problem.Problem) bool { return IsAbout(w, setting.Key) || IsAbout(w, setting.Instead) }
	if i := slices.IndexFunc(c.Warnings, wrong); i >= 0 {
		return c.Warnings[i]
	}
	made := &problem.Problem{
		Code:     code(setting),
		Title:    "e-RS Login is not set up on this computer",
		Happened: "The setting {{.Setting}} is missing.",
		ServiceDesk: []string{
			setting.Remedy,
			"Write it into the settings file {{.File}} as {{.Setting}}, or set the environment " +
				"variable {{.Variable}}.",
			stepAgain,
		},
	}
	cause := fmt.Errorf("%s %w", setting.Key, ErrNotSet)
	if reason != "" {
		made.Happened = "The setting {{.Setting}} is missing: {{.Reason}}."
		cause = fmt.Errorf("%s is not set: %s", setting.Key, reason)
	}
	if setting.Instead != "" && lookup(Settings(), setting.Instead).Only == c.system {
		made = made.With("Instead", setting.Instead)
		made.ServiceDesk = slices.Insert(made.ServiceDesk, 1,
			"If the certificate is in the Windows certificate store, set {{.Instead}} to its "+
				"thumbprint instead.")
	}
	return made.With("Setting", setting.Key).With("Variable", setting.Environment).With("File", c.file).With("Reason", reason).
		Because(&settingError{setting.Key, cause})
}

// requireFile records why the file that a setting names cannot be read.
func (c Config) requireFile(setting Setting, found *findings) {
	switch {
	case setting.Kind != KindPath, setting.Key == "key" && c.Certificate == "", setting.Key == "passphrase_file" && !c.PKCS12():
		return
	case setting.namesSecret():
		_, err := c.readSecretOf(setting.Key)
		found.add(err)
		return
	}
	file, err := openRegular(setting.of(c))
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		// Where a path is wanted, something else may have been pasted.
		reason := fmt.Errorf("the file that it names could not be opened: %w", bare(err))
		found.add(unusable(setting, c.Origin(setting.Key), reason))
	}
}

// certificateBlocks reports whether the certificate's file has a private key in it, and whether it is
// in PEM at all. One that cannot be read has a Problem of its own. Windows writes UTF-16, too, which
// is ASCII without its zeros. A file that is not used is not opened: it may be on a dead network share.
func (c Config) certificateBlocks() (key, pem bool) {
	if c.UsedPlatform() != PlatformHSCN || c.Certificate == "" || c.PKCS12() {
		return false, false
	}
	content, err := readTrusted(c.Certificate, maxPEM, nil)
	content = bytes.ReplaceAll(content, []byte{0}, nil)
	return err == nil && bytes.Contains(content, []byte("PRIVATE KEY-----")), err == nil && bytes.Contains(content, []byte("-----BEGIN "))
}

// bare takes the paths out of an error of the file system.
func bare(err error) error {
	var between *os.LinkError
	if errors.As(err, &between) {
		return between.Err
	}
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
