package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/ers-login/ers-login/internal/config"
)

// addSettings makes the reference of settings, and the files with which Windows' group policy
// editor, and Intune, offer every setting that a policy can lock: an ADMX file, with the registry
// values, and an ADML file with the texts. Their schema is Microsoft's PolicyDefinitions of 2006.
func addSettings(_ string, documents map[string][]byte) error {
	var example bytes.Buffer
	if err := config.WriteExample(&example); err != nil {
		return err
	}
	data := map[string]any{
		"Made": made, "Settings": config.Settings(), "Example": example.String(),
		"Categories": categories,
	}
	functions := template.FuncMap{
		"changeable": changeable, "inEditor": inEditor,
		"category": categoryOf, "title": policyTitle, "help": policyHelp,
		"wordID": wordID, "position": slices.Index[[]string], "isPath": isPath,
	}
	for path, name := range map[string]string{
		"docs/settings.md": "settings.md.tmpl",
		"assets/packaging/windows/policy/ers-login.admx":       "ers-login.admx.tmpl",
		"assets/packaging/windows/policy/en-US/ers-login.adml": "ers-login.adml.tmpl",
	} {
		document, err := filled(name, functions, data)
		if err != nil {
			return err
		}
		documents[path] = document
	}
	return nil
}

// category is a folder of the group policy editor. Its name must differ from every setting's,
// ignoring case.
type category struct {
	Name, Title string
	keys        []string
}

// categories says in which folder the editor shows a setting.
var categories = []category{
	{"CategoryPlatform", "e-RS platform and proxy", []string{
		"platform", "base_url", "environment_name", "asid", "request_timeout",
		"proxy", "proxy_user", "send_fqdn", "server_name", "tls_ciphers",
	}},
	{"CategoryCertificate", "Endpoint certificate", []string{
		"certificate_thumbprint", "certificate", "key", "passphrase_file", "ca_bundle",
	}},
	{"CategorySmartcard", "Smartcard and Identity Agent", []string{
		"agent", "agent_command", "agent_poll_interval", "card_removal",
	}},
	{"CategoryCareIdentity", "NHS Care Identity (CIS2)", []string{
		"client_id", "client_secret_file", "redirect_uri", "fhir_base_url", "oauth_url",
		"oauth_endpoints", "oauth_scope", "acr_values", "directory_url", "sign_in_timeout",
		"idle_timeout", "end_on_card_removal", "shared_loopback",
	}},
	{"CategorySession", "Session and Credential Manager", []string{
		"session_max_age", "screen_lock", "closing_grace",
		"keyring_timeout", "keyring_prompt_timeout", "windows_aliases",
	}},
	{"CategoryRecords", "Audit log and log", []string{
		"audit_dir", "audit_keep", "audit_required",
		"audit_system_log", "audit_session_id", "log_level",
	}},
	{"CategoryWindow", "Window", []string{
		"language", "theme", "text_size", "minimise_on_sign_in",
	}},
}

func categoryOf(s config.Setting) (category, error) {
	for _, c := range categories {
		if slices.Contains(c.keys, s.Key) {
			return c, nil
		}
	}
	return category{}, fmt.Errorf("the setting %s is in no category of the policy editor", s.Key)
}

// inEditor says where the group policy editor shows a setting.
func inEditor(s config.Setting) (string, error) {
	c, err := categoryOf(s)
	return c.Title + ": " + policyTitle(s), err
}

// policyTitle is a setting's name in words.
func policyTitle(s config.Setting) string {
	words := strings.Split(s.Key, "_")
	for i, word := range words {
		switch word {
		case "asid", "url", "uri", "ca", "fqdn", "id", "fhir", "acr":
			words[i] = strings.ToUpper(word)
		}
	}
	title := strings.Join(words, " ")
	return strings.ToUpper(title[:1]) + title[1:]
}

// policyHelp is the explanation that the editor shows beside a policy.
func policyHelp(s config.Setting) (string, error) {
	help, err := filled("policyhelp.txt.tmpl", template.FuncMap{"isPath": isPath}, s)
	return strings.TrimSuffix(string(help), "\n"), err
}

// wordID names the text of a word. It is not the key of another setting: agent_command is one.
func wordID(s config.Setting, value string) string {
	return s.Key + "_is_" + strings.ReplaceAll(value, "-", "_")
}

// isPath reports whether the variables of Windows' folders can be in a value.
func isPath(s config.Setting) bool { return s.Kind == config.KindPath || s.Kind == config.KindFolder }

// changeable lists the settings that the window offers.
func changeable() string {
	var keys []string
	for _, setting := range config.Settings() {
		if setting.UserChangeable {
			keys = append(keys, "`"+setting.Key+"`")
		}
	}
	last := len(keys) - 1
	return strings.Join(keys[:last], ", ") + " and " + keys[last]
}
