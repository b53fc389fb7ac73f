package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mallgen/interop/order"
	"mallgen/interop/product"

	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/zrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// What the tests agree on: a negative user fails with that code, user 777 is told what came along with the call,
// user 888 who answered, user 999 waits; user 404 ordered the one product that is gone.
const (
	lost   = 404
	gone   = 999
	told   = 777
	who    = 888
	waited = 999
	newest = 1654749296
)

func listOrders(ctx context.Context, in *order.OrdersRequest) (*order.OrdersResponse, error) {
	if in.UserId < 0 {
		return nil, status.Error(codes.Code(-in.UserId), "boom")
	}
	id := "20220609123456"
	switch in.UserId {
	case told:
		id = alongWith(ctx)
	case who:
		id = "go"
	case waited:
		<-ctx.Done()
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	first := int64(1)
	if in.UserId == lost {
		first = gone
	}
	found := &order.OrdersResponse{CreateTime: newest}
	for n := range int64(max(1, in.Ps)) {
		if n > 0 {
			id = strconv.FormatInt(20220609123456-n, 10)
		}
		found.Orders = append(found.Orders, &order.OrderItem{
			OrderId: id, Quantity: 1, Payment: "12.25", TotalPrice: "12.25", Status: 10,
			ProductId: first + n, UserId: in.UserId, CreateTime: newest - n,
		})
	}
	return found, nil
}

func alongWith(ctx context.Context) string {
	left := int64(-1)
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline).Milliseconds()
	}
	parent := ""
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		parent = strings.Join(md.Get("traceparent"), ",")
	}
	return fmt.Sprintf("%s|%d", parent, left)
}

func listProducts(_ context.Context, in *product.ProductRequest) (*product.ProductResponse, error) {
	ids := in.Ids
	for _, word := range strings.FieldsFunc(in.ProductIds, func(r rune) bool { return r == ',' }) {
		id, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
		ids = append(ids, id)
	}
	found := map[int64]*product.ProductItem{}
	for _, id := range ids {
		if id == gone {
			continue
		}
		found[id] = &product.ProductItem{
			ProductId: id, Name: "Go 的商品", Description: "商品的描述", ImageUrl: "/img/1.png",
		}
	}
	return &product.ProductResponse{Products: found}, nil
}

func runOrder(settings string) {
	serve(settings, func(server *grpc.Server) { server.RegisterService(orderService(listOrders), nil) })
}

func runProduct(settings string) {
	serve(settings, func(server *grpc.Server) { server.RegisterService(productService(listProducts), nil) })
}

func serve(settings string, register func(*grpc.Server)) {
	var c zrpc.RpcServerConf
	conf.MustLoad(settings, &c)
	server := zrpc.MustNewServer(c, register)
	defer server.Stop()
	server.Start()
}
