"""Reading of `.proto` files, from the disk to a ProtoContract."""
