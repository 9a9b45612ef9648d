package desktop

// browser returns the command that opens an address.
func browser(address string) ([]string, error) { return []string{"/usr/bin/open", address}, nil }
