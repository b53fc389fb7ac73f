// One program with the parts of the shop on go-zero: a BFF, order.rpc, product.rpc, and a client that counts failures.
// The messages in pb/ are made from examples/protos when it is built.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"mallgen/interop/order"
	"mallgen/interop/product"

	"google.golang.org/grpc"
)

const (
	orders   = "/order.Order/Orders"
	products = "/product.Product/Products"
)

// serveOrders and serveProducts are what the code of a gRPC plugin would do.
type serveOrders func(context.Context, *order.OrdersRequest) (*order.OrdersResponse, error)
type serveProducts func(context.Context, *product.ProductRequest) (*product.ProductResponse, error)

func orderService(serve serveOrders) *grpc.ServiceDesc {
	return unary[order.OrdersRequest, order.OrdersResponse]("order.Order", "Orders", orders, serve)
}

func productService(serve serveProducts) *grpc.ServiceDesc {
	return unary[product.ProductRequest, product.ProductResponse]("product.Product", "Products", products, serve)
}

func unary[Q, R any](service, method, wire string, serve func(context.Context, *Q) (*R, error)) *grpc.ServiceDesc {
	handle := func(srv any, ctx context.Context, read func(any) error, around grpc.UnaryServerInterceptor) (any, error) {
		request := new(Q)
		if err := read(request); err != nil {
			return nil, err
		}
		call := func(ctx context.Context, request any) (any, error) { return serve(ctx, request.(*Q)) }
		if around == nil {
			return call(ctx, request)
		}
		return around(ctx, request, &grpc.UnaryServerInfo{Server: srv, FullMethod: wire}, call)
	}
	return &grpc.ServiceDesc{
		ServiceName: service,
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: method, Handler: handle}},
	}
}

func main() {
	settings := flag.String("f", "", "the settings")
	flag.Parse()
	switch part := flag.Arg(0); part {
	case "bff":
		runBff(*settings)
	case "order":
		runOrder(*settings)
	case "product":
		runProduct(*settings)
	case "load":
		runLoad(*settings)
	case "echo":
		runEcho(*settings)
	case "ask":
		runAsk(*settings)
	case "push":
		runPush(flag.Args()[1:])
	case "pull":
		runPull(flag.Args()[1:])
	default:
		fmt.Fprintf(os.Stderr, "there is no part %q: bff, order, product, load, echo, ask, push, pull\n", part)
		os.Exit(2)
	}
}
