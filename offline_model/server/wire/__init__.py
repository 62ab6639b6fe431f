"""HTTP on the loopback address: the thread, the connections, who may ask, and how an answer goes out."""
