"""What must outlive the process: conversations, turns, the messages we posted, votes, adapters' notes."""
