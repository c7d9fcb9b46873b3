"""What the pipeline runs: each step of a workflow is one command from here."""
