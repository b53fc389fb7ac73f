"""The shop's chain of services written by hand: a FastAPI BFF and two grpc.aio servers on uvloop.

`python by_hand.py PART PORT [ORDER PRODUCT]`. The code is minimal: no logs, no metrics, no limits on the servers.
Messages are those of the generated services, the data are in memory.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import memory
import uvicorn
import uvloop
from fastapi import FastAPI
from order_rpc.pb.order_pb2 import OrdersRequest, OrdersResponse
from product_rpc.pb.product_pb2 import ProductRequest, ProductResponse
from pydantic import BaseModel


def unary(service: str, method: str, endpoint: Any, request: Any, reply: Any) -> Any:
    """Return a handler for one unary method, as the code of protoc's gRPC plugin does."""
    handler = grpc.unary_unary_rpc_method_handler(
        endpoint, request_deserializer=request.FromString, response_serializer=reply.SerializeToString
    )
    return grpc.method_handlers_generic_handler(service, {method: handler})


async def serve(port: int, handlers: Any) -> None:
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((handlers,))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


async def order(port: int) -> None:
    async def orders(request: OrdersRequest, context: Any) -> OrdersResponse:
        page, is_end = memory.page(request.user_id, request.status, request.cursor, request.ps or 20)
        reply = OrdersResponse(is_end=is_end)
        for order in page:
            item = reply.orders.add()
            item.order_id = order.order_id
            item.quantity = order.quantity
            item.payment = item.total_price = order.payment
            item.product_id = order.product_id
            item.user_id = order.user_id
            item.status = order.status
            item.create_time = order.create_time
        if page:
            reply.create_time, reply.last_id = page[-1].create_time, page[-1].order_id
        return reply

    await serve(port, unary("order.Order", "Orders", orders, OrdersRequest, OrdersResponse))


async def product(port: int) -> None:
    async def products(request: ProductRequest, context: Any) -> ProductResponse:
        reply = ProductResponse()
        for number in request.ids:
            name = memory.PRODUCTS.get(number)
            if name is not None:
                item = reply.products[number]
                item.product_id = number
                item.name = name
                item.description = f"商品 {number} 的描述"
                item.image_url = f"/img/{number}.png"
        return reply

    await serve(port, unary("product.Product", "Products", products, ProductRequest, ProductResponse))


class Order(BaseModel):
    order_id: str
    status: int
    quantity: int
    payment: str
    total_price: str
    create_time: int
    product_id: int
    product_name: str
    product_image: str
    product_description: str


class OrderList(BaseModel):
    orders: list[Order]
    is_end: bool
    order_time: int
    last_id: str


def stub(address: str, wire: str, request: Any, reply: Any) -> Any:
    """Return a callable for one unary method, as a client of protoc's gRPC plugin has."""
    channel = grpc.aio.insecure_channel(address)
    return channel.unary_unary(
        wire, request_serializer=request.SerializeToString, response_deserializer=reply.FromString
    )


def joined(item: Any, product: Any) -> Order:
    return Order(
        order_id=item.order_id,
        status=item.status,
        quantity=item.quantity,
        payment=item.payment,
        total_price=item.total_price,
        create_time=item.create_time,
        product_id=item.product_id,
        product_name=product.name if product else "",
        product_image=product.image_url if product else "",
        product_description=product.description if product else "",
    )


def bff(port: int, order_port: int, product_port: int) -> None:
    calls: dict[str, Any] = {}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        order, product = f"127.0.0.1:{order_port}", f"127.0.0.1:{product_port}"
        calls["orders"] = stub(order, "/order.Order/Orders", OrdersRequest, OrdersResponse)
        calls["products"] = stub(product, "/product.Product/Products", ProductRequest, ProductResponse)
        yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/v1/order/list", response_model=OrderList)
    async def order_list(uid: int, status: int = 0, cursor: int = 0, ps: int = 20) -> OrderList:
        request = OrdersRequest(user_id=uid, status=status, cursor=cursor, ps=ps)
        answer = await calls["orders"](request, timeout=2)
        ids = sorted({item.product_id for item in answer.orders})
        wanted = ProductRequest(ids=ids)
        known = (await calls["products"](wanted, timeout=2)).products if ids else {}
        rows = [joined(item, known.get(item.product_id)) for item in answer.orders]
        return OrderList(orders=rows, is_end=answer.is_end, order_time=answer.create_time, last_id=answer.last_id)

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    part, ports = sys.argv[1], [int(word) for word in sys.argv[2:]]
    if part == "bff":
        bff(*ports)
    else:
        uvloop.run({"order": order, "product": product}[part](ports[0]))
