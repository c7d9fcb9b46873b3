"""The workflow executed without GitHub, and the steps it runs."""
