"""The baker: shapes of the figure's parts are path-traced once into the layers that the painter composes."""
