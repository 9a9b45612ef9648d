package certificate_test

import (
	"crypto/tls"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
)

// tools runs the programs that make organisations' files: openssl, Java's keytool with and without
// BouncyCastle, and Firefox's pk12util.
type tools struct {
	*testing.T
	folder string
}

// run runs a command line, split at blanks, in the folder. The passphrases are invented.
func (t tools) run(line string) {
	t.Helper()
	said, err := t.command(line).CombinedOutput()
	require.NoError(t, err, "%s: %s", line, said)
}

func (t tools) command(line string) *exec.Cmd {
	words := strings.Fields(line)
	command := exec.CommandContext(t.Context(), words[0], words[1:]...)
	command.Dir = t.folder
	return command
}

func (t tools) path(name string) string { return filepath.Join(t.folder, name) }

func (t tools) remove(name string) { require.NoError(t, os.Remove(t.path(name))) }

const (
	org        = "gp.surgery.example"
	fromBC     = " -providerpath /usr/share/java/bcprov.jar -provider org.bouncycastle.jce.provider.BouncyCastleProvider -destprovidername BC"
	importFrom = "keytool -importkeystore -noprompt -srckeystore chain.p12 -srcstorepass tool+words -deststoretype PKCS12 -deststorepass tool+words"
)

// newTools makes keys of three kinds, each with a certificate signed by an authority.
func newTools(test *testing.T) tools {
	t := tools{test, test.TempDir()}
	t.run("openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=sub -addext keyUsage=keyCertSign")
	for kind, how := range map[string]string{
		"rsa": "RSA -pkeyopt rsa_keygen_bits:2048", "ec": "EC -pkeyopt ec_paramgen_curve:P-256", "ed": "ED25519",
	} {
		t.run("openssl genpkey -out " + kind + ".key -algorithm " + how)
		t.run("openssl req -new -key " + kind + ".key -out " + kind + ".csr -subj /CN=" + org)
		t.run("openssl x509 -req -in " + kind + ".csr -CA ca.pem -CAkey ca.key -days 2 -out " + kind + ".pem")
	}
	t.run("openssl pkcs12 -export -inkey rsa.key -in rsa.pem -certfile ca.pem -name ours -out chain.p12 -passout pass:tool+words")
	return t
}

// Every file that these programs make is read, or converted by the commands that the Problem names.
func TestFilesOfTheToolsOfOrganisations(test *testing.T) {
	t := newTools(test)
	type outcome struct {
		passphrase string
		code       string
		chain      int
	}
	good, wrong := outcome{"tool+words", "", 2}, outcome{"other+words", "CERT-PASSPHRASE", 0}
	// form is that of a file which has to be converted.
	form := outcome{"tool+words", "CERT-PKCS12_ENCRYPTION", 2}
	// lone is the outcome without the authority.
	lone := outcome{"tool+words", "", 1}
	const export = "openssl pkcs12 -export -inkey rsa.key -in rsa.pem -certfile ca.pem -passout pass:tool+words -out out.p12 "
	for name, one := range map[string]struct {
		how []string
		outcome
	}{
		"openssl, its default":        {[]string{export}, good},
		"openssl, wrong passphrase":   {[]string{export}, wrong},
		"openssl -legacy":             {[]string{export + "-legacy"}, good},
		"openssl -legacy, wrong":      {[]string{export + "-legacy"}, wrong},
		"openssl -nomac":              {[]string{export + "-nomac"}, form},
		"openssl -nomac -legacy":      {[]string{export + "-nomac -legacy"}, form},
		"AES-128":                     {[]string{export + "-keypbe AES-128-CBC -certpbe AES-192-CBC"}, good},
		"3DES in PBES2":               {[]string{export + "-keypbe DES-EDE3-CBC -certpbe DES-EDE3-CBC"}, form},
		"3DES and RC2":                {[]string{export + "-legacy -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-RC2-40"}, good},
		"certificates in the clear":   {[]string{export + "-certpbe NONE"}, good},
		"all in the clear with a MAC": {[]string{export + "-certpbe NONE -keypbe NONE"}, good},
		"the same, wrong":             {[]string{export + "-certpbe NONE -keypbe NONE"}, wrong},
		"all in the clear":            {[]string{export + "-certpbe NONE -keypbe NONE -nomac"}, form},
		"a MAC of SHA-1":              {[]string{export + "-macalg SHA1"}, good},
		"a MAC of SHA-384":            {[]string{export + "-macalg SHA384"}, form},
		"a MAC of SHA-512":            {[]string{export + "-macalg SHA512"}, good},
		"600,000 rounds":              {[]string{export + "-iter 600000"}, good},
		"two kinds":                   {[]string{export + "-keypbe AES-256-CBC -certpbe PBE-SHA1-3DES"}, good},
		"the other two kinds":         {[]string{export + "-keypbe PBE-SHA1-3DES -certpbe AES-256-CBC"}, good},
		"a scheme that is not read":   {[]string{export + "-legacy -keypbe PBE-SHA1-RC4-128"}, form},
		"ARIA":                        {[]string{export + "-keypbe aria-256-cbc"}, form},
		"an empty passphrase": {[]string{
			"openssl pkcs12 -export -inkey rsa.key -in rsa.pem -certfile ca.pem -passout pass: -out out.p12",
		}, outcome{"", "", 2}},
		"an empty passphrase, -legacy": {[]string{
			"openssl pkcs12 -export -inkey rsa.key -in rsa.pem -certfile ca.pem -passout pass: -legacy -out out.p12",
		}, outcome{"", "", 2}},
		"a passphrase that was not given": {[]string{export}, outcome{"", "CERT-PASSPHRASE", 0}},
		"an emoji in the passphrase": {[]string{
			"openssl pkcs12 -export -inkey rsa.key -in rsa.pem -certfile ca.pem -passout pass:tool+words🔑 -out out.p12",
		}, outcome{"tool+words🔑", form.code, 2}},
		"an accent in the passphrase": {[]string{
			"openssl pkcs12 -export -inkey rsa.key -in rsa.pem -certfile ca.pem -passout pass:tool+wörds -out out.p12",
		}, outcome{"tool+wörds", "", 2}},
		"an EC key": {[]string{
			"openssl pkcs12 -export -inkey ec.key -in ec.pem -passout pass:tool+words -out out.p12",
		}, lone},
		"an Ed25519 key": {[]string{
			"openssl pkcs12 -export -inkey ed.key -in ed.pem -passout pass:tool+words -out out.p12",
		}, lone},
		"no key":               {[]string{"openssl pkcs12 -export -nokeys -in rsa.pem -passout pass:tool+words -out out.p12"}, outcome{"tool+words", "CERT-PKCS12", 0}},
		"keytool":              {[]string{importFrom + " -destkeystore out.p12"}, good},
		"keytool, wrong":       {[]string{importFrom + " -destkeystore out.p12"}, wrong},
		"keytool, the old way": {[]string{importFrom + " -destkeystore out.p12 -J-Dkeystore.pkcs12.legacy"}, good},
		"keytool without a MAC": {[]string{
			importFrom + " -destkeystore out.p12 -J-Dkeystore.pkcs12.macAlgorithm=NONE",
		}, form},
		"keytool, certificates in the clear": {[]string{
			importFrom + " -destkeystore out.p12 -J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE",
		}, good},
		"keytool with a root beside it": {[]string{
			importFrom + " -destkeystore out.p12",
			"keytool -importcert -noprompt -alias root -file ca.pem -keystore out.p12 -storepass tool+words",
		}, good},
		"keytool with a secret beside it": {[]string{
			importFrom + " -destkeystore out.p12",
			"keytool -genseckey -alias other -keyalg AES -keysize 128 -keystore out.p12 -storepass tool+words",
		}, good},
		"keytool, two keys": {[]string{
			importFrom + " -destkeystore out.p12",
			"keytool -genkeypair -alias other -keyalg RSA -dname CN=other -keystore out.p12 -storepass tool+words",
		}, outcome{"tool+words", "CERT-KEY_TWICE", 0}},
		"a keystore of old": {[]string{
			strings.Replace(importFrom, "-deststoretype PKCS12", "-deststoretype JKS", 1) + " -destkeystore out.p12",
		}, outcome{"tool+words", "CERT-PKCS12", 0}},
		"BouncyCastle, BER": {[]string{importFrom + " -destkeystore out.p12" + fromBC}, form},
		"BouncyCastle, all 3DES": {[]string{
			strings.Replace(importFrom, "-deststoretype PKCS12", "-deststoretype PKCS12-3DES-3DES", 1) + " -destkeystore out.p12" + fromBC,
		}, form},
		"BouncyCastle, DER": {[]string{
			strings.Replace(importFrom, "-deststoretype PKCS12", "-deststoretype PKCS12-DEF", 1) + " -destkeystore out.p12" + fromBC,
		}, form},
		"Firefox": {firefox(""), form},
		"Firefox, AES-128 and no certificate cipher": {firefox(" -c AES-128-CBC -C none"), form},
	} {
		test.Run(name, func(test *testing.T) {
			inside := tools{test, t.folder}
			for _, line := range one.how {
				inside.run(line)
			}
			defer inside.remove("out.p12")
			loaded, err := certificate.Load(certificate.Files{
				PKCS12: t.path("out.p12"), Passphrase: secret.New(one.passphrase),
			})
			if one.code != "" {
				found := clienttest.ProblemOf(test, one.code, err)
				assert.NotContains(test, err.Error(), "+words")
				if one.code != form.code {
					return
				}
				loaded, err = inside.converted(found, one.passphrase)
			}
			require.NoError(test, err)
			require.Equal(test, org, certificate.CommonName(loaded))
			require.Len(test, loaded.Certificate, one.chain)
		})
	}
}

// converted runs the commands that a Problem names, which would ask for the passphrases, and loads
// what they make.
func (t tools) converted(found *problem.Problem, passphrase string) (tls.Certificate, error) {
	t.Helper()
	text := found.Expand(strings.Join(found.ServiceDesk, " "))
	commands := regexp.MustCompile(`openssl pkcs12 .*? -out \S+\.(pem|p12)`).FindAllString(strings.ReplaceAll(text, `"`, ""), -1)
	require.Len(t, commands, 2, text)
	require.Contains(t, text, "If openssl cannot open the file, add -legacy to the first command.")
	if t.command(commands[0]+" -passin pass:"+passphrase).Run() != nil {
		t.run(commands[0] + " -legacy -passin pass:" + passphrase)
	}
	t.run(commands[1] + " -passout pass:tool+words")
	return certificate.Load(certificate.Files{PKCS12: t.path("NEW.p12"), Passphrase: secret.New("tool+words")})
}

// firefox are the commands that put the key into Firefox's store and export it again.
func firefox(options string) []string {
	return []string{
		"rm -rf nss", "mkdir nss", "certutil -N -d nss --empty-password",
		"pk12util -i chain.p12 -d nss -W tool+words",
		"pk12util -o out.p12 -n ours -d nss -W tool+words" + options,
	}
}

// Keys in PEM with a passphrase, by each program's current and former defaults.
func TestEncryptedKeysOfOpenSSL(test *testing.T) {
	t := newTools(test)
	const pkcs8 = "openssl pkcs8 -topk8 -in rsa.key -out out.key -passout pass:tool+words "
	for name, one := range map[string]struct {
		how         string
		certificate string
		code        string // with the right passphrase
	}{
		"PKCS#8, the default":       {pkcs8, "rsa.pem", ""},
		"PKCS#8, AES-128":           {pkcs8 + "-v2 aes-128-cbc", "rsa.pem", ""},
		"PKCS#8, AES-192":           {pkcs8 + "-v2 aes-192-cbc", "rsa.pem", ""},
		"PKCS#8, 3DES":              {pkcs8 + "-v2 des3", "rsa.pem", ""},
		"PKCS#8, DES":               {pkcs8 + "-v2 des -provider legacy -provider default", "rsa.pem", "CERT-KEY_ENCRYPTED"},
		"PKCS#8, HMAC with SHA-1":   {pkcs8 + "-v2 aes256 -v2prf hmacWithSHA1", "rsa.pem", ""},
		"PKCS#8, HMAC with SHA-224": {pkcs8 + "-v2 aes256 -v2prf hmacWithSHA224", "rsa.pem", ""},
		"PKCS#8, HMAC with SHA-384": {pkcs8 + "-v2 aes256 -v2prf hmacWithSHA384", "rsa.pem", ""},
		"PKCS#8, HMAC with SHA-512": {pkcs8 + "-v2 aes256 -v2prf hmacWithSHA512", "rsa.pem", ""},
		"PKCS#8, scrypt":            {pkcs8 + "-scrypt", "rsa.pem", "CERT-KEY_ENCRYPTED"},
		"PKCS#8, scrypt with more":  {pkcs8 + "-scrypt -scrypt_N 8192 -scrypt_r 8 -scrypt_p 2", "rsa.pem", "CERT-KEY_ENCRYPTED"},
		"PKCS#8, PKCS#12's 3DES":    {pkcs8 + "-v1 PBE-SHA1-3DES", "rsa.pem", "CERT-KEY_ENCRYPTED"},
		"PKCS#8, PKCS#12's RC2":     {pkcs8 + "-v1 PBE-SHA1-RC2-128 -provider legacy -provider default", "rsa.pem", "CERT-KEY_ENCRYPTED"},
		"PKCS#8, MD5 and DES":       {pkcs8 + "-v1 PBE-MD5-DES -provider legacy -provider default", "rsa.pem", "CERT-KEY_ENCRYPTED"},
		"PKCS#8, SHA-1 and DES":     {pkcs8 + "-v1 PBE-SHA1-DES -provider legacy -provider default", "rsa.pem", "CERT-KEY_ENCRYPTED"},
		"PKCS#8, one that is not read": {
			pkcs8 + "-v1 PBE-SHA1-RC4-128 -provider legacy -provider default", "rsa.pem", "CERT-KEY_ENCRYPTED",
		},
		"PKCS#8, ARIA":        {pkcs8 + "-v2 aria-256-cbc", "rsa.pem", "CERT-KEY_ENCRYPTED"},
		"PKCS#8 in DER":       {pkcs8 + "-outform DER", "rsa.pem", ""},
		"PKCS#8, EC":          {"openssl pkcs8 -topk8 -in ec.key -out out.key -passout pass:tool+words", "ec.pem", ""},
		"PKCS#8, Ed25519":     {"openssl pkcs8 -topk8 -in ed.key -out out.key -passout pass:tool+words", "ed.pem", ""},
		"old form, 3DES":      {"openssl rsa -traditional -in rsa.key -des3 -out out.key -passout pass:tool+words", "rsa.pem", ""},
		"old form, DES":       {"openssl rsa -traditional -in rsa.key -des -provider legacy -provider default -out out.key -passout pass:tool+words", "rsa.pem", ""},
		"old form, AES-128":   {"openssl rsa -traditional -in rsa.key -aes128 -out out.key -passout pass:tool+words", "rsa.pem", ""},
		"old form, AES-256":   {"openssl rsa -traditional -in rsa.key -aes256 -out out.key -passout pass:tool+words", "rsa.pem", ""},
		"old form, EC":        {"openssl ec -in ec.key -aes256 -out out.key -passout pass:tool+words", "ec.pem", ""},
		"old form, not read":  {"openssl rsa -traditional -in rsa.key -camellia256 -out out.key -passout pass:tool+words", "rsa.pem", "CERT-KEY_ENCRYPTED"},
		"req's own (openssl)": {"openssl req -x509 -newkey rsa:2048 -keyout out.key -out own.pem -days 2 -subj /CN=" + org + " -passout pass:tool+words", "own.pem", ""},
	} {
		test.Run(name, func(test *testing.T) {
			inside := tools{test, t.folder}
			inside.run(one.how)
			defer inside.remove("out.key")
			load := func(passphrase string) error {
				_, err := certificate.Load(certificate.Files{
					Certificate: t.path(one.certificate), Key: t.path("out.key"), Passphrase: secret.New(passphrase),
				})
				return err
			}
			if one.code != "" {
				found := clienttest.ProblemOf(test, one.code, load("tool+words"))
				require.Contains(test, found.Expand(found.ServiceDesk[0]), "openssl pkcs8 -topk8 -v2 aes256 -in \""+t.path("out.key")+"\"")
				inside.run("openssl pkcs8 -topk8 -v2 aes256 -provider legacy -provider default -in out.key -out new.key" +
					" -passin pass:tool+words -passout pass:tool+words")
				inside.run("mv new.key out.key")
				require.NoError(test, load("tool+words"))
				return
			}
			require.NoError(test, load("tool+words"))
			for range 20 { // One wrong passphrase in 256 makes a padding that looks right.
				clienttest.RequireCode(test, "CERT-PASSPHRASE", load("other+words"))
			}
			require.ErrorIs(test, load(""), certificate.ErrNoPassphrase)
			clienttest.RequireCode(test, "CERT-KEY_ENCRYPTED", load(""))

			if one.certificate != "rsa.pem" {
				return
			}
			// It is intact at the beginning and damaged further back: no passphrase would help.
			sealed, err := os.ReadFile(t.path("out.key"))
			require.NoError(test, err)
			half := len(sealed) / 2
			if sealed[half] == '\n' {
				half++
			}
			if sealed[half] == 'A' {
				sealed[half] = 'B'
			} else {
				sealed[half] = 'A'
			}
			require.NoError(test, os.WriteFile(t.path("out.key"), sealed, 0o600))
			clienttest.RequireCode(test, "CERT-KEY_INVALID", load("tool+words"))
		})
	}
}

// OpenSSL's output for a certificate marked as trusted, with the text it prints before one.
func TestCertificatesOfOpenSSL(test *testing.T) {
	t := newTools(test)
	for name, how := range map[string]string{
		"trusted":         "openssl x509 -in rsa.pem -trustout -addtrust clientAuth -setalias surgery -out out.pem",
		"with its text":   "openssl x509 -in rsa.pem -text -out out.pem",
		"bag attributes":  "openssl pkcs12 -in chain.p12 -passin pass:tool+words -nokeys -out out.pem",
		"its parent last": "openssl pkcs12 -in chain.p12 -passin pass:tool+words -nokeys -cacerts -out out.pem",
		"DER":             "openssl x509 -in rsa.pem -outform DER -out out.pem",
	} {
		test.Run(name, func(test *testing.T) {
			inside := tools{test, t.folder}
			inside.run(how)
			defer inside.remove("out.pem")
			_, _, err := certificate.LoadRootCAs(t.path("out.pem"))
			require.NoError(test, err)
			if name == "its parent last" {
				return
			}
			loaded, err := certificate.Load(certificate.Files{Certificate: t.path("out.pem"), Key: t.path("rsa.key")})
			require.NoError(test, err)
			require.Equal(test, org, certificate.CommonName(loaded))
		})
	}
}

// What matters is the certificate of the key: an old authority beside it is sent as it is.
func TestAuthoritiesThatAreNotRead(test *testing.T) {
	t := newTools(test)
	for name, one := range map[string]struct{ how, alone string }{
		"a negative serial number": {"-newkey rsa:2048 -set_serial -5", "CERT-INVALID"},
		"Brainpool":                {"-newkey ec -pkeyopt ec_paramgen_curve:brainpoolP256r1", "CERT-KEY_KIND"},
	} {
		test.Run(name, func(test *testing.T) {
			inside := tools{test, t.folder}
			inside.run("openssl req -x509 -nodes -subj /CN=old -days 2 -keyout old.key -out old.pem " + one.how)
			file := func(name string) []byte {
				data, err := os.ReadFile(t.path(name))
				require.NoError(test, err)
				return data
			}
			path := write(test, join(file("old.pem"), file("rsa.pem"), file("ca.pem")))
			loaded, err := certificate.Load(certificate.Files{Certificate: path, Key: t.path("rsa.key")})
			require.NoError(test, err)
			require.Equal(test, org, certificate.CommonName(loaded))
			old, _ := pem.Decode(file("old.pem"))
			require.Len(test, loaded.Certificate, 3)
			require.Equal(test, old.Bytes, loaded.Certificate[2])

			_, err = certificate.Load(certificate.Files{Certificate: t.path("old.pem"), Key: t.path("rsa.key")})
			clienttest.RequireCode(test, one.alone, err)
			_, _, err = certificate.LoadRootCAs(path)
			require.NoError(test, err)
		})
	}
}

// A key of a kind unknown to Go is not damaged, and exporting it again does not help.
func TestKeysOfKindsThatAreNotRead(test *testing.T) {
	t := newTools(test)
	for name, how := range map[string]string{
		"another curve":     "openssl genpkey -out k.key -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
		"Brainpool":         "openssl genpkey -out k.key -algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1",
		"SEC 1":             "openssl ecparam -name secp256k1 -genkey -noout -out k.key",
		"a curve unnamed":   "openssl genpkey -out k.key -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
		"RSA with PSS only": "openssl genpkey -out k.key -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048",
		"Ed448":             "openssl genpkey -out k.key -algorithm ED448",
	} {
		test.Run(name, func(test *testing.T) {
			inside := tools{test, t.folder}
			inside.run(how)
			inside.run("openssl req -x509 -new -key k.key -subj /CN=" + org + " -days 2 -out k.pem")
			inside.run("openssl pkcs12 -export -inkey k.key -in k.pem -passout pass:tool+words -out k.p12")
			_, err := certificate.Load(certificate.Files{Certificate: t.path("k.pem"), Key: t.path("k.key")})
			clienttest.RequireCode(test, "CERT-KEY_KIND", err)
			_, err = certificate.Load(certificate.Files{PKCS12: t.path("k.p12"), Passphrase: secret.New("tool+words")})
			clienttest.RequireCode(test, "CERT-KEY_KIND", err)
		})
	}
}
