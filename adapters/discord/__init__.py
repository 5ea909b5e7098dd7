"""Discord: gateway and REST through discord.py, fulfilling core.contract.ChatAdapter."""
