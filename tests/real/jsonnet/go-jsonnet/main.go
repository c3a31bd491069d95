// Renders Jsonnet templates with go-jsonnet, as Kratos does: a job per line of JSON on standard
// input, its answer per line on standard output.
package main

import (
	"encoding/json"
	"io"
	"log"
	"os"
	"strings"
	"time"

	"github.com/google/go-jsonnet"
)

// Nothing can stop a template that never ends but the end of the process. Kratos waits for a second.
const timeLimit = 5 * time.Second

// What Kratos takes for a cancellation (ory/kratos, request/builder.go).
var cancellation = jsonnet.RuntimeError{Msg: "cancel"}.Error()

type job struct {
	Name string `json:"name"`
	Code string `json:"code"`
	Ctx  string `json:"ctx"`
}

// One of the three.
type answer struct {
	JSON      string `json:"json,omitempty"`
	Cancelled bool   `json:"cancelled,omitempty"`
	Fault     string `json:"fault,omitempty"`
}

func main() {
	jobs := json.NewDecoder(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for {
		var next job
		if err := jobs.Decode(&next); err == io.EOF {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		overrun := time.AfterFunc(timeLimit, func() { log.Fatal("ran over its time") })
		if err := answers.Encode(render(next)); err != nil {
			log.Fatal(err)
		}
		overrun.Stop()
	}
}

func render(next job) answer {
	vm := jsonnet.MakeVM()
	vm.Importer(&jsonnet.MemoryImporter{})
	vm.SetTraceOut(io.Discard)
	vm.TLACode("ctx", next.Ctx)
	rendered, err := vm.EvaluateAnonymousSnippet(next.Name, next.Code)
	switch {
	case err == nil:
		return answer{JSON: rendered}
	case strings.Contains(err.Error(), cancellation):
		return answer{Cancelled: true}
	default:
		return answer{Fault: err.Error()}
	}
}
