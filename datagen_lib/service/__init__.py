"""The service: which endpoint, how a call is made, read, paced, retried and paid for."""
