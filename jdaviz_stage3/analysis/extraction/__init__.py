"""What the pipeline's extraction has summed, and the same sum again."""
