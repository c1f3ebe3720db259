package disk_test

import (
	"archive/tar"
	"io"
	"syscall"
	"testing"
)

func bigTar(out io.Writer, size int64) error {
	w := tar.NewWriter(out)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "big", Mode: 0o600, Size: size}); err != nil {
		return err
	}
	const end = "the end"
	zeroes := make([]byte, 1<<20)
	for left := size - int64(len(end)); left > 0; left -= int64(len(zeroes)) {
		zeroes = zeroes[:min(left, int64(len(zeroes)))]
		if _, err := w.Write(zeroes); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(w, end); err != nil {
		return err
	}
	return w.Close()
}

func usedBytes(t *testing.T, path string) int64 {
	t.Helper()
	var stat syscall.Stat_t
	if err := syscall.Stat(path, &stat); err != nil {
		t.Fatal(err)
	}
	return stat.Blocks * 512
}
