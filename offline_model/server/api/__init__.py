"""The service's API: what requests may hold, what they ask, and the shapes of answers and errors."""
