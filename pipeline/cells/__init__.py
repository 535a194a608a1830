"""What one cell means, and how a value reads as text."""
