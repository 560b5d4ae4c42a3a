// Go's net/http against the server at the given address; prints one result a line.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const large = 20_000_000

var url = strings.TrimRight(os.Args[1], "/")

func client() *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 50}}
}

func text(c *http.Client, method, path string, body io.Reader) (string, error) {
	request, err := http.NewRequest(method, url+path, body)
	if err != nil {
		return "", err
	}
	response, err := c.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	return fmt.Sprintf("%d %s", response.StatusCode, read), err
}

func simple(method, path string, body io.Reader) func() (string, error) {
	return func() (string, error) { return text(client(), method, path, body) }
}

func head() (string, error) {
	response, err := client().Head(url + "/hello")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d %d", response.StatusCode, response.ContentLength), nil
}

// counted sends requests one after another, and counts the connections they took.
func counted(c *http.Client, requests []*http.Request) (answers []string, connections int, err error) {
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if !info.Reused {
			connections++
		}
	}}
	for _, request := range requests {
		response, err := c.Do(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
		if err != nil {
			return nil, 0, err
		}
		read, err := io.ReadAll(response.Body)
		if err != nil {
			return nil, 0, err
		}
		response.Body.Close()
		answers = append(answers, fmt.Sprintf("%d %s", response.StatusCode, read))
	}
	return answers, connections, nil
}

func kept() (string, error) {
	var requests []*http.Request
	for i := 0; i < 1000; i++ {
		request, _ := http.NewRequest("GET", url+"/hello", nil)
		requests = append(requests, request)
	}
	answers, connections, err := counted(client(), requests)
	right := 0
	for _, answer := range answers {
		if answer == "200 hello" {
			right++
		}
	}
	return fmt.Sprintf("%d on %d connection", right, connections), err
}

func concurrent() (string, error) {
	var right int64
	var group sync.WaitGroup
	c := client()
	for i := 0; i < 50; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for j := 0; j < 20; j++ {
				if answer, _ := text(c, "GET", "/wait", nil); answer == `200 {"a":1}` {
					atomic.AddInt64(&right, 1)
				}
			}
		}()
	}
	group.Wait()
	return fmt.Sprint(right), nil
}

func ignored() (string, error) {
	c := client()
	first, err := text(c, "POST", "/hello", bytes.NewReader(make([]byte, large)))
	if err != nil {
		return "", err
	}
	second, err := text(c, "GET", "/hello", nil)
	return first + ", " + second, err
}

func early() (string, error) {
	reader, writer := io.Pipe()
	go writer.Write([]byte("begin"))
	answer, err := text(client(), "POST", "/hello", reader)
	writer.Close()
	return answer + " before the end of the body", err
}

func download() (string, error) {
	response, err := client().Get(url + "/large")
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	size, err := io.Copy(io.Discard, response.Body)
	return fmt.Sprintf("%d %d", response.StatusCode, size), err
}

func fault(path string) func() (string, error) {
	return func() (string, error) {
		answer, err := text(client(), "GET", path, nil)
		if err != nil {
			return "error", nil
		}
		return answer, nil
	}
}

func abortWait() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	request, _ := http.NewRequestWithContext(ctx, "GET", url+"/slow", nil)
	if _, err := client().Do(request); err == nil {
		return "answered", nil
	}
	return "left", nil
}

func abortBody() (string, error) {
	response, err := client().Get(url + "/drip")
	if err != nil {
		return "", err
	}
	io.ReadFull(response.Body, make([]byte, 1000))
	response.Body.Close()
	return "left", nil
}

func main() {
	body := func() io.Reader { return strings.NewReader("hello world") }
	// A reader of a type that net/http does not know has no length: the body is chunked.
	unsized := func() io.Reader { return io.MultiReader(bytes.NewReader(make([]byte, large))) }
	for _, it := range []struct {
		name   string
		result func() (string, error)
	}{
		{"get", simple("GET", "/hello", nil)},
		{"post_empty", simple("POST", "/size", nil)},
		{"post", simple("POST", "/size", body())},
		{"put", simple("PUT", "/size", body())},
		{"head", head},
		{"kept", kept},
		{"concurrent", concurrent},
		{"upload", simple("POST", "/size", bytes.NewReader(make([]byte, large)))},
		{"chunked", simple("POST", "/size", unsized())},
		{"ignored", ignored},
		{"early", early},
		{"download", download},
		{"reset", fault("/reset")},
		{"cut", fault("/cut")},
		{"abort_wait", abortWait},
		{"abort_body", abortBody},
	} {
		result, err := it.result()
		if err != nil {
			result = err.Error()
		}
		fmt.Printf("%s: %s\n", it.name, result)
	}
}
