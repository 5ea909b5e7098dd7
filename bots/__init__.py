"""The program: its commands, its configuration, and the parts wired together."""
