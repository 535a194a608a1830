"""The upload folders: what stands there, what has settled, its archived original, its way out."""
