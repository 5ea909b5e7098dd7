"""The one place that imports discord.py, whose import warns of a module that Python 3.13 removed."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # discord.py 2.7.1 imports audioop (voice, unused)
    import discord

__all__ = ["discord"]
