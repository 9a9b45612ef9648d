package instance_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/instance"
)

// call connects to an instance as Ask does.
func call(t *testing.T, path string) io.ReadWriteCloser {
	t.Helper()
	client, err := instance.Dial(soon(t), path)
	require.NoError(t, err)
	return client
}

// speak sends an instance a text that Ask would not send, and returns the answer.
func speak(t *testing.T, path, said string) (answer instance.Answer) {
	t.Helper()
	client := call(t, path)
	defer func() { require.NoError(t, client.Close()) }()
	_, err := io.WriteString(client, said)
	require.NoError(t, err)
	line, err := bufio.NewReader(client).ReadString('\n')
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(line), &answer))
	return answer
}

// If this fails, any program of the user can end the program that keeps the session, or have it do what was never meant.
func TestNonsenseIsRefused(t *testing.T) {
	first := listening(t, func(_ context.Context, request instance.Request) instance.Answer {
		assert.Equal(t, raise, request)
		return instance.Answer{OK: true}
	})
	const outdated = "INSTANCE-OUTDATED"
	for name, c := range map[string]struct{ said, want string }{
		"unknown members":     {`{"version":1,"arguments":{"action":"raise","more":[1]},"colour":"red"}`, ""},
		"an empty line":       {``, outdated},
		"garbage":             {"\x00\xff\x13\x37", outdated},
		"another protocol":    {"GET / HTTP/1.1\r", outdated},
		"half an object":      {`{"version":1,`, outdated},
		"two objects":         {`{"version":1,"arguments":{"action":"raise"}} {}`, outdated},
		"no object":           {`[1,2]`, outdated},
		"nothing":             {`null`, outdated},
		"no version":          {`{"arguments":{"action":"raise"}}`, outdated},
		"a version below one": {`{"version":0,"arguments":{"action":"raise"}}`, outdated},
		"a newer version":     {`{"version":2,"arguments":["raise"]}`, outdated},
		"no arguments":        {`{"version":1}`, outdated},
		"other arguments":     {`{"version":1,"arguments":["raise"]}`, outdated},
		"null arguments":      {`{"version":1,"arguments":null}`, outdated},
		"no action":           {`{"version":1,"arguments":{"for":"raise"}}`, outdated},
		"an unknown action":   {`{"version":1,"arguments":{"action":"Raise"}}`, outdated},
		"a number for a name": {`{"version":1,"arguments":{"action":"raise","for":7}}`, outdated},
		"a deep object":       {`{"version":1,"arguments":` + strings.Repeat("[", 8000), outdated},
		"a line that is long": {`{"version":1,"arguments":{"action":"raise","for":"` + strings.Repeat("x", 8192) + `"}}`, outdated},
	} {
		t.Run(name, func(t *testing.T) {
			answer := speak(t, first.path, c.said+"\n")
			assert.Equal(t, c.want, answer.Code)
			assert.Equal(t, c.want == "", answer.OK)
		})
	}
	answer, err := instance.Ask(soon(t), first.path, raise)
	require.NoError(t, err)
	assert.True(t, answer.OK, "no client is answered any more")

	// Ask returns the reason for the refusal.
	_, err = instance.Ask(soon(t), first.path, instance.Request{Action: "dance"})
	require.ErrorIs(t, err, instance.Outdated)
	_, err = instance.Ask(soon(t), first.path, instance.Request{})
	require.ErrorIs(t, err, instance.Outdated)
}

// If this fails, a client that never stops fills the memory.
func TestAnEndlessLine(t *testing.T) {
	first := listening(t, agreeing)
	client := call(t, first.path)
	defer func() { require.NoError(t, client.Close()) }()
	block := []byte(strings.Repeat("x", 64*1024))
	for {
		if _, err := client.Write(block); err != nil {
			break // the first instance does not listen to the rest
		}
	}
	_, err := instance.Ask(soon(t), first.path, raise)
	require.NoError(t, err)
}

// If this fails, clients that connect and send nothing, or not enough, keep all others out.
func TestSilentClientsAreDropped(t *testing.T) {
	first := listening(t, agreeing)
	for range instance.MaxClients {
		client := call(t, first.path)
		defer func() { require.NoError(t, client.Close()) }()
		_, err := io.WriteString(client, `{"version":`)
		require.NoError(t, err)
	}
	for range instance.MaxClients {
		require.ErrorContains(t, receive(t, first.reports), "a client did not ask")
	}
	answer := untilAdmitted(t, first.path)
	assert.True(t, answer.OK)
}

// untilAdmitted asks until there is room.
func untilAdmitted(t *testing.T, path string) instance.Answer {
	t.Helper()
	for ctx := soon(t); ; {
		answer, err := instance.Ask(ctx, path, raise)
		if errors.Is(err, instance.Busy) {
			continue
		}
		require.NoError(t, err)
		return answer
	}
}

// If this fails, programs that wait for a sign-in can use up the program that keeps the session, or the one too many hangs.
func TestTheSeventeenthIsRefused(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	first := listening(t, func(_ context.Context, request instance.Request) instance.Answer {
		if request.Wait {
			begun <- struct{}{}
			<-end
		}
		return instance.Answer{OK: true}
	})
	answers := make(chan instance.Answer)
	for range instance.MaxClients {
		go func() {
			answer, err := instance.Ask(t.Context(), first.path, instance.Request{Action: instance.SignIn, Wait: true})
			assert.NoError(t, err)
			answers <- answer
		}()
		receive(t, begun)
	}
	for range 3 {
		_, err := instance.Ask(soon(t), first.path, instance.Request{Action: instance.SignIn, Wait: true})
		require.ErrorIs(t, err, instance.Busy)
	}
	for range 3 {
		answer, err := instance.Ask(soon(t), first.path, raise)
		require.NoError(t, err, "the user's own start waits behind programs")
		assert.True(t, answer.OK)
	}
	// Signing out does not wait behind them, nor behind others who sign out.
	signedOut := make(chan error, instance.MaxClients)
	for range instance.MaxClients {
		go func() {
			_, err := instance.Ask(t.Context(), first.path, instance.Request{Action: instance.SignOut, Wait: true})
			signedOut <- err
		}()
		receive(t, begun)
	}
	end <- struct{}{}
	close(end)
	for range instance.MaxClients {
		require.NoError(t, receive(t, signedOut))
	}
	receive(t, answers)
	assert.True(t, untilAdmitted(t, first.path).OK, "the free place is not given away")
	for range instance.MaxClients - 1 {
		assert.True(t, receive(t, answers).OK)
	}
}

// If this fails, some of several starts at the same moment show nothing, or an error.
func TestManyAtOnce(t *testing.T) {
	first := listening(t, agreeing)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if answer, err := instance.Ask(t.Context(), first.path, raise); !errors.Is(err, instance.Busy) {
				assert.NoError(t, err)
				assert.True(t, answer.OK)
			}
		})
	}
	all.Wait()
	assert.True(t, untilAdmitted(t, first.path).OK)
}

// If this fails, something that has taken the first instance's place hangs or breaks the second, or is taken for one that agrees.
func TestAskDoesNotTrustTheAnswer(t *testing.T) {
	waiting := instance.Request{Action: instance.SignIn, Wait: true}
	for name, c := range map[string]struct {
		request instance.Request
		says    string
		none    bool
	}{
		"nothing":                 {raise, "", true},
		"half a line":             {raise, `{"version":1,"ok":`, true},
		"garbage":                 {raise, "\x00\xff\n", false},
		"no object":               {raise, "true\n", false},
		"a line that is too long": {raise, `{"ok":true,"code":"` + strings.Repeat("x", 8192) + "\"}\n", false},
		"no end of the wait":      {waiting, `{"version":1,"waiting":true}` + "\n", false},
		"garbage after the wait":  {waiting, `{"version":1,"waiting":true}` + "\n\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(folder(t), "ers-login.lock")
			stop, err := instance.Pretend(path, func(client io.ReadWriteCloser) {
				_, err := bufio.NewReader(client).ReadString('\n')
				assert.NoError(t, err)
				_, err = io.WriteString(client, c.says)
				assert.NoError(t, err)
				assert.NoError(t, client.Close())
			})
			require.NoError(t, err)
			defer func() { require.NoError(t, stop()) }()
			answer, err := instance.Ask(soon(t), path, c.request)
			require.ErrorIs(t, err, instance.Unreachable)
			assert.Equal(t, c.none, errors.Is(err, instance.ErrNoListener), "Join goes on only where nothing was begun")
			assert.Zero(t, answer)
		})
	}
}

// If this fails, a first instance that hangs makes each further start hang too, without a message.
func TestNoAnswer(t *testing.T) {
	path := filepath.Join(folder(t), "ers-login.lock")
	held := make(chan io.Closer, 10)
	stop, err := instance.Pretend(path, func(client io.ReadWriteCloser) { held <- client })
	require.NoError(t, err)
	defer func() {
		require.NoError(t, stop())
		close(held)
		for client := range held {
			require.NoError(t, client.Close())
		}
	}()
	lock, err := instance.Take(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, lock.Release()) }()
	asking := map[string]func() error{
		"Ask": func() error {
			_, err := instance.Ask(t.Context(), path, raise)
			return err
		},
		"Ask, to wait": func() error {
			_, err := instance.Ask(t.Context(), path, instance.Request{Action: instance.SignIn, Wait: true})
			return err
		},
		"Join": func() error {
			held, _, err := instance.Join(t.Context(), path, raise)
			assert.Nil(t, held)
			return err
		},
	}
	var all sync.WaitGroup // each takes its time
	for name, ask := range asking {
		all.Go(func() { assert.ErrorIs(t, ask(), instance.Unreachable, name) })
	}
	all.Wait()
}
