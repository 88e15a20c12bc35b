"""Side-by-side benchmarks: what this machine does, and what the obvious design does on it in the same run."""
