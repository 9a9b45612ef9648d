package command_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/internal/testing/races"
)

// The test program is the command as well: started with this word, it behaves as the next argument says. So the tests run
// wherever the package does, without a shell.
const asProgram = "behave-as-agent-command"

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == asProgram {
		os.Exit(behave(os.Args[2], os.Args[3:]))
	}
	goleak.VerifyTestMain(races.Watch(m))
}

// made is the made-up ticket that the programs print.
const made = "AQIC5wSmadeUpForTests000000000000000000000000000=@AAJTSQACMDE=#"

// behave is the program. It returns its exit status.
func behave(behaviour string, args []string) int {
	switch behaviour {
	case "ticket":
		fmt.Println(made)
	case "bare ticket":
		fmt.Print(made)
	case "padded ticket":
		fmt.Print("\r\n " + made + " \t\r\n\r\n")
	case "nothing":
	case "blank line":
		fmt.Println()
	case "arguments":
		fmt.Print(strings.Join(args, "|"))
	case "environment":
		fmt.Print(os.Getenv(args[0]))
	case "input":
		input, err := io.ReadAll(os.Stdin)
		fmt.Printf("%d-bytes-%t", len(input), err == nil)
	case "print":
		fmt.Print(args[0])
	case "print and fail":
		fmt.Print(args[0])
		return 3
	case "complain":
		fmt.Fprint(os.Stderr, args[0])
		fmt.Println(made)
	case "complain at length":
		fmt.Fprint(os.Stderr, strings.Repeat("x", 1<<20))
		fmt.Println(made)
	case "longest ticket":
		fmt.Println(strings.Repeat("A", 8<<10))
	case "too long a ticket":
		fmt.Println(strings.Repeat("A", 8<<10+1))
	case "64 KiB":
		fmt.Print(made + strings.Repeat("\n", 64<<10-len(made)))
	case "endless output":
		for {
			fmt.Println(made)
		}
	case "hang":
		time.Sleep(time.Hour)
	case "linger": // on Windows it is not killed with its group
		time.Sleep(20 * time.Second)
	case "leave a child with the output":
		child := exec.CommandContext(context.Background(), os.Args[0], asProgram, "linger")
		child.Stdout = os.Stdout
		if err := child.Start(); err != nil {
			return 1
		}
		fmt.Println(made)
	case "crash":
		panic("crash")
	default:
		return 99
	}
	return 0
}
