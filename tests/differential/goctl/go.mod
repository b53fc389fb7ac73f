module mallgen/tests/differential/goctl

go 1.24.0

require github.com/zeromicro/go-zero/tools/goctl v1.10.2

require (
	github.com/fatih/structtag v1.2.0 // indirect
	github.com/gookit/color v1.6.1 // indirect
	github.com/xo/terminfo v0.0.0-20220910002029-abceb7e1c41e // indirect
	github.com/zeromicro/antlr v0.0.1 // indirect
	github.com/zeromicro/go-zero v1.10.3 // indirect
	golang.org/x/text v0.34.0 // indirect
)
