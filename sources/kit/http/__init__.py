"""How a system is asked over HTTP: a staircase from `SystemClient.send`, one worry a step.

deadline -> record -> sharing -> concurrency -> retry -> breaker -> translation -> authorization -> wire -> transport
"""
