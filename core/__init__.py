"""What happens to a message, whatever the platform: it knows no platform by name."""
