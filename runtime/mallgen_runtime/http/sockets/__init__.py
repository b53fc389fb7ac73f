"""WebSockets: typed JSON messages in both directions, on our own server and behind others."""
