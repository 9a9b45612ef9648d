package config

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Files with which Windows' group policy editor, and Intune, offer every setting that a policy can
// lock: an ADMX file, with the registry values, and an ADML file with the texts. Their schema is
// Microsoft's PolicyDefinitions of 2006, version 1.0. policy_windows.go reads the values, in the
// key HKLM\Software\Policies\ers-login.

// policyCategory is a folder of the group policy editor. Its name must differ from every setting's,
// ignoring case.
type policyCategory struct {
	name, title string
	keys        []string
}

// policyCategories says in which folder the editor shows a setting.
func policyCategories() []policyCategory {
	return []policyCategory{
		{"CategoryPlatform", "e-RS platform and proxy", []string{"platform", "base_url", "environment_name", "asid", "request_timeout", "proxy", "proxy_user", "send_fqdn", "server_name", "tls_ciphers"}},
		{"CategoryCertificate", "Endpoint certificate", []string{"certificate_thumbprint", "certificate", "key", "passphrase_file", "ca_bundle"}},
		{"CategorySmartcard", "Smartcard and Identity Agent", []string{"agent", "agent_command", "agent_poll_interval", "card_removal"}},
		{"CategoryCareIdentity", "NHS Care Identity (CIS2)", []string{
			"client_id", "client_secret_file", "redirect_uri", "fhir_base_url", "oauth_url", "oauth_endpoints", "oauth_scope", "acr_values",
			"directory_url", "sign_in_timeout", "idle_timeout", "end_on_card_removal", "shared_loopback",
		}},
		{"CategorySession", "Session and Credential Manager", []string{
			"session_max_age", "screen_lock", "closing_grace", "keyring_timeout", "keyring_prompt_timeout", "windows_aliases",
		}},
		{"CategoryRecords", "Audit log and log", []string{
			"audit_dir", "audit_keep", "audit_required", "audit_system_log", "audit_session_id", "log_level",
		}},
		{"CategoryWindow", "Window", []string{"language", "theme", "text_size", "minimise_on_sign_in"}},
	}
}

// policySettings returns the settings that a policy can set on Windows.
func policySettings() []Setting {
	return slices.DeleteFunc(Settings(), func(s Setting) bool { return s.Only != "" && s.Only != "windows" })
}

// categoryOf returns a setting's category.
func categoryOf(key string) (policyCategory, error) {
	for _, category := range policyCategories() {
		if slices.Contains(category.keys, key) {
			return category, nil
		}
	}
	return policyCategory{}, fmt.Errorf("the setting %s is in no category of the administrative templates", key)
}

// longestPolicyText bounds what the editor takes for a text, in characters.
const longestPolicyText = 1023

// WriteADMX writes the administrative template: ers-login.admx.
func WriteADMX(w io.Writer) error {
	made := admx{
		Revision: "1.0", Schema: "1.0", XMLNS: policyNamespace,
		Namespaces: admxNamespaces{Target: admxNamespace{Prefix: "erslogin", Namespace: "ErsLogin.Policies.ErsLogin"}},
		Resources:  admxResources{MinRequired: "1.0", Fallback: "en-US"},
		Supported:  admxSupported{Name: "Supported", DisplayName: "$(string.Supported)"},
		Categories: []admxCategory{{Name: "ErsLogin", DisplayName: "$(string.ErsLogin)"}},
	}
	for _, category := range policyCategories() {
		made.Categories = append(made.Categories, admxCategory{
			Name: category.name, DisplayName: "$(string." + category.name + ")", Parent: &admxRef{"ErsLogin"},
		})
	}
	for _, setting := range policySettings() {
		category, err := categoryOf(setting.Key)
		if err != nil {
			return err
		}
		made.Policies = append(made.Policies, setting.admx(category.name))
	}
	return writeXML(w, "policyDefinitions", made)
}

// WriteADML writes the template's English texts: ers-login.adml.
func WriteADML(w io.Writer) error {
	made := adml{
		Revision: "1.0", Schema: "1.0", XMLNS: policyNamespace,
		DisplayName: "e-RS Login", Description: "Settings of e-RS Login that an organisation can prescribe.",
	}
	say := func(id, text string) { made.Strings = append(made.Strings, admlString{id, text}) }
	say("ErsLogin", "e-RS Login")
	say("Supported", "e-RS Login 0.1 or later, on Windows 10, Windows Server 2016 or later")
	for _, category := range policyCategories() {
		say(category.name, category.title)
	}
	for _, setting := range policySettings() {
		say(setting.Key, setting.policyTitle())
		say(setting.Key+"_Help", setting.policyHelp())
		for _, value := range setting.Values {
			say(setting.wordID(value), value)
		}
		if presented, ok := setting.presentation(); ok {
			made.Presentations = append(made.Presentations, presented)
		}
	}
	return writeXML(w, "policyDefinitionResources", made)
}

// inEditor says where the group policy editor shows the setting.
func (s Setting) inEditor() string {
	category, err := categoryOf(s.Key)
	if err != nil {
		return "–" // it is not for Windows
	}
	return category.title + ": " + s.policyTitle()
}

// admx makes the definition of a setting's policy.
func (s Setting) admx(category string) admxPolicy {
	made := admxPolicy{
		Name: s.Key, Class: "Machine", DisplayName: "$(string." + s.Key + ")", Explain: "$(string." + s.Key + "_Help)",
		Key: `Software\Policies\ers-login`, Parent: admxRef{category}, Supported: admxRef{"Supported"},
	}
	if _, ok := s.presentation(); ok {
		made.Presentation = "$(presentation." + s.Key + ")"
	}
	switch s.Kind {
	case KindBool:
		made.ValueName = s.Key
		made.Enabled, made.Disabled = &admxValue{Decimal: &admxDecimal{1}}, &admxValue{Decimal: &admxDecimal{0}}
	case KindEnum:
		element := &admxEnum{ID: s.Key, ValueName: s.Key, Required: true}
		for _, value := range s.Values {
			element.Items = append(element.Items, admxItem{"$(string." + s.wordID(value) + ")", admxValue{String: value}})
		}
		made.Elements = &admxElements{Enum: element}
	case KindPercent:
		made.Elements = &admxElements{Decimal: &admxNumber{ID: s.Key, ValueName: s.Key, Required: true, Min: s.Least, Max: s.Most}}
	case KindList:
		made.Elements = &admxElements{Multi: &admxText{ID: s.Key, ValueName: s.Key, Required: true, MaxLength: longestPolicyText}}
	default:
		made.Elements = &admxElements{Text: &admxText{
			ID: s.Key, ValueName: s.Key, Required: true, MaxLength: longestPolicyText,
			// The variables of Windows' folders can stand in a path.
			Expandable: s.Kind == KindPath || s.Kind == KindFolder,
		}}
	}
	return made
}

// presentation returns the editor's control for a setting's value. A boolean has none: Enabled and
// Disabled are its values.
func (s Setting) presentation() (admlPresentation, bool) {
	made := admlPresentation{ID: s.Key}
	label := s.Key + ":"
	switch s.Kind {
	case KindBool:
		return made, false
	case KindEnum:
		made.Dropdown = &admlDropdown{Ref: s.Key, NoSort: true, Default: max(0, slices.Index(s.Values, s.Default)), Label: label}
	case KindPercent:
		made.Decimal = &admlDecimal{Ref: s.Key, Default: s.Default, Spin: "10", Label: label}
	case KindList:
		made.Multi = &admlMulti{Ref: s.Key, Label: label}
	default:
		made.Text = &admlText{Ref: s.Key, Label: label, Default: s.Default}
	}
	return made, true
}

// policyTitle is the setting's name in words. The help has the key, as in the documentation.
func (s Setting) policyTitle() string {
	words := strings.Split(s.Key, "_")
	for i, word := range words {
		if slices.Contains([]string{"asid", "url", "uri", "ca", "fqdn", "id", "fhir", "acr"}, word) {
			words[i] = strings.ToUpper(word)
		}
	}
	title := strings.Join(words, " ")
	return strings.ToUpper(title[:1]) + title[1:]
}

// policyHelp is the explanation that the editor shows beside a policy.
func (s Setting) policyHelp() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nAllowed: %s.\n", s.Description, s.Allowed)
	if s.Platform != "" {
		fmt.Fprintf(&b, "It is used on the platform %s alone.\n", s.Platform)
	}
	switch {
	case s.Instead != "":
		fmt.Fprintf(&b, "There is no default: it is needed for a sign-in, unless %s is set.\n", s.Instead)
	case s.Required:
		b.WriteString("There is no default: it is needed for a sign-in.\n")
	case s.Default != "":
		fmt.Fprintf(&b, "Default: %s.\n", s.Default)
	}
	switch s.Kind {
	case KindBool:
		b.WriteString("\nEnabled means true, and Disabled means false.")
	case KindList:
		b.WriteString("\nThe first line is the program's full path, and each further line is one of its arguments.")
	case KindPath, KindFolder:
		b.WriteString("\nGive a full path. The variables of Windows' own folders can stand in it, such as %ProgramData%.")
	}
	b.WriteString("\nWhat is set here is locked: users can change it neither in their settings file nor in the window, and the value has to be one of " +
		"those allowed, or nobody can sign in. ")
	if s.Kind == KindBool {
		b.WriteString("If it is not configured")
	} else {
		b.WriteString("If it is disabled or not configured")
	}
	fmt.Fprintf(&b, ", the computer's and the user's own settings count.\n\nName of the setting: %s", s.Key)
	return b.String()
}

// wordID names the text of a word. It is not the key of another setting: agent_command is one.
func (s Setting) wordID(value string) string {
	return s.Key + "_is_" + strings.ReplaceAll(value, "-", "_")
}

func writeXML(w io.Writer, name string, content any) error {
	var b strings.Builder
	b.WriteString(xml.Header)
	b.WriteString("<!-- Made from the table in internal/config by \"go test ./internal/config -update\". Do not edit. -->\n")
	encoder := xml.NewEncoder(&b)
	encoder.Indent("", "  ")
	if err := encoder.EncodeElement(content, xml.StartElement{Name: xml.Name{Local: name}}); err != nil {
		return fmt.Errorf("could not write the administrative template: %w", err)
	}
	b.WriteString("\n")
	// The encoder writes line breaks in texts as references, which are hard to read.
	_, err := io.WriteString(w, strings.ReplaceAll(b.String(), "&#xA;", "\n"))
	return err
}

const policyNamespace = "http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions"

// The elements of an ADMX file, in the order that the schema wants.
type (
	admx struct {
		Revision   string         `xml:"revision,attr"`
		Schema     string         `xml:"schemaVersion,attr"`
		XMLNS      string         `xml:"xmlns,attr"`
		Namespaces admxNamespaces `xml:"policyNamespaces"`
		Resources  admxResources  `xml:"resources"`
		Supported  admxSupported  `xml:"supportedOn>definitions>definition"`
		Categories []admxCategory `xml:"categories>category"`
		Policies   []admxPolicy   `xml:"policies>policy"`
	}
	admxNamespaces struct {
		Target admxNamespace `xml:"target"`
	}
	admxNamespace struct {
		Prefix    string `xml:"prefix,attr"`
		Namespace string `xml:"namespace,attr"`
	}
	admxResources struct {
		MinRequired string `xml:"minRequiredRevision,attr"`
		Fallback    string `xml:"fallbackCulture,attr"`
	}
	admxSupported struct {
		Name        string `xml:"name,attr"`
		DisplayName string `xml:"displayName,attr"`
	}
	admxCategory struct {
		Name        string   `xml:"name,attr"`
		DisplayName string   `xml:"displayName,attr"`
		Parent      *admxRef `xml:"parentCategory"`
	}
	admxRef struct {
		Ref string `xml:"ref,attr"`
	}
	admxPolicy struct {
		Name         string        `xml:"name,attr"`
		Class        string        `xml:"class,attr"`
		DisplayName  string        `xml:"displayName,attr"`
		Explain      string        `xml:"explainText,attr"`
		Presentation string        `xml:"presentation,attr,omitempty"`
		Key          string        `xml:"key,attr"`
		ValueName    string        `xml:"valueName,attr,omitempty"`
		Parent       admxRef       `xml:"parentCategory"`
		Supported    admxRef       `xml:"supportedOn"`
		Enabled      *admxValue    `xml:"enabledValue"`
		Disabled     *admxValue    `xml:"disabledValue"`
		Elements     *admxElements `xml:"elements"`
	}
	admxValue struct {
		Decimal *admxDecimal `xml:"decimal"`
		String  string       `xml:"string,omitempty"`
	}
	admxDecimal struct {
		Value int `xml:"value,attr"`
	}
	admxElements struct {
		Text    *admxText   `xml:"text"`
		Multi   *admxText   `xml:"multiText"`
		Decimal *admxNumber `xml:"decimal"`
		Enum    *admxEnum   `xml:"enum"`
	}
	admxText struct {
		ID         string `xml:"id,attr"`
		ValueName  string `xml:"valueName,attr"`
		Required   bool   `xml:"required,attr"`
		MaxLength  int    `xml:"maxLength,attr"`
		Expandable bool   `xml:"expandable,attr,omitempty"`
	}
	admxNumber struct {
		ID        string `xml:"id,attr"`
		ValueName string `xml:"valueName,attr"`
		Required  bool   `xml:"required,attr"`
		Min       int    `xml:"minValue,attr"`
		Max       int    `xml:"maxValue,attr"`
	}
	admxEnum struct {
		ID        string     `xml:"id,attr"`
		ValueName string     `xml:"valueName,attr"`
		Required  bool       `xml:"required,attr"`
		Items     []admxItem `xml:"item"`
	}
	admxItem struct {
		DisplayName string    `xml:"displayName,attr"`
		Value       admxValue `xml:"value"`
	}
)

// The elements of an ADML file.
type (
	adml struct {
		Revision      string             `xml:"revision,attr"`
		Schema        string             `xml:"schemaVersion,attr"`
		XMLNS         string             `xml:"xmlns,attr"`
		DisplayName   string             `xml:"displayName"`
		Description   string             `xml:"description"`
		Strings       []admlString       `xml:"resources>stringTable>string"`
		Presentations []admlPresentation `xml:"resources>presentationTable>presentation"`
	}
	admlString struct {
		ID   string `xml:"id,attr"`
		Text string `xml:",chardata"`
	}
	admlPresentation struct {
		ID       string        `xml:"id,attr"`
		Text     *admlText     `xml:"textBox"`
		Multi    *admlMulti    `xml:"multiTextBox"`
		Decimal  *admlDecimal  `xml:"decimalTextBox"`
		Dropdown *admlDropdown `xml:"dropdownList"`
	}
	admlText struct {
		Ref     string `xml:"refId,attr"`
		Label   string `xml:"label"`
		Default string `xml:"defaultValue,omitempty"`
	}
	admlMulti struct {
		Ref   string `xml:"refId,attr"`
		Label string `xml:",chardata"`
	}
	admlDecimal struct {
		Ref     string `xml:"refId,attr"`
		Default string `xml:"defaultValue,attr"`
		Spin    string `xml:"spinStep,attr"`
		Label   string `xml:",chardata"`
	}
	admlDropdown struct {
		Ref     string `xml:"refId,attr"`
		NoSort  bool   `xml:"noSort,attr"`
		Default int    `xml:"defaultItem,attr"`
		Label   string `xml:",chardata"`
	}
)
