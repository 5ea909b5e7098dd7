"""Local stand-ins for Slack, Discord and Dify: they speak the wire protocols and import nothing of ours."""
