"""What must not be lost: submissions, bookings, exceptions, the audit and the outbox, in one PostgreSQL."""
