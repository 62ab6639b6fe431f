"""The stages: categories, items, images; each is a coroutine over a client and a folder."""
