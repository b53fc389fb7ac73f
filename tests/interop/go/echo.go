package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zeromicro/go-zero/core/conf"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const echoPath = "/test.Echo/Echo"

// raw carries messages as they are.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error { *v.(*[]byte) = bytes.Clone(data); return nil }
func (raw) Name() string                       { return "proto" }

type echoConf struct {
	Port    int
	Streams uint32 `json:",default=1000"`
	Age     int    `json:",optional"` // of a connection, in ms
}

// runEcho does what the Python echo of the same tests does, on plain grpc-go.
func runEcho(settings string) {
	var c echoConf
	conf.MustLoad(settings, &c)
	options := []grpc.ServerOption{grpc.ForceServerCodec(raw{}), grpc.MaxConcurrentStreams(c.Streams)}
	if c.Age > 0 {
		options = append(options, grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionAge: time.Duration(c.Age) * time.Millisecond, MaxConnectionAgeGrace: 10 * time.Second,
		}))
	}
	server := grpc.NewServer(options...)
	server.RegisterService(unary[[]byte, []byte]("test.Echo", "Echo", echoPath, echoed), nil)
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", c.Port))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	fmt.Println("listens")
	_ = server.Serve(listener)
}

func echoed(ctx context.Context, in *[]byte) (*[]byte, error) {
	word, rest, _ := strings.Cut(string((*in)[:min(100, len(*in))]), " ")
	switch word {
	case "sleep":
		seconds, _ := strconv.ParseFloat(rest, 64)
		select {
		case <-time.After(time.Duration(seconds * float64(time.Second))):
		case <-ctx.Done():
			return nil, status.FromContextError(ctx.Err()).Err()
		}
	case "fail":
		number, text, _ := strings.Cut(rest, " ")
		code, _ := strconv.Atoi(number)
		return nil, status.Error(codes.Code(code), text)
	case "size":
		size, _ := strconv.Atoi(rest)
		out := bytes.Repeat([]byte("x"), size)
		return &out, nil
	case "gzip":
		_ = grpc.SetSendCompressor(ctx, "gzip")
	case "meta":
		md, _ := metadata.FromIncomingContext(ctx)
		out := []byte(strings.Join(md.Get(rest), ","))
		return &out, nil
	}
	return in, nil
}

type askConf struct {
	Address string
	Calls   int
}

// runAsk calls a server in every way that tests name, and prints a line for each: ok, or what was wrong.
func runAsk(settings string) {
	var c askConf
	conf.MustLoad(settings, &c)
	conn, err := grpc.NewClient("passthrough:///"+c.Address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(5<<20)))
	if err != nil {
		fmt.Println("wrong", err)
		return
	}
	asker := asker{conn}
	asker.failures()
	asker.sizes()
	asker.together()
	asker.along()
	asker.many(c.Calls)
}

type asker struct{ conn *grpc.ClientConn }

func (a asker) ask(ctx context.Context, in []byte, options ...grpc.CallOption) ([]byte, error) {
	var out []byte
	err := a.conn.Invoke(ctx, echoPath, &in, &out, options...)
	return out, err
}

func within(seconds float64) context.Context {
	ctx, _ := context.WithTimeout(context.Background(), time.Duration(seconds*float64(time.Second))) //nolint
	return ctx
}

func tell(name string, right bool, got ...any) {
	if right {
		fmt.Println("ok", name)
	} else {
		fmt.Println("wrong", name, got)
	}
}

func (a asker) failures() {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		text := fmt.Sprintf("没有 100%% \x7f %d", code)
		_, err := a.ask(within(5), []byte(fmt.Sprintf("fail %d %s", code, text)))
		tell(fmt.Sprintf("code %d", code), status.Code(err) == code && status.Convert(err).Message() == text, err)
	}
	_, err := a.ask(within(5), []byte("boom"))
	tell("exception", status.Code(err) == codes.Internal && !strings.Contains(err.Error(), "mysql"), err)
	started := time.Now()
	_, err = a.ask(within(0.2), []byte("sleep 5"))
	tell("deadline", status.Code(err) == codes.DeadlineExceeded && time.Since(started) < time.Second, err)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(200*time.Millisecond, cancel)
	_, err = a.ask(ctx, []byte("sleep 5"))
	tell("cancel", status.Code(err) == codes.Canceled, err)
	err = a.conn.Invoke(within(5), "/test.Echo/Nope", &[]byte{}, &[]byte{})
	tell("method", status.Code(err) == codes.Unimplemented, err)
}

func (a asker) sizes() {
	for _, size := range []int{0, 1, 713, 16379, 16384, 65535, 1 << 20, 4 << 20} {
		in := bytes.Repeat([]byte("ab"), size/2+1)[:size]
		out, err := a.ask(within(5), in)
		tell(fmt.Sprintf("size %d", size), err == nil && bytes.Equal(in, out), err, len(out))
	}
	_, err := a.ask(within(5), make([]byte, 4<<20+1))
	tell("request too large", status.Code(err) == codes.ResourceExhausted, err)
	_, err = a.ask(within(5), []byte(fmt.Sprintf("size %d", 4<<20+1)))
	tell("reply too large", status.Code(err) == codes.ResourceExhausted, err)
	in := bytes.Repeat([]byte("z"), 100_000)
	out, err := a.ask(within(5), in, grpc.UseCompressor("gzip"))
	tell("gzip", err == nil && bytes.Equal(in, out), err)
}

func (a asker) together() {
	started := time.Now()
	failed := all(100, func(int) bool { _, err := a.ask(within(5), []byte("sleep 0.3")); return err == nil })
	tell("100 at once", failed == 0 && time.Since(started) < 2*time.Second, failed, time.Since(started))
	failed = all(64, func(n int) bool {
		in := bytes.Repeat([]byte{byte(n)}, 300_000)
		out, err := a.ask(within(10), in)
		return err == nil && bytes.Equal(in, out)
	})
	tell("64 of 300 kB", failed == 0, failed)
}

func all(number int, work func(int) bool) (failed int64) {
	var group sync.WaitGroup
	for n := range number {
		group.Add(1)
		go func() {
			defer group.Done()
			if !work(n) {
				atomic.AddInt64(&failed, 1)
			}
		}()
	}
	group.Wait()
	return failed
}

func (a asker) along() {
	long := strings.Repeat("v", 9000)
	out, err := a.ask(metadata.AppendToOutgoingContext(within(5), "long", long), []byte("meta long"))
	tell("9 kB of metadata", err == nil && string(out) == long, err)
	_, err = a.ask(metadata.AppendToOutgoingContext(within(5), "long", long+long+long), []byte("x"))
	tell("27 kB of metadata", err != nil, err)
	out, err = a.ask(metadata.AppendToOutgoingContext(within(5), "key-bin", "\x00\xff"), []byte("meta key-bin"))
	tell("binary metadata", err == nil && string(out) == "\x00\xff", err, out)
}

func (a asker) many(calls int) {
	failed := all(16, func(part int) bool {
		for n := range calls / 16 {
			parent := fmt.Sprintf("00-%032x-%016x-01", part+1, n+1)
			ctx := metadata.AppendToOutgoingContext(within(5), "traceparent", parent)
			out, err := a.ask(ctx, []byte("meta traceparent"))
			if err != nil || string(out) != parent {
				return false
			}
		}
		return true
	})
	tell(fmt.Sprintf("%d calls with new traces", calls), failed == 0, failed)
}
