// Command goctl-driver gives goctl's verdict on many .api files in one process.
//
// It reads a file name a line and answers a JSON line for each: {"file", "ok", "said"}. goctl ends the process on
// some inputs: the last file without an answer is the one, and the caller starts the driver again behind it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/zeromicro/go-zero/tools/goctl/api/spec"
	"github.com/zeromicro/go-zero/tools/goctl/pkg/parser/api/parser"
)

type verdict struct {
	File string `json:"file"`
	OK   bool   `json:"ok"`
	Said string `json:"said"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		said, ok := judge(lines.Text())
		if err := answers.Encode(verdict{lines.Text(), ok, said}); err != nil {
			os.Exit(1)
		}
	}
}

// judge does what `goctl api validate` does.
func judge(file string) (said string, ok bool) {
	defer func() {
		if problem := recover(); problem != nil {
			said, ok = fmt.Sprintf("panic: %v", problem), false
		}
	}()
	var contract *spec.ApiSpec
	contract, err := parser.Parse(file, "")
	if err == nil {
		err = contract.Validate()
	}
	if err != nil {
		return err.Error(), false
	}
	return "", true
}
