// The contract of wire.api on go-zero, as goctl makes it: answers are recorded from it (python -m tests.run.wire).
package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"time"

	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/rest"
	"github.com/zeromicro/go-zero/rest/httpx"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type QueryReq struct {
	UID  int64    `form:"uid"`
	PS   int64    `form:"ps,optional"`
	Page int64    `form:"page,range=[1:10],optional"`
	Kind string   `form:"kind,options=a|b,optional"`
	Size int64    `form:"size,default=7"`
	Flag bool     `form:"flag,optional"`
	Tags []string `form:"tags,optional"`
	Rate float64  `form:"rate,optional"`
}
type QueryRsp struct {
	UID  int64    `json:"uid"`
	PS   int64    `json:"ps"`
	Page int64    `json:"page"`
	Kind string   `json:"kind"`
	Size int64    `json:"size"`
	Flag bool     `json:"flag"`
	Tags []string `json:"tags"`
	Rate float64  `json:"rate"`
}
type BodyReq struct {
	Name string `json:"name"`
	N    int64  `json:"n,optional"`
	Kind string `json:"kind,options=a|b,optional"`
	Page int64  `json:"page,range=[1:10],optional"`
}
type CodeReq struct {
	Code uint32 `path:"code"`
}
type Empty struct{}

func h[Q any](f func(context.Context, *Q) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var req Q
		if err := httpx.Parse(r, &req); err != nil {
			httpx.ErrorCtx(r.Context(), w, err)
			return
		}
		resp, err := f(r.Context(), &req)
		if err != nil {
			httpx.ErrorCtx(r.Context(), w, err)
		} else {
			httpx.OkJsonCtx(r.Context(), w, resp)
		}
	}
}
func h0(f func(context.Context) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		resp, err := f(r.Context())
		if err != nil {
			httpx.ErrorCtx(r.Context(), w, err)
		} else {
			httpx.OkJsonCtx(r.Context(), w, resp)
		}
	}
}
func echo[Q any](_ context.Context, q *Q) (any, error) { return q, nil }

func main() {
	var c rest.RestConf
	settings := "Name: wire\nHost: 127.0.0.1\nPort: " + os.Args[1] + "\nMaxBytes: 4096\nTimeout: 1000\n" +
		"Middlewares:\n  Breaker: false\n  Shedding: false\n"
	if err := conf.LoadFromYamlBytes([]byte(settings), &c); err != nil {
		panic(err)
	}
	logx.Disable()
	s := rest.MustNewServer(c)
	defer s.Stop()
	s.AddRoutes([]rest.Route{
		{Method: "GET", Path: "/query", Handler: h(func(_ context.Context, q *QueryReq) (any, error) {
			return &QueryRsp{q.UID, q.PS, q.Page, q.Kind, q.Size, q.Flag, q.Tags, q.Rate}, nil
		})},
		{Method: "POST", Path: "/body", Handler: h(echo[BodyReq])},
		{Method: "GET", Path: "/code/:code", Handler: h(func(_ context.Context, q *CodeReq) (any, error) {
			if q.Code == 100 {
				return nil, fmt.Errorf("wrapped: %w", status.Error(codes.NotFound, "boom"))
			}
			if err := status.Error(codes.Code(q.Code), "boom"); err != nil {
				return nil, err
			}
			var e *Empty
			return e, nil
		})},
		{Method: "GET", Path: "/plain", Handler: h0(func(context.Context) (any, error) { return nil, errors.New(`plain <boom> & "q"`) })},
		{Method: "GET", Path: "/panic", Handler: h0(func(context.Context) (any, error) { panic("x") })},
		{Method: "GET", Path: "/slow", Handler: h0(func(context.Context) (any, error) { time.Sleep(3 * time.Second); return &Empty{}, nil })},
		{Method: "GET", Path: "/json", Handler: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("nan") != "" {
				httpx.OkJsonCtx(r.Context(), w, map[string]any{"x": math.NaN()})
				return
			}
			httpx.OkJsonCtx(r.Context(), w, &Empty{})
		}},
		{Method: "GET", Path: "/nothing", Handler: func(w http.ResponseWriter, r *http.Request) { httpx.Ok(w) }},
	}, rest.WithPrefix("/f"))
	s.AddRoutes([]rest.Route{{Method: "GET", Path: "/secret", Handler: h0(func(context.Context) (any, error) { return &Empty{}, nil })}},
		rest.WithPrefix("/j"), rest.WithJwt("0123456789abcdef0123456789abcdef"))
	s.AddRoutes(wide(), rest.WithPrefix("/w"))
	s.Start()
}

type Inner struct {
	A int64   `json:"a"`
	B string  `json:"b,optional"`
	C []int64 `json:"c,optional"`
}
type Loose struct {
	X int64  `json:"x,default=3"`
	Y string `json:"y,optional"`
}
type Deep struct {
	In    Inner             `json:"in"`
	Loose Loose             `json:"loose"`
	Opt   Inner             `json:"opt,optional"`
	Ptr   *Inner            `json:"ptr,optional"`
	List  []Inner           `json:"list,optional"`
	Map   map[string]string `json:"map"`
	MI    map[string]int64  `json:"mi,optional"`
	MS    map[string]Inner  `json:"ms,optional"`
	Any   map[string]any    `json:"any,optional"`
}
type Kinds struct {
	I8  int8      `json:"i8,optional"`
	I16 int16     `json:"i16,optional"`
	I32 int32     `json:"i32,optional"`
	I   int       `json:"i,optional"`
	U8  uint8     `json:"u8,optional"`
	U32 uint32    `json:"u32,optional"`
	U64 uint64    `json:"u64,optional"`
	F32 float32   `json:"f32,optional"`
	F64 float64   `json:"f64,optional"`
	B   bool      `json:"b,optional"`
	S   string    `json:"s,optional"`
	By  []byte    `json:"by,optional"`
	PI  *int64    `json:"pi,optional"`
	PS  *string   `json:"ps,optional"`
	LI  []int64   `json:"li,optional"`
	LS  []string  `json:"ls,optional"`
	LB  []bool    `json:"lb,optional"`
	LF  []float64 `json:"lf,optional"`
	LL  [][]int64 `json:"ll,optional"`
	Q   int64     `json:"q,string,optional"`
	QB  bool      `json:"qb,string,optional"`
	D   int64     `json:"d,default=5"`
	DS  string    `json:"ds,default=hey"`
	OI  int64     `json:"oi,options=1|2,optional"`
	OF  float64   `json:"of,range=(0:1],optional"`
}
type Req struct {
	L []int64         `json:"l"`
	P *int64          `json:"p"`
	M map[string]bool `json:"m"`
	S string          `json:"s"`
}
type Form struct {
	I8  int8      `form:"i8,optional"`
	U8  uint8     `form:"u8,optional"`
	F32 float32   `form:"f32,optional"`
	F64 float64   `form:"f64,range=[0:10),optional"`
	B   bool      `form:"b,optional"`
	PI  *int64    `form:"pi,optional"`
	LI  []int64   `form:"li,optional"`
	LB  []bool    `form:"lb,optional"`
	LF  []float64 `form:"lf,optional"`
	OI  int64     `form:"oi,options=1|2,optional"`
	D   string    `form:"d,default=x"`
	LR  []string  `form:"lr,optional"`
}
type FormRsp struct {
	I8  int8      `json:"i8"`
	U8  uint8     `json:"u8"`
	F32 float32   `json:"f32"`
	F64 float64   `json:"f64"`
	B   bool      `json:"b"`
	PI  *int64    `json:"pi"`
	LI  []int64   `json:"li"`
	LB  []bool    `json:"lb"`
	LF  []float64 `json:"lf"`
	OI  int64     `json:"oi"`
	D   string    `json:"d"`
	LR  []string  `json:"lr"`
}
type Head struct {
	Tok string   `header:"X-Tok"`
	N   int64    `header:"X-N,optional"`
	L   []string `header:"X-L,optional"`
	K   string   `header:"X-K,options=a|b,optional"`
	ID  int64    `path:"id"`
	Q   string   `form:"q"`
	J   string   `json:"j"`
}
type HeadRsp struct {
	Tok string   `json:"tok"`
	N   int64    `json:"n"`
	L   []string `json:"l"`
	K   string   `json:"k"`
	ID  int64    `json:"id"`
	Q   string   `json:"q"`
	J   string   `json:"j"`
}
type Dep struct {
	A int64  `form:"a,optional=b"`
	B int64  `form:"b,optional"`
	C string `json:"c,optional=!d"`
	D string `json:"d,optional"`
}
type DepRsp struct {
	A int64  `json:"a"`
	B int64  `json:"b"`
	C string `json:"c"`
	D string `json:"d"`
}
type Both struct {
	FH string `form:"fh" header:"X-Fh"`
	FJ string `form:"fj,optional" json:"fj,optional"`
	RJ string `form:"rj" json:"rj"`
}
type BothRsp struct {
	FH string `json:"fh"`
	FJ string `json:"fj"`
	RJ string `json:"rj"`
}
type Omit struct {
	A int64  `json:"a,omitempty"`
	B string `form:"b,omitempty"`
	C int64  `json:"c,optional,default=4"`
	Z int64  `json:"z,default=0"`
}
type OmitRsp struct {
	A int64  `json:"a"`
	B string `json:"b"`
	C int64  `json:"c"`
	Z int64  `json:"z"`
}

type Page struct {
	Cursor int64 `form:"cursor,optional"`
	PS     int64 `form:"ps,default=20,range=[1:50]"`
}

type Base struct {
	ID   int64  `json:"id"`
	Note string `json:"note,default=n"`
}

type Extra struct {
	E1 string `json:"e1"`
	E2 int64  `json:"e2"`
}

type EmbedReq struct {
	Page
	Base
	Extra `json:",optional"`
	Kind  string `form:"kind"`
}

type EmbedRsp struct {
	Cursor int64  `json:"cursor"`
	PS     int64  `json:"ps"`
	Kind   string `json:"kind"`
	ID     int64  `json:"id"`
	Note   string `json:"note"`
	E1     string `json:"e1"`
	E2     int64  `json:"e2"`
}

type Out struct {
	A string           `json:"a,optional,omitempty"`
	L []string         `json:"l,optional,omitempty"`
	M map[string]int64 `json:"m,optional,omitempty"`
	P *Inner           `json:"p,optional,omitempty"`
	Q int64            `json:"q,string,optional"`
	F float32          `json:"f,optional"`
	B []byte           `json:"b,optional,omitempty"`
}

type Opts struct {
	L []string `form:"l,options=a|b,optional"`
	T string   `form:"t,options=[x,y],default=x"`
	U uint8    `form:"u,options=1|2"`
	B bool     `form:"b,default=true"`
	F float64  `form:"f,default=1.5"`
}

type OptsRsp struct {
	L []string `json:"l"`
	T string   `json:"t"`
	U uint8    `json:"u"`
	B bool     `json:"b"`
	F float64  `json:"f"`
}

type Parts struct {
	Name string `path:"name,options=a|b"`
	N    int8   `path:"n,range=[1:5]"`
}

type PartsRsp struct {
	Name string `json:"name"`
	N    int8   `json:"n"`
}

type Ptrs struct {
	P  *Inner                      `json:"p"`
	L  []*Inner                    `json:"l,optional"`
	M  map[string]*Inner           `json:"m,optional"`
	MM map[string]map[string]int64 `json:"mm,optional"`
	ML map[string][]string         `json:"ml,optional"`
}

func embedEcho(_ context.Context, q *EmbedReq) (any, error) {
	return &EmbedRsp{q.Cursor, q.PS, q.Kind, q.ID, q.Note, q.E1, q.E2}, nil
}
func optsEcho(_ context.Context, q *Opts) (any, error)   { return &OptsRsp{q.L, q.T, q.U, q.B, q.F}, nil }
func partsEcho(_ context.Context, q *Parts) (any, error) { return &PartsRsp{q.Name, q.N}, nil }

func wide() []rest.Route {
	return []rest.Route{
		{Method: "POST", Path: "/deep", Handler: h(echo[Deep])},
		{Method: "POST", Path: "/kinds", Handler: h(echo[Kinds])},
		{Method: "POST", Path: "/req", Handler: h(echo[Req])},
		{Method: "GET", Path: "/form", Handler: h(formEcho)},
		{Method: "POST", Path: "/form", Handler: h(formEcho)},
		{Method: "POST", Path: "/head/:id", Handler: h(headEcho)},
		{Method: "POST", Path: "/dep", Handler: h(depEcho)},
		{Method: "POST", Path: "/both", Handler: h(bothEcho)},
		{Method: "GET", Path: "/both", Handler: h(bothEcho)},
		{Method: "POST", Path: "/omit", Handler: h(omitEcho)},
		{Method: "POST", Path: "/embed", Handler: h(embedEcho)},
		{Method: "PUT", Path: "/out", Handler: h(echo[Out])},
		{Method: "DELETE", Path: "/out", Handler: h(echo[Out])},
		{Method: "GET", Path: "/opts", Handler: h(optsEcho)},
		{Method: "PATCH", Path: "/opts", Handler: h(optsEcho)},
		{Method: "DELETE", Path: "/opts", Handler: h(optsEcho)},
		{Method: "GET", Path: "/parts/:name/:n", Handler: h(partsEcho)},
		{Method: "GET", Path: "/parts/b/fixed", Handler: h(optsEcho)},
		{Method: "POST", Path: "/ptrs", Handler: h(echo[Ptrs])},
	}
}

func formEcho(_ context.Context, q *Form) (any, error) {
	return &FormRsp{q.I8, q.U8, q.F32, q.F64, q.B, q.PI, q.LI, q.LB, q.LF, q.OI, q.D, q.LR}, nil
}
func headEcho(_ context.Context, q *Head) (any, error) {
	return &HeadRsp{q.Tok, q.N, q.L, q.K, q.ID, q.Q, q.J}, nil
}
func depEcho(_ context.Context, q *Dep) (any, error)   { return &DepRsp{q.A, q.B, q.C, q.D}, nil }
func bothEcho(_ context.Context, q *Both) (any, error) { return &BothRsp{q.FH, q.FJ, q.RJ}, nil }
func omitEcho(_ context.Context, q *Omit) (any, error) { return &OmitRsp{q.A, q.B, q.C, q.Z}, nil }
