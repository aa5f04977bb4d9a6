"""Sets that are computed: points in the plane, sprites with known factors, captioned scenes."""
