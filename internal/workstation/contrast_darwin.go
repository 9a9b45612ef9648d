package workstation

import "context"

// watchContrast waits for ctx: NSWorkspace's accessibilityDisplayShouldIncreaseContrast needs
// Objective-C.
func watchContrast(ctx context.Context, _ Settings, _ func(bool)) { <-ctx.Done() }
