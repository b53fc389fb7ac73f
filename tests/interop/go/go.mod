module mallgen/interop

go 1.24

require (
	github.com/zeromicro/go-zero v1.10.2
	google.golang.org/grpc v1.80.0
	google.golang.org/protobuf v1.36.12
)
