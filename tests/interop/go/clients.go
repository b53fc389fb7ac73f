package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mallgen/interop/order"
	"mallgen/interop/product"

	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/rest"
	"github.com/zeromicro/go-zero/rest/httpx"
	"github.com/zeromicro/go-zero/zrpc"
)

type bffConf struct {
	rest.RestConf
	OrderRPC   zrpc.RpcClientConf
	ProductRPC zrpc.RpcClientConf
}

type listed struct {
	OrderId            string `json:"order_id"`
	Status             int32  `json:"status"`
	Quantity           int64  `json:"quantity"`
	Payment            string `json:"payment"`
	TotalPrice         string `json:"total_price"`
	CreateTime         int64  `json:"create_time"`
	ProductId          int64  `json:"product_id"`
	ProductName        string `json:"product_name"`
	ProductImage       string `json:"product_image"`
	ProductDescription string `json:"product_description"`
}

func runBff(settings string) {
	var c bffConf
	conf.MustLoad(settings, &c)
	server := rest.MustNewServer(c.RestConf)
	defer server.Stop()
	orderRpc, productRpc := zrpc.MustNewClient(c.OrderRPC), zrpc.MustNewClient(c.ProductRPC)
	server.AddRoute(rest.Route{Method: http.MethodGet, Path: "/v1/order/list", Handler: func(w http.ResponseWriter, r *http.Request) {
		uid, _ := strconv.ParseInt(r.URL.Query().Get("uid"), 10, 64)
		ps, _ := strconv.ParseInt(r.URL.Query().Get("ps"), 10, 32)
		found, err := list(r.Context(), orderRpc, productRpc, uid, int32(ps))
		if err != nil {
			httpx.ErrorCtx(r.Context(), w, err)
			return
		}
		httpx.OkJsonCtx(r.Context(), w, map[string]any{"orders": found, "is_end": false, "order_time": newest})
	}})
	server.Start()
}

func list(ctx context.Context, orderRpc, productRpc zrpc.Client, uid int64, ps int32) ([]listed, error) {
	var got order.OrdersResponse
	if err := orderRpc.Conn().Invoke(ctx, orders, &order.OrdersRequest{UserId: uid, Ps: ps}, &got); err != nil {
		return nil, err
	}
	var ids []string
	for _, item := range got.Orders {
		ids = append(ids, strconv.FormatInt(item.ProductId, 10))
	}
	var known product.ProductResponse
	request := &product.ProductRequest{ProductIds: strings.Join(ids, ",")}
	if err := productRpc.Conn().Invoke(ctx, products, request, &known); err != nil {
		return nil, err
	}
	var found []listed
	for _, item := range got.Orders {
		p := known.Products[item.ProductId]
		found = append(found, listed{
			OrderId: item.OrderId, Status: item.Status, Quantity: item.Quantity,
			Payment: item.Payment, TotalPrice: item.TotalPrice, CreateTime: item.CreateTime, ProductId: item.ProductId,
			ProductName: p.GetName(), ProductImage: p.GetImageUrl(), ProductDescription: p.GetDescription(),
		})
	}
	return found, nil
}

type loadConf struct {
	Order   zrpc.RpcClientConf
	Seconds int
	Callers int
	UserId  int64
}

// runLoad calls order.rpc without a pause and prints how many calls were answered by whom, and how many failed.
func runLoad(settings string) {
	var c loadConf
	conf.MustLoad(settings, &c)
	client := zrpc.MustNewClient(c.Order)
	var done, failed atomic.Int64
	var first, answered sync.Map
	end := time.Now().Add(time.Duration(c.Seconds) * time.Second)
	var callers sync.WaitGroup
	for range c.Callers {
		callers.Add(1)
		go func() {
			defer callers.Done()
			for time.Now().Before(end) {
				var got order.OrdersResponse
				err := client.Conn().Invoke(context.Background(), orders, &order.OrdersRequest{UserId: c.UserId, Ps: 1}, &got)
				if err != nil {
					failed.Add(1)
					first.LoadOrStore(err.Error(), true)
					continue
				}
				done.Add(1)
				answered.Store(got.Orders[0].OrderId, true)
			}
		}()
	}
	callers.Wait()
	fmt.Printf("calls %d failed %d\n", done.Load(), failed.Load())
	answered.Range(func(id, _ any) bool { fmt.Println("answered", id); return true })
	first.Range(func(err, _ any) bool { fmt.Println("error", err); return true })
}
