"""Bookshop: the example application that Release Coordinator releases, and sometimes rolls back."""
