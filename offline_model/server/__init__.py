"""The server: `server` starts it, `app` is a request's way through it, `answers` what it says.

`wire/` is HTTP, `api/` the service's API. `model` writes and draws; `tape` has recorded answers, `replay` plays them.
`faults` says what goes wrong, `spoil` how; `quota`, `dials`, `record` and `calls` are what their names say.
"""
