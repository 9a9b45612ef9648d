package workstation

import "context"

// watchContrast tells nothing: NSWorkspace's accessibilityDisplayShouldIncreaseContrast is for Objective-C.
func watchContrast(ctx context.Context, _ Settings, _ func(bool)) { <-ctx.Done() }
