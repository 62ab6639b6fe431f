"""The HTTP server: the routes of Azure OpenAI, its checks, its quota, and the faults that can be dialled in."""
