// Command goctl-driver gives goctl's verdict on many .api files in one process.
//
// It reads a file name a line and answers a JSON line for each: {"file", "ok", "said"}. With an argument it answers
// more: `model` what goctl parsed, `older` what its first grammar (ANTLR) parsed, `layout` the formatted text, for
// which names need not resolve. goctl ends the process on some inputs: the last file without an answer is the one,
// and the caller starts the driver again behind it.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	older "github.com/zeromicro/go-zero/tools/goctl/api/parser"
	"github.com/zeromicro/go-zero/tools/goctl/api/spec"
	"github.com/zeromicro/go-zero/tools/goctl/pkg/parser/api/format"
	"github.com/zeromicro/go-zero/tools/goctl/pkg/parser/api/parser"
)

type verdict struct {
	File   string    `json:"file"`
	OK     bool      `json:"ok"`
	Said   string    `json:"said"`
	Model  *contract `json:"model,omitempty"`
	Layout string    `json:"layout,omitempty"`
}

type contract struct {
	Service string
	Info    map[string]string
	Types   []structure
	Groups  []group
}

type structure struct {
	Name    string
	Members []member
}

type member struct {
	Name, Type, Tag, Comment string
	Inline                   bool
}

type group struct {
	Server map[string]string
	Routes []route
}

type route struct {
	Method, Path, Handler, Req, Resp, DocText string
	Doc                                       map[string]string
}

func main() {
	ask := ""
	if len(os.Args) > 1 {
		ask = os.Args[1]
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := os.Stdout
	os.Stdout = os.Stderr // the first grammar prints its findings
	answers := json.NewEncoder(out)
	for lines.Scan() {
		if err := answers.Encode(judge(lines.Text(), ask)); err != nil {
			os.Exit(1)
		}
	}
}

// judge does what `goctl api validate` does, or `goctl api format`.
func judge(file, ask string) (found verdict) {
	found.File = file
	defer func() {
		if problem := recover(); problem != nil {
			found.OK, found.Said = false, fmt.Sprintf("panic: %v", problem)
		}
	}()
	if ask == "layout" {
		var text bytes.Buffer
		source, err := os.ReadFile(file)
		if err == nil {
			err = format.Source(source, &text)
		}
		return answer(found, err, text.String())
	}
	parsed, err := parse(file, ask)
	if err == nil {
		err = parsed.Validate()
	}
	if err == nil && ask != "" {
		found.Model = model(parsed)
	}
	return answer(found, err, "")
}

func answer(found verdict, err error, layout string) verdict {
	found.OK = err == nil
	if err != nil {
		found.Said = err.Error()
	} else {
		found.Layout = layout
	}
	return found
}

func parse(file, ask string) (*spec.ApiSpec, error) {
	if ask != "older" {
		return parser.Parse(file, "")
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return older.ParseContent(string(content), file)
}

func model(parsed *spec.ApiSpec) *contract {
	found := contract{Service: parsed.Service.Name, Info: parsed.Info.Properties}
	for _, one := range parsed.Types {
		declared, ok := one.(spec.DefineStruct)
		if !ok {
			panic(fmt.Sprintf("a type that is no struct: %T", one))
		}
		members := []member{}
		for _, field := range declared.Members {
			members = append(members, member{field.Name, field.Type.Name(), field.Tag, field.Comment, field.IsInline})
		}
		found.Types = append(found.Types, structure{declared.RawName, members})
	}
	for _, block := range parsed.Service.Groups {
		routes := []route{}
		for _, one := range block.Routes {
			routes = append(routes, route{one.Method, one.Path, one.Handler, name(one.RequestType), name(one.ResponseType),
				strings.TrimSpace(one.AtDoc.Text), one.AtDoc.Properties})
		}
		found.Groups = append(found.Groups, group{block.Annotation.Properties, routes})
	}
	return &found
}

func name(one spec.Type) string {
	if one == nil {
		return ""
	}
	return one.Name()
}
