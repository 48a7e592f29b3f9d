"""A scheduler over a Unix socket, or over SSH: frames, the protocol, the server, the client."""
