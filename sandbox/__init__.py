"""The pretend company: one story, told by every vendor's sandbox in its own words."""
