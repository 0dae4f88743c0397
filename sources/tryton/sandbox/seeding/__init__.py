"""What fills a new Tryton database. It runs in Tryton's own interpreter and is never imported by the product."""
