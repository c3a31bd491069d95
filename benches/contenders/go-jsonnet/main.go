// Times go-jsonnet as Kratos uses it: a fresh VM for each rendering.
//
// go-jsonnet TEMPLATE CTX TIMES prints the nanoseconds of each rendering, one per line, from the
// bytes of ctx to the bytes of the output.
package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/google/go-jsonnet"
)

func main() {
	template, ctx := read(os.Args[1]), read(os.Args[2])
	times, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	for i := 0; i < times; i++ {
		started := time.Now()
		render(template, ctx)
		fmt.Println(time.Since(started).Nanoseconds())
	}
}

func read(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return string(content)
}

func render(template, ctx string) string {
	vm := jsonnet.MakeVM()
	vm.Importer(&jsonnet.MemoryImporter{})
	vm.SetTraceOut(io.Discard)
	vm.TLACode("ctx", ctx)
	rendered, err := vm.EvaluateAnonymousSnippet("template.jsonnet", template)
	if err != nil {
		log.Fatal(err)
	}
	return rendered
}
