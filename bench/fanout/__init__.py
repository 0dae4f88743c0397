"""How fast one worker tells many subscribers, beside a bare broadcast of the same bytes."""
