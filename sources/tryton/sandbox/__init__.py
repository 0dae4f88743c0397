"""A real Tryton 8 on this machine: installed, restored from a snapshot, served, and seeded from the company's tale."""
