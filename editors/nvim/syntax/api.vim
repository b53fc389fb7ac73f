if exists("b:current_syntax")
  finish
endif

syntax keyword apiStatement syntax info import type service returns
syntax keyword apiType bool string byte rune any map interface int int8 int16 int32 int64
syntax keyword apiType uint uint8 uint16 uint32 uint64 uintptr float32 float64
syntax match apiMethod "^\s*\zs\(get\|head\|post\|put\|patch\|delete\|connect\|options\|trace\)\ze\s\+/"
syntax match apiAnnotation "@\(doc\|handler\|server\)\>"
syntax match apiKey "\<\h\w*\ze\s*:"
syntax region apiString start=+"+ end=+"+
syntax region apiTag start=+`+ end=+`+
syntax region apiComment start="//" end="$" contains=apiTodo
syntax region apiComment start="/\*" end="\*/" contains=apiTodo
syntax keyword apiTodo TODO FIXME contained

highlight default link apiStatement Keyword
highlight default link apiType Type
highlight default link apiMethod Function
highlight default link apiAnnotation PreProc
highlight default link apiKey Identifier
highlight default link apiString String
highlight default link apiTag Special
highlight default link apiComment Comment
highlight default link apiTodo Todo

let b:current_syntax = "api"
