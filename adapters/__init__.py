"""One folder per chat platform; each fulfils core.contract.ChatAdapter."""
