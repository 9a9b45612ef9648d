package keyring_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring/keyringtest"
)

const (
	// soakReaders are as many processes, soakLives as many sessions that are published, switched to another role, and cleared.
	soakReaders = 20
	soakLives   = 500
	// boardVariable is where a reader finds the board.
	boardVariable = "ERS_LOGIN_TEST_BOARD"
	// soakPause lies between two looks of a reader. It keeps the readers from queueing up before the writer, no more.
	soakPause = 300 * time.Millisecond
)

// board is what writer and readers of the soak share, in a file that all of them have mapped: what the writer has done, told without
// a moment between the doing and the knowing.
type board struct {
	// floor is the least generation that may be read by whoever begins to read now: those below are over.
	floor atomic.Int64
	// there is the generation that is in the keyring for sure, 0 while it changes or there is none.
	there atomic.Int64
	// over tells the readers to end.
	over atomic.Bool
}

func openBoard(path string) (*board, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	// The mapping outlives it.
	defer func() { _ = file.Close() }()
	size := int(unsafe.Sizeof(board{}))
	if err := file.Truncate(int64(size)); err != nil {
		return nil, err
	}
	mapped, err := syscall.Mmap(int(file.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return (*board)(unsafe.Pointer(&mapped[0])), nil
}

// soakSession is a session in which everything tells its generation, so that no two of them can be mixed up unseen.
func soakSession(generation int64) handoff.Session {
	mark := strconv.FormatInt(generation, 10)
	begin := time.Date(2026, 3, 2, 8, 42, 0, 0, time.UTC).Add(time.Duration(generation) * time.Second)
	return handoff.Session{
		Version: handoff.Version, Generation: generation, SessionKey: soakKey(generation), BaseURL: "https://ers.example/" + mark,
		ASID: mark, UserIdentifier: "user " + mark, UserName: "Siân " + mark, OrgIdentifier: "R" + mark,
		// Of another length each time: half of a long one before the end of a short one would be seen.
		OrgName: strings.Repeat("Tŷ "+mark, int(generation%40)+1), BusinessFunction: "FUNCTION_" + mark,
		IssuedAt: begin, ExpiresAt: begin.Add(10 * time.Hour), Publisher: "publisher " + mark,
	}
}

func soakKey(generation int64) handoff.SessionKey {
	return handoff.NewSessionKey(fmt.Sprintf("made-up-%d", generation))
}

// soakReport is what a reader has seen.
type soakReport struct {
	Found, None int
	// Wrong is the first thing that must not be seen.
	Wrong string
}

// soakRead is the life of one reader.
func soakRead() error {
	shared, err := openBoard(os.Getenv(boardVariable))
	if err != nil {
		return err
	}
	var report soakReport
	for turn := 0; report.Wrong == "" && !shared.over.Load(); turn++ {
		report.look(shared, turn)
		time.Sleep(soakPause)
	}
	return json.NewEncoder(os.Stdout).Encode(report)
}

// look reads one entry or the other, and judges what it gets.
func (r *soakReport) look(shared *board, turn int) {
	floor, there := shared.floor.Load(), shared.there.Load()
	generation, err := int64(0), error(nil)
	if turn%2 == 0 {
		generation, err = soakReadSession()
	} else {
		generation, err = soakReadKey()
	}
	still := shared.there.Load()
	switch {
	case errors.Is(err, handoff.ErrNotFound):
		r.None++
		if there != 0 && there == still {
			r.Wrong = fmt.Sprintf("session %d was there, and was not found", there)
		}
	case err != nil:
		r.Wrong = err.Error()
	default:
		r.Found++
		if generation < floor {
			r.Wrong = fmt.Sprintf("session %d was found after that before %d had ended", generation, floor)
		}
		if there != 0 && there == still && generation != there {
			r.Wrong = fmt.Sprintf("session %d was found where %d was", generation, there)
		}
	}
}

func soakReadSession() (int64, error) {
	session, err := handoff.Read(context.Background())
	if err != nil {
		return 0, err
	}
	wanted := soakSession(session.Generation)
	if !session.SessionKey.Equal(wanted.SessionKey.Text) {
		return 0, fmt.Errorf("session %d has the key of another", session.Generation)
	}
	session.SessionKey, wanted.SessionKey = handoff.SessionKey{}, handoff.SessionKey{}
	if got, want := fmt.Sprintf("%+v", session), fmt.Sprintf("%+v", wanted); got != want {
		return 0, fmt.Errorf("a mixed session: %s", got)
	}
	return session.Generation, nil
}

func soakReadKey() (int64, error) {
	key, err := handoff.ReadKey(context.Background())
	if err != nil {
		return 0, err
	}
	mark, made := strings.CutPrefix(key.Reveal(), "made-up-")
	generation, err := strconv.ParseInt(mark, 10, 64)
	if !made || err != nil {
		return 0, errors.New("half a key")
	}
	return generation, nil
}

// Twenty applications poll while people sign in, switch role and sign out all day long. If one of them sees a key that is over, or the
// key of one organisation with the name of another, a patient's data go to the wrong place.
func TestSoakManyReadersOneWriter(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	path := filepath.Join(t.TempDir(), "board")
	shared, err := openBoard(path)
	require.NoError(t, err)
	reports := startSoakReaders(t, session, path)

	client := connect(t, settings(t, session))
	generation := int64(0)
	publish := func() {
		shared.there.Store(0)
		generation++
		require.NoError(t, client.Publish(t.Context(), soakSession(generation)))
		shared.floor.Store(generation)
		shared.there.Store(generation)
	}
	for range soakLives {
		publish() // signs in
		publish() // switches role
		shared.there.Store(0)
		require.NoError(t, client.Clear(t.Context()))
		shared.floor.Store(generation + 1)
	}
	shared.over.Store(true)
	var all soakReport
	for _, wait := range reports {
		report := wait()
		assert.Empty(t, report.Wrong)
		all.Found += report.Found
		all.None += report.None
	}
	t.Logf("%d readers found a session %d times and none %d times", soakReaders, all.Found, all.None)
	require.NotZero(t, all.Found)
	require.NotZero(t, all.None)

	left := exec.CommandContext(t.Context(), "secret-tool", "search", "--all", "service", handoff.Service)
	left.Env = append(os.Environ(), session.Env()...)
	printed, err := left.CombinedOutput()
	require.NoError(t, err, string(printed))
	require.Empty(t, string(printed), "something stayed behind")
}

// startSoakReaders starts the readers, each this program in a process of its own, and returns what waits for their reports.
func startSoakReaders(t *testing.T, session *keyringtest.Session, path string) (reports []func() soakReport) {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	for range soakReaders {
		command := exec.CommandContext(t.Context(), program)
		command.Env = append(append(os.Environ(), session.Env()...), workerVariable+"=soak", boardVariable+"="+path,
			"GORACE=atexit_sleep_ms=0", "GOMAXPROCS=1")
		command.Stderr = os.Stderr
		stdout, err := command.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, command.Start())
		reports = append(reports, func() (report soakReport) {
			assert.NoError(t, json.NewDecoder(stdout).Decode(&report))
			assert.NoError(t, command.Wait())
			return report
		})
	}
	return reports
}
