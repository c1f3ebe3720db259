package registry

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

type passes struct{ seen []string }

func (p *passes) RoundTrip(request *http.Request) (*http.Response, error) {
	p.seen = append(p.seen, request.URL.String())
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

func TestPlainHTTPPassesToThisMachineOrWhereItWasAllowed(t *testing.T) {
	cases := []struct {
		address  string
		insecure bool
		passes   bool
	}{
		{"http://127.0.0.1:5000/v2/", false, true},
		{"http://127.1.2.3/v2/", false, true},
		{"http://[::1]:5000/v2/", false, true},
		{"http://localhost:5000/v2/", false, true},
		{"https://registry.example/v2/", false, true},
		{"http://registry.example/v2/", true, true},
		{"http://registry.example/v2/", false, false},
		{"http://10.0.0.1:5000/v2/", false, false},
		{"http://192.168.1.1/v2/", false, false},
		{"http://registry.local/v2/", false, false},
		{"http://localhost.example/v2/", false, false},
		{"http://169.254.169.254/token", false, false},
	}
	for _, each := range cases {
		next := &passes{}
		request, err := http.NewRequest(http.MethodGet, each.address, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = plainGuard{insecure: each.insecure, next: next}.RoundTrip(request)
		if passed := len(next.seen) == 1; passed != each.passes || passed == errors.Is(err, errPlain) {
			t.Errorf("%s with insecure %v: passed %v, %v", each.address, each.insecure, passed, err)
		}
	}
}

func TestAddressesAreLeftOutOfErrors(t *testing.T) {
	client := http.Client{Transport: plainGuard{next: &passes{}}}
	_, err := client.Get("http://cdn.example/layer?signature=canary")
	if found := bare(err); found == nil || strings.Contains(found.Error(), "canary") {
		t.Errorf("got %v", found)
	}
}
