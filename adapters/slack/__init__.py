"""Slack: Bolt over Socket Mode in, native streams or edits out."""
