"""Which turn runs when: one at a time per conversation, conversations side by side."""
