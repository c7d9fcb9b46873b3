"""The embedded AWS and the development server; nothing here is in the production image."""
