package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "images"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTemporaryFilesOfTheLivingAreKeptAndThoseOfTheDeadAreNot(t *testing.T) {
	s := open(t)
	living, err := s.Temp()
	if err != nil {
		t.Fatal(err)
	}
	defer living.Discard()
	dead := s.path("tmp", "dead")
	if err := os.WriteFile(dead, []byte("left"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(s.root); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dead); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the dead one: %v", err)
	}
	if _, err := os.Stat(living.path); err != nil {
		t.Errorf("the living one: %v", err)
	}
}

func TestOnlyOneHoldsTheLockOfAnImage(t *testing.T) {
	s := open(t)
	unlock, err := s.Lock(context.Background(), "abc", func() { t.Error("waited for nobody") })
	if err != nil {
		t.Fatal(err)
	}
	waiting, entered := make(chan struct{}), make(chan error, 1)
	go func() {
		release, err := s.Lock(context.Background(), "abc", func() { close(waiting) })
		if err == nil {
			release()
		}
		entered <- err
	}()
	<-waiting
	select {
	case err := <-entered:
		t.Fatalf("entered while it was held: %v", err)
	default:
	}
	unlock()
	if err := <-entered; err != nil {
		t.Fatal(err)
	}
}

func TestWaitingForALockCanBeAborted(t *testing.T) {
	s := open(t)
	unlock, err := s.Lock(context.Background(), "abc", func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(context.Background())
	if _, err := s.Lock(ctx, "abc", cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAResultWithoutADiskCountsAsNothing(t *testing.T) {
	s := open(t)
	if err := os.WriteFile(s.resultPath("abc"), []byte(`{"digest":"sha256:abc"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, found := s.Cached("abc"); found {
		t.Error("it was taken")
	}
}
