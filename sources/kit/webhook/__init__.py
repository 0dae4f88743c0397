"""A door for any system that can send: CloudEvents over HTTP, proven by a signature or a token, read in our words."""
