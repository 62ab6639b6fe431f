"""The rooms of the offline model's text: reading a request, the words, a figure, its name, its prose."""
