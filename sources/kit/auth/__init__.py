"""How a system is told who we are."""
