"""The text of a configuration file that works."""

GOOD = """
apps:
  support: {api_key: app-support}
  sales: {api_key: app-sales}
slack: {bot_token: xoxb-1, app_token: xapp-1}
discord: {token: a.b.c}
routes:
  - {app: support}
"""


def changed(old, new):
    assert old in GOOD
    return GOOD.replace(old, new)
