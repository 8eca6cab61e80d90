"""What is proven, what a person signed off, what is stale and what is open in this project."""

__version__ = "0.8.0"
