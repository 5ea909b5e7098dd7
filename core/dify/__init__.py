"""Dify's Service API: a typed client that knows nothing of chats. Imports only core.errors."""
