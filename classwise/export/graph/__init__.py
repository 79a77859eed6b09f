"""The graph that is exported: its inputs, its outputs, its class scores."""
